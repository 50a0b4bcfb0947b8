import type {
  ConflictSummary,
  ConflictView,
  DecidedConflict,
  FieldChoice,
  PickedConflict,
} from "@/ipc";

/** One decision for many conflicts: about their fields, or about the fate of their records. */
export type BulkDecision = (
  | { take: "source" | "target" | "base" }
  | { choices: FieldChoice[] }
  | { choice: "delete_both" | "restore" | "unlink" }
) & { note?: string };

/** A conflict at the revision that a person looked at; without one, as it is now. */
export type Picked = PickedConflict;

/** Conflicts sent at once: enough to be quick, few enough to show progress and to stop between. */
export const BATCH = 200;

export function batches<T>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += BATCH) parts.push(all.slice(at, at + BATCH));
  return parts;
}

/** Whether a conflict is of the same kind: the same sync, and the same fields contested. */
export function isSimilar(to: ConflictView, other: ConflictSummary): boolean {
  return (
    other.sync === to.sync &&
    other.kind === to.kind &&
    signature(other.contested) === signature(contestedFields(to))
  );
}

export function contestedFields(conflict: ConflictView): string[] {
  return conflict.fields.filter((each) => each.contested).map((each) => each.field);
}

function signature(fields: readonly string[]): string {
  return JSON.stringify([...fields].sort());
}

/** A conflict in the preview. */
export interface Row {
  decided: DecidedConflict;
  /** Whether it can be decided so at all. */
  fits: boolean;
  /** Left out by the person. */
  excluded: boolean;
}

/** What can be decided first, then what is left out, each in the order it came. */
export function rowsOf(answers: readonly DecidedConflict[]): Row[] {
  const rows = answers.map((decided) => ({
    decided,
    fits: decided.outcome === "decided",
    excluded: false,
  }));
  return [...rows.filter((row) => row.fits), ...rows.filter((row) => !row.fits)];
}

/** The rows that would be decided. */
export function included(rows: readonly Row[]): Row[] {
  return rows.filter((row) => row.fits && !row.excluded);
}

/** Those that are meant, at the revisions whose values were shown. */
export function pickedOf(rows: readonly Row[]): Picked[] {
  return included(rows).flatMap(({ decided: { id, revision } }) =>
    revision === null ? [] : [{ id, revision }],
  );
}
