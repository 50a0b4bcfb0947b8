import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { Between } from "@/components/between";
import { Button } from "@/components/button";
import { type Column, DataGrid } from "@/components/data-grid";
import { formatCount } from "@/components/format";
import { Loaded } from "@/components/loaded";
import { Page } from "@/components/page";
import { Empty } from "@/components/states";
import { Status } from "@/components/status";
import { Ago } from "@/components/time";
import { commandQuery, type SyncSummary, useTenant } from "@/ipc";
import { Trans, t } from "@/text";
import { policyWords } from "./words";

const COLUMNS: Column<SyncSummary>[] = [
  {
    id: "name",
    header: t("syncs.one"),
    width: [9, 1],
    cell: (sync) => (
      <span className="inline-flex items-center gap-2">
        <span className="truncate font-medium">{sync.name}</span>
        {sync.paused ? <Status status="paused" /> : null}
      </span>
    ),
  },
  {
    id: "between",
    header: t("syncs.between"),
    width: [16, 2],
    cell: (sync) => <Between sync={sync} />,
  },
  {
    id: "policy",
    header: t("syncs.whenBoth"),
    width: [10, 1],
    cell: (sync) => policyWords(sync.policy),
  },
  {
    id: "last",
    header: t("syncs.lastRun"),
    width: [15, 1],
    cell: (sync) =>
      sync.last_run ? (
        <span className="inline-flex items-center gap-2">
          <Status status={sync.last_run.status} />
          {sync.last_run.started_at ? <Ago at={sync.last_run.started_at} /> : null}
        </span>
      ) : (
        <span className="text-muted">{t("syncs.neverRun")}</span>
      ),
  },
  {
    id: "conflicts",
    header: t("syncs.conflicts"),
    width: [7, 0],
    align: "end",
    cell: (sync) => formatCount(sync.open_conflicts),
  },
];

/** What maps to what, and who wins? */
export function SyncsScreen() {
  const tenant = useTenant();
  const navigate = useNavigate();
  const syncs = useQuery(commandQuery("list_syncs", { tenant }));
  return (
    <Page
      title={t("syncs.title")}
      lead={syncs.data ? t("syncs.lead", { count: syncs.data.length }) : t("syncs.question")}
      actions={
        <Button
          onClick={() => void navigate({ to: "/t/$tenant/new-sync", params: { tenant } })}
          icon={<Plus aria-hidden="true" className="size-4" />}
        >
          {t("syncs.new")}
        </Button>
      }
    >
      <Loaded query={syncs} what={t("syncs.theSyncs")}>
        {(items) =>
          items.length === 0 ? (
            <Empty kind="none yet" title={t("syncs.none")}>
              <Trans
                i18nKey="syncs.noneWhy"
                components={{
                  1: <code className="font-mono text-mono">tandem apply -f workspace.toml</code>,
                }}
              />
            </Empty>
          ) : (
            <DataGrid
              label={t("syncs.title")}
              columns={COLUMNS}
              items={items}
              idOf={(sync) => sync.name}
              onOpen={(sync) =>
                navigate({ to: "/t/$tenant/syncs/$name", params: { tenant, name: sync.name } })
              }
              autoFocus
            />
          )
        }
      </Loaded>
    </Page>
  );
}
