import { expect, test } from "vitest";
import { changeBetween } from "./text-change";

test.each([
  ["", "", null],
  ["same", "same", null],
  ["", "new", { from: 0, to: 0, insert: "new" }],
  ["old", "", { from: 0, to: 3, insert: "" }],
  ["a = 1\nb = 2", "a = 10\nb = 2", { from: 5, to: 5, insert: "0" }],
  ["aaa", "aa", { from: 2, to: 3, insert: "" }],
  ["aa", "aaa", { from: 2, to: 2, insert: "a" }],
  ["x = 1", "y = 2", { from: 0, to: 5, insert: "y = 2" }],
])("%j becomes %j by the least change", (before, after, want) => {
  const change = changeBetween(before, after);
  expect(change).toEqual(want);
  if (change) {
    const { from, to, insert } = change;
    expect(before.slice(0, from) + insert + before.slice(to)).toBe(after);
  }
});
