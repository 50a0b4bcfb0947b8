import { useMutation } from "@tanstack/react-query";
import { Plug } from "lucide-react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { plural } from "@/components/format";
import { Facts } from "@/components/page";
import { ErrorState } from "@/components/states";
import { circuitStatus, Status } from "@/components/status";
import { Ago } from "@/components/time";
import { type CollectionView, type ConnectionView, commandMutation, useTenant } from "@/ipc";
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
      announce(`${connection.name} ${result.ok ? "answers" : "could not be fully reached"}.`),
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
          {test.isPending ? "Testing…" : "Test"}
          <span className="sr-only"> {connection.name}</span>
        </Button>
        <CircuitButtons connection={connection} circuit={circuit} />
      </div>
      <Facts
        items={[
          ["Kind", connection.kind],
          [
            "Address",
            <span key="address" className="font-mono text-mono">
              {connection.address}
            </span>,
          ],
          ["Used by", connection.used_by.length > 0 ? connection.used_by.join(", ") : "no sync"],
          ...troubles(connection),
        ]}
      />
      <Collections collections={connection.collections} />
      <div aria-live="polite">
        {test.data && !test.data.error ? <TestResult test={test.data} /> : null}
      </div>
      {test.data?.error ? (
        <ErrorState doing={`reach ${connection.name}`} error={test.data.error} />
      ) : null}
      <CircuitErrors name={connection.name} circuit={circuit} />
      {test.error ? <ErrorState doing={`test ${connection.name}`} error={test.error} /> : null}
    </li>
  );
}

function troubles(connection: ConnectionView): [string, React.ReactNode][] {
  const rows: [string, React.ReactNode][] = [];
  if (connection.failures > 0) {
    rows.push(["Failures in a row", plural(connection.failures, "call")]);
  }
  if (connection.open_until !== null) {
    rows.push(["Next try", <Ago key="until" at={connection.open_until} />]);
  }
  if (connection.last_error !== null) {
    rows.push(["Last error", connection.last_error]);
  }
  if (connection.circuit !== "closed" && connection.circuit_changed_at !== null) {
    rows.push(["Since", <Ago key="since" at={connection.circuit_changed_at} />]);
  }
  return rows;
}

const CHANGES: Record<string, string> = {
  feed: "a feed of changes",
  since: "what changed since the last run",
  full: "a full listing each time",
};

function Collections({ collections }: { collections: CollectionView[] }) {
  if (collections.length === 0) return null;
  return (
    <table className="w-full border-collapse">
      <thead className="text-meta text-muted">
        <tr>
          {["Collection", "Read by", "Writes", "Per call"].map((head) => (
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
              {collection.conditional_writes
                ? "only if unchanged meanwhile"
                : "after re-reading; a short window remains"}
            </td>
            <td className="py-1">{plural(collection.bulk, "record")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
