import { expect, test } from "vitest";
import type { KeyLike } from "@/components/keys";
import { GoKeys } from "./go-keys";
import { SCREENS } from "./screens";

const key = (name: string, change: Partial<KeyLike> = {}): KeyLike => ({
  key: name,
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...change,
});

test.each(SCREENS.map((screen) => [screen.key, screen.name]))("g %s goes to %s", (letter, name) => {
  const keys = new GoKeys();
  expect(keys.press(key("g"), 0)).toEqual({ kind: "wait" });
  expect(keys.press(key(letter), 100)).toMatchObject({ kind: "go", screen: { name } });
});

test("no two screens share a key", () => {
  expect(new Set(SCREENS.map((screen) => screen.key)).size).toBe(SCREENS.length);
});

test("the key after g never acts as itself, even when it leads nowhere", () => {
  const keys = new GoKeys();
  keys.press(key("g"), 0);
  expect(keys.press(key("1"), 10)).toEqual({ kind: "drop" });
  expect(keys.press(key("1"), 20)).toEqual({ kind: "ignore" });
});

test("g is forgotten after a while", () => {
  const keys = new GoKeys();
  keys.press(key("g"), 0);
  expect(keys.press(key("c"), 2_000)).toEqual({ kind: "ignore" });
});

test("chords are left alone", () => {
  const keys = new GoKeys();
  expect(keys.press(key("g", { ctrlKey: true }), 0)).toEqual({ kind: "ignore" });
  expect(keys.press(key("Shift", { shiftKey: true }), 0)).toEqual({ kind: "ignore" });
});
