import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Copy, Pencil } from "lucide-react";
import { Between, direction } from "@/components/between";
import { Button } from "@/components/button";
import { Loaded } from "@/components/loaded";
import { Facts, Page, Scroll, Section } from "@/components/page";
import { CopyButton } from "@/components/states";
import { Status } from "@/components/status";
import { Ago } from "@/components/time";
import { commandQuery, type SyncView, useTenant } from "@/ipc";
import { t } from "@/text";
import { PauseButton } from "./pause-button";
import { RunButtons, StartError, useStartRun } from "./run-buttons";
import { policyWords } from "./words";

/** One sync: its mapping, its policies, and the button that runs it. */
export function SyncScreen({ name }: { name: string }) {
  const tenant = useTenant();
  const sync = useQuery(commandQuery("get_sync", { tenant, name }));
  return (
    <Loaded query={sync} what={t("syncs.theSync", { name })}>
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
          <Button
            onClick={() =>
              void navigate({
                to: "/t/$tenant/syncs/$name/edit",
                params: { tenant, name: sync.name },
              })
            }
            icon={<Pencil aria-hidden="true" className="size-4" />}
          >
            {t("syncs.change")}
          </Button>
          <Button
            onClick={() =>
              void navigate({
                to: "/t/$tenant/new-sync",
                params: { tenant },
                search: { copy: sync.name },
              })
            }
            icon={<Copy aria-hidden="true" className="size-4" />}
          >
            {t("syncs.duplicate")}
          </Button>
          <PauseButton sync={sync} />
          <RunButtons name={sync.name} start={start} disabled={sync.paused} />
        </>
      }
    >
      <Scroll label={t("syncs.one")}>
        <StartError name={sync.name} start={start} />
        <Section title={t("syncs.how")}>
          <Facts
            items={[
              ...(sync.paused
                ? ([[t("syncs.state"), <Status key="state" status="paused" />]] as [
                    string,
                    React.ReactNode,
                  ][])
                : []),
              [
                t("syncs.source"),
                t("syncs.end", { system: sync.source_system, collection: sync.source_collection }),
              ],
              [
                t("syncs.target"),
                t("syncs.end", { system: sync.target_system, collection: sync.target_collection }),
              ],
              [t("syncs.direction"), direction(sync).words],
              [t("syncs.bothChange"), policyWords(sync.policy)],
              [t("syncs.deleted"), policyWords(sync.delete_policy)],
              [t("syncs.deletedChanged"), policyWords(sync.delete_conflict_policy)],
              [t("syncs.firstRun"), policyWords(sync.first_sync_policy)],
              ...(sync.direction === "bidirectional"
                ? []
                : ([
                    [t("syncs.receiving"), t(sync.enforce ? "syncs.putBack" : "syncs.leftAlone")],
                  ] as [string, React.ReactNode][])),
              [t("syncs.schedule"), sync.schedule ?? t("syncs.noSchedule")],
              ...(sync.next_run_at
                ? ([[t("syncs.nextRun"), <Ago key="next" at={sync.next_run_at} />]] as [
                    string,
                    React.ReactNode,
                  ][])
                : []),
              [t("syncs.lastRun"), <LastRun key="last" sync={sync} />],
              [
                t("syncs.conflicts"),
                sync.open_conflicts === 0 ? (
                  t("syncs.noConflict")
                ) : (
                  <Link
                    key="conflicts"
                    to="/t/$tenant/conflicts"
                    params={{ tenant }}
                    search={{ sync: sync.name }}
                    className="underline"
                  >
                    {t("syncs.toDecide", { count: sync.open_conflicts })}
                  </Link>
                ),
              ],
            ]}
          />
        </Section>
        <Section title={t("syncs.mappingOf", { count: sync.fields.length })}>
          <Mapping sync={sync} />
        </Section>
        <details>
          <summary className="min-h-6 cursor-pointer text-muted">{t("syncs.asFile")}</summary>
          <div className="my-2">
            <CopyButton label={t("syncs.copy")} text={sync.toml} />
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
  if (!run) return <>{t("syncs.neverRun")}</>;
  return (
    <Link
      to="/t/$tenant/runs/$id"
      params={{ tenant, id: run.id }}
      className="inline-flex items-center gap-2 underline"
    >
      <Status status={run.status} />
      {run.started_at ? <Ago at={run.started_at} /> : t("syncs.notStarted")}
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
              t("syncs.field"),
              t("syncs.type"),
              sync.source_system,
              "",
              sync.target_system,
              t("syncs.onTheWay"),
              t("syncs.wins"),
            ].map((head, index) => (
              <th
                key={head || `arrow-${index}`}
                scope="col"
                className="px-2 py-1 text-start font-medium"
              >
                {head || <span className="sr-only">{t("syncs.direction")}</span>}
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
                  <span className="text-meta font-normal text-muted"> {t("syncs.matchKey")}</span>
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
                  field.transforms.join(t("syncs.andThen"))
                ) : (
                  <span className="text-muted">{t("syncs.asItIs")}</span>
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
