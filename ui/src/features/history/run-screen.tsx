import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { CircleSlash } from "lucide-react";
import { useRef } from "react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { formatCount, formatDuration } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Metric, Page, Scroll, Section } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Badge, Status } from "@/components/status";
import { At } from "@/components/time";
import { type ChangeKind, commandMutation, commandQuery, type RunView, useTenant } from "@/ipc";
import { LeftAlone } from "./left-alone";
import { countOf } from "./plan";
import { PlanActions } from "./plan-actions";
import { RunChanges } from "./run-changes";
import { RunProgressPanel } from "./run-progress";
import type { RunSearch } from "./search";

/** One run: how it goes or went, and what it changed. */
export function RunScreen({ id, search }: { id: string; search: RunSearch }) {
  const tenant = useTenant();
  const run = useQuery(commandQuery("get_run", { tenant, id }));
  return (
    <Loaded query={run} what="this run">
      {(data) => <Run run={data} search={search} />}
    </Loaded>
  );
}

function Run({ run, search }: { run: RunView; search: RunSearch }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const scroller = useRef<HTMLElement>(null);
  const showAll = search.fields === "all";
  const live = run.status === "running" || run.status === "pending";
  return (
    <Page
      title={`${kind(run)} of ${run.sync}`}
      lead={<Lead run={run} />}
      onBack={() => void navigate({ to: "/t/$tenant/history", params: { tenant } })}
      actions={live ? <CancelButton run={run} /> : <PlanActions run={run} />}
    >
      <Scroll label="Run" ref={scroller}>
        {live ? <RunProgressPanel run={run} /> : null}
        {run.error ? (
          <ErrorState doing={`finish this run of ${run.sync}`} error={run.error} />
        ) : null}
        <Counts run={run} />
        {run.applies || run.rolls_back ? <LeftAlone run={run} /> : null}
        <Section
          title={run.simulated ? "What would change" : "What changed"}
          actions={
            <label className="inline-flex min-h-6 items-center gap-2">
              <input
                type="checkbox"
                className="size-4 accent-text"
                checked={!showAll}
                onChange={(event) =>
                  navigate({
                    to: "/t/$tenant/runs/$id",
                    params: { tenant, id: run.id },
                    search: { fields: event.target.checked ? undefined : "all" },
                    replace: true,
                  })
                }
              />
              Changed fields only
            </label>
          }
        >
          <RunChanges run={run} showAll={showAll} scroller={scroller} />
        </Section>
      </Scroll>
    </Page>
  );
}

function Lead({ run }: { run: RunView }) {
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <Status status={run.cancelling ? "cancelling" : run.status} />
      {run.simulated ? <Badge tone="base">Simulated: nothing is written</Badge> : null}
      {run.started_at ? (
        <span>
          Started <At at={run.started_at} />
        </span>
      ) : null}
      {run.status === "pending" ? null : (
        <span>
          {run.status === "running" ? "running for" : "took"}{" "}
          {formatDuration(run.execution_time_ms)}
        </span>
      )}
      <span>by {run.actor}</span>
      <Origin run={run} />
    </span>
  );
}

/** The run that this one carries out or takes back. */
function Origin({ run }: { run: RunView }) {
  const tenant = useTenant();
  const id = run.applies ?? run.rolls_back;
  if (!id) return null;
  return (
    <Link to="/t/$tenant/runs/$id" params={{ tenant, id }} className="underline">
      {run.applies ? "The plan that was reviewed" : "The run that it takes back"}
    </Link>
  );
}

function CancelButton({ run }: { run: RunView }) {
  const tenant = useTenant();
  const announce = useAnnounce();
  const cancel = useMutation({
    ...commandMutation("cancel_run"),
    onMutate: () => announce("Cancelling… What was already sent is still confirmed."),
    onError: (error) => announce(`The run was not cancelled: ${error.message}`),
  });
  // From the click on, not from the answer on: the run itself may need a while to stop.
  const cancelling = run.cancelling || cancel.isPending || cancel.isSuccess;
  return (
    <Button
      look="danger"
      aria-disabled={cancelling}
      onClick={() => (cancelling ? undefined : cancel.mutate({ tenant, id: run.id }))}
      icon={<CircleSlash aria-hidden="true" className="size-4" />}
    >
      {cancelling ? "Cancelling…" : "Cancel the run"}
    </Button>
  );
}

function Counts({ run }: { run: RunView }) {
  const tenant = useTenant();
  return (
    <div className="mb-6 flex flex-wrap gap-3">
      <Metric label="Records" value={formatCount(run.processed)} note="read and compared" />
      <Metric label="Succeeded" value={formatCount(run.succeeded)} note={writes(run)} />
      <Metric label="Skipped" value={formatCount(run.skipped)} note="nothing to do, or waiting" />
      <Metric
        label="Conflicts"
        value={formatCount(run.conflicts)}
        note={
          run.conflicts === 0 ? (
            "none new"
          ) : (
            <Link
              to="/t/$tenant/conflicts"
              params={{ tenant }}
              search={{ sync: run.sync }}
              className="underline"
            >
              Decide them
            </Link>
          )
        }
      />
      <Metric
        label="Failed"
        value={formatCount(run.failed)}
        note={
          run.failed === 0 ? (
            "none"
          ) : (
            <Link
              to="/t/$tenant/errors"
              params={{ tenant }}
              search={{ run: run.id }}
              className="underline"
            >
              See the errors
            </Link>
          )
        }
      />
    </div>
  );
}

function kind(run: RunView): string {
  if (run.applies) return "Applied plan";
  if (run.rolls_back) return run.simulated ? "Simulated rollback" : "Rollback";
  return run.simulated ? "Simulation" : "Run";
}

function writes(run: RunView): string {
  const count = (kind: ChangeKind) => formatCount(countOf(run, kind));
  return `${count("create")} created, ${count("update")} updated, ${count("delete")} deleted`;
}
