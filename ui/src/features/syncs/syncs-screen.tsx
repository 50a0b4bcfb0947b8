import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Between } from "@/components/between";
import { type Column, DataGrid } from "@/components/data-grid";
import { formatCount, plural } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Page } from "@/components/page";
import { Empty } from "@/components/states";
import { Status } from "@/components/status";
import { Ago } from "@/components/time";
import { commandQuery, type SyncSummary, useTenant } from "@/ipc";
import { policyWords } from "./words";

const COLUMNS: Column<SyncSummary>[] = [
  {
    id: "name",
    header: "Sync",
    width: [9, 1],
    cell: (sync) => (
      <span className="inline-flex items-center gap-2">
        <span className="truncate font-medium">{sync.name}</span>
        {sync.paused ? <Status status="paused" /> : null}
      </span>
    ),
  },
  {
    id: "between",
    header: "Between",
    width: [16, 2],
    cell: (sync) => <Between sync={sync} />,
  },
  {
    id: "policy",
    header: "When both change a field",
    width: [10, 1],
    cell: (sync) => policyWords(sync.policy),
  },
  {
    id: "last",
    header: "Last run",
    width: [15, 1],
    cell: (sync) =>
      sync.last_run ? (
        <span className="inline-flex items-center gap-2">
          <Status status={sync.last_run.status} />
          {sync.last_run.started_at ? <Ago at={sync.last_run.started_at} /> : null}
        </span>
      ) : (
        <span className="text-muted">never run</span>
      ),
  },
  {
    id: "conflicts",
    header: "Open conflicts",
    width: [7, 0],
    align: "end",
    cell: (sync) => formatCount(sync.open_conflicts),
  },
];

/** What maps to what, and who wins? */
export function SyncsScreen() {
  const tenant = useTenant();
  const navigate = useNavigate();
  const syncs = useQuery(commandQuery("list_syncs", { tenant }));
  return (
    <Page
      title="Syncs"
      lead={syncs.data ? plural(syncs.data.length, "sync") : "What maps to what, who wins?"}
    >
      <Loaded query={syncs} what="the syncs">
        {(items) =>
          items.length === 0 ? (
            <Empty kind="none yet" title="No sync yet">
              A sync keeps two collections in step. Add one with a workspace file:{" "}
              <code className="font-mono text-mono">tandem apply -f workspace.toml</code>
            </Empty>
          ) : (
            <DataGrid
              label="Syncs"
              columns={COLUMNS}
              items={items}
              idOf={(sync) => sync.name}
              onOpen={(sync) =>
                navigate({ to: "/t/$tenant/syncs/$name", params: { tenant, name: sync.name } })
              }
              autoFocus
            />
          )
        }
      </Loaded>
    </Page>
  );
}
