import { CircleCheck, CircleX } from "lucide-react";
import { formatDuration } from "@/components/format";
import type { ConnectionTest } from "@/ipc";
import { t } from "@/text";

/** What a test found: that it answered, how fast, whose clock, and each collection. */
export function TestResult({ test }: { test: ConnectionTest }) {
  return (
    <div className="border-line-w rounded-m border-line bg-surface p-3">
      <p className="font-medium">{test.ok ? answered(test) : t("connections.notEverything")}</p>
      {test.clock_offset_ms !== null ? (
        <p className="text-muted">{clock(test.clock_offset_ms)}</p>
      ) : null}
      <ul className="mt-1">
        {test.collections.map((collection) => (
          <li key={collection.name} className="flex items-start gap-1.5">
            {collection.error ? (
              <CircleX
                aria-label={t("connections.failed")}
                className="mt-0.5 size-4 shrink-0 text-failed"
              />
            ) : (
              <CircleCheck
                aria-label={t("connections.reached")}
                className="mt-0.5 size-4 shrink-0 text-success"
              />
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
                t(collection.complete ? "connections.fields" : "connections.fieldsAtLeast", {
                  count: collection.fields,
                })
              )}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function answered(test: ConnectionTest): string {
  const who = test.system ?? t("connections.it");
  return test.latency_ms === null
    ? t("connections.answered", { who })
    : t("connections.answeredIn", { who, duration: formatDuration(test.latency_ms) });
}

function clock(offset: number): string {
  if (Math.abs(offset) < 1_000) return t("connections.clockAgrees");
  return t(offset > 0 ? "connections.clockAhead" : "connections.clockBehind", {
    duration: formatDuration(Math.abs(offset)),
  });
}
