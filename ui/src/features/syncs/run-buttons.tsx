import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FlaskConical, Play } from "lucide-react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/states";
import { commandMutation, useTenant } from "@/ipc";
import { t } from "@/text";

/** Starts a run and goes to it. A simulation plans everything and writes nothing. */
export function useStartRun(name: string) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const announce = useAnnounce();
  return useMutation({
    ...commandMutation("run_sync"),
    onSuccess: (started, { simulate }) => {
      const key = started.joined ? "joined" : simulate ? "simulationStarted" : "started";
      announce(t(`syncs.${key}`, { name }), started.run_id);
      return navigate({ to: "/t/$tenant/runs/$id", params: { tenant, id: started.run_id } });
    },
  });
}

interface Props {
  name: string;
  start: ReturnType<typeof useStartRun>;
  /** A paused sync does not run. */
  disabled: boolean;
}

export function RunButtons({ name, start, disabled }: Props) {
  const tenant = useTenant();
  const go = (simulate: boolean) =>
    start.isPending || disabled ? undefined : start.mutate({ tenant, name, simulate, full: false });
  const pending = start.isPending ? start.variables : undefined;
  return (
    <>
      <Button
        aria-disabled={start.isPending || disabled}
        title={disabled ? t("syncs.resumeFirst") : undefined}
        onClick={() => go(true)}
        icon={<FlaskConical aria-hidden="true" className="size-4" />}
      >
        {t(pending?.simulate ? "syncs.starting" : "syncs.simulate")}
      </Button>
      <Button
        look="primary"
        aria-disabled={start.isPending || disabled}
        title={disabled ? t("syncs.resumeFirst") : undefined}
        onClick={() => go(false)}
        icon={<Play aria-hidden="true" className="size-4" />}
      >
        {t(pending && !pending.simulate ? "syncs.starting" : "syncs.syncNow")}
      </Button>
    </>
  );
}

export function StartError({
  name,
  start,
}: {
  name: string;
  start: ReturnType<typeof useStartRun>;
}) {
  return start.error ? <ErrorState doing={t("syncs.start", { name })} error={start.error} /> : null;
}
