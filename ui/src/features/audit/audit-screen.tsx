import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "@/components/button";
import { type Column, DataGrid } from "@/components/data-grid";
import { Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { At } from "@/components/time";
import { type AuditView, pagedQuery, useTenant } from "@/ipc";
import { Trans, t } from "@/text";
import { AuditActions } from "./audit-actions";
import { AuditFilters } from "./audit-filters";
import { actionWords, detailText } from "./details";
import { type AuditSearch, asked } from "./search";

const PAGE = 200;
const COLUMNS: Column<AuditView>[] = [
  { id: "at", header: t("audit.when"), width: [13, 0], cell: (entry) => <At at={entry.at} /> },
  { id: "actor", header: t("audit.who"), width: [8, 1], cell: (entry) => entry.actor },
  {
    id: "action",
    header: t("audit.what"),
    width: [10, 1],
    cell: (entry) => actionWords(entry.action),
  },
  { id: "subject", header: t("audit.on"), width: [10, 1.5], cell: (entry) => entry.subject },
  {
    id: "detail",
    header: t("audit.detail"),
    width: [12, 2],
    cell: (entry) => (
      <span className="text-muted" title={detailText(entry.details)}>
        {detailText(entry.details)}
      </span>
    ),
  },
];

/** Who did what? */
export function AuditScreen({ search }: { search: AuditSearch }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const [open, setOpen] = useState<string>();
  const audit = useInfiniteQuery({
    ...pagedQuery("list_audit", { tenant, ...asked(search), limit: PAGE }),
    // The last answer stays, dimmed, until the next is there.
    placeholderData: keepPreviousData,
  });
  const go = (next: AuditSearch) =>
    navigate({ to: "/t/$tenant/audit", params: { tenant }, search: next, replace: true });
  const items = audit.data ?? [];
  const shown = items.find((entry) => entry.seq === open);
  const filtered = Object.values(search).some((value) => value !== undefined);
  const count = { count: items.length };
  return (
    <Page
      title={t("audit.title")}
      actions={<AuditActions search={search} />}
      lead={
        audit.data
          ? audit.hasNextPage
            ? t("audit.leadMore", count)
            : t("audit.lead", count)
          : t("audit.question")
      }
    >
      <AuditFilters search={search} onFilter={(change) => void go({ ...search, ...change })} />
      {audit.error ? (
        <ErrorState
          inset
          doing={t("audit.load")}
          error={audit.error}
          since={audit.errorUpdatedAt}
          onRetry={() => void audit.refetch()}
        />
      ) : null}
      {audit.isPending ? <Loading what={t("audit.theLog")} rows={10} /> : null}
      {audit.data && items.length === 0 ? (
        filtered ? (
          <Empty
            kind="none match"
            title={t("audit.noneMatch")}
            action={<Button onClick={() => void go({})}>{t("audit.clear")}</Button>}
          >
            {t("audit.noneMatchWhy")}
          </Empty>
        ) : (
          <Empty kind="none yet" title={t("audit.none")}>
            {t("audit.noneWhy")}
          </Empty>
        )
      ) : null}
      {items.length > 0 ? (
        <DataGrid
          label={t("audit.list")}
          columns={COLUMNS}
          items={items}
          idOf={(entry) => entry.seq}
          openId={open}
          onOpen={(entry) => setOpen(entry.seq === open ? undefined : entry.seq)}
          hasMore={audit.hasNextPage}
          loadingMore={audit.isFetchingNextPage}
          onEnd={() => (audit.isFetchingNextPage ? undefined : void audit.fetchNextPage())}
          dimmed={audit.isPlaceholderData}
          autoFocus
        />
      ) : null}
      {shown ? (
        <section
          aria-label={t("audit.entry")}
          aria-live="polite"
          className="max-h-48 overflow-auto border-t border-line bg-surface px-4 py-3 wrap-anywhere"
        >
          <p className="font-medium">
            {actionWords(shown.action)}: {shown.subject}
          </p>
          <p className="text-muted">
            <Trans
              i18nKey="audit.by"
              values={{ who: shown.actor }}
              components={{ 1: <At at={shown.at} /> }}
            />
          </p>
          <p className="font-mono text-mono">{detailText(shown.details)}</p>
        </section>
      ) : null}
    </Page>
  );
}
