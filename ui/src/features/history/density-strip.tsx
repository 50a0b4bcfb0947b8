import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { formatShortDateTime } from "@/components/format";
import { useNow } from "@/components/use-now";
import type { WireRunStatus } from "@/ipc";
import { type Bucket, density, describe, type TimedRun } from "./density";

const BUCKETS = 60;
const HEIGHT_PX = 48;
const LAYERS: { status: WireRunStatus; word: string; fill: string }[] = [
  { status: "failed", word: "Failed", fill: "bg-failed pattern-failed" },
  { status: "partial", word: "Partial", fill: "bg-partial pattern-partial" },
  { status: "running", word: "Running", fill: "bg-running pattern-running" },
  { status: "pending", word: "Pending", fill: "bg-base pattern-pending" },
  { status: "completed", word: "Completed", fill: "bg-success" },
];

interface Props {
  runs: readonly TimedRun[];
  onPick(runId: string): void;
}

/**
 * How busy it was and how it went, at a glance: one bar per stretch of time, failures at the
 * bottom. Each bar is a button that says its numbers and takes the list to that time.
 */
export function DensityStrip({ runs, onPick }: Props) {
  const now = useNow();
  const buckets = useMemo(() => density(runs, now, BUCKETS), [runs, now]);
  const [active, setActive] = useState<number | null>(null);
  const strip = useRef<HTMLDivElement>(null);
  const tallest = Math.max(1, ...buckets.map((bucket) => bucket.total));
  const current = active ?? buckets.length - 1;

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(buckets.length - 1, current + step));
    setActive(next);
    strip.current?.querySelectorAll("button")[next]?.focus();
  };

  const first = buckets[0];
  const shown = buckets[active ?? -1];
  if (!first) return null;
  return (
    <figure className="border-b border-line px-4 pt-3 pb-2">
      <div
        ref={strip}
        role="toolbar"
        aria-label="Runs over time"
        onKeyDown={onKeyDown}
        className="flex items-end gap-px border-b border-line-strong"
      >
        {buckets.map((bucket, index) => (
          <button
            key={bucket.from}
            type="button"
            tabIndex={index === current ? 0 : -1}
            aria-label={`${span(bucket)}: ${describe(bucket)}`}
            aria-disabled={bucket.newest === null}
            onFocus={() => setActive(index)}
            onMouseEnter={() => setActive(index)}
            onClick={() => (bucket.newest ? onPick(bucket.newest) : undefined)}
            className="flex min-w-0 flex-1 flex-col justify-end rounded-t-s -outline-offset-2 hover:bg-base-tint"
            style={{ height: HEIGHT_PX }}
          >
            <Bar bucket={bucket} tallest={tallest} />
          </button>
        ))}
      </div>
      <figcaption className="flex flex-wrap justify-between gap-x-4 pt-1 text-meta text-muted">
        <span>{formatShortDateTime(first.from)}</span>
        <span className="font-medium text-text" aria-hidden="true">
          {shown ? `${span(shown)}: ${describe(shown)}` : " "}
        </span>
        <span>now</span>
      </figcaption>
      <ul aria-label="Legend" className="flex flex-wrap gap-x-4 pt-0.5 text-meta text-muted">
        {LAYERS.toReversed().map(({ status, word, fill }) => (
          <li key={status} className="inline-flex items-center gap-1.5">
            <span aria-hidden="true" className={`size-2.5 ${fill}`} />
            {word}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function Bar({ bucket, tallest }: { bucket: Bucket; tallest: number }) {
  // Drawn top to bottom, so the worst status, first in LAYERS, comes last and stands on the axis.
  return LAYERS.toReversed().map(({ status, fill }) => {
    const count = bucket.counts[status];
    if (count === 0) return null;
    const height = Math.max(3, Math.round((count / tallest) * (HEIGHT_PX - 4)));
    return (
      <span
        key={status}
        aria-hidden="true"
        className={`block w-full shrink-0 ${fill}`}
        style={{ height }}
      />
    );
  });
}

function span(bucket: Bucket): string {
  return `${formatShortDateTime(bucket.from)} to ${formatShortDateTime(bucket.to)}`;
}
