import { CircleCheck, CircleX, Copy, Filter, Inbox, RefreshCw } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Button } from "./button";

interface EmptyProps {
  /** Why there is nothing: nothing yet, nothing that matches, or nothing left to do. */
  kind: "none yet" | "none match" | "all clear";
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

const EMPTY_ICONS = { "none yet": Inbox, "none match": Filter, "all clear": CircleCheck };

export function Empty({ kind, title, children, action }: EmptyProps) {
  const Icon = EMPTY_ICONS[kind];
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      <Icon
        aria-hidden="true"
        className={`size-6 ${kind === "all clear" ? "text-success" : "text-muted"}`}
      />
      <p className="text-section font-semibold">{title}</p>
      {children ? <div className="max-w-[56ch] text-muted">{children}</div> : null}
      {action ? <div className="pt-2">{action}</div> : null}
    </div>
  );
}

/** What the error state shows; the shape of every refusal of the backend. */
export interface Failure {
  code: string;
  message: string;
  cause: string | null;
  fix: string | null;
}

interface ErrorProps {
  /** What the user wanted, e.g. "load the runs". */
  doing: string;
  error: Failure;
  since?: number;
  onRetry?: () => void;
  /** Keep a distance from the edges: it stands alone on a screen. */
  inset?: boolean;
}

/** A failure: what, why, what to do, retry, and the diagnostics to hand on. */
export function ErrorState({ doing, error, since, onRetry, inset = false }: ErrorProps) {
  return (
    <div
      role="alert"
      className={`border-line-w ${inset ? "m-4" : "mb-4"} flex max-w-[80ch] flex-col gap-2 rounded-l border-failed bg-failed-tint p-4`}
    >
      <p className="flex items-center gap-2 text-section font-semibold text-failed">
        <CircleX aria-hidden="true" className="size-5 shrink-0" />
        Could not {doing}
      </p>
      <p className="wrap-anywhere">{error.message}</p>
      {error.cause ? <p className="wrap-anywhere">Cause: {error.cause}</p> : null}
      {error.fix ? <p className="font-medium wrap-anywhere">{error.fix}</p> : null}
      {since !== undefined ? (
        <p className="text-meta">
          Since <time dateTime={new Date(since).toISOString()}>{clock(since)}</time>
        </p>
      ) : null}
      <div className="flex gap-2 pt-1">
        {onRetry ? (
          <Button onClick={onRetry} icon={<RefreshCw aria-hidden="true" className="size-4" />}>
            Retry
          </Button>
        ) : null}
        <CopyButton
          label="Copy diagnostics"
          text={JSON.stringify(
            { doing, ...plain(error), since: since === undefined ? null : new Date(since) },
            null,
            2,
          )}
        />
      </div>
    </div>
  );
}

function plain({ code, message, cause, fix }: Failure): Failure {
  return { code, message, cause, fix };
}

function clock(time: number): string {
  return new Date(time).toLocaleTimeString("en-GB");
}

export function CopyButton({ label, text }: { label: string; text: string }) {
  const [done, setDone] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(null), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setDone("copied"),
      () => setDone("refused"),
    );
  return (
    <Button onClick={copy} icon={<Copy aria-hidden="true" className="size-4" />}>
      <span aria-live="polite">
        {done === "copied" ? "Copied" : done === "refused" ? "The clipboard refused" : label}
      </span>
    </Button>
  );
}

const SKELETON_AFTER_MS = 150;

/** Nothing for the first 150 ms, then grey lines in the place of what is coming. */
export function Loading({ what, rows = 6 }: { what: string; rows?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return null;
  return (
    <div role="status" className="flex flex-col gap-2 p-4">
      <span className="sr-only">Loading {what}…</span>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: identical placeholder lines.
        <div key={index} className={`skeleton h-5 ${index % 3 === 2 ? "w-1/2" : "w-full"}`} />
      ))}
    </div>
  );
}
