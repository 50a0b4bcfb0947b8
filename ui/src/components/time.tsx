import { formatAgo, formatDateTime } from "./format";
import { useNow } from "./use-now";

/** "5 min ago", with the exact time on hover and for copying. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatDateTime(at)} className="whitespace-nowrap">
      {formatAgo(at, now)}
    </time>
  );
}

export function At({ at }: { at: string }) {
  return (
    <time dateTime={at} className="whitespace-nowrap">
      {formatDateTime(at)}
    </time>
  );
}
