import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { formatShortDateTime } from "@/components/format";
import { useNow } from "@/components/use-now";
import type { WireRunStatus } from "@/ipc";
import { type Bucket, density, describe, type Range, spanOf, type TimedRun } from "./density";

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
  /** The time it is zoomed to. */
  range: Partial<Range>;
  onPick(runId: string): void;
  onZoom(range: Range): void;
}

/**
 * How busy it was and how it went, at a glance: one bar per stretch of time, failures at the
 * bottom. Each bar is a button that says its numbers and takes the list to that time; dragging over
 * several, or Shift with the arrows and then Enter, zooms to their time.
 */
export function DensityStrip({ runs, range: { from, to }, onPick, onZoom }: Props) {
  const now = useNow();
  const buckets = useMemo(() => density(runs, now, BUCKETS, zoom(from, to)), [runs, now, from, to]);
  const [active, setActive] = useState<number | null>(null);
  // Where a stretch began that is being marked; it ends at the active bar.
  const [anchor, setAnchor] = useState<number | null>(null);
  const dragging = useRef(false);
  const hint = useId();
  const strip = useRef<HTMLDivElement>(null);
  const tallest = Math.max(1, ...buckets.map((bucket) => bucket.total));
  const current = Math.min(active ?? buckets.length - 1, buckets.length - 1);
  const marked = anchor !== null && anchor !== current ? spanOf(buckets, anchor, current) : null;

  // Zooming makes new bars; who zoomed by keyboard goes on among them.
  const wantsFocus = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another range makes other bars.
  useEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    strip.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [from, to]);

  const drop = () => {
    dragging.current = false;
    setAnchor(null);
  };
  const zoomIn = (range: Range) => {
    drop();
    setActive(null);
    wantsFocus.current = strip.current?.contains(document.activeElement) ?? false;
    onZoom(range);
  };
  const choose = (bucket: Bucket) => {
    if (marked) return zoomIn(marked);
    drop();
    if (bucket.newest) onPick(bucket.newest);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && anchor !== null) {
      event.stopPropagation();
      return drop();
    }
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(buckets.length - 1, current + step));
    setAnchor(event.shiftKey ? (anchor ?? current) : null);
    setActive(next);
    strip.current?.querySelectorAll("button")[next]?.focus();
  };

  const first = buckets[0];
  const shown = active === null ? undefined : buckets[current];
  const words = marked
    ? `Enter zooms to ${span(marked)}`
    : shown
      ? `${span(shown)}: ${describe(shown)}`
      : " ";
  if (!first) return null;
  return (
    <figure className="border-b border-line px-4 pt-3 pb-2">
      <div
        ref={strip}
        role="toolbar"
        aria-label="Runs over time"
        aria-describedby={hint}
        onPointerLeave={() => (dragging.current ? drop() : undefined)}
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
            onPointerEnter={() => setActive(index)}
            onPointerDown={() => {
              dragging.current = true;
              setAnchor(index);
              setActive(index);
            }}
            onPointerUp={() => (dragging.current && marked ? zoomIn(marked) : undefined)}
            onClick={() => choose(bucket)}
            className={`flex min-w-0 flex-1 touch-none flex-col justify-end rounded-t-s -outline-offset-2 select-none hover:bg-base-tint ${marked && bucket.from >= marked.from && bucket.to <= marked.to ? "bg-selected" : ""}`}
            style={{ height: HEIGHT_PX }}
          >
            <Bar bucket={bucket} tallest={tallest} />
          </button>
        ))}
      </div>
      <figcaption className="flex flex-wrap justify-between gap-x-4 pt-1 text-meta text-muted">
        <span>{formatShortDateTime(first.from)}</span>
        <span className="font-medium text-text" aria-hidden="true">
          {words}
        </span>
        <span>{to === undefined ? "now" : formatShortDateTime(to)}</span>
      </figcaption>
      <p id={hint} className="sr-only">
        Arrow keys go through the bars; with Shift they mark a stretch, and Enter zooms to it.
      </p>
      <p role="status" className="sr-only">
        {marked ? `${span(marked)} marked; Enter zooms to it.` : ""}
      </p>
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

function zoom(from: number | undefined, to: number | undefined): Partial<Range> {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

export function span(bucket: Range): string {
  return `${formatShortDateTime(bucket.from)} to ${formatShortDateTime(bucket.to)}`;
}
