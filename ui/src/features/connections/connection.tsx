import { useMutation } from "@tanstack/react-query";
import { Plug } from "lucide-react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { Facts } from "@/components/page";
import { ErrorState } from "@/components/states";
import { circuitStatus, Status } from "@/components/status";
import { Ago } from "@/components/time";
import { type CollectionView, type ConnectionView, commandMutation, useTenant } from "@/ipc";
import { t } from "@/text";
import { CircuitButtons, CircuitErrors, useCircuit } from "./circuit-buttons";
import { TestResult } from "./test-result";

/** One system: where it is, how its circuit stands, what it can do, and a test on request. */
export function Connection({ connection }: { connection: ConnectionView }) {
  const tenant = useTenant();
  const announce = useAnnounce();
  const circuit = useCircuit(connection);
  const test = useMutation({
    ...commandMutation("test_connection"),
    onSuccess: (result) =>
      announce(
        t(result.ok ? "connections.testOk" : "connections.testFailed", { name: connection.name }),
      ),
  });
  return (
    <li className="border-line-w flex flex-col gap-3 rounded-l border-line p-4">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="min-w-0 flex-1 truncate text-section font-semibold">{connection.name}</h2>
        <Status status={circuitStatus(connection)} />
      </div>
      <div className="flex flex-wrap gap-2">
        <Button
          aria-disabled={test.isPending}
          onClick={() =>
            test.isPending ? undefined : test.mutate({ tenant, name: connection.name })
          }
          icon={<Plug aria-hidden="true" className="size-4" />}
        >
          {t(test.isPending ? "connections.testing" : "connections.test")}
          <span className="sr-only"> {connection.name}</span>
        </Button>
        <CircuitButtons connection={connection} circuit={circuit} />
      </div>
      <Facts
        items={[
          [t("connections.kind"), connection.kind],
          [
            t("connections.address"),
            <span key="address" className="font-mono text-mono">
              {connection.address}
            </span>,
          ],
          [
            t("connections.usedBy"),
            connection.used_by.length > 0
              ? connection.used_by.join(", ")
              : t("connections.usedByNone"),
          ],
          ...troubles(connection),
        ]}
      />
      <Collections collections={connection.collections} />
      <div aria-live="polite">
        {test.data && !test.data.error ? <TestResult test={test.data} /> : null}
      </div>
      {test.data?.error ? (
        <ErrorState
          doing={t("connections.doReach", { name: connection.name })}
          error={test.data.error}
        />
      ) : null}
      <CircuitErrors name={connection.name} circuit={circuit} />
      {test.error ? (
        <ErrorState doing={t("connections.doTest", { name: connection.name })} error={test.error} />
      ) : null}
    </li>
  );
}

function troubles(connection: ConnectionView): [string, React.ReactNode][] {
  const rows: [string, React.ReactNode][] = [];
  if (connection.failures > 0) {
    rows.push([t("connections.failures"), t("connections.calls", { count: connection.failures })]);
  }
  if (connection.open_until !== null) {
    rows.push([t("connections.nextTry"), <Ago key="until" at={connection.open_until} />]);
  }
  if (connection.last_error !== null) {
    rows.push([t("connections.lastError"), connection.last_error]);
  }
  if (connection.circuit !== "closed" && connection.circuit_changed_at !== null) {
    rows.push([t("connections.since"), <Ago key="since" at={connection.circuit_changed_at} />]);
  }
  return rows;
}

const CHANGES: Record<string, string> = {
  feed: t("connections.changesFeed"),
  since: t("connections.changesSince"),
  full: t("connections.changesFull"),
};

const HEADS = [
  t("connections.collection"),
  t("connections.readBy"),
  t("connections.writes"),
  t("connections.perCall"),
];

function Collections({ collections }: { collections: CollectionView[] }) {
  if (collections.length === 0) return null;
  return (
    <table className="w-full border-collapse">
      <thead className="text-meta text-muted">
        <tr>
          {HEADS.map((head) => (
            <th key={head} scope="col" className="py-1 pe-3 text-start font-medium">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {collections.map((collection) => (
          <tr key={collection.name} className="border-t border-line align-top">
            <th scope="row" className="py-1 pe-3 text-start font-medium">
              {collection.name}
            </th>
            <td className="py-1 pe-3">{CHANGES[collection.changes] ?? collection.changes}</td>
            <td className="py-1 pe-3">
              {t(
                collection.conditional_writes
                  ? "connections.writesConditional"
                  : "connections.writesReread",
              )}
            </td>
            <td className="py-1">{t("connections.records", { count: collection.bulk })}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
