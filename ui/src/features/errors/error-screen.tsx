import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { RefreshCw, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { humanise, plural } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Facts, Scroll } from "@/components/page";
import { CopyButton } from "@/components/states";
import { Status } from "@/components/status";
import { At } from "@/components/time";
import {
  commandKey,
  commandMutation,
  commandQuery,
  type ErrorView,
  invalidate,
  type Json,
  useTenant,
} from "@/ipc";
import type { ErrorsSearch } from "./search";

/** One error: what happened, why, what fixes it, and everything known about it. */
export function ErrorScreen({ id, search }: { id: string; search: ErrorsSearch }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const error = useQuery(commandQuery("get_error", { tenant, id }));
  const back = () => navigate({ to: "/t/$tenant/errors", params: { tenant }, search });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc goes back from anywhere inside.
    <div
      onKeyDown={(event) => (event.key === "Escape" ? void back() : undefined)}
      className="flex h-full min-h-0 flex-col"
    >
      <Loaded query={error} what="this error">
        {(data) => <Detail error={data} back={back} />}
      </Loaded>
    </div>
  );
}

function recordWords({ record_id, system }: ErrorView): string {
  if (record_id === null) return "none: it concerns the whole run";
  return system === null ? record_id : `${record_id} in ${system}`;
}

function ErrorStatus({ error }: { error: ErrorView }) {
  return (
    <span className="inline-flex items-center gap-2">
      <Status status={error.resolved ? "resolved" : "unresolved"} />
      {error.resolved_at ? <At at={error.resolved_at} /> : null}
    </span>
  );
}

/** Most errors settle by themselves in the next run; what was settled outside is marked here. */
function SettleButton({ error }: { error: ErrorView }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const announce = useAnnounce();
  const settle = useMutation({
    ...commandMutation("resolve_error"),
    onSuccess: (settled) => {
      client.setQueryData(commandKey("get_error", { tenant, id: settled.id }), settled);
      announce("Marked as settled.");
      return invalidate(client, tenant, ["list_errors", "overview", "list_audit"]);
    },
    onError: (refusal) => announce(`Not marked: ${refusal.message}`),
  });
  if (error.resolved) return null;
  return (
    <Button
      aria-disabled={settle.isPending}
      onClick={() => (settle.isPending ? undefined : settle.mutate({ tenant, id: error.id }))}
    >
      {settle.isPending ? "Marking…" : "Mark as settled"}
    </Button>
  );
}

/** Whatever failed is tried again by the next run: set-aside records are read anew. */
function RetryButton({ error }: { error: ErrorView }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const announce = useAnnounce();
  const retry = useMutation({
    ...commandMutation("run_sync"),
    onSuccess: ({ run_id, joined }) => {
      announce(joined ? `${error.sync} is running already.` : `${error.sync} is tried again.`);
      return navigate({ to: "/t/$tenant/runs/$id", params: { tenant, id: run_id } });
    },
    onError: (refusal) => announce(`The sync did not start: ${refusal.message}`),
  });
  if (error.resolved) return null;
  return (
    <Button
      look="primary"
      aria-disabled={retry.isPending}
      title={retry.error?.message ?? `Sync ${error.sync} now: what failed is tried again`}
      onClick={() =>
        retry.isPending
          ? undefined
          : retry.mutate({ tenant, name: error.sync, simulate: false, full: false })
      }
      icon={<RefreshCw aria-hidden="true" className="size-4" />}
    >
      {retry.isPending ? "Starting…" : "Try again"}
    </Button>
  );
}

function Detail({ error, back }: { error: ErrorView; back(): void }) {
  const tenant = useTenant();
  const title = useRef<HTMLHeadingElement>(null);
  const { diagnostics, record } = error;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another error is another page.
  useEffect(() => title.current?.focus(), [error.id]);
  return (
    <>
      <header className="flex items-start gap-2 border-b border-line px-4 py-3">
        <h2
          ref={title}
          tabIndex={-1}
          className="min-w-0 outline-none flex-1 text-section font-semibold wrap-anywhere"
        >
          {error.message}
        </h2>
        <RetryButton error={error} />
        <SettleButton error={error} />
        <Button
          look="quiet"
          aria-label="Back to the list"
          title="Back to the list (Esc)"
          onClick={back}
        >
          <X aria-hidden="true" className="size-4" />
        </Button>
      </header>
      <Scroll label="Error" className="px-4 py-3">
        {error.fix ? (
          <p className="border-line-w mb-4 max-w-[80ch] rounded-l border-result bg-result-tint p-3">
            <span className="block text-meta font-semibold text-result">What fixes it</span>
            {error.fix}
          </p>
        ) : null}
        <Facts
          items={[
            ["State", <ErrorStatus key="state" error={error} />],
            ["Type", humanise(error.error_type)],
            ["Cause", error.cause ?? "not known"],
            ["Sync", error.sync],
            [
              "Run",
              <Link
                key="run"
                to="/t/$tenant/runs/$id"
                params={{ tenant, id: error.run }}
                className="underline"
              >
                Open the run
              </Link>,
            ],
            ["Record", recordWords(error)],
            ["When", <At key="when" at={error.occurred_at} />],
            [
              "Retries",
              error.retry_count === 0 ? "none" : plural(error.retry_count, "retry", "retries"),
            ],
          ]}
        />
        <div className="mt-4 mb-1 flex items-center gap-3">
          <h3 className="flex-1 font-semibold">Diagnostics</h3>
          <CopyButton label="Copy diagnostics" text={JSON.stringify(error, null, 2)} />
        </div>
        <p className="mb-1 text-meta text-muted">Secrets were removed before this was stored.</p>
        <Raw label="Diagnostics" value={diagnostics} />
        {record === undefined ? null : (
          <>
            <h3 className="mt-4 mb-1 font-semibold">The record</h3>
            <Raw label="The record" value={record} />
          </>
        )}
      </Scroll>
    </>
  );
}

/** Stored data as it is: text, never markup. */
function Raw({ label, value }: { label: string; value: Json }) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={label}
      className="border-line-w max-h-96 overflow-auto rounded-m border-line bg-surface p-3 -outline-offset-2"
    >
      <pre className="font-mono text-mono">{JSON.stringify(value, null, 2)}</pre>
    </section>
  );
}
