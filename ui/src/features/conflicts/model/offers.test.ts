import { expect, test } from "vitest";
import type { ConflictSummary } from "@/ipc";
import { offers } from "./offers";
import { testConflict } from "./test-conflict";

function item(change: Partial<ConflictSummary>): ConflictSummary {
  const { fields: _fields, ...rest } = testConflict();
  return { ...rest, contested: ["phone"], ...change };
}

test.each([
  [
    "values, by the systems' own names",
    [item({}), item({})],
    ["Take Lumen", "Take Ostara", "Take the base"],
    [{ take: "source" }, { take: "target" }, { take: "base" }],
  ],
  [
    "values, where the systems are not the same ones",
    [item({}), item({ source_system: "Other" })],
    ["Take the source", "Take Ostara", "Take the base"],
    [{ take: "source" }, { take: "target" }, { take: "base" }],
  ],
  [
    "values, where only some are about deletes",
    [item({}), item({ kind: "delete" })],
    ["Take Lumen", "Take Ostara", "Take the base"],
    [{ take: "source" }, { take: "target" }, { take: "base" }],
  ],
  [
    "fates, where all are about deletes",
    [item({ kind: "delete" })],
    ["Delete the other one too", "Bring the deleted one back", "Leave both alone"],
    [{ choice: "delete_both" }, { choice: "restore" }, { choice: "unlink" }],
  ],
])("what is offered: %s", (_, selected, words, decisions) => {
  const offered = offers(selected);
  expect(offered.map((each) => each.digit)).toEqual([1, 2, 3]);
  expect(offered.map((each) => each.words)).toEqual(words);
  expect(offered.map((each) => each.decision)).toEqual(decisions);
});
