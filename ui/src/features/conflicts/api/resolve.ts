import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useAnnounce } from "@/components/announce";
import { useUndo } from "@/components/undo";
import {
  type ConflictView,
  call,
  commandKey,
  commandMutation,
  commandQuery,
  invalidate,
  useTenant,
} from "@/ipc";
import { nameOf } from "../name";

export const STALE = ["list_conflicts", "overview", "list_audit", "list_syncs"] as const;
// Used until the backend has said how long it really waits.
const UNDO_WINDOW_MS = 8_000;

/** How long a decision can be taken back, in milliseconds. */
export function useUndoWindow(): number {
  const info = useQuery(commandQuery("app_info", {}));
  return info.data?.undo_window_ms ?? UNDO_WINDOW_MS;
}

/** Sends field-by-field decisions. */
export function useResolve() {
  return useMutation({ ...commandMutation("resolve_conflict"), ...useRefusal() });
}

/** The same for a record deleted on one side and changed on the other. */
export function useResolveDelete() {
  return useMutation({ ...commandMutation("resolve_delete_conflict"), ...useRefusal() });
}

// A refusal usually means that the conflict changed meanwhile: fetch it afresh, so that the screen
// shows what changed next to the refusal.
function useRefusal() {
  const tenant = useTenant();
  const client = useQueryClient();
  return { onError: () => invalidate(client, tenant, [...STALE, "get_conflict"]) };
}

/**
 * After a decision: keeps the answer, and offers to take the decision back for as long as it waits
 * to be written.
 */
export function useDecided() {
  const tenant = useTenant();
  const client = useQueryClient();
  const announce = useAnnounce();
  const { put } = useUndo();
  const undoWindow = useUndoWindow();
  const keep = (conflict: ConflictView) => {
    client.setQueryData(commandKey("get_conflict", { tenant, id: conflict.id }), conflict);
    void invalidate(client, tenant, STALE);
  };
  return (decided: ConflictView, reopen: () => void) => {
    keep(decided);
    const name = nameOf(decided);
    const undo = async () => {
      try {
        keep(await call("undo_decision", { tenant, id: decided.id }));
        announce(`Taken back: ${name} is open again.`);
        reopen();
      } catch (error) {
        announce(`Could not take it back: ${error instanceof Error ? error.message : error}`);
      }
    };
    put({ label: `Resolved ${name}`, until: Date.now() + undoWindow, undo });
  };
}
