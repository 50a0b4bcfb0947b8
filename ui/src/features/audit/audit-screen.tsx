import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { type Column, DataGrid } from "@/components/data-grid";
import { plural } from "@/components/format";
import { Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { At } from "@/components/time";
import { type AuditView, commandMutation, pagedQuery, useTenant } from "@/ipc";
import { actionWords, detailText } from "./details";
import { faultText, wholeText } from "./verdict";

const PAGE = 200;
const COLUMNS: Column<AuditView>[] = [
  { id: "at", header: "When", width: [13, 0], cell: (entry) => <At at={entry.at} /> },
  { id: "actor", header: "Who", width: [8, 1], cell: (entry) => entry.actor },
  {
    id: "action",
    header: "What",
    width: [10, 1],
    cell: (entry) => actionWords(entry.action),
  },
  { id: "subject", header: "On", width: [10, 1.5], cell: (entry) => entry.subject },
  {
    id: "detail",
    header: "Detail",
    width: [12, 2],
    cell: (entry) => (
      <span className="text-muted" title={detailText(entry.details)}>
        {detailText(entry.details)}
      </span>
    ),
  },
];

/** Who did what? */
export function AuditScreen() {
  const tenant = useTenant();
  const [open, setOpen] = useState<string>();
  const audit = useInfiniteQuery(pagedQuery("list_audit", { tenant, limit: PAGE }));
  const items = audit.data ?? [];
  const shown = items.find((entry) => entry.seq === open);
  return (
    <Page
      title="Audit"
      actions={<VerifyButton />}
      lead={
        audit.data
          ? `${audit.hasNextPage ? "The latest " : ""}${plural(items.length, "entry", "entries")}`
          : "Who did what?"
      }
    >
      {audit.error ? (
        <ErrorState
          inset
          doing="load the audit log"
          error={audit.error}
          since={audit.errorUpdatedAt}
          onRetry={() => void audit.refetch()}
        />
      ) : null}
      {audit.isPending ? <Loading what="the audit log" rows={10} /> : null}
      {audit.data && items.length === 0 ? (
        <Empty kind="none yet" title="Nothing has been done yet">
          Every change to the setup, every run and every decision is recorded here, with who made
          it.
        </Empty>
      ) : null}
      {items.length > 0 ? (
        <DataGrid
          label="Audit log, newest first"
          columns={COLUMNS}
          items={items}
          idOf={(entry) => entry.seq}
          openId={open}
          onOpen={(entry) => setOpen(entry.seq === open ? undefined : entry.seq)}
          hasMore={audit.hasNextPage}
          loadingMore={audit.isFetchingNextPage}
          onEnd={() => (audit.isFetchingNextPage ? undefined : void audit.fetchNextPage())}
          autoFocus
        />
      ) : null}
      {shown ? (
        <section
          aria-label="Entry"
          aria-live="polite"
          className="max-h-48 overflow-auto border-t border-line bg-surface px-4 py-3 wrap-anywhere"
        >
          <p className="font-medium">
            {actionWords(shown.action)}: {shown.subject}
          </p>
          <p className="text-muted">
            {shown.actor}, <At at={shown.at} />
          </p>
          <p className="font-mono text-mono">{detailText(shown.details)}</p>
        </section>
      ) : null}
    </Page>
  );
}

/** Recomputes the chain of digests, on request: did anyone change a row? */
function VerifyButton() {
  const tenant = useTenant();
  const verify = useMutation(commandMutation("verify_audit"));
  return (
    <>
      <p role="status" className="text-muted">
        {verify.error ? `Could not check: ${verify.error.message}` : null}
        {verify.data?.intact ? wholeText(verify.data) : null}
        {verify.data && !verify.data.intact ? (
          <span className="font-semibold text-failed">{faultText(verify.data)}</span>
        ) : null}
      </p>
      <Button
        aria-disabled={verify.isPending}
        onClick={() => (verify.isPending ? undefined : verify.mutate({ tenant }))}
        icon={<ShieldCheck aria-hidden="true" className="size-4" />}
      >
        {verify.isPending ? "Checking…" : "Check the log"}
      </Button>
    </>
  );
}
