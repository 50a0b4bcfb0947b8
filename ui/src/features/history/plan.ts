import type { ChangeKind, RunView, SideCounts } from "@/ipc";

/** Deletes first: they are what a reviewer looks for. */
export const REVIEW_ORDER: readonly ChangeKind[] = ["delete", "create", "update"];

/** How many records a run changes (or would change) on each side, by what it does to them. */
export function countsOf(run: RunView, kind: ChangeKind): SideCounts {
  return { create: run.created, update: run.updated, delete: run.deleted }[kind];
}

/** The same on both sides together. */
export function countOf(run: RunView, kind: ChangeKind): number {
  const { source, target } = countsOf(run, kind);
  return source + target;
}

/** How many records a run changes (or would change) in all. */
export function changesOf(run: RunView): number {
  return REVIEW_ORDER.reduce((sum, kind) => sum + countOf(run, kind), 0);
}

/** What a person can do about a run that has ended. */
export type NextStep = "apply" | "roll back now" | "roll back" | "none";

export function nextStep(run: RunView): NextStep {
  const ended = run.status !== "running" && run.status !== "pending";
  if (!ended || changesOf(run) === 0 || run.details_removed) return "none";
  if (run.simulated) {
    // A plan that a guard refused has nothing to apply.
    if (run.status === "failed") return "none";
    return run.rolls_back ? "roll back now" : run.plan_hash ? "apply" : "none";
  }
  return "roll back";
}
