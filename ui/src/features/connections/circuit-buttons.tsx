import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CirclePlay, CircleSlash, Radar } from "lucide-react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/states";
import { type ConnectionView, commandMutation, invalidate, useTenant } from "@/ipc";

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
    onSuccess: ({ error }) => announce(error ? `${name} did not answer.` : `${name} answers.`),
    onSettled: stale,
  });
  const isolate = useMutation({
    ...commandMutation("isolate_connection"),
    onSuccess: () => announce(`${name} is isolated: nothing is read or written there.`),
    onSettled: stale,
  });
  const reset = useMutation({
    ...commandMutation("reset_connection"),
    onSuccess: () => announce(`${name} is let through again.`),
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
          title="One read-only call now, instead of waiting"
          onClick={() => (busy ? undefined : probe.mutate(args))}
          icon={<Radar {...ICON} />}
        >
          {probe.isPending ? "Probing…" : "Probe now"}
          {of}
        </Button>
      ) : null}
      {troubled ? (
        <Button
          aria-disabled={busy}
          title="Let calls through again, whatever happened before"
          onClick={() => (busy ? undefined : reset.mutate(args))}
          icon={<CirclePlay {...ICON} />}
        >
          {isolated ? "Let through again" : "Reset"}
          {of}
        </Button>
      ) : null}
      {isolated ? null : (
        <Button
          aria-disabled={busy}
          title="Let nothing through until it is reset"
          onClick={() => (busy ? undefined : isolate.mutate(args))}
          icon={<CircleSlash {...ICON} />}
        >
          Isolate
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
      {refused ? <ErrorState doing={`reach ${name}`} error={refused} /> : null}
      {probe.error ? <ErrorState doing={`probe ${name}`} error={probe.error} /> : null}
      {isolate.error ? <ErrorState doing={`isolate ${name}`} error={isolate.error} /> : null}
      {reset.error ? <ErrorState doing={`reset ${name}`} error={reset.error} /> : null}
    </>
  );
}
