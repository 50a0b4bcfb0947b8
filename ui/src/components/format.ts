const number = new Intl.NumberFormat("en-GB");
const dateTime = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const shortDateTime = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A count, grouped. Counts cross as strings because they may exceed what a float holds exactly. */
export function formatCount(value: string | number): string {
  if (typeof value === "number") return number.format(value);
  return /^-?\d+$/.test(value) ? number.format(BigInt(value)) : value;
}

/** "1 record", "2 records". */
export function plural(value: string | number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${String(value) === "1" ? one : many}`;
}

export function formatDateTime(iso: string): string {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? iso : dateTime.format(time);
}

export function formatShortDateTime(time: number): string {
  return shortDateTime.format(time);
}

/** How long something took, in the two largest units that matter. */
export function formatDuration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < HOUR) return join(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return join(ms, HOUR, "h", MINUTE, "min");
  return join(ms, DAY, "d", HOUR, "h");
}

function join(ms: number, large: number, largeUnit: string, small: number, smallUnit: string) {
  const rest = Math.floor((ms % large) / small);
  const head = `${Math.floor(ms / large)} ${largeUnit}`;
  return rest === 0 ? head : `${head} ${rest} ${smallUnit}`;
}

/** "just now", "5 min ago", "in 2 h". */
export function formatAgo(iso: string, now: number): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  const distance = Math.abs(now - time);
  if (distance < 10 * SECOND) return "just now";
  const text = age(distance);
  return time > now ? `in ${text}` : `${text} ago`;
}

function age(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** Remaining time is a range, because a single number would claim to know. */
export function formatRemaining(low: number | null, high: number | null): string {
  if (low === null || high === null) return "unknown";
  const from = formatSeconds(low);
  const to = formatSeconds(high);
  return from === to ? `about ${to}` : `${from} to ${to}`;
}

function formatSeconds(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return "unknown";
  if (perSecond >= 10) return `${number.format(Math.round(perSecond))}/s`;
  return `${perSecond.toFixed(1)}/s`;
}

/**
 * Whole per cent done, never 100 before the run has committed: the last step is the one that may
 * still fail. `null` when the total is not known.
 */
export function percentDone(done: number, total: number | null): number | null {
  if (total === null || total <= 0) return null;
  return Math.max(0, Math.min(99, Math.floor((done / total) * 100)));
}

/** A share from 0 to 1 as whole per cent; anything short of all never reads "100 %". */
export function formatShare(share: number): string {
  const percent = share >= 1 ? 100 : Math.min(99, Math.floor(share * 100));
  return `${percent} %`;
}

/** `first_name` → "First name"; used for words of our own wire format, never for record data. */
export function humanise(word: string): string {
  const text = word.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
