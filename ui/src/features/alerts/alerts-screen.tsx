import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Column, DataGrid } from "@/components/data-grid";
import { Facts, Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { Badge, Status } from "@/components/status";
import { At } from "@/components/time";
import { type AlertDeliveryView, type AlertView, pagedQuery, useTenant } from "@/ipc";
import { Trans, t } from "@/text";

const PAGE = 200;

const COLUMNS: Column<AlertView>[] = [
  { id: "at", header: t("alerts.when"), width: [13, 0], cell: (alert) => <At at={alert.at} /> },
  { id: "kind", header: t("alerts.what"), width: [8, 0], cell: (alert) => <Kind alert={alert} /> },
  {
    id: "sync",
    header: t("alerts.sync"),
    width: [8, 1],
    cell: (alert) => <span className="font-medium">{alert.sync}</span>,
  },
  {
    id: "error",
    header: t("alerts.why"),
    width: [14, 3],
    cell: (alert) => <span title={alert.error ?? undefined}>{alert.error ?? ""}</span>,
  },
  {
    id: "held",
    header: t("alerts.heldBack"),
    width: [8, 0],
    align: "end",
    cell: (alert) => (alert.held_back === 0 ? t("alerts.heldBackNone") : alert.held_back),
  },
  {
    id: "told",
    header: t("alerts.toldBy"),
    width: [12, 1],
    cell: (alert) => <Told alert={alert} />,
  },
];

function Kind({ alert }: { alert: AlertView }) {
  return alert.kind === "recovery" ? (
    <Status status="completed" word={t("alerts.recovered")} />
  ) : (
    <Status status="failed" word={t("alerts.failed")} />
  );
}

function Told({ alert }: { alert: AlertView }) {
  if (alert.deliveries.length === 0)
    return <span className="text-muted">{t("alerts.nobodyYet")}</span>;
  return (
    <span className="inline-flex items-center gap-1">
      {alert.deliveries.map((delivery) => (
        <Badge key={delivery.channel} tone={delivery.delivered_at ? "success" : "partial"}>
          {delivery.delivered_at
            ? delivery.channel
            : t("alerts.notYet", { channel: delivery.channel })}
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
      title={t("alerts.title")}
      lead={
        alerts.data
          ? t(alerts.hasNextPage ? "alerts.leadMore" : "alerts.lead", { count: items.length })
          : t("alerts.question")
      }
    >
      {alerts.error ? (
        <ErrorState
          inset
          doing={t("alerts.load")}
          error={alerts.error}
          since={alerts.errorUpdatedAt}
          onRetry={() => void alerts.refetch()}
        />
      ) : null}
      {alerts.isPending ? <Loading what={t("alerts.theAlerts")} rows={10} /> : null}
      {alerts.data && items.length === 0 ? (
        <Empty kind="all clear" title={t("alerts.none")}>
          {t("alerts.noneWhy")}
        </Empty>
      ) : null}
      {items.length > 0 ? (
        <DataGrid
          label={t("alerts.list")}
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
      aria-label={t("alerts.detail")}
      aria-live="polite"
      className="max-h-[45%] shrink-0 overflow-auto border-t border-line bg-surface px-4 py-3"
    >
      <div className="mb-2 flex flex-wrap items-center gap-3">
        <h2 className="text-section font-semibold">{alert.sync}</h2>
        <Kind alert={alert} />
        <Link to="/t/$tenant/runs/$id" params={{ tenant, id: alert.run_id }} className="underline">
          {t("alerts.toRun")}
        </Link>
      </div>
      <Facts
        items={[
          ...(alert.error ? ([[t("alerts.whatHappened"), alert.error]] as [string, string][]) : []),
          ...(alert.remedy ? ([[t("alerts.whatToDo"), alert.remedy]] as [string, string][]) : []),
          ...(alert.connection
            ? ([[t("alerts.connection"), alert.connection]] as [string, string][])
            : []),
          [
            t("alerts.heldBack"),
            alert.held_back === 0
              ? t("alerts.heldBackNone")
              : t("alerts.heldBackSome", { count: alert.held_back }),
          ],
          ...alert.deliveries.map((delivery): [string, React.ReactNode] => [
            t("alerts.by", { channel: delivery.channel }),
            <Delivery key={delivery.channel} delivery={delivery} />,
          ]),
        ]}
      />
    </section>
  );
}

function Delivery({ delivery }: { delivery: AlertDeliveryView }) {
  if (delivery.delivered_at) {
    const at = <At at={delivery.delivered_at} />;
    return <Trans i18nKey="alerts.told" components={{ 1: at }} />;
  }
  return (
    <>
      {t("alerts.notDelivered", {
        count: delivery.attempts,
        why: delivery.last_error ? `: ${delivery.last_error}` : "",
      })}
    </>
  );
}
