import { expect, test } from "vitest";
import type { KeyLike } from "@/components/keys";
import { type Intent, intentOf } from "./keys";

const key = (name: string, change: Partial<KeyLike> = {}): KeyLike => ({
  key: name,
  code: /^\d$/.test(name) ? `Digit${name}` : "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...change,
});

test.each<[KeyLike, Intent | null]>([
  [key("1"), { do: "take", take: "source" }],
  [key("2"), { do: "take", take: "target" }],
  [key("3"), { do: "take", take: "base" }],
  [key("1", { code: "Numpad1" }), { do: "take", take: "source" }],
  [key("4"), { do: "edit" }],
  [key("e"), { do: "edit" }],
  [key("0"), { do: "clear" }],
  [key("!", { code: "Digit1", shiftKey: true }), { do: "fill", take: "source" }],
  [key('"', { code: "Digit2", shiftKey: true }), { do: "fill", take: "target" }],
  [key("§", { code: "Digit3", shiftKey: true }), { do: "fill", take: "base" }],
  [key("j"), { do: "move", by: 1 }],
  [key("k"), { do: "move", by: -1 }],
  [key("]"), { do: "open", by: 1 }],
  [key("["), { do: "open", by: -1 }],
  [key("n"), { do: "note" }],
  [key("a"), { do: "accept" }],
  [key("A", { shiftKey: true }), { do: "accept_all" }],
  [key("B", { shiftKey: true }), null],
  [key("Enter", { ctrlKey: true }), { do: "resolve" }],
  [key("Enter", { metaKey: true }), { do: "resolve" }],
  [key("Escape"), { do: "back" }],
  [key("5"), null],
  [key("Enter"), null],
  [key("1", { ctrlKey: true }), null],
  [key("1", { altKey: true }), null],
  [key("Tab"), null],
])("%j means %j", (event, intent) => {
  expect(intentOf(event, false, true)).toEqual(intent);
});

test("while typing, letters and digits are text", () => {
  for (const name of ["1", "e", "j", "0", "["]) expect(intentOf(key(name), true, true)).toBeNull();
  expect(intentOf(key("Enter", { ctrlKey: true }), true, true)).toEqual({ do: "resolve" });
});

test("single keys can be turned off; chords stay", () => {
  for (const name of ["1", "e", "j", "0", "["])
    expect(intentOf(key(name), false, false)).toBeNull();
  expect(intentOf(key("A", { shiftKey: true }), false, false)).toBeNull();
  const fill = key("!", { code: "Digit1", shiftKey: true });
  expect(intentOf(fill, false, false)).toEqual({ do: "fill", take: "source" });
  expect(intentOf(key("Enter", { ctrlKey: true }), false, false)).toEqual({ do: "resolve" });
});
