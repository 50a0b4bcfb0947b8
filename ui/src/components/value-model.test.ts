import { expect, test } from "vitest";
import {
  changedSegments,
  difference,
  type JsonValue,
  sameJson,
  sameValue,
  segments,
  valueWord,
} from "./value-model";

const drawn = (text: string) => segments(text).map((each) => each.text);

test.each([
  ["plain text", ["plain text"]],
  [" edge", ["·", "edge"]],
  ["edge ", ["edge", "·"]],
  ["two  spaces", ["two", "·", "·", "spaces"]],
  ["a\tb", ["a", "⇥", "b"]],
  ["a\nb", ["a", "↵", "b"]],
  ["a\u00a0b", ["a", "⍽", "b"]],
  ["a\u200bb", ["a", "[ZWSP]", "b"]],
  ["a\u202eb", ["a", "[U+202E]", "b"]],
  ["a\u0007b", ["a", "[U+0007]", "b"]],
  ["👩‍🔬 ok", ["👩", "[ZWJ]", "🔬 ok"]],
])("%j shows what cannot be seen", (text, parts) => {
  expect(drawn(text)).toEqual(parts);
});

test.each<[JsonValue | undefined, JsonValue | undefined, string]>([
  ["a", "a", "same"],
  [{ a: 1, b: [2] }, { b: [2], a: 1 }, "same"],
  ["a b", "a  b", "white space"],
  ["a", " a", "white space"],
  ["a", "a\u200b", "white space"],
  ["Café", "Cafe\u0301", "Unicode form"],
  ["ADA", "ada", "letter case"],
  ["12", 12, "type"],
  ["true", true, "type"],
  ["", null, "empty or null"],
  [undefined, null, "empty or null"],
  [["a", "b"], ["b", "a"], "order"],
  [["a", "b"], ["b", "c"], "value"],
  ["1500.00", "2000.00", "value"],
  ["", "x", "value"],
  [null, 0, "value"],
])("%j and %j differ by: %s", (a, b, kind) => {
  expect(difference(a, b)).toBe(kind);
  expect(difference(b, a)).toBe(kind);
});

test("words that are new are flagged, in order and complete", () => {
  const parts = changedSegments("rings once, then waits ", "rings twice, then waits");
  expect(parts.map((part) => part.text).join("")).toBe("rings once, then waits·");
  expect(parts.filter((part) => part.changed).map((part) => part.text)).toEqual(["once", "·"]);
});

test("with nothing in common, nothing is flagged", () => {
  expect(changedSegments("alpha", "omega").some((part) => part.changed)).toBe(false);
});

test.each([
  [null, "no value (null)"],
  ["", "empty text"],
  [undefined, "not present"],
  [[], "empty list"],
  ["x", null],
  [0, null],
  [false, null],
])("%j has the word %s", (value, word) => {
  expect(valueWord(value as JsonValue)).toBe(word);
});

test("objects with the same number of other keys are not the same", () => {
  expect(sameJson({ a: 1 }, { b: 1 })).toBe(false);
  expect(sameJson({ a: undefined as unknown as null }, { b: 1 })).toBe(false);
  expect(sameJson([1], { 0: 1 })).toBe(false);
});

test.each<[string, JsonValue | undefined, JsonValue | undefined, boolean]>([
  ["decimal", "1.50", "1.5", true],
  ["decimal", "100.00", "100", true],
  ["decimal", "100", "10", false],
  ["decimal", "0.1", "0.10", true],
  ["text", "1.50", "1.5", false],
  ["text", null, undefined, true],
  ["text", null, "", false],
  ["boolean", true, true, true],
])("as %s, %j and %j are the same: %s", (type, a, b, same) => {
  expect(sameValue(type, a, b)).toBe(same);
});
