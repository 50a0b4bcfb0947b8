import { describe, expect, test } from "vitest";
import {
  type Action,
  type Choice,
  type Decision,
  decide,
  nextUndecided,
  readiness,
  resultOf,
  start,
  undecidedCount,
} from "./decision";
import { testConflict, testField } from "./test-conflict";

const take = (field: string, side: "source" | "target" | "base"): Action => ({
  type: "choose",
  field,
  choice: { take: side },
  advance: true,
});
const having = (state: Decision, ...actions: Action[]) => actions.reduce(decide, state);
const fresh = () => start(testConflict());
const taken = (state: Decision) =>
  Object.fromEntries(Object.entries(state.choices).map(([field, { take: side }]) => [field, side]));

test("starts undecided, on the first field, with contested fields only", () => {
  const state = fresh();
  expect(state.fields.map(({ field }) => field)).toEqual(["a", "b", "c", "d", "e"]);
  expect(undecidedCount(state)).toBe(5);
  expect(state.cursor).toBe(0);
  expect(readiness(state)).toMatchObject({ ready: false, field: "a" });
});

test("five choices decide five fields, each going on to the next", () => {
  const state = having(
    fresh(),
    take("a", "source"),
    take("b", "target"),
    take("c", "base"),
    take("d", "source"),
    take("e", "target"),
  );
  expect(readiness(state)).toEqual({
    ready: true,
    choices: [
      { field: "a", take: "source" },
      { field: "b", take: "target" },
      { field: "c", take: "base" },
      { field: "d", take: "source" },
      { field: "e", take: "target" },
    ],
  });
});

test("going on skips what is decided and comes round to what was left out", () => {
  const state = having(
    fresh(),
    { type: "focus", field: "d" },
    take("d", "base"),
    take("e", "base"),
  );
  expect(state.cursor).toBe(0);
  expect(nextUndecided(having(state, take("a", "base"), take("b", "base")), 1)).toBe(2);
});

test("clicking chooses without moving on", () => {
  const state = decide(fresh(), {
    type: "choose",
    field: "c",
    choice: { take: "target" },
    advance: false,
  });
  expect(state.cursor).toBe(2);
});

test("clearing makes a field undecided again", () => {
  const state = having(fresh(), take("a", "source"), { type: "clear", field: "a" });
  expect(taken(state)).toEqual({});
});

test("moving stays within the fields", () => {
  expect(decide(fresh(), { type: "move", by: -1 }).cursor).toBe(0);
  expect(decide(fresh(), { type: "move", by: 9 }).cursor).toBe(4);
});

describe("filling a column", () => {
  test("first fills what is undecided", () => {
    const state = having(fresh(), take("b", "target"), { type: "fill", take: "source" });
    expect(taken(state)).toEqual({
      a: "source",
      b: "target",
      c: "source",
      d: "source",
      e: "source",
    });
  });

  test("the same key again overwrites all", () => {
    const state = having(
      fresh(),
      take("b", "target"),
      { type: "fill", take: "source" },
      { type: "fill", take: "source" },
    );
    expect(new Set(Object.values(taken(state)))).toEqual(new Set(["source"]));
  });

  test.each<[string, Action]>([
    ["another column", { type: "fill", take: "target" }],
    ["a choice", take("a", "base")],
    ["a move", { type: "move", by: 1 }],
    ["a refresh", { type: "refresh", conflict: testConflict({ revision: 2 }) }],
  ])("%s in between starts over", (_, between) => {
    const state = having(fresh(), take("b", "base"), { type: "fill", take: "source" }, between, {
      type: "fill",
      take: "source",
    });
    expect(state.choices.b).toEqual({ take: "base" });
  });

  test("with everything decided, one press alone changes nothing", () => {
    const all = having(fresh(), { type: "fill", take: "target" }, { type: "move", by: 1 });
    expect(taken(decide(all, { type: "fill", take: "source" }))).toEqual(taken(all));
  });
});

test("a value that is not there cannot be taken", () => {
  const state = start(testConflict({ fields: [testField("a", undefined, "s", "t")] }));
  expect(taken(decide(state, take("a", "base")))).toEqual({});
  expect(taken(decide(state, { type: "fill", take: "base" }))).toEqual({});
  expect(taken(decide(state, { type: "fill", take: "target" }))).toEqual({ a: "target" });
});

test("a custom value is sent as it is, null included", () => {
  const custom = (value: string | null): Action => ({
    type: "choose",
    field: "a",
    choice: { take: "custom", value },
    advance: true,
  });
  const state = start(testConflict({ fields: [testField("a", "b", "s", "t")] }));
  expect(readiness(decide(state, custom("own")))).toEqual({
    ready: true,
    choices: [{ field: "a", take: "custom", value: "own" }],
  });
  expect(readiness(decide(state, custom(null)))).toEqual({
    ready: true,
    choices: [{ field: "a", take: "custom", value: null }],
  });
});

test.each<[Choice | undefined, string | undefined]>([
  [undefined, undefined],
  [{ take: "source" }, "s"],
  [{ take: "target" }, "t"],
  [{ take: "base" }, "b"],
  [{ take: "custom", value: "own" }, "own"],
])("the result of %j is %j", (choice, result) => {
  expect(resultOf(testField("a", "b", "s", "t"), choice)).toBe(result);
});

test("choices kept from an earlier decision are taken up", () => {
  const fields = testConflict().fields.map((field) =>
    field.field === "a" ? { ...field, choice: { field: "a", take: "base" as const } } : field,
  );
  const state = start(testConflict({ fields }));
  expect(taken(state)).toEqual({ a: "base" });
  expect(state.cursor).toBe(1);
});

describe("the record changes meanwhile", () => {
  const changed = testConflict({
    revision: 2,
    fields: testConflict().fields.map((field) =>
      field.field === "b" ? { ...field, source: "b newer" } : field,
    ),
  });
  const decided = () =>
    having(fresh(), take("a", "source"), take("b", "source"), take("c", "base"));
  const refreshed = () => decide(decided(), { type: "refresh", conflict: changed });

  test("unaffected choices stay, the changed field is reset and shows old and new", () => {
    const state = refreshed();
    expect(taken(state)).toEqual({ a: "source", c: "base" });
    expect(state.changes).toEqual({ b: [{ side: "source", old: "b source", now: "b newer" }] });
    expect(state.unseen).toEqual(["b"]);
    expect(state.revision).toBe(2);
  });

  test("resolving waits until the changed field was looked at", () => {
    const filled = decide(refreshed(), { type: "fill", take: "target" });
    expect(undecidedCount(filled)).toBe(0);
    expect(readiness(filled)).toMatchObject({ ready: false, field: "b" });
    expect(readiness(decide(filled, { type: "focus", field: "b" }))).toMatchObject({ ready: true });
  });

  test("a focus that stays on the changed row is no look at it; going there or being sent is", () => {
    const there = decide(refreshed(), { type: "focus", field: "b" });
    expect(there.unseen).toEqual([]);
    const fields = changed.fields.map((field) =>
      field.field === "b" ? { ...field, source: "b newest" } : field,
    );
    const again = decide(there, { type: "refresh", conflict: { ...changed, fields, revision: 3 } });
    expect(decide(again, { type: "focus", field: "b" })).toBe(again);
    expect(again.unseen).toEqual(["b"]);
    expect(decide(again, { type: "look", field: "b" }).unseen).toEqual([]);
  });

  test("what was already flagged stays flagged through the next revision", () => {
    const state = decide(refreshed(), { type: "refresh", conflict: { ...changed, revision: 3 } });
    expect(state.unseen).toEqual(["b"]);
    expect(Object.keys(state.changes)).toEqual(["b"]);
  });

  test("a field that became contested has to be looked at too", () => {
    const fields = changed.fields.map((field) => ({ ...field, contested: true }));
    const state = decide(decided(), { type: "refresh", conflict: { ...changed, fields } });
    expect(state.unseen).toEqual(["b", "same"]);
    expect(state.changes.same).toEqual([]);
  });

  test("a field that is no longer contested is dropped with its choice", () => {
    const fields = changed.fields.map((field) => ({ ...field, contested: field.field !== "c" }));
    const state = decide(decided(), { type: "refresh", conflict: { ...changed, fields } });
    expect(taken(state)).toEqual({ a: "source" });
    expect(state.fields.some(({ field }) => field === "c")).toBe(false);
  });

  test("the same revision again changes nothing, another conflict starts afresh", () => {
    const state = decided();
    expect(decide(state, { type: "refresh", conflict: testConflict() })).toBe(state);
    const other = decide(state, { type: "refresh", conflict: testConflict({ id: "c2" }) });
    expect(taken(other)).toEqual({});
  });

  test("an editor that is open keeps its field if that one did not change", () => {
    const editing = decide(decided(), { type: "edit", field: "d" });
    expect(decide(editing, { type: "refresh", conflict: changed }).editing).toBe("d");
    const onChanged = decide(decided(), { type: "edit", field: "b" });
    expect(decide(onChanged, { type: "refresh", conflict: changed }).editing).toBeNull();
  });
});
