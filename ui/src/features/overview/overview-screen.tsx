import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { formatCount, formatShare } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Metric, Page, Scroll, Section } from "@/components/page";
import { circuitStatus, Status } from "@/components/status";
import { Ago } from "@/components/time";
import { commandQuery, type OverviewView, useTenant } from "@/ipc";
import { t } from "@/text";

/** Is everything healthy? While nothing is set up yet, `firstRun` stands in its place. */
export function OverviewScreen({ firstRun }: { firstRun: ReactNode }) {
  const tenant = useTenant();
  const overview = useQuery(commandQuery("overview", { tenant }));
  return (
    <Loaded query={overview} what={t("overview.theOverview")}>
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
      title={t("overview.title")}
      lead={
        troubles.length === 0
          ? t("overview.healthy")
          : t("overview.attention", { troubles: troubles.join(", ") })
      }
    >
      <Scroll label={t("overview.title")}>
        <div className="mb-6 flex flex-wrap gap-3">
          <Metric
            label={t("overview.openConflicts")}
            value={formatCount(data.open_conflicts)}
            note={
              <Link to="/t/$tenant/conflicts" params={{ tenant }} className="underline">
                {t(data.open_conflicts === 0 ? "overview.nothingToDecide" : "overview.decide")}
              </Link>
            }
          />
          <Metric
            label={t("overview.unresolvedErrors")}
            value={formatCount(data.unresolved_errors)}
            note={
              <Link to="/t/$tenant/errors" params={{ tenant }} className="underline">
                {t(data.unresolved_errors === 0 ? "overview.nothingBlocked" : "overview.fixes")}
              </Link>
            }
          />
          <Metric
            label={t("overview.runningNow")}
            value={formatCount(data.running.length)}
            note={data.running[0]?.sync ?? t("overview.nothing")}
          />
          <Metric
            label={t("overview.didNotFail")}
            value={
              data.success_rate === null ? t("overview.unknown") : formatShare(data.success_rate)
            }
            note={t(data.success_rate === null ? "overview.noRunYet" : "overview.ofLast")}
          />
          <Metric
            label={t("overview.linked")}
            value={formatCount(data.links)}
            note={t("overview.pairs")}
          />
          <Metric
            label={t("overview.syncs")}
            value={formatCount(data.syncs.length)}
            note={
              <Link to="/t/$tenant/syncs" params={{ tenant }} className="underline">
                {t("overview.see")}
              </Link>
            }
          />
        </div>
        <div className="grid gap-x-8 lg:grid-cols-2">
          <Section title={t("overview.latest")}>
            {data.last_runs.length === 0 ? (
              <p className="text-muted">{t("overview.noneYet")}</p>
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
                        {run.started_at ? <Ago at={run.started_at} /> : t("overview.notStarted")}
                      </span>
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </Section>
          <Section title={t("overview.connections")}>
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
    data.open_conflicts === 0
      ? null
      : t("overview.conflictTrouble", { count: data.open_conflicts }),
    data.unresolved_errors === 0
      ? null
      : t("overview.errorTrouble", { count: data.unresolved_errors }),
    open === 0 ? null : t("overview.systemTrouble", { count: open }),
  ].filter((trouble) => trouble !== null);
}
