import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CirclePlay, CircleSlash, Radar } from "lucide-react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/states";
import { type ConnectionView, commandMutation, invalidate, useTenant } from "@/ipc";
import { t } from "@/text";

const ICON = { "aria-hidden": true, className: "size-4" } as const;

/** What a person can do about a circuit: ask now, let nothing through, let calls through again. */
export function useCircuit(connection: ConnectionView) {
  const tenant = useTenant();
  const client = useQueryClient();
  const announce = useAnnounce();
  const stale = () => invalidate(client, tenant, ["list_connections", "overview", "list_audit"]);
  const name = connection.name;
  const probe = useMutation({
    ...commandMutation("probe_connection"),
    onSuccess: ({ error }) =>
      announce(t(error ? "connections.probeFailed" : "connections.testOk", { name })),
    onSettled: stale,
  });
  const isolate = useMutation({
    ...commandMutation("isolate_connection"),
    onSuccess: () => announce(t("connections.isolated", { name })),
    onSettled: stale,
  });
  const reset = useMutation({
    ...commandMutation("reset_connection"),
    onSuccess: () => announce(t("connections.resetDone", { name })),
    onSettled: stale,
  });
  return { probe, isolate, reset, args: { tenant, name } };
}

type Circuit = ReturnType<typeof useCircuit>;

/** Only what makes sense as the circuit stands. */
export function CircuitButtons({
  connection,
  circuit,
}: {
  connection: ConnectionView;
  circuit: Circuit;
}) {
  const { probe, isolate, reset, args } = circuit;
  const isolated = connection.circuit === "isolated";
  const troubled = connection.circuit !== "closed" || connection.failures > 0;
  const busy = probe.isPending || isolate.isPending || reset.isPending;
  const of = <span className="sr-only"> {connection.name}</span>;
  return (
    <>
      {troubled && !isolated ? (
        <Button
          aria-disabled={busy}
          title={t("connections.probeTitle")}
          onClick={() => (busy ? undefined : probe.mutate(args))}
          icon={<Radar {...ICON} />}
        >
          {t(probe.isPending ? "connections.probing" : "connections.probe")}
          {of}
        </Button>
      ) : null}
      {troubled ? (
        <Button
          aria-disabled={busy}
          title={t("connections.resetTitle")}
          onClick={() => (busy ? undefined : reset.mutate(args))}
          icon={<CirclePlay {...ICON} />}
        >
          {t(isolated ? "connections.letThrough" : "connections.reset")}
          {of}
        </Button>
      ) : null}
      {isolated ? null : (
        <Button
          aria-disabled={busy}
          title={t("connections.isolateTitle")}
          onClick={() => (busy ? undefined : isolate.mutate(args))}
          icon={<CircleSlash {...ICON} />}
        >
          {t("connections.isolate")}
          {of}
        </Button>
      )}
    </>
  );
}

export function CircuitErrors({ name, circuit }: { name: string; circuit: Circuit }) {
  const { probe, isolate, reset } = circuit;
  const refused = probe.data?.error ?? null;
  return (
    <>
      {refused ? <ErrorState doing={t("connections.doReach", { name })} error={refused} /> : null}
      {probe.error ? (
        <ErrorState doing={t("connections.doProbe", { name })} error={probe.error} />
      ) : null}
      {isolate.error ? (
        <ErrorState doing={t("connections.doIsolate", { name })} error={isolate.error} />
      ) : null}
      {reset.error ? (
        <ErrorState doing={t("connections.doReset", { name })} error={reset.error} />
      ) : null}
    </>
  );
}
