import { CircleCheck, CircleX } from "lucide-react";
import { formatDuration, plural } from "@/components/format";
import type { ConnectionTest } from "@/ipc";

/** What a test found: that it answered, how fast, whose clock, and each collection. */
export function TestResult({ test }: { test: ConnectionTest }) {
  return (
    <div className="border-line-w rounded-m border-line bg-surface p-3">
      <p className="font-medium">{test.ok ? answered(test) : "Not everything could be reached."}</p>
      {test.clock_offset_ms !== null ? (
        <p className="text-muted">{clock(test.clock_offset_ms)}</p>
      ) : null}
      <ul className="mt-1">
        {test.collections.map((collection) => (
          <li key={collection.name} className="flex items-start gap-1.5">
            {collection.error ? (
              <CircleX aria-label="Failed" className="mt-0.5 size-4 shrink-0 text-failed" />
            ) : (
              <CircleCheck aria-label="Reached" className="mt-0.5 size-4 shrink-0 text-success" />
            )}
            <span className="min-w-0 wrap-anywhere">
              {collection.name}:{" "}
              {collection.error ? (
                <>
                  {collection.error.message}
                  {collection.error.fix ? (
                    <span className="block text-muted">{collection.error.fix}</span>
                  ) : null}
                </>
              ) : (
                `${collection.complete ? "" : "at least "}${plural(collection.fields, "field")}`
              )}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function answered(test: ConnectionTest): string {
  const who = test.system ?? "It";
  return test.latency_ms === null
    ? `${who} answered.`
    : `${who} answered in ${formatDuration(test.latency_ms)}.`;
}

function clock(offset: number): string {
  if (Math.abs(offset) < 1_000) return "Its clock agrees with ours to within a second.";
  const way = offset > 0 ? "ahead of" : "behind";
  return `Its clock is ${formatDuration(Math.abs(offset))} ${way} ours; times are corrected for that.`;
}
