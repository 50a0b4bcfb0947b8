import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { Page, Scroll } from "@/components/page";
import { ErrorState } from "@/components/states";
import { commandMutation, commandQuery, useTenant } from "@/ipc";
import { Trans, t } from "@/text";

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
  const sampleLess = info.data?.sample_available === false;
  return (
    <Page title={t("setup.welcome")} lead={t("setup.lead")}>
      <Scroll label={t("setup.firstSteps")}>
        <ol className="flex max-w-[64ch] flex-col gap-4">
          <Step
            number={1}
            title={t(sampleLess ? "setup.apply" : "setup.load")}
            done={ready}
            current={!ready}
            action={
              ready || sampleLess ? null : (
                <Button
                  look="primary"
                  aria-disabled={load.isPending}
                  onClick={() => (load.isPending ? undefined : load.mutate({ tenant }))}
                >
                  {t(load.isPending ? "setup.loading" : "setup.load")}
                </Button>
              )
            }
          >
            {sampleLess ? (
              <Trans
                i18nKey="setup.noSample"
                components={{ 1: <Code />, 2: <Code />, 3: <Code />, 4: <Code /> }}
              />
            ) : load.data ? (
              t("setup.loaded", { count: load.data.syncs.length })
            ) : (
              t("setup.whatSample")
            )}
          </Step>
          <Step
            number={2}
            title={t("setup.run")}
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
                  {run.isPending ? t("setup.starting") : t("setup.runNow", { sync: first })}
                </Button>
              ) : null
            }
          >
            {t("setup.whatRun")}
          </Step>
          <Step number={3} title={t("setup.look")} done={false} current={false} action={null}>
            {t("setup.whatLook")}
          </Step>
        </ol>
        {load.error ? (
          <ErrorState
            doing={t("setup.doLoad")}
            error={load.error}
            onRetry={() => load.mutate({ tenant })}
          />
        ) : null}
        {run.error ? <ErrorState doing={t("setup.doRun")} error={run.error} /> : null}
        {sampleLess ? null : (
          <p className="mt-6 max-w-[64ch] text-muted">
            <Trans i18nKey="setup.ownSystems" components={{ 1: <Code /> }} />
          </p>
        )}
      </Scroll>
    </Page>
  );
}

/** What is typed in a terminal. */
function Code({ children }: { children?: ReactNode }) {
  return <code className="font-mono text-mono whitespace-nowrap text-text">{children}</code>;
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
        {done ? (
          <CircleCheck aria-label={t("setup.done")} className="size-5 text-success" />
        ) : (
          number
        )}
      </span>
      <div className="min-w-0 flex-1">
        <h2 className="text-section font-semibold">{title}</h2>
        <p className="text-muted">{children}</p>
        {action ? <div className="pt-3">{action}</div> : null}
      </div>
    </li>
  );
}
