import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { Button } from "@/components/button";
import { Select } from "@/components/fields";
import { Page, Scroll, Section } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { Badge } from "@/components/status";
import { At } from "@/components/time";
import { type RecordEventView, type RecordHistoryView, useTenant } from "@/ipc";
import { t } from "@/text";
import { RecordDiff } from "./record-diff";
import { recordQuery } from "./record-query";
import type { RecordSearch } from "./search";

interface Props {
  sync: string;
  search: RecordSearch;
}

/** Who changed this record, when, by which rule? */
export function RecordScreen({ sync, search }: Props) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const history = useInfiniteQuery(recordQuery(tenant, sync, search));
  const first = history.data?.first;
  return (
    <Page
      title={first?.pair.label || search.id || t("history.record.title")}
      lead={first ? <Pair history={first} sync={sync} /> : t("history.record.question")}
      onBack={() => window.history.back()}
      actions={
        first ? (
          <Select
            label={t("history.record.field")}
            value={search.field ?? ""}
            options={[
              { value: "", label: t("history.record.allFields") },
              ...first.fields.map((field) => ({ value: field, label: field })),
            ]}
            onChoose={(field) =>
              void navigate({
                to: "/t/$tenant/records/$sync",
                params: { tenant, sync },
                search: { ...search, field: field || undefined },
                replace: true,
              })
            }
          />
        ) : null
      }
    >
      {history.error ? (
        <ErrorState
          inset
          doing={t("history.record.load")}
          error={history.error}
          since={history.errorUpdatedAt}
          onRetry={() => void history.refetch()}
        />
      ) : null}
      {history.isPending ? <Loading what={t("history.record.it")} /> : null}
      {history.data ? (
        <Scroll label={t("history.record.list")}>
          <Section title={t("history.record.written")}>
            <Events events={history.data.events} field={search.field} />
          </Section>
          {history.hasNextPage ? (
            <More busy={history.isFetchingNextPage} onMore={() => void history.fetchNextPage()} />
          ) : (
            <p className="text-meta text-muted">
              {history.data.first.kept_days === null
                ? t("history.record.keptAll")
                : t("history.record.keptDays", { count: history.data.first.kept_days })}
            </p>
          )}
        </Scroll>
      ) : null}
    </Page>
  );
}

function Pair({ history, sync }: { history: RecordHistoryView; sync: string }) {
  const tenant = useTenant();
  const { pair } = history;
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <Badge tone="source">{history.source_system}</Badge>
      <span className="font-mono text-mono">
        {pair.source_record_id ?? t("history.record.nothing")}
      </span>
      <Badge tone="target">{history.target_system}</Badge>
      <span className="font-mono text-mono">
        {pair.target_record_id ?? t("history.record.nothing")}
      </span>
      <Link to="/t/$tenant/syncs/$name" params={{ tenant, name: sync }} className="underline">
        {sync}
      </Link>
      {pair.conflict ? (
        <Link
          to="/t/$tenant/conflicts/$id"
          params={{ tenant, id: pair.conflict }}
          className="underline"
        >
          {t("history.record.conflict")}
        </Link>
      ) : null}
    </span>
  );
}

function Events({ events, field }: { events: RecordEventView[]; field: string | undefined }) {
  if (events.length === 0) {
    return field === undefined ? (
      <Empty kind="none yet" title={t("history.record.none")}>
        {t("history.record.noneWhy")}
      </Empty>
    ) : (
      <Empty kind="none match" title={t("history.record.noneOfField", { field })} />
    );
  }
  return (
    <ol className="flex flex-col">
      {events.map((event) => (
        <li key={event.change.seq}>
          <Event event={event} />
        </li>
      ))}
    </ol>
  );
}

function Event({ event }: { event: RecordEventView }) {
  const tenant = useTenant();
  const { decided } = event;
  return (
    <>
      <p className="mb-1 flex flex-wrap items-center gap-x-2">
        <At at={event.at} />
        <span>
          {decided
            ? t("history.record.decidedBy", { actor: decided.actor })
            : t(`history.record.by.${event.trigger}`, { actor: event.actor })}
        </span>
        <Link to="/t/$tenant/runs/$id" params={{ tenant, id: event.run_id }} className="underline">
          {t("history.record.run")}
        </Link>
        {decided ? (
          <Link
            to="/t/$tenant/conflicts/$id"
            params={{ tenant, id: decided.conflict }}
            className="underline"
          >
            {t("history.record.decision")}
          </Link>
        ) : null}
      </p>
      {decided?.note ? <p className="mb-1 text-muted wrap-anywhere">“{decided.note}”</p> : null}
      {event.erased ? (
        <p className="mb-3 text-muted">{t("history.record.erased")}</p>
      ) : (
        <RecordDiff change={event.change} showAll={false} />
      )}
    </>
  );
}

/** Asks for what is older as soon as it comes into view, or on request. */
function More({ busy, onMore }: { busy: boolean; onMore(): void }) {
  const place = useRef<HTMLDivElement>(null);
  const ask = useRef(onMore);
  ask.current = busy ? () => {} : onMore;
  useEffect(() => {
    const end = place.current;
    if (!end || typeof IntersectionObserver === "undefined") return;
    const seen = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) ask.current();
    });
    seen.observe(end);
    return () => seen.disconnect();
  }, []);
  return (
    <div ref={place}>
      <Button aria-disabled={busy} onClick={() => ask.current()}>
        {busy ? t("history.record.loadingMore") : t("history.record.more")}
      </Button>
    </div>
  );
}
