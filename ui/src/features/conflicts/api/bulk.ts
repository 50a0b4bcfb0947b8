import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useAnnounce } from "@/components/announce";
import { plural } from "@/components/format";
import { useUndo } from "@/components/undo";
import {
  asCommandError,
  type CommandError,
  type ConflictSummary,
  call,
  type DecidedConflict,
  invalidate,
  useTenant,
} from "@/ipc";
import { type BulkDecision, batches, type Picked } from "../model/bulk";
import { type ConflictsSearch, fits } from "../search";
import { STALE, useUndoWindow } from "./resolve";

const PAGE = 1_000;

/** Every conflict of a view, however many pages that takes. */
export async function loadAll(tenant: string, search: ConflictsSearch): Promise<ConflictSummary[]> {
  const { state, sync } = search;
  const all: ConflictSummary[] = [];
  let before: string | undefined;
  do {
    const page = await call("list_conflicts", {
      tenant,
      state: state ?? "open",
      limit: PAGE,
      ...(sync ? { sync } : {}),
      ...(before ? { before } : {}),
    });
    all.push(...page.items.filter((item) => fits(search, item)));
    before = page.next ?? undefined;
  } while (before !== undefined);
  return all;
}

interface Progress {
  /** Told after each batch how many are answered. */
  onProgress(done: number): void;
  /** Stops before the next batch; what was sent stays decided. */
  signal: AbortSignal;
}

/** What the batches answered, up to the one that failed, if any. */
export interface Answers {
  answers: DecidedConflict[];
  error: CommandError | null;
}

/** Sends one decision for many conflicts, batch by batch. */
export async function decideMany(
  tenant: string,
  decision: BulkDecision,
  picked: readonly Picked[],
  dryRun: boolean,
  { onProgress, signal }: Progress,
): Promise<Answers> {
  const answers: DecidedConflict[] = [];
  try {
    for (const ids of batches(picked)) {
      if (signal.aborted) break;
      const said = await call("resolve_conflicts", {
        tenant,
        ids,
        choices: [],
        together: false,
        dry_run: dryRun,
        ...decision,
      });
      answers.push(...said.conflicts);
      onProgress(answers.length);
    }
    return { answers, error: null };
  } catch (error) {
    return { answers, error: asCommandError(error) };
  }
}

/** After many decisions: lists are fetched afresh, and all of it can be taken back at once. */
export function useManyDecided() {
  const tenant = useTenant();
  const client = useQueryClient();
  const announce = useAnnounce();
  const { put } = useUndo();
  const undoWindow = useUndoWindow();
  return useCallback(
    (ids: readonly string[]) => {
      const refresh = () => invalidate(client, tenant, [...STALE, "get_conflict"]);
      void refresh();
      if (ids.length === 0) return;
      const name = plural(ids.length, "conflict");
      announce(`Resolved ${name}.`);
      const undo = async () => {
        try {
          const said = await call("undo_decisions", { tenant, ids: [...ids] });
          const left = said.left.length;
          announce(
            left === 0
              ? `Taken back: ${name} are open again.`
              : `Taken back: ${said.undone}. ${plural(left, "decision")} could not be: ${said.left[0]?.reason}`,
          );
        } catch (error) {
          announce(`Could not take them back: ${error instanceof Error ? error.message : error}`);
        }
        void refresh();
      };
      put({ label: `Resolved ${name}`, until: Date.now() + undoWindow, undo });
    },
    [client, tenant, announce, put, undoWindow],
  );
}
