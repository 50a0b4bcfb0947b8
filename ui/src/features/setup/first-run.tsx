import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { plural } from "@/components/format";
import { Page, Scroll } from "@/components/page";
import { ErrorState } from "@/components/states";
import { commandMutation, commandQuery, useTenant } from "@/ipc";

/**
 * From an empty store to a first successful sync in three steps: load the sample systems, run
 * their sync, look at what it did.
 */
export function FirstRun() {
  const tenant = useTenant();
  const navigate = useNavigate();
  const client = useQueryClient();
  const load = useMutation({
    ...commandMutation("load_sample"),
    onSuccess: () => client.invalidateQueries(),
  });
  const run = useMutation({
    ...commandMutation("run_sync"),
    onSuccess: (started) =>
      navigate({ to: "/t/$tenant/runs/$id", params: { tenant, id: started.run_id } }),
  });
  // Also filled by a workspace file applied from a terminal meanwhile.
  const syncs = useQuery(commandQuery("list_syncs", { tenant }));
  const first = syncs.data?.[0]?.name;
  const info = useQuery(commandQuery("app_info", {}));
  const ready = first !== undefined;
  return (
    <Page title="Welcome to Tandem" lead="It keeps the records of two systems in step, both ways.">
      <Scroll label="First steps">
        <ol className="flex max-w-[64ch] flex-col gap-4">
          <Step
            number={1}
            title="Load the sample systems"
            done={ready}
            current={!ready}
            action={
              ready || info.data?.sample_available === false ? null : (
                <Button
                  look="primary"
                  aria-disabled={load.isPending}
                  onClick={() => (load.isPending ? undefined : load.mutate({ tenant }))}
                >
                  {load.isPending ? "Loading…" : "Load the sample systems"}
                </Button>
              )
            }
          >
            {info.data?.sample_available === false
              ? "The sample systems are not part of this program. Apply a workspace file of your own instead, as shown below."
              : load.data
                ? `Two sample systems are running on this machine, with ${plural(load.data.syncs.length, "sync")} between them.`
                : "A web shop and an ERP with customers and products, on this machine only. Nothing of yours is touched."}
          </Step>
          <Step
            number={2}
            title="Run the first sync"
            done={run.isSuccess}
            current={ready && !run.isSuccess}
            action={
              ready && !run.isSuccess ? (
                <Button
                  look="primary"
                  aria-disabled={run.isPending}
                  onClick={() =>
                    run.isPending
                      ? undefined
                      : run.mutate({ tenant, name: first, simulate: false, full: false })
                  }
                >
                  {run.isPending ? "Starting…" : `Sync ${first} now`}
                </Button>
              ) : null
            }
          >
            Both systems are read, records that belong together are paired, and what is missing on
            one side is created there.
          </Step>
          <Step number={3} title="See what changed" done={false} current={false} action={null}>
            The run's page shows every written record before and after, field by field. What needs
            your decision waits under Conflicts.
          </Step>
        </ol>
        {load.error ? (
          <ErrorState
            doing="load the sample systems"
            error={load.error}
            onRetry={() => load.mutate({ tenant })}
          />
        ) : null}
        {run.error ? <ErrorState doing="start the first sync" error={run.error} /> : null}
        <p className="mt-6 max-w-[64ch] text-muted">
          To connect your own systems instead, describe them in a workspace file and apply it:{" "}
          <code className="font-mono text-mono">tandem apply -f workspace.toml</code>
        </p>
      </Scroll>
    </Page>
  );
}

interface StepProps {
  number: number;
  title: string;
  done: boolean;
  current: boolean;
  action: ReactNode;
  children: ReactNode;
}

function Step({ number, title, done, current, action, children }: StepProps) {
  return (
    <li
      aria-current={current ? "step" : undefined}
      className={`border-line-w flex gap-4 rounded-l p-4 ${current ? "border-line-strong bg-raised" : "border-line bg-surface"}`}
    >
      <span className="mt-0.5 inline-flex size-7 shrink-0 items-center justify-center rounded-full border border-line-strong font-semibold">
        {done ? <CircleCheck aria-label="Done" className="size-5 text-success" /> : number}
      </span>
      <div className="min-w-0 flex-1">
        <h2 className="text-section font-semibold">{title}</h2>
        <p className="text-muted">{children}</p>
        {action ? <div className="pt-3">{action}</div> : null}
      </div>
    </li>
  );
}
