import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Dialog } from "@/components/dialog";
import { formatCount } from "@/components/format";
import { usePreferences } from "@/components/preferences";
import { useUndo } from "@/components/undo";
import { NewTenantForm } from "@/features/setup/new-tenant";
import { commandQuery, useTenant } from "@/ipc";
import { Help } from "./help";
import { rememberTenant } from "./last-tenant";
import { Palette } from "./palette";
import { SCREENS } from "./screens";
import { StatusBar } from "./status-bar";
import { TopBar } from "./top-bar";
import { useGlobalKeys } from "./use-global-keys";
import { usePaletteGroups } from "./use-palette-groups";

/** The frame around every screen: tenant and tools above, navigation beside, state below. */
export function Shell({ children }: { children: ReactNode }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const { letterKeys } = usePreferences();
  const { take } = useUndo();
  const [dialog, setDialog] = useState<"palette" | "help" | "tenant" | null>(null);
  const groups = usePaletteGroups(() => setDialog("help"));
  useEffect(() => rememberTenant(tenant), [tenant]);
  useFocusOnNavigation();

  useGlobalKeys({
    letterKeys,
    onPalette: () => setDialog("palette"),
    onHelp: () => setDialog("help"),
    onGo: (screen) => void navigate({ to: screen.to, params: { tenant } }),
    onUndo: take,
  });

  return (
    <div className="grid h-full grid-rows-[auto_minmax(0,1fr)_auto]">
      <button
        type="button"
        onClick={() => document.getElementById("content")?.focus()}
        className="sr-only focus:not-sr-only focus:fixed focus:top-1 focus:left-1 focus:z-50 focus:rounded-m focus:bg-raised focus:px-3 focus:py-1.5"
      >
        Skip to the content
      </button>
      <TopBar
        onPalette={() => setDialog("palette")}
        onHelp={() => setDialog("help")}
        onNewTenant={() => setDialog("tenant")}
      />
      <div className="grid min-h-0 grid-cols-[auto_minmax(0,1fr)]">
        <Navigation />
        <main id="content" data-region="" tabIndex={-1} className="min-h-0 min-w-0 outline-none">
          {children}
        </main>
      </div>
      <StatusBar />
      <Palette open={dialog === "palette"} onClose={() => setDialog(null)} groups={groups} />
      <Dialog open={dialog === "tenant"} onClose={() => setDialog(null)} title="New tenant">
        <NewTenantForm suggested="" onCreated={() => setDialog(null)} />
      </Dialog>
      <Help open={dialog === "help"} onClose={() => setDialog(null)} />
    </div>
  );
}

function Navigation() {
  const tenant = useTenant();
  const overview = useQuery(commandQuery("overview", { tenant }));
  const counts = useMemo(
    () =>
      new Map([
        ["Conflicts", overview.data?.open_conflicts],
        ["Errors", overview.data?.unresolved_errors],
      ]),
    [overview.data],
  );
  return (
    <nav
      data-region=""
      aria-label="Screens"
      className="flex flex-col gap-0.5 overflow-y-auto border-e border-line bg-surface p-2 lg:w-48"
    >
      {SCREENS.map(({ name, to, key, question, icon: Icon }) => {
        const count = counts.get(name);
        return (
          <Link
            key={name}
            to={to}
            params={{ tenant }}
            title={`${question} (g ${key})`}
            activeOptions={{ includeSearch: false }}
            className="flex min-h-9 items-center gap-2 rounded-m px-2 font-medium text-muted -outline-offset-2 hover:bg-base-tint hover:text-text data-[status=active]:bg-selected data-[status=active]:text-text"
          >
            <Icon aria-hidden="true" className="size-4 shrink-0" />
            <span className="flex-1 max-lg:sr-only">{name}</span>
            {count !== undefined && count !== 0 ? (
              <span
                className={`rounded-s px-1 text-meta ${name === "Errors" ? "bg-failed-tint text-failed" : "bg-conflict-tint text-conflict"}`}
              >
                {formatCount(count)}
                <span className="sr-only"> {name === "Errors" ? "unresolved" : "open"}</span>
              </span>
            ) : null}
          </Link>
        );
      })}
    </nav>
  );
}

/** After a screen change, focus goes to its heading unless the screen put it somewhere itself. */
function useFocusOnNavigation() {
  const { pathname } = useLocation();
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    const frame = requestAnimationFrame(() => {
      const active = document.activeElement;
      if (active && active !== document.body) return;
      document.querySelector<HTMLElement>("[data-page-title]")?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [pathname]);
}
