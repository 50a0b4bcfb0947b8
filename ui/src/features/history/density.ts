import type { WireRunStatus } from "@/ipc";

export interface TimedRun {
  id: string;
  status: WireRunStatus;
  started_at: string | null;
}

export interface Bucket {
  /** Inclusive start, in ms since the epoch. */
  from: number;
  /** Exclusive end. */
  to: number;
  counts: Record<WireRunStatus, number>;
  total: number;
  /** The newest run in it: where the list goes when the bucket is chosen. */
  newest: string | null;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// Round widths that people count in.
const WIDTHS = [
  // A first day's history is a matter of minutes: one bar of them all would say nothing.
  SECOND,
  5 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
  84 * DAY,
  364 * DAY,
];

/** A stretch of time in ms since the epoch, its end not in it. */
export interface Range {
  from: number;
  to: number;
}

/**
 * Counts runs per stretch of time, oldest first, in at most `most` stretches of one round width.
 * Runs must come newest first. A run that has not started is counted at `now`. The stretches cover
 * `range`, else all runs and `now`.
 */
export function density(
  runs: readonly TimedRun[],
  now: number,
  most: number,
  range?: Partial<Range>,
): Bucket[] {
  const times = runs.map((run) => (run.started_at ? Date.parse(run.started_at) : now));
  if (times.length === 0) return [];
  const first = range?.from ?? Math.min(...chunked(times, Math.min));
  const end = range?.to === undefined ? undefined : Math.max(first, range.to - 1);
  const last = end ?? Math.max(now, ...chunked(times, Math.max));
  const width = WIDTHS.find((each) => Math.floor(last / each) - Math.floor(first / each) < most);
  const step = width ?? Math.ceil((last - first + 1) / most);
  const start = Math.floor(first / step) * step;
  const count = Math.floor((last - start) / step) + 1;
  const buckets = Array.from({ length: count }, (_, index) => empty(start + index * step, step));
  runs.forEach((run, index) => {
    const bucket = buckets[Math.floor(((times[index] ?? now) - start) / step)];
    if (!bucket) return;
    bucket.counts[run.status] += 1;
    bucket.total += 1;
    bucket.newest ??= run.id;
  });
  return buckets;
}

function empty(from: number, step: number): Bucket {
  const counts = { pending: 0, running: 0, completed: 0, partial: 0, failed: 0 };
  return { from, to: from + step, counts, total: 0, newest: null };
}

// Spreading 100,000 numbers into one call would overflow the stack.
function chunked(numbers: number[], pick: (...values: number[]) => number): number[] {
  const out: number[] = [];
  for (let at = 0; at < numbers.length; at += 10_000) {
    out.push(pick(...numbers.slice(at, at + 10_000)));
  }
  return out;
}

/** The time from one bar to another, whichever comes first. */
export function spanOf(buckets: readonly Bucket[], one: number, other: number): Range | null {
  const from = buckets[Math.min(one, other)];
  const to = buckets[Math.max(one, other)];
  return from && to ? { from: from.from, to: to.to } : null;
}

/** "2 completed, 1 failed": the words for a bucket, worst last. */
export function describe(bucket: Bucket): string {
  const parts = (["completed", "running", "pending", "partial", "failed"] as const)
    .filter((status) => bucket.counts[status] > 0)
    .map((status) => `${bucket.counts[status]} ${status}`);
  return parts.length > 0 ? parts.join(", ") : "no runs";
}
