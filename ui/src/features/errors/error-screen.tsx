import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button } from "@/components/button";
import { humanise, plural } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Facts, Scroll } from "@/components/page";
import { CopyButton } from "@/components/states";
import { Status } from "@/components/status";
import { At } from "@/components/time";
import { commandQuery, type ErrorView, useTenant } from "@/ipc";
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

function Detail({ error, back }: { error: ErrorView; back(): void }) {
  const tenant = useTenant();
  const body = useRef<HTMLElement>(null);
  const diagnostics = JSON.stringify(error.diagnostics, null, 2);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another error is another page.
  useEffect(() => body.current?.focus(), [error.id]);
  return (
    <>
      <header className="flex items-start gap-2 border-b border-line px-4 py-3">
        <h2 className="min-w-0 flex-1 text-section font-semibold wrap-anywhere">{error.message}</h2>
        <Button
          look="quiet"
          aria-label="Back to the list"
          title="Back to the list (Esc)"
          onClick={back}
        >
          <X aria-hidden="true" className="size-4" />
        </Button>
      </header>
      <Scroll label="Error" ref={body} className="px-4 py-3">
        {error.fix ? (
          <p className="border-line-w mb-4 max-w-[80ch] rounded-l border-result bg-result-tint p-3">
            <span className="block text-meta font-semibold text-result">What fixes it</span>
            {error.fix}
          </p>
        ) : null}
        <Facts
          items={[
            ["State", <Status key="state" status={error.resolved ? "resolved" : "unresolved"} />],
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
            ["Record", error.record_id ?? "none: it concerns the whole run"],
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
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
          tabIndex={0}
          className="border-line-w max-h-96 overflow-auto rounded-m border-line bg-surface p-3 font-mono text-mono -outline-offset-2"
        >
          {diagnostics}
        </pre>
      </Scroll>
    </>
  );
}
