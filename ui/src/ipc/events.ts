import type { QueryClient } from "@tanstack/react-query";
import { type Command, listen } from "./client";
import type { RunProgress, RunView, WireEvent } from "./generated/types";
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
    "record_history",
    "list_syncs",
    "get_sync",
    "list_conflicts",
    "get_conflict",
    "list_errors",
    "list_connections",
    "list_alerts",
    "list_audit",
    "list_audit_names",
  ],
  // An open conflict that a run meets again is detected again, with a new revision.
  conflict_detected: ["overview", "list_conflicts", "get_conflict", "list_syncs"],
  conflict_changed: [
    "overview",
    "list_conflicts",
    "get_conflict",
    "list_syncs",
    "list_audit",
    "list_audit_names",
  ],
  error_logged: ["overview", "list_errors", "list_connections"],
  alert_raised: ["overview", "list_alerts"],
  workspace_changed: [
    "overview",
    "list_syncs",
    "get_sync",
    "list_connections",
    "list_audit",
    "list_audit_names",
  ],
  // The list of tenants belongs to no tenant: see `invalidate`.
  tenants_changed: ["list_tenants"],
};

// A run may report thousands of conflicts in a second; each list is then refetched a few times a
// second, not thousands of times.
const GATHER_MS = 150;

export interface EventSinks {
  onLive(live: boolean): void;
  /** An alert worth showing whatever the screen. */
  onAlert(tenant: string, message: string): void;
}

/**
 * Keeps the cache in step with the backend. When the stream comes back after a gap, everything is
 * stale: what happened in between is unknown.
 */
export function followEvents(client: QueryClient, sinks: EventSinks): () => void {
  let wasLive: boolean | undefined;
  const stale = new Stale(client);
  const stop = listen({
    onEvent: (event) => {
      if (event.type === "run_progress")
        showProgress(client, event.tenant, event.run, event.progress);
      if (event.type === "alert_raised") sinks.onAlert(event.tenant, event.message);
      stale.add(event.tenant, STALE_AFTER[event.type]);
    },
    onLive: (live) => {
      if (live && wasLive === false) void client.invalidateQueries();
      wasLive = live;
      sinks.onLive(live);
    },
  });
  return () => {
    stale.drop();
    stop();
  };
}

/** Gathers what became stale and refetches it together. */
class Stale {
  private readonly waiting = new Map<string, Set<Command>>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: QueryClient) {}

  add(tenant: string, commands: readonly Command[]) {
    if (commands.length === 0) return;
    const set = this.waiting.get(tenant) ?? new Set();
    for (const command of commands) set.add(command);
    this.waiting.set(tenant, set);
    this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  drop() {
    clearTimeout(this.timer);
  }

  private flush() {
    this.timer = undefined;
    for (const [tenant, commands] of this.waiting) {
      void invalidate(this.client, tenant, [...commands]);
    }
    this.waiting.clear();
  }
}

function showProgress(client: QueryClient, tenant: string, id: string, progress: RunProgress) {
  const { processed, succeeded, failed, skipped, conflicts } = progress;
  client.setQueryData<RunView>(commandKey("get_run", { tenant, id }), (run) =>
    run
      ? { ...run, status: "running", progress, processed, succeeded, failed, skipped, conflicts }
      : run,
  );
}
