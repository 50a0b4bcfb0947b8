import { expect, test } from "vitest";
import type { ConflictSummary, FieldSuggestion } from "@/ipc";
import { decide, start } from "./decision";
import { acceptance, clearOnes, evidence, suggestedText } from "./suggestion";
import { testConflict } from "./test-conflict";

const suggest = (field: string, change: Partial<FieldSuggestion> = {}): FieldSuggestion => ({
  field,
  take: "target",
  chosen: 47,
  of: 49,
  same_pattern: false,
  strong: true,
  offered: 0,
  followed: 0,
  ...change,
});
const systems = { source_system: "Shop", target_system: "ERP" };

test("the evidence names the system and counts", () => {
  expect(evidence(suggest("a"), systems)).toBe("ERP chosen 47 of 49 times");
  expect(evidence(suggest("a", { take: "source", same_pattern: true }), systems)).toBe(
    "Shop chosen 47 of 49 times in cases like this",
  );
  expect(evidence(suggest("a", { take: "base" }), systems)).toBe(
    "base value chosen 47 of 49 times",
  );
  expect(acceptance(suggest("a"))).toBeNull();
  expect(acceptance(suggest("a", { offered: 12, followed: 9 }))).toBe(
    "suggested 12 times so far, followed 9",
  );
});

test.each<[string, FieldSuggestion[], string]>([
  ["nothing", [], ""],
  ["one side for all", [suggest("a"), suggest("b")], "ERP"],
  ["some fields", [suggest("a")], "1 of 2 fields"],
  ["different sides", [suggest("a"), suggest("b", { take: "source" })], "2 of 2 fields"],
])("the list says: %s", (_, suggestions, text) => {
  const { fields: _fields, ...rest } = testConflict();
  const item: ConflictSummary = { ...rest, ...systems, suggestions, contested: ["a", "b"] };
  expect(suggestedText(item)).toBe(text);
});

test("all clear ones are taken at once: nothing decided, nothing unclear, nothing unseen", () => {
  const suggestions = [
    suggest("a"),
    suggest("b", { take: "base" }),
    suggest("c", { strong: false }),
    suggest("d"),
    suggest("e"),
  ];
  const first = testConflict({ suggestions });
  let state = start(first);
  expect(state.choices).toEqual({});
  state = decide(state, { type: "choose", field: "a", choice: { take: "source" }, advance: true });
  const moved = first.fields.map((field) =>
    field.field === "e" ? { ...field, target: "new" } : field,
  );
  state = decide(state, { type: "refresh", conflict: { ...first, revision: 2, fields: moved } });
  const clear = clearOnes(suggestions, state);
  expect(clear).toEqual({ b: "base", d: "target" });
  state = decide(state, { type: "accept", fields: clear });
  expect(state.choices).toEqual({
    a: { take: "source" },
    b: { take: "base" },
    d: { take: "target" },
  });
  expect(state.fields[state.cursor]?.field).toBe("c");
  expect(state.unseen).toEqual(["e"]);
  // Whatever is handed in, what changed is not accepted unseen.
  expect(decide(state, { type: "accept", fields: { e: "target" } }).choices).toEqual(state.choices);
});
