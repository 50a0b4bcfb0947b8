import { useCallback, useEffect, useReducer, useRef } from "react";
import { type CommandError, type DecidedConflict, useTenant } from "@/ipc";
import { decideMany, useManyDecided } from "./api/bulk";
import { type BulkDecision, included, type Picked, pickedOf, type Row, rowsOf } from "./model/bulk";

/** Where deciding many conflicts stands. */
interface Bulk {
  phase: "previewing" | "preview" | "applying" | "refused";
  rows: Row[];
  done: number;
  total: number;
  /** What kept a batch from being answered at all. */
  error: CommandError | null;
}

type Event =
  | { type: "begin"; phase: "previewing" | "applying"; total: number }
  | { type: "progress"; done: number }
  | { type: "previewed"; answers: readonly DecidedConflict[] }
  | { type: "toggle"; id: string }
  | { type: "refused"; answers: readonly DecidedConflict[] }
  | { type: "stopped"; answers: readonly DecidedConflict[] }
  | { type: "failed"; error: CommandError; answers: readonly DecidedConflict[] };

const START: Bulk = { phase: "previewing", rows: [], done: 0, total: 0, error: null };

function next(state: Bulk, event: Event): Bulk {
  switch (event.type) {
    case "begin":
      return { ...state, phase: event.phase, total: event.total, done: 0, error: null };
    case "progress":
      return { ...state, done: event.done };
    case "previewed":
      return { ...state, phase: "preview", rows: rowsOf(event.answers) };
    case "toggle":
      return {
        ...state,
        rows: state.rows.map((row) =>
          row.decided.id === event.id && row.fits ? { ...row, excluded: !row.excluded } : row,
        ),
      };
    case "refused":
      return { ...state, phase: "refused", rows: rowsOf(event.answers) };
    case "stopped":
      return { ...state, phase: "preview", rows: without(state.rows, event.answers) };
    case "failed":
      return {
        ...state,
        phase: state.phase === "applying" ? "preview" : "previewing",
        // What was decided before the failure needs no second try.
        rows: without(state.rows, event.answers),
        error: event.error,
      };
  }
}

/** Previews one decision for many conflicts, then sends it for those that are left in. */
export function useBulk(decision: BulkDecision, picked: readonly Picked[], onDone: () => void) {
  const tenant = useTenant();
  const onDecided = useManyDecided();
  const [state, tell] = useReducer(next, START);
  const stop = useRef(new AbortController());

  const send = useCallback(
    async (these: readonly Picked[], phase: "previewing" | "applying") => {
      stop.current = new AbortController();
      const { signal } = stop.current;
      tell({ type: "begin", phase, total: these.length });
      const onProgress = (done: number) => tell({ type: "progress", done });
      const dryRun = phase === "previewing";
      const said = await decideMany(tenant, decision, these, dryRun, { onProgress, signal });
      return { ...said, stopped: signal.aborted };
    },
    [tenant, decision],
  );

  const preview = useCallback(
    async (these: readonly Picked[]) => {
      const { answers, error, stopped } = await send(these, "previewing");
      if (stopped) return;
      if (error) tell({ type: "failed", error, answers: [] });
      else tell({ type: "previewed", answers });
    },
    [send],
  );

  useEffect(() => {
    void preview(picked);
    return () => stop.current.abort();
  }, [preview, picked]);

  const apply = async () => {
    const these = pickedOf(state.rows);
    if (state.phase !== "preview" || these.length === 0) return;
    const { answers, error, stopped } = await send(these, "applying");
    const refused = answers.filter((each) => each.outcome !== "decided");
    if (error) tell({ type: "failed", error, answers });
    else if (refused.length > 0) tell({ type: "refused", answers: refused });
    else if (stopped) tell({ type: "stopped", answers });
    else onDone();
    // What was decided before a failure or a stop is decided, and can be taken back.
    onDecided(decidedIds(answers));
  };
  const toggle = useCallback((id: string) => tell({ type: "toggle", id }), []);

  return {
    state,
    apply,
    left: included(state.rows).length,
    toggle,
    /** Stops after the batch that is under way. */
    cancel: () => stop.current.abort(),
    again: () => void preview(picked),
    /** Looks again at those that were refused, as they are now. */
    retry: () => void preview(state.rows.map(({ decided: { id } }) => ({ id }))),
  };
}

function without(rows: readonly Row[], answers: readonly DecidedConflict[]): Row[] {
  const decided = new Set(decidedIds(answers));
  return rows.filter((row) => !decided.has(row.decided.id));
}

function decidedIds(answers: readonly DecidedConflict[]): string[] {
  return answers.filter((each) => each.outcome === "decided").map((each) => each.id);
}
