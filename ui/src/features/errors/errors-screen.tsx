import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { type Column, DataGrid } from "@/components/data-grid";
import { Select } from "@/components/fields";
import { humanise, plural } from "@/components/format";
import { ListDetail } from "@/components/list-detail";
import { Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { Status } from "@/components/status";
import { Ago } from "@/components/time";
import { type ErrorSummary, pagedQuery, useTenant } from "@/ipc";
import type { ErrorsSearch } from "./search";

const PAGE = 200;
const MESSAGE: Column<ErrorSummary> = {
  id: "message",
  header: "What happened",
  width: [10, 3],
  cell: (item) => <span title={item.message}>{item.message}</span>,
};
const WHEN: Column<ErrorSummary> = {
  id: "when",
  header: "When",
  width: [6.5, 0],
  cell: (item) => <Ago at={item.occurred_at} />,
};
const WIDE: Column<ErrorSummary>[] = [
  {
    id: "state",
    header: "State",
    width: [8, 0],
    cell: (item) => <Status status={item.resolved ? "resolved" : "unresolved"} />,
  },
  { id: "type", header: "Type", width: [8, 0], cell: (item) => humanise(item.error_type) },
  MESSAGE,
  { id: "sync", header: "Sync", width: [8, 1], cell: (item) => item.sync },
  {
    id: "record",
    header: "Record",
    width: [7, 1],
    cell: (item) => item.record_id ?? "",
  },
  WHEN,
];
const NARROW = [MESSAGE, WHEN];
const VIEWS = [
  { value: "unresolved", label: "Unresolved" },
  { value: "resolved", label: "Resolved" },
  { value: "all", label: "All" },
];

interface Props {
  search: ErrorsSearch;
  openId: string | undefined;
  detail: ReactNode;
}

/** What is blocked, why, and what fixes it. */
export function ErrorsScreen({ search, openId, detail }: Props) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const view = search.view ?? "unresolved";
  const resolved = view === "all" ? undefined : view === "resolved";
  const errors = useInfiniteQuery(
    pagedQuery("list_errors", { tenant, run: search.run, resolved, limit: PAGE }),
  );
  const items = errors.data ?? [];
  const filter = (change: Partial<ErrorsSearch>) =>
    navigate({ to: "/t/$tenant/errors", params: { tenant }, search: { ...search, ...change } });

  return (
    <Page
      title="Errors"
      quietWhenNarrow={openId !== undefined}
      lead={
        errors.data
          ? lead(items.length, errors.hasNextPage, view)
          : "What is blocked, and what fixes it?"
      }
      actions={
        <div data-filter="" className="flex flex-wrap items-center gap-3">
          <Select
            label="View"
            value={view}
            options={VIEWS}
            onChoose={(next) => filter({ view: next as ErrorsSearch["view"] })}
          />
          {search.run ? (
            <Button onClick={() => filter({ run: undefined })}>Show all runs</Button>
          ) : null}
        </div>
      }
    >
      <ListDetail
        hasDetail={openId !== undefined}
        detailLabel="Open error"
        detail={detail}
        list={
          <>
            {errors.error ? (
              <ErrorState
                inset
                doing="load the errors"
                error={errors.error}
                since={errors.errorUpdatedAt}
                onRetry={() => void errors.refetch()}
              />
            ) : null}
            {errors.isPending ? <Loading what="the errors" rows={10} /> : null}
            {errors.data && items.length === 0 ? (
              <NoErrors search={search} clear={() => filter({ run: undefined, view: "all" })} />
            ) : null}
            {items.length > 0 ? (
              <DataGrid
                label="Errors, newest first"
                columns={openId === undefined ? WIDE : NARROW}
                items={items}
                idOf={(item) => item.id}
                openId={openId}
                onOpen={(item) =>
                  navigate({ to: "/t/$tenant/errors/$id", params: { tenant, id: item.id }, search })
                }
                hasMore={errors.hasNextPage}
                loadingMore={errors.isFetchingNextPage}
                onEnd={() => (errors.isFetchingNextPage ? undefined : void errors.fetchNextPage())}
                autoFocus={openId === undefined}
              />
            ) : null}
          </>
        }
      />
    </Page>
  );
}

function NoErrors({ search, clear }: { search: ErrorsSearch; clear(): void }) {
  if (search.run !== undefined || search.view === "resolved") {
    return (
      <Empty
        kind="none match"
        title="No error matches these filters"
        action={<Button onClick={clear}>Show all errors</Button>}
      />
    );
  }
  if (search.view === "all") {
    return <Empty kind="none yet" title="No error has been logged yet" />;
  }
  return (
    <Empty kind="all clear" title="Nothing is blocked">
      Records that fail a check, and calls that fail for good, are listed here with their cause and
      remedy.
    </Empty>
  );
}

function lead(count: number, more: boolean, view: string): string {
  const text = `${plural(count, "error")}${view === "all" ? "" : ` ${view}`}`;
  return more ? `More than ${text}` : text;
}
