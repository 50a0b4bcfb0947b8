import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Between, direction } from "@/components/between";
import { plural } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Facts, Page, Scroll, Section } from "@/components/page";
import { CopyButton } from "@/components/states";
import { Status } from "@/components/status";
import { Ago } from "@/components/time";
import { commandQuery, type SyncView, useTenant } from "@/ipc";
import { PauseButton } from "./pause-button";
import { RunButtons, StartError, useStartRun } from "./run-buttons";
import { policyWords } from "./words";

/** One sync: its mapping, its policies, and the button that runs it. */
export function SyncScreen({ name }: { name: string }) {
  const tenant = useTenant();
  const sync = useQuery(commandQuery("get_sync", { tenant, name }));
  return (
    <Loaded query={sync} what={`the sync ${name}`}>
      {(data) => <Sync sync={data} />}
    </Loaded>
  );
}

function Sync({ sync }: { sync: SyncView }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const start = useStartRun(sync.name);
  return (
    <Page
      title={sync.name}
      lead={<Between sync={sync} />}
      onBack={() => void navigate({ to: "/t/$tenant/syncs", params: { tenant } })}
      actions={
        <>
          <PauseButton sync={sync} />
          <RunButtons name={sync.name} start={start} disabled={sync.paused} />
        </>
      }
    >
      <Scroll label="Sync">
        <StartError name={sync.name} start={start} />
        <Section title="How it works">
          <Facts
            items={[
              ...(sync.paused
                ? ([["State", <Status key="state" status="paused" />]] as [
                    string,
                    React.ReactNode,
                  ][])
                : []),
              ["Source", `${sync.source_system}, ${sync.source_collection}`],
              ["Target", `${sync.target_system}, ${sync.target_collection}`],
              ["Direction", direction(sync).words],
              ["Both sides change a field", policyWords(sync.policy)],
              ["A record is deleted", policyWords(sync.delete_policy)],
              ["Deleted here, changed there", policyWords(sync.delete_conflict_policy)],
              ["Differences in the first run", policyWords(sync.first_sync_policy)],
              ...(sync.direction === "bidirectional"
                ? []
                : ([
                    [
                      "Changes on the receiving side",
                      sync.enforce ? "put back as they were" : "left alone and reported",
                    ],
                  ] as [string, React.ReactNode][])),
              ["Schedule", sync.schedule ?? "none: it runs when started"],
              ...(sync.next_run_at
                ? ([["Next run", <Ago key="next" at={sync.next_run_at} />]] as [
                    string,
                    React.ReactNode,
                  ][])
                : []),
              ["Last run", <LastRun key="last" sync={sync} />],
              [
                "Open conflicts",
                sync.open_conflicts === 0 ? (
                  "none"
                ) : (
                  <Link
                    key="conflicts"
                    to="/t/$tenant/conflicts"
                    params={{ tenant }}
                    search={{ sync: sync.name }}
                    className="underline"
                  >
                    {plural(sync.open_conflicts, "conflict")} to decide
                  </Link>
                ),
              ],
            ]}
          />
        </Section>
        <Section title={`Mapping of ${plural(sync.fields.length, "field")}`}>
          <Mapping sync={sync} />
        </Section>
        <details>
          <summary className="min-h-6 cursor-pointer text-muted">As a workspace file</summary>
          <div className="my-2">
            <CopyButton label="Copy" text={sync.toml} />
          </div>
          <pre className="overflow-auto rounded-m bg-surface p-3 font-mono text-mono">
            {sync.toml}
          </pre>
        </details>
      </Scroll>
    </Page>
  );
}

function LastRun({ sync }: { sync: SyncView }) {
  const tenant = useTenant();
  const run = sync.last_run;
  if (!run) return <>never run</>;
  return (
    <Link
      to="/t/$tenant/runs/$id"
      params={{ tenant, id: run.id }}
      className="inline-flex items-center gap-2 underline"
    >
      <Status status={run.status} />
      {run.started_at ? <Ago at={run.started_at} /> : "not started"}
    </Link>
  );
}

function Mapping({ sync }: { sync: SyncView }) {
  return (
    <div className="overflow-x-auto">
      <table className="w-full min-w-160 border-collapse">
        <thead className="text-meta text-muted">
          <tr>
            {[
              "Field",
              "Type",
              sync.source_system,
              "",
              sync.target_system,
              "On the way",
              "Who wins",
            ].map((head, index) => (
              <th
                key={head || `arrow-${index}`}
                scope="col"
                className="px-2 py-1 text-start font-medium"
              >
                {head || <span className="sr-only">Direction</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sync.fields.map((field) => (
            <tr key={field.field} className="border-t border-line align-top">
              <th scope="row" className="px-2 py-1.5 text-start font-medium">
                {field.field}
                {field.match_key ? (
                  <span className="text-meta font-normal text-muted"> (match key)</span>
                ) : null}
              </th>
              <td className="px-2 py-1.5 text-muted">{field.type}</td>
              <td className="px-2 py-1.5 font-mono text-mono text-source">{field.source}</td>
              <td className="px-2 py-1.5" title={direction(field).words}>
                <span aria-hidden="true">{direction(field).sign}</span>
                <span className="sr-only">{direction(field).words}</span>
              </td>
              <td className="px-2 py-1.5 font-mono text-mono text-target">{field.target}</td>
              <td className="px-2 py-1.5">
                {field.transforms.length > 0 ? (
                  field.transforms.join(", then ")
                ) : (
                  <span className="text-muted">as it is</span>
                )}
              </td>
              <td className="px-2 py-1.5">
                {field.policy ? (
                  policyWords(field.policy)
                ) : (
                  <span className="text-muted">{policyWords(sync.policy)}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
