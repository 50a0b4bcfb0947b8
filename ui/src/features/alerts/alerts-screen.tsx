import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Column, DataGrid } from "@/components/data-grid";
import { plural } from "@/components/format";
import { Facts, Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { Badge, Status } from "@/components/status";
import { At } from "@/components/time";
import { type AlertDeliveryView, type AlertView, pagedQuery, useTenant } from "@/ipc";

const PAGE = 200;

const COLUMNS: Column<AlertView>[] = [
  { id: "at", header: "When", width: [13, 0], cell: (alert) => <At at={alert.at} /> },
  { id: "kind", header: "What", width: [8, 0], cell: (alert) => <Kind alert={alert} /> },
  {
    id: "sync",
    header: "Sync",
    width: [8, 1],
    cell: (alert) => <span className="font-medium">{alert.sync}</span>,
  },
  {
    id: "error",
    header: "Why",
    width: [14, 3],
    cell: (alert) => <span title={alert.error ?? undefined}>{alert.error ?? ""}</span>,
  },
  {
    id: "held",
    header: "Held back before",
    width: [8, 0],
    align: "end",
    cell: (alert) => (alert.held_back === 0 ? "none" : alert.held_back),
  },
  { id: "told", header: "Told by", width: [12, 1], cell: (alert) => <Told alert={alert} /> },
];

function Kind({ alert }: { alert: AlertView }) {
  return alert.kind === "recovery" ? (
    <Status status="completed" word="Works again" />
  ) : (
    <Status status="failed" word="Failed" />
  );
}

function Told({ alert }: { alert: AlertView }) {
  if (alert.deliveries.length === 0) return <span className="text-muted">nobody yet</span>;
  return (
    <span className="inline-flex items-center gap-1">
      {alert.deliveries.map((delivery) => (
        <Badge key={delivery.channel} tone={delivery.delivered_at ? "success" : "partial"}>
          {delivery.channel}
          {delivery.delivered_at ? null : ": not yet"}
        </Badge>
      ))}
    </span>
  );
}

/** What fired? */
export function AlertsScreen() {
  const tenant = useTenant();
  const [open, setOpen] = useState<string>();
  const alerts = useInfiniteQuery(pagedQuery("list_alerts", { tenant, limit: PAGE }));
  const items = alerts.data ?? [];
  const shown = items.find((alert) => alert.seq === open);
  return (
    <Page
      title="Alerts"
      lead={
        alerts.data
          ? `${alerts.hasNextPage ? "The latest " : ""}${plural(items.length, "alert")}: of one sync at most one failure an hour, and one notice that it works again`
          : "What fired?"
      }
    >
      {alerts.error ? (
        <ErrorState
          inset
          doing="load the alerts"
          error={alerts.error}
          since={alerts.errorUpdatedAt}
          onRetry={() => void alerts.refetch()}
        />
      ) : null}
      {alerts.isPending ? <Loading what="the alerts" rows={10} /> : null}
      {alerts.data && items.length === 0 ? (
        <Empty kind="all clear" title="Nothing has fired">
          When a sync finally fails, it stands here, with whom it was told to and what to do.
        </Empty>
      ) : null}
      {items.length > 0 ? (
        <DataGrid
          label="Alerts, newest first"
          columns={COLUMNS}
          items={items}
          idOf={(alert) => alert.seq}
          openId={open}
          onOpen={(alert) => setOpen(alert.seq === open ? undefined : alert.seq)}
          hasMore={alerts.hasNextPage}
          loadingMore={alerts.isFetchingNextPage}
          onEnd={() => (alerts.isFetchingNextPage ? undefined : void alerts.fetchNextPage())}
          autoFocus
        />
      ) : null}
      {shown ? <Detail alert={shown} /> : null}
    </Page>
  );
}

function Detail({ alert }: { alert: AlertView }) {
  const tenant = useTenant();
  return (
    <section
      aria-label="Alert"
      aria-live="polite"
      className="max-h-[45%] shrink-0 overflow-auto border-t border-line bg-surface px-4 py-3"
    >
      <div className="mb-2 flex flex-wrap items-center gap-3">
        <h2 className="text-section font-semibold">{alert.sync}</h2>
        <Kind alert={alert} />
        <Link to="/t/$tenant/runs/$id" params={{ tenant, id: alert.run_id }} className="underline">
          Look at the run
        </Link>
      </div>
      <Facts
        items={[
          ...(alert.error ? ([["What happened", alert.error]] as [string, string][]) : []),
          ...(alert.remedy ? ([["What to do", alert.remedy]] as [string, string][]) : []),
          ...(alert.connection ? ([["Connection", alert.connection]] as [string, string][]) : []),
          [
            "Held back before",
            alert.held_back === 0
              ? "none"
              : `${plural(alert.held_back, "earlier failure")} nobody was told of`,
          ],
          ...alert.deliveries.map((delivery): [string, React.ReactNode] => [
            `By ${delivery.channel}`,
            <Delivery key={delivery.channel} delivery={delivery} />,
          ]),
        ]}
      />
    </section>
  );
}

function Delivery({ delivery }: { delivery: AlertDeliveryView }) {
  if (delivery.delivered_at) {
    return (
      <>
        told <At at={delivery.delivered_at} />
      </>
    );
  }
  return (
    <>
      not delivered in {plural(delivery.attempts, "attempt")}
      {delivery.last_error ? `: ${delivery.last_error}` : ""}; it is tried again
    </>
  );
}
