import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { formatCount, formatShare, plural } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Metric, Page, Scroll, Section } from "@/components/page";
import { circuitStatus, Status } from "@/components/status";
import { Ago } from "@/components/time";
import { commandQuery, type OverviewView, useTenant } from "@/ipc";

/** Is everything healthy? While nothing is set up yet, `firstRun` stands in its place. */
export function OverviewScreen({ firstRun }: { firstRun: ReactNode }) {
  const tenant = useTenant();
  const overview = useQuery(commandQuery("overview", { tenant }));
  return (
    <Loaded query={overview} what="the overview">
      {(data) => <Content data={data} firstRun={firstRun} />}
    </Loaded>
  );
}

// The first steps stay until the user leaves them: the second one begins with a sync set up.
function Content({ data, firstRun }: { data: OverviewView; firstRun: ReactNode }) {
  const [empty] = useState(data.syncs.length === 0);
  return empty ? firstRun : <Overview data={data} />;
}

function Overview({ data }: { data: OverviewView }) {
  const tenant = useTenant();
  const troubles = troublesOf(data);
  return (
    <Page
      title="Overview"
      lead={
        troubles.length === 0
          ? "Everything is healthy."
          : `Needs attention: ${troubles.join(", ")}.`
      }
    >
      <Scroll label="Overview">
        <div className="mb-6 flex flex-wrap gap-3">
          <Metric
            label="Open conflicts"
            value={formatCount(data.open_conflicts)}
            note={
              <Link to="/t/$tenant/conflicts" params={{ tenant }} className="underline">
                {data.open_conflicts === 0 ? "Nothing to decide" : "Decide them"}
              </Link>
            }
          />
          <Metric
            label="Unresolved errors"
            value={formatCount(data.unresolved_errors)}
            note={
              <Link to="/t/$tenant/errors" params={{ tenant }} className="underline">
                {data.unresolved_errors === 0 ? "Nothing is blocked" : "See what fixes them"}
              </Link>
            }
          />
          <Metric
            label="Running now"
            value={formatCount(data.running.length)}
            note={data.running[0]?.sync ?? "nothing"}
          />
          <Metric
            label="Runs that did not fail"
            value={data.success_rate === null ? "–" : formatShare(data.success_rate)}
            note={data.success_rate === null ? "nothing has run yet" : "of the last 30"}
          />
          <Metric
            label="Linked records"
            value={formatCount(data.links)}
            note="pairs kept in step"
          />
          <Metric
            label="Syncs"
            value={formatCount(data.syncs.length)}
            note={
              <Link to="/t/$tenant/syncs" params={{ tenant }} className="underline">
                See them
              </Link>
            }
          />
        </div>
        <div className="grid gap-x-8 lg:grid-cols-2">
          <Section title="Latest runs">
            {data.last_runs.length === 0 ? (
              <p className="text-muted">Nothing has run yet.</p>
            ) : (
              <ul>
                {data.last_runs.map((run) => (
                  <li key={run.id} className="border-b border-line">
                    <Link
                      to="/t/$tenant/runs/$id"
                      params={{ tenant, id: run.id }}
                      className="flex min-h-(--row) items-center gap-3 px-1 -outline-offset-2 hover:bg-surface"
                    >
                      <span className="w-28">
                        <Status status={run.status} />
                      </span>
                      <span className="min-w-0 flex-1 truncate font-medium">{run.sync}</span>
                      <span className="text-muted">
                        {run.started_at ? <Ago at={run.started_at} /> : "not started"}
                      </span>
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </Section>
          <Section title="Connections">
            <ul>
              {data.connections.map((connection) => (
                <li key={connection.name} className="border-b border-line">
                  <Link
                    to="/t/$tenant/connections"
                    params={{ tenant }}
                    className="flex min-h-(--row) items-center gap-3 px-1 -outline-offset-2 hover:bg-surface"
                  >
                    <span className="w-36">
                      <Status status={circuitStatus(connection)} />
                    </span>
                    <span className="min-w-0 flex-1 truncate font-medium">{connection.name}</span>
                    <span className="max-w-[50%] truncate text-muted">
                      {connection.last_error ?? connection.kind}
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          </Section>
        </div>
      </Scroll>
    </Page>
  );
}

function troublesOf(data: OverviewView): string[] {
  const open = data.connections.filter((connection) => connection.circuit === "open").length;
  return [
    data.open_conflicts === 0 ? null : plural(data.open_conflicts, "open conflict"),
    data.unresolved_errors === 0 ? null : plural(data.unresolved_errors, "unresolved error"),
    open === 0 ? null : plural(open, "unreachable system"),
  ].filter((trouble) => trouble !== null);
}
