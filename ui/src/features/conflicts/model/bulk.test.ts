import { describe, expect, test } from "vitest";
import type { ConflictSummary, DecidedConflict } from "@/ipc";
import { BATCH, batches, included, isSimilar, pickedOf, rowsOf } from "./bulk";
import { testConflict, testField } from "./test-conflict";

function answer(id: string, outcome: DecidedConflict["outcome"]): DecidedConflict {
  return { id, label: id, sync: "customers", revision: 2, outcome, reason: null };
}

describe("one decision for many", () => {
  test("goes out in batches", () => {
    const all = Array.from({ length: 2 * BATCH + 1 }, (_, nth) => nth);
    expect(batches(all).map((part) => part.length)).toEqual([BATCH, BATCH, 1]);
    expect(batches(all).flat()).toEqual(all);
    expect(batches([])).toEqual([]);
  });

  test("shows first what can be decided, and sends that at the revision that was shown", () => {
    const rows = rowsOf([answer("a", "stale"), answer("b", "decided"), answer("c", "decided")]);
    expect(rows.map((row) => row.decided.id)).toEqual(["b", "c", "a"]);
    const [first, ...others] = rows;
    if (!first) throw new Error("no row");
    const left = [{ ...first, excluded: true }, ...others];
    expect(included(left).map((row) => row.decided.id)).toEqual(["c"]);
    expect(pickedOf(left)).toEqual([{ id: "c", revision: 2 }]);
  });

  test.each([
    ["the same fields, in any order", {}, true],
    ["another sync", { sync: "products" }, false],
    ["another kind", { kind: "delete" as const }, false],
    ["a field more", { contested: ["phone", "city", "street"] }, false],
    ["a field less", { contested: ["phone"] }, false],
  ])("similar: %s", (_, change: Partial<ConflictSummary>, similar) => {
    const conflict = testConflict({
      fields: [
        testField("city", "a", "b", "c"),
        testField("phone", "1", "2", "3"),
        testField("vat", "x", "x", "x", false),
      ],
    });
    const { fields: _fields, ...rest } = conflict;
    const other = { ...rest, contested: ["phone", "city"], ...change };
    expect(isSimilar(conflict, other)).toBe(similar);
  });
});
