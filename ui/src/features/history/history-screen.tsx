import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { type Column, DataGrid } from "@/components/data-grid";
import { SearchField, Select } from "@/components/fields";
import { formatCount, formatDuration, formatShortDateTime, plural } from "@/components/format";
import { Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { Badge, Status } from "@/components/status";
import { Ago } from "@/components/time";
import { commandQuery, pagedQuery, type RunView, useTenant } from "@/ipc";
import { DensityStrip } from "./density-strip";
import { changesOf } from "./plan";
import { type HistorySearch, STATUS_OPTIONS } from "./search";

const PAGE = 200;

const COLUMNS: Column<RunView>[] = [
  { id: "status", header: "Status", width: [8.5, 0], cell: (run) => <RunStatusCell run={run} /> },
  { id: "sync", header: "Sync", width: [9, 1.2], cell: (run) => run.sync },
  {
    id: "started",
    header: "Started",
    width: [7, 0],
    cell: (run) => <Ago at={run.started_at} />,
  },
  {
    id: "took",
    header: "Took",
    width: [5.5, 0],
    align: "end",
    cell: (run) => (run.status === "pending" ? "" : formatDuration(run.execution_time_ms)),
  },
  {
    id: "read",
    header: "Records",
    width: [5, 0],
    align: "end",
    cell: (run) => formatCount(run.processed),
  },
  {
    id: "written",
    header: "Written",
    width: [5, 0],
    align: "end",
    cell: (run) => <Count value={changesOf(run)} />,
  },
  {
    id: "conflicts",
    header: "Conflicts",
    width: [5, 0],
    align: "end",
    cell: (run) => <Count value={run.conflicts} />,
  },
  {
    id: "failed",
    header: "Failed",
    width: [4.5, 0],
    align: "end",
    cell: (run) => <Count value={run.failed} />,
  },
  {
    id: "note",
    header: "Note",
    width: [8, 2],
    cell: (run) => <span className="text-muted">{note(run)}</span>,
  },
];

function RunStatusCell({ run }: { run: RunView }) {
  return (
    <span className="inline-flex items-center gap-1">
      <Status status={run.cancelling ? "cancelling" : run.status} />
      {run.simulated ? (
        <Badge tone="base">
          <abbr title="Simulated: nothing was written">Sim</abbr>
        </Badge>
      ) : null}
    </span>
  );
}

/** Zeros recede, so that what happened stands out. */
function Count({ value }: { value: number }) {
  return <span className={value === 0 ? "text-muted" : "font-medium"}>{formatCount(value)}</span>;
}

function note(run: RunView): string {
  if (run.error) return run.error.message;
  if (run.decisions_only) return "Carried out decisions";
  if (run.trigger === "schedule") return "On schedule";
  if (run.trigger === "rollback") return `Rollback by ${run.actor}`;
  return `Started by ${run.actor}`;
}

/** What happened, when, why: a timeline first, the runs under it. */
export function HistoryScreen({ search }: { search: HistorySearch }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const [reveal, setReveal] = useState<string>();
  const runs = useInfiniteQuery({
    ...pagedQuery("list_runs", { tenant, ...search, limit: PAGE }),
    // The last answer stays, dimmed, until the next is there.
    placeholderData: keepPreviousData,
  });
  const syncs = useQuery(commandQuery("list_syncs", { tenant }));
  const filtered = Object.values(search).some((value) => value !== undefined);

  const filter = (change: Partial<HistorySearch>) =>
    navigate({
      to: "/t/$tenant/history",
      params: { tenant },
      search: { ...search, ...change },
      replace: true,
    });

  const clear = () =>
    navigate({ to: "/t/$tenant/history", params: { tenant }, search: {}, replace: true });

  const items = runs.data ?? [];
  const range = {
    ...(search.since ? { from: Date.parse(search.since) } : {}),
    ...(search.until ? { to: Date.parse(search.until) } : {}),
  };
  return (
    <Page
      title="History"
      lead={runs.data ? lead(items.length, runs.hasNextPage) : "What happened, when, why?"}
      actions={
        <div data-filter="" className="flex flex-wrap items-center gap-3">
          <Select
            label="Sync"
            value={search.sync ?? ""}
            options={[
              { value: "", label: "All" },
              ...(syncs.data ?? []).map(({ name }) => ({ value: name, label: name })),
            ]}
            onChoose={(sync) => filter({ sync: sync || undefined })}
          />
          <Select
            label="Status"
            value={search.status ?? ""}
            options={STATUS_OPTIONS}
            onChoose={(status) =>
              filter({ status: (status || undefined) as HistorySearch["status"] })
            }
          />
          <SearchField
            label="Find"
            value={search.text ?? ""}
            placeholder="Run, record or error"
            onChoose={(text) => filter({ text: text || undefined })}
          />
          {search.since || search.until ? (
            <Button
              onClick={() => filter({ since: undefined, until: undefined })}
              icon={<X aria-hidden="true" className="size-4" />}
            >
              {times(search)}
              <span className="sr-only">: show all times</span>
            </Button>
          ) : null}
        </div>
      }
    >
      {runs.error ? (
        <ErrorState
          inset
          doing="load the runs"
          error={runs.error}
          since={runs.errorUpdatedAt}
          onRetry={() => void runs.refetch()}
        />
      ) : null}
      {runs.isPending ? <Loading what="the runs" rows={10} /> : null}
      {runs.data && items.length === 0 ? (
        filtered ? (
          <Empty
            kind="none match"
            title="No run matches these filters"
            action={<Button onClick={clear}>Clear the filters</Button>}
          >
            Found are runs by the beginning of their id, by a part of an error, and by the whole id
            of a record with an error.
          </Empty>
        ) : (
          <Empty
            kind="none yet"
            title="Nothing has run yet"
            action={
              <Button
                look="primary"
                onClick={() => navigate({ to: "/t/$tenant/syncs", params: { tenant } })}
              >
                Go to the syncs
              </Button>
            }
          >
            Start a sync, and its run appears here while it is going.
          </Empty>
        )
      ) : null}
      {items.length > 0 ? (
        <>
          <DensityStrip
            runs={items}
            range={range}
            onPick={setReveal}
            onZoom={({ from, to }) =>
              filter({ since: new Date(from).toISOString(), until: new Date(to).toISOString() })
            }
          />
          <DataGrid
            label="Runs, newest first"
            columns={COLUMNS}
            items={items}
            idOf={(run) => run.id}
            onOpen={(run) =>
              navigate({ to: "/t/$tenant/runs/$id", params: { tenant, id: run.id } })
            }
            revealId={reveal}
            hasMore={runs.hasNextPage}
            loadingMore={runs.isFetchingNextPage}
            onEnd={() => (runs.isFetchingNextPage ? undefined : void runs.fetchNextPage())}
            dimmed={runs.isPlaceholderData}
            autoFocus
          />
        </>
      ) : null}
    </Page>
  );
}

function times({ since, until }: HistorySearch): string {
  const word = (iso: string) => formatShortDateTime(Date.parse(iso));
  if (since && until) return `${word(since)} to ${word(until)}`;
  return since ? `Since ${word(since)}` : until ? `Before ${word(until)}` : "";
}

function lead(count: number, more: boolean): string {
  const runs = plural(count, "run");
  return more ? `The latest ${runs}; older ones load as you scroll` : runs;
}
