import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Building2, ChevronDown, CircleHelp, Search, SunMoon, Wifi, WifiOff } from "lucide-react";
import { Button, Keys } from "@/components/button";
import { COMMAND_KEY } from "@/components/keys";
import { Menu, MenuCheck, MenuItem, MenuRadio, MenuSeparator } from "@/components/menu";
import {
  DENSITIES,
  type Density,
  THEMES,
  type Theme,
  usePreferences,
} from "@/components/preferences";
import { commandQuery, useTenant } from "@/ipc";
import { useLive } from "./live";

interface Props {
  onPalette(): void;
  onHelp(): void;
  onNewTenant(): void;
}

export function TopBar({ onPalette, onHelp, onNewTenant }: Props) {
  return (
    <header className="flex items-center gap-2 border-b border-line bg-surface px-2 py-1">
      <TenantMenu onNewTenant={onNewTenant} />
      <div className="flex-1" />
      <Button
        look="quiet"
        onClick={onPalette}
        icon={<Search aria-hidden="true" className="size-4" />}
      >
        <span className="max-sm:sr-only">Find</span> <Keys chord={`${COMMAND_KEY}+K`} />
      </Button>
      <Live />
      <AppearanceMenu />
      <Button look="quiet" aria-label="Keys" title="Keys (?)" onClick={onHelp}>
        <CircleHelp aria-hidden="true" className="size-4" />
      </Button>
    </header>
  );
}

function TenantMenu({ onNewTenant }: { onNewTenant(): void }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const tenants = useQuery(commandQuery("list_tenants", {}));
  const names = tenants.data?.map(({ name }) => name) ?? [tenant];
  return (
    <Menu
      label={`Tenant: ${tenant}`}
      trigger={
        <>
          <Building2 aria-hidden="true" className="size-4 shrink-0 text-muted" />
          <span className="truncate">{tenant}</span>
          <ChevronDown aria-hidden="true" className="size-4 shrink-0 text-muted" />
        </>
      }
    >
      <MenuRadio
        title="Tenant"
        value={tenant}
        options={names.map((name) => ({ value: name, label: name }))}
        onChoose={(name) => void navigate({ to: "/t/$tenant/overview", params: { tenant: name } })}
      />
      <MenuSeparator />
      <MenuItem onChoose={onNewTenant}>New tenant…</MenuItem>
    </Menu>
  );
}

function AppearanceMenu() {
  const { theme, density, letterKeys, change } = usePreferences();
  return (
    <Menu
      label="Appearance"
      trigger={
        <>
          <SunMoon aria-hidden="true" className="size-4" />
          <span className="max-md:sr-only">Appearance</span>
        </>
      }
    >
      <MenuRadio
        title="Colours"
        value={theme}
        options={THEMES}
        onChoose={(value) => change({ theme: value as Theme })}
      />
      <MenuSeparator />
      <MenuRadio
        title="Density"
        value={density}
        options={DENSITIES}
        onChoose={(value) => change({ density: value as Density })}
      />
      <MenuSeparator />
      <MenuCheck checked={letterKeys} onChange={(checked) => change({ letterKeys: checked })}>
        Single-letter keys
      </MenuCheck>
    </Menu>
  );
}

function Live() {
  const live = useLive();
  return (
    <span
      role="status"
      className="inline-flex items-center gap-1.5 px-2 text-meta font-medium text-muted"
    >
      {live ? (
        <>
          <Wifi aria-hidden="true" className="size-4 text-success" /> Live
        </>
      ) : (
        <>
          <WifiOff aria-hidden="true" className="size-4 text-failed" /> Reconnecting…
        </>
      )}
    </span>
  );
}
