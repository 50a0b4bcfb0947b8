import { describe, expect, test } from "vitest";
import type { RunView } from "@/ipc";
import { changesOf, nextStep } from "./plan";

const NONE = { source: 0, target: 0 };
const RUN: RunView = {
  id: "run",
  sync: "people",
  source_system: "Lumen",
  target_system: "Ostara",
  direction: "bidirectional",
  status: "completed",
  simulated: false,
  full: false,
  decisions_only: false,
  trigger: "manual",
  actor: "mara",
  started_at: "2026-01-01T00:00:00Z",
  finished_at: "2026-01-01T00:00:01Z",
  execution_time_ms: 1_000,
  processed: 3,
  succeeded: 3,
  failed: 0,
  skipped: 0,
  conflicts: 0,
  created: NONE,
  updated: NONE,
  deleted: NONE,
  success_rate: 1,
  error: null,
  plan_hash: "9f2c",
  cancelling: false,
  progress: null,
};
const run = (change: Partial<RunView>): RunView => ({ ...RUN, ...change });

const WRITES = { created: { source: 0, target: 2 }, deleted: { source: 1, target: 0 } };

describe("what can be done about a run", () => {
  test.each([
    ["a simulation", { simulated: true }, "apply"],
    ["a simulation that a guard refused", { simulated: true, status: "failed" }, "none"],
    ["a simulation still going on", { simulated: true, status: "running" }, "none"],
    ["a simulated rollback", { simulated: true, rolls_back: "r" }, "roll back now"],
    ["a run", { simulated: false }, "roll back"],
    ["a run that failed after its first writes", { status: "failed" }, "roll back"],
    ["a run without details", { details_removed: { at: "", kept_days: 1 } }, "none"],
  ] as const)("%s", (_, change, step) => {
    expect(nextStep(run({ simulated: false, status: "completed", ...WRITES, ...change }))).toBe(
      step,
    );
  });

  test("nothing, where nothing was or would be written", () => {
    const idle = run({ created: NONE, updated: NONE, deleted: NONE, simulated: true });
    expect([changesOf(idle), nextStep(idle)]).toEqual([0, "none"]);
  });
});
