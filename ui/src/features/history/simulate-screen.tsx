import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import { useAnnounce } from "@/components/announce";
import { Between } from "@/components/between";
import { Button } from "@/components/button";
import { type Column, DataGrid } from "@/components/data-grid";
import { formatCount } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { Badge, Status } from "@/components/status";
import { Ago } from "@/components/time";
import {
  commandMutation,
  commandQuery,
  pagedQuery,
  type RunView,
  type SyncSummary,
  useTenant,
} from "@/ipc";
import { countOf } from "./plan";

const PAGE = 100;

const COLUMNS: Column<RunView>[] = [
  {
    id: "sync",
    header: "Simulated",
    width: [12, 2],
    cell: (run) => (
      <span className="inline-flex max-w-full items-center gap-2">
        <span className="truncate font-medium">{run.sync}</span>
        {run.rolls_back ? <Badge tone="base">Rollback</Badge> : null}
      </span>
    ),
  },
  {
    id: "status",
    header: "Status",
    width: [8, 1],
    cell: (run) => <Status status={run.cancelling ? "cancelling" : run.status} />,
  },
  ...(
    [
      ["delete", "Deletes"],
      ["create", "New"],
      ["update", "Updates"],
    ] as const
  ).map(
    ([kind, header]): Column<RunView> => ({
      id: kind,
      header,
      width: [5, 0],
      align: "end",
      cell: (run) => formatCount(countOf(run, kind)),
    }),
  ),
  {
    id: "conflicts",
    header: "Conflicts",
    width: [5, 0],
    align: "end",
    cell: (run) => formatCount(run.conflicts),
  },
  { id: "at", header: "When", width: [9, 1], cell: (run) => <Ago at={run.started_at} /> },
  { id: "actor", header: "By", width: [6, 1], cell: (run) => run.actor },
];

/** What would happen? A simulation plans everything, writes nothing, and can be applied as it is. */
export function SimulateScreen() {
  const tenant = useTenant();
  const syncs = useQuery(commandQuery("list_syncs", { tenant }));
  return (
    <Page
      title="Simulate"
      lead="What would happen? Nothing is written until you apply exactly what you reviewed."
    >
      <Loaded query={syncs} what="the syncs">
        {(items) =>
          items.length === 0 ? (
            <Empty kind="none yet" title="No sync to simulate yet">
              A sync keeps two collections in step. Add one with a workspace file:{" "}
              <code className="font-mono text-mono">tandem apply -f workspace.toml</code>
            </Empty>
          ) : (
            <>
              <ul
                aria-label="Syncs"
                className="flex max-h-[40%] shrink-0 flex-wrap gap-3 overflow-auto border-b border-line p-4"
              >
                {items.map((sync) => (
                  <Simulated key={sync.name} sync={sync} />
                ))}
              </ul>
              <Simulations />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Simulated({ sync }: { sync: SyncSummary }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const announce = useAnnounce();
  const start = useMutation({
    ...commandMutation("run_sync"),
    onSuccess: ({ run_id, joined }) => {
      announce(
        joined ? `${sync.name} is being simulated already.` : `Simulating ${sync.name}.`,
        run_id,
      );
      return navigate({ to: "/t/$tenant/runs/$id", params: { tenant, id: run_id } });
    },
  });
  return (
    <li className="border-line-w flex min-w-80 flex-1 flex-col gap-2 rounded-l border-line bg-raised p-3">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="truncate font-semibold">{sync.name}</h2>
          <Between sync={sync} />
        </div>
        <Button
          aria-disabled={start.isPending}
          onClick={() =>
            start.isPending
              ? undefined
              : start.mutate({ tenant, name: sync.name, simulate: true, full: false })
          }
          icon={<FlaskConical aria-hidden="true" className="size-4" />}
        >
          {start.isPending ? "Starting…" : "Simulate"}
          <span className="sr-only"> {sync.name}</span>
        </Button>
      </div>
      {start.error ? <ErrorState doing={`simulate ${sync.name}`} error={start.error} /> : null}
    </li>
  );
}

/** Earlier simulations, newest first: the plans that can still be looked at. */
function Simulations() {
  const tenant = useTenant();
  const navigate = useNavigate();
  const runs = useInfiniteQuery(pagedQuery("list_runs", { tenant, simulated: true, limit: PAGE }));
  const items = runs.data ?? [];
  if (runs.isPending) return <Loading what="the simulations" />;
  if (runs.error && items.length === 0) {
    return (
      <ErrorState
        inset
        doing="load the simulations"
        error={runs.error}
        since={runs.errorUpdatedAt}
        onRetry={() => void runs.refetch()}
      />
    );
  }
  if (items.length === 0) {
    return (
      <Empty kind="none yet" title="Nothing was simulated yet">
        Simulate a sync to see what it would delete, create and update, record by record.
      </Empty>
    );
  }
  return (
    <DataGrid
      label="Simulations, newest first"
      columns={COLUMNS}
      items={items}
      idOf={(run) => run.id}
      onOpen={(run) => navigate({ to: "/t/$tenant/runs/$id", params: { tenant, id: run.id } })}
      hasMore={runs.hasNextPage}
      loadingMore={runs.isFetchingNextPage}
      onEnd={() => (runs.isFetchingNextPage ? undefined : void runs.fetchNextPage())}
      autoFocus
    />
  );
}
