import { describe, expect, test } from "vitest";
import { run } from "../../../e2e/fake-data";
import { changesOf, nextStep } from "./plan";

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
    expect(nextStep(run(1, { simulated: false, status: "completed", ...WRITES, ...change }))).toBe(
      step,
    );
  });

  test("nothing, where nothing was or would be written", () => {
    const none = { source: 0, target: 0 };
    const idle = run(1, { created: none, updated: none, deleted: none, simulated: true });
    expect([changesOf(idle), nextStep(idle)]).toEqual([0, "none"]);
  });
});
