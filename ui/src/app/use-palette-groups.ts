import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useAnnounce } from "@/components/announce";
import { DENSITIES, THEMES, usePreferences } from "@/components/preferences";
import { commandMutation, commandQuery, useTenant } from "@/ipc";
import { t } from "@/text";
import type { PaletteGroup } from "./palette";
import { SCREENS } from "./screens";

/** What the palette offers, from what exists right now. */
export function usePaletteGroups(showHelp: () => void): PaletteGroup[] {
  const tenant = useTenant();
  const navigate = useNavigate();
  const client = useQueryClient();
  const announce = useAnnounce();
  const { letterKeys, change } = usePreferences();
  const syncs = useQuery(commandQuery("list_syncs", { tenant })).data;
  const tenants = useQuery(commandQuery("list_tenants", {})).data;
  const connections = useQuery(commandQuery("list_connections", { tenant })).data;
  const running = useQuery(commandQuery("overview", { tenant })).data?.running;
  const { mutate: start } = useMutation({
    ...commandMutation("run_sync"),
    onSuccess: ({ run_id }) =>
      navigate({ to: "/t/$tenant/runs/$id", params: { tenant, id: run_id } }),
    onError: (error) => announce(`The sync did not start: ${error.message}`),
  });
  const { mutate: cancel } = useMutation({
    ...commandMutation("cancel_run"),
    onMutate: () => announce("Cancelling…"),
    onError: (error) => announce(`The run was not cancelled: ${error.message}`),
    onSettled: () => client.invalidateQueries(),
  });

  const told = (words: (name: string) => string) => ({
    onSuccess: (_: unknown, { name }: { name: string }) => announce(words(name)),
    onError: (error: { message: string }) => announce(`Nothing was changed: ${error.message}`),
    onSettled: () => client.invalidateQueries(),
  });
  const { mutate: probe } = useMutation({
    ...commandMutation("probe_connection"),
    ...told((name) => `${name} was asked: see Connections.`),
  });
  const { mutate: pause } = useMutation({
    ...commandMutation("pause_sync"),
    ...told((name) => t("app.palette.paused", { name })),
  });
  const { mutate: resume } = useMutation({
    ...commandMutation("resume_sync"),
    ...told((name) => t("app.palette.resumed", { name })),
  });
  const { mutate: reset } = useMutation({
    ...commandMutation("reset_connection"),
    ...told((name) => `${name} is let through again.`),
  });

  return useMemo(() => {
    const names = (syncs ?? []).map(({ name }) => name);
    const groups: PaletteGroup[] = [
      {
        value: "Go to",
        items: [
          ...SCREENS.map(({ name, to, key }) => ({
            id: `go ${name}`,
            label: name,
            hint: `g ${key}`,
            run: () => void navigate({ to, params: { tenant } }),
          })),
          ...names.map((name) => ({
            id: `sync ${name}`,
            label: `Open the sync ${name}`,
            run: () => void navigate({ to: "/t/$tenant/syncs/$name", params: { tenant, name } }),
          })),
        ],
      },
      {
        value: "Run",
        items: [
          ...names.flatMap((name) => [
            {
              id: `run ${name}`,
              label: `Sync ${name} now`,
              run: () => start({ tenant, name, simulate: false, full: false }),
            },
            {
              id: `simulate ${name}`,
              label: `Simulate ${name}`,
              hint: "writes nothing",
              run: () => start({ tenant, name, simulate: true, full: false }),
            },
          ]),
          ...(syncs ?? []).map(({ name, paused }) => ({
            id: `pause ${name}`,
            label: t(paused ? "app.palette.resume" : "app.palette.pause", { name }),
            run: () => (paused ? resume : pause)({ tenant, name }),
          })),
          ...(running ?? []).map(({ id, sync }) => ({
            id: `cancel ${id}`,
            label: `Cancel the run of ${sync}`,
            run: () => cancel({ tenant, id }),
          })),
        ],
      },
      {
        value: "Breakers",
        items: (connections ?? [])
          .filter(({ circuit, failures }) => circuit !== "closed" || failures > 0)
          .flatMap(({ name }) => [
            {
              id: `probe ${name}`,
              label: `Probe ${name} now`,
              hint: "one read-only call",
              run: () => probe({ tenant, name }),
            },
            {
              id: `reset ${name}`,
              label: `Let ${name} through again`,
              run: () => reset({ tenant, name }),
            },
          ]),
      },
      {
        value: "Switch tenant",
        items: (tenants ?? [])
          .filter(({ name }) => name !== tenant)
          .map(({ name }) => ({
            id: `tenant ${name}`,
            label: `Switch to ${name}`,
            run: () => void navigate({ to: "/t/$tenant/overview", params: { tenant: name } }),
          })),
      },
      {
        value: "Panel",
        items: [
          { id: "help", label: "Show all keys", hint: "?", run: showHelp },
          ...THEMES.map(({ value, label }) => ({
            id: `theme ${value}`,
            label: `Colours: ${label.toLowerCase()}`,
            run: () => change({ theme: value }),
          })),
          ...DENSITIES.map(({ value, label }) => ({
            id: `density ${value}`,
            label: `Density: ${label.toLowerCase()}`,
            run: () => change({ density: value }),
          })),
          {
            id: "letter keys",
            label: letterKeys ? "Turn single-letter keys off" : "Turn single-letter keys on",
            run: () => change({ letterKeys: !letterKeys }),
          },
        ],
      },
    ];
    return groups.filter((group) => group.items.length > 0);
  }, [
    syncs,
    tenants,
    connections,
    running,
    tenant,
    navigate,
    start,
    cancel,
    pause,
    resume,
    probe,
    reset,
    showHelp,
    letterKeys,
    change,
  ]);
}
