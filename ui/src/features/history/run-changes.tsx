import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatCount, plural } from "@/components/format";
import { Empty, ErrorState, Loading } from "@/components/states";
import {
  type ChangeKind,
  type CommandError,
  call,
  commandKey,
  type Page,
  pagedQuery,
  type RecordChange,
  type RunView,
  useTenant,
} from "@/ipc";
import { countOf, REVIEW_ORDER } from "./plan";
import { RecordDiff } from "./record-diff";

const PAGE = 100;
const CARD_PX = 172;

interface Props {
  run: RunView;
  showAll: boolean;
  scroller: RefObject<HTMLElement | null>;
}

interface Place {
  kind: ChangeKind;
  after: string | null;
}

/** The changes of a plan, one kind after the other. */
function reviewQuery(tenant: string, run: RunView) {
  const kinds = REVIEW_ORDER.filter((kind) => countOf(run, kind) > 0);
  const args = { tenant, id: run.id, limit: PAGE };
  return infiniteQueryOptions<
    Page<RecordChange> & { kind: ChangeKind },
    CommandError,
    RecordChange[],
    readonly unknown[],
    Place
  >({
    queryKey: [...commandKey("run_changes", args), "review", ...kinds],
    queryFn: async ({ pageParam: { kind, after } }) => {
      const page = await call("run_changes", { ...args, kind, ...(after ? { after } : {}) });
      return { ...page, kind };
    },
    initialPageParam: { kind: kinds[0] ?? "update", after: null },
    getNextPageParam: ({ kind, next }) => {
      if (next) return { kind, after: next };
      const following = kinds[kinds.indexOf(kind) + 1];
      return following ? { kind: following, after: null } : null;
    },
    select: (data) => data.pages.flatMap((page) => page.items),
  });
}

const HEADINGS: Record<ChangeKind, string> = {
  delete: "Deletes",
  create: "New records",
  update: "Updates",
};

/**
 * Every record a run wrote, in that order, or would write, deletes first; only those in view exist.
 */
export function RunChanges({ run, showAll, scroller }: Props) {
  const tenant = useTenant();
  const written = useInfiniteQuery({
    ...pagedQuery("run_changes", { tenant, id: run.id, limit: PAGE }, "after"),
    enabled: !run.simulated,
  });
  const planned = useInfiniteQuery({ ...reviewQuery(tenant, run), enabled: run.simulated });
  const changes = run.simulated ? planned : written;
  const items = changes.data ?? [];
  const list = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  // The list does not begin at the top of what scrolls; while a run is live, what stands above it
  // changes height.
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0));
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_PX,
    overscan: 2,
    getItemKey: (index) => items[index]?.seq ?? index,
    scrollMargin: offset,
  });
  const rows = virtualizer.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = changes;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= items.length - 10) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, items.length]);

  if (changes.isPending) return <Loading what="the changed records" />;
  if (changes.error && items.length === 0) {
    return (
      <ErrorState
        doing="load the changed records"
        error={changes.error}
        since={changes.errorUpdatedAt}
        onRetry={() => void changes.refetch()}
      />
    );
  }
  if (items.length === 0) return <NoChanges run={run} />;
  return (
    <>
      <p className="mb-2 text-muted" aria-live="polite">
        {plural(items.length, "record")}{" "}
        {hasNextPage
          ? "loaded; more follow as you scroll"
          : run.simulated
            ? "would change"
            : "changed"}
      </p>
      <div ref={list} className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {rows.map((row) => {
          const change = items[row.index];
          return change ? (
            <div
              key={row.key}
              ref={virtualizer.measureElement}
              data-index={row.index}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${row.start - offset}px)` }}
            >
              {run.simulated && change.kind !== items[row.index - 1]?.kind ? (
                <h3 className="pt-1 pb-2 font-semibold">
                  {HEADINGS[change.kind]}{" "}
                  <span className="font-normal text-muted">
                    {formatCount(countOf(run, change.kind))}
                  </span>
                </h3>
              ) : null}
              <RecordDiff change={change} showAll={showAll} sync={run.sync} />
            </div>
          ) : null;
        })}
      </div>
    </>
  );
}

function NoChanges({ run }: { run: RunView }) {
  if (run.status === "running" || run.status === "pending") {
    return (
      <Empty kind="none yet" title="No record has changed yet">
        Changes appear here as they are written.
      </Empty>
    );
  }
  if (run.status === "failed") {
    return (
      <Empty kind="none yet" title="This run wrote nothing">
        It ended before its first write.
      </Empty>
    );
  }
  if (run.status === "partial") {
    return (
      <Empty kind="none yet" title="Nothing was written">
        What differs waits for a decision or has an error; the counts above lead there.
      </Empty>
    );
  }
  return (
    <Empty kind="all clear" title="Nothing had to change">
      Both systems already agreed.
    </Empty>
  );
}
