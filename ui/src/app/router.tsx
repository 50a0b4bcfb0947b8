import type { QueryClient } from "@tanstack/react-query";
import {
  createHashHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { AlertsScreen } from "@/features/alerts/alerts-screen";
import { AuditScreen } from "@/features/audit/audit-screen";
import { auditSearch } from "@/features/audit/search";
import { ConflictScreen } from "@/features/conflicts/conflict-screen";
import { InboxScreen } from "@/features/conflicts/inbox-screen";
import { conflictsSearch } from "@/features/conflicts/search";
import { ConnectionsScreen } from "@/features/connections/connections-screen";
import { ErrorScreen } from "@/features/errors/error-screen";
import { ErrorsScreen } from "@/features/errors/errors-screen";
import { errorsSearch } from "@/features/errors/search";
import { HistoryScreen } from "@/features/history/history-screen";
import { RecordScreen } from "@/features/history/record-screen";
import { RunScreen } from "@/features/history/run-screen";
import { historySearch, recordSearch, runSearch } from "@/features/history/search";
import { SimulateScreen } from "@/features/history/simulate-screen";
import { OverviewScreen } from "@/features/overview/overview-screen";
import { SettingsScreen } from "@/features/settings/settings-screen";
import { FirstRun } from "@/features/setup/first-run";
import { FirstTenant } from "@/features/setup/new-tenant";
import { EditSync } from "@/features/syncs/edit-screen";
import { type EditSearch, editSearch } from "@/features/syncs/search";
import { SyncScreen } from "@/features/syncs/sync-screen";
import { SyncsScreen } from "@/features/syncs/syncs-screen";
import { commandQuery, TenantProvider } from "@/ipc";
import { KeyReference } from "./key-reference";
import { lastTenant } from "./last-tenant";
import { NotFound, RouteError } from "./route-states";
import { Shell } from "./shell";

interface Context {
  client: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ component: Outlet });

// Without a tenant in the address: the one used last, if it still exists, else the first.
const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: async ({ context }) => {
    const tenants = await context.client.ensureQueryData(commandQuery("list_tenants", {}));
    if (tenants.length === 0) throw redirect({ to: "/welcome" });
    const known = tenants.find(({ name }) => name === lastTenant()) ?? tenants[0];
    throw redirect({ to: "/t/$tenant/overview", params: { tenant: known?.name ?? "main" } });
  },
});

const welcome = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  component: FirstTenant,
});

const tenantRoute = createRoute({
  getParentRoute: () => root,
  path: "/t/$tenant",
  component: function Tenant() {
    const { tenant } = tenantRoute.useParams();
    return (
      <TenantProvider tenant={tenant}>
        <Shell key={tenant}>
          <Outlet />
        </Shell>
      </TenantProvider>
    );
  },
});

const tenantHome = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/t/$tenant/overview", params });
  },
});

const overview = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/overview",
  component: () => <OverviewScreen firstRun={<FirstRun />} />,
});

const conflicts = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/conflicts",
  validateSearch: conflictsSearch,
  component: function Conflicts() {
    const open = conflict.useMatch({ shouldThrow: false });
    return (
      <InboxScreen search={conflicts.useSearch()} openId={open?.params.id} detail={<Outlet />} />
    );
  },
});

const conflict = createRoute({
  getParentRoute: () => conflicts,
  path: "/$id",
  component: function Conflict() {
    return <ConflictScreen id={conflict.useParams().id} />;
  },
});

const history = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/history",
  validateSearch: historySearch,
  component: function History() {
    return <HistoryScreen search={history.useSearch()} />;
  },
});

const run = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/runs/$id",
  validateSearch: runSearch,
  component: function Run() {
    return <RunScreen key={run.useParams().id} id={run.useParams().id} search={run.useSearch()} />;
  },
});

const record = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/records/$sync",
  validateSearch: recordSearch,
  component: function Record() {
    return <RecordScreen sync={record.useParams().sync} search={record.useSearch()} />;
  },
});

const errors = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/errors",
  validateSearch: errorsSearch,
  component: function Errors() {
    const open = error.useMatch({ shouldThrow: false });
    return (
      <ErrorsScreen search={errors.useSearch()} openId={open?.params.id} detail={<Outlet />} />
    );
  },
});

const error = createRoute({
  getParentRoute: () => errors,
  path: "/$id",
  component: function OneError() {
    return <ErrorScreen id={error.useParams().id} search={errors.useSearch()} />;
  },
});

const syncs = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/syncs",
  component: SyncsScreen,
});

const sync = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/syncs/$name",
  component: function Sync() {
    return <SyncScreen name={sync.useParams().name} />;
  },
});

const editSync = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/syncs/$name/edit",
  validateSearch: editSearch,
  component: function Edit() {
    const { name } = editSync.useParams();
    const navigate = editSync.useNavigate();
    return (
      <EditSync
        key={name}
        name={name}
        search={editSync.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (now: EditSearch) => ({ ...now, ...change }), replace: true })
        }
      />
    );
  },
});

const newSync = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/new-sync",
  validateSearch: editSearch,
  component: function New() {
    const navigate = newSync.useNavigate();
    return (
      <EditSync
        search={newSync.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (now: EditSearch) => ({ ...now, ...change }), replace: true })
        }
      />
    );
  },
});

const simulate = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/simulate",
  component: SimulateScreen,
});

const connections = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/connections",
  component: ConnectionsScreen,
});

const alerts = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/alerts",
  component: AlertsScreen,
});

const audit = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/audit",
  validateSearch: auditSearch,
  component: function Audit() {
    return <AuditScreen search={audit.useSearch()} />;
  },
});

const settings = createRoute({
  getParentRoute: () => tenantRoute,
  path: "/settings",
  component: () => <SettingsScreen keys={<KeyReference />} />,
});

const tree = root.addChildren([
  home,
  welcome,
  tenantRoute.addChildren([
    tenantHome,
    overview,
    conflicts.addChildren([conflict]),
    history,
    run,
    record,
    errors.addChildren([error]),
    syncs,
    sync,
    editSync,
    newSync,
    simulate,
    connections,
    alerts,
    audit,
    settings,
  ]),
]);

/**
 * Addresses live behind the `#`: the window's asset protocol and the plain static files of
 * `tandem serve` then need no rewriting rules, and record ids never reach a server's log.
 */
export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    history: createHashHistory(),
    context: { client },
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFound,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
