import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Column, DataGrid } from "@/components/data-grid";
import { humanise, plural } from "@/components/format";
import { Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { At } from "@/components/time";
import { type AuditView, pagedQuery, useTenant } from "@/ipc";
import { detailText } from "./details";

const PAGE = 200;
const COLUMNS: Column<AuditView>[] = [
  { id: "at", header: "When", track: "13rem", cell: (entry) => <At at={entry.at} /> },
  { id: "actor", header: "Who", track: "minmax(8rem,1fr)", cell: (entry) => entry.actor },
  {
    id: "action",
    header: "What",
    track: "minmax(10rem,1fr)",
    cell: (entry) => humanise(entry.action),
  },
  { id: "subject", header: "On", track: "minmax(10rem,1.5fr)", cell: (entry) => entry.subject },
  {
    id: "detail",
    header: "Detail",
    track: "minmax(12rem,2fr)",
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
      lead={
        audit.data
          ? `${audit.hasNextPage ? "The latest " : ""}${plural(items.length, "entry", "entries")}`
          : "Who did what?"
      }
    >
      {audit.error ? (
        <ErrorState
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
            {humanise(shown.action)}: {shown.subject}
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
