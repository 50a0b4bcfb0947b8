import { describe, expect, test } from "vitest";
import type { ConflictSummary } from "@/ipc";
import { type ConflictsSearch, conflictsSearch, fits } from "../search";
import { groupsOf } from "./groups";
import { testConflict } from "./test-conflict";

function item(sync: string, contested: string[], detected_at: string): ConflictSummary {
  const { fields: _fields, ...rest } = testConflict({ sync, detected_at });
  return { ...rest, contested };
}

const ITEMS = [
  item("customers", ["phone", "city"], "2026-03-02T00:00:00Z"),
  item("customers", ["city", "phone"], "2026-03-01T00:00:00Z"),
  item("customers", ["city"], "2026-03-03T00:00:00Z"),
  item("products", ["price"], "2026-03-04T00:00:00Z"),
];

describe("groups of conflicts", () => {
  test.each([
    ["sync", [3, 1]],
    ["field", [3, 2, 1]],
    ["signature", [2, 1, 1]],
  ] as const)("by %s, the largest first, and each leads to just its own", (by, counts) => {
    const groups = groupsOf(ITEMS, by);
    expect(groups.map((group) => group.count)).toEqual(counts);
    for (const group of groups) {
      const search: ConflictsSearch = group.search;
      expect(conflictsSearch.parse(search)).toEqual(search);
      const found = ITEMS.filter((each) => each.sync === search.sync && fits(search, each));
      expect(found).toHaveLength(group.count);
    }
  });

  test("tell when the oldest was found", () => {
    expect(groupsOf(ITEMS, "signature")[0]?.oldest).toBe("2026-03-01T00:00:00Z");
  });
});
