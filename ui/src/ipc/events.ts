import type { QueryClient } from "@tanstack/react-query";
import { type Command, listen } from "./client";
import type { RunView, WireEvent } from "./generated/types";
import { commandKey, invalidate } from "./query";

/** What each event makes stale. A progress event carries its numbers and makes nothing stale. */
export const STALE_AFTER: Record<WireEvent["type"], readonly Command[]> = {
  run_started: ["overview", "list_runs", "get_run", "list_syncs", "get_sync"],
  run_progress: [],
  run_finished: [
    "overview",
    "list_runs",
    "get_run",
    "run_changes",
    "list_syncs",
    "get_sync",
    "list_conflicts",
    "list_errors",
    "list_connections",
    "list_audit",
  ],
  conflict_detected: ["overview", "list_conflicts", "list_syncs"],
  conflict_changed: ["overview", "list_conflicts", "get_conflict", "list_syncs", "list_audit"],
  error_logged: ["overview", "list_errors", "list_connections"],
  alert_raised: ["overview"],
  workspace_changed: ["overview", "list_syncs", "get_sync", "list_connections", "list_audit"],
  tenants_changed: ["list_tenants"],
};

/**
 * Keeps the cache in step with the backend. When the stream comes back after a gap, everything is
 * stale: what happened in between is unknown.
 */
export function followEvents(client: QueryClient, onLive: (live: boolean) => void): () => void {
  let wasLive: boolean | undefined;
  return listen({
    onEvent: (event) => applyEvent(client, event),
    onLive: (live) => {
      if (live && wasLive === false) void client.invalidateQueries();
      wasLive = live;
      onLive(live);
    },
  });
}

export function applyEvent(client: QueryClient, event: WireEvent): void {
  if (event.type === "run_progress") {
    const key = commandKey("get_run", { tenant: event.tenant, id: event.run });
    client.setQueryData<RunView>(key, (run) =>
      run ? { ...run, status: "running", progress: event.progress } : run,
    );
    return;
  }
  void invalidate(client, event.tenant, STALE_AFTER[event.type]);
}
