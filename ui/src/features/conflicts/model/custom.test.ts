import { expect, test } from "vitest";
import type { Json, WireFieldType } from "@/ipc";
import { customText, parseCustom } from "./custom";

test.each<[WireFieldType, string, Json]>([
  ["text", " as it is ", " as it is "],
  ["text", "", ""],
  ["reference", "42", "42"],
  ["integer", "9007199254740993", "9007199254740993"],
  ["integer", " +7 ", "7"],
  ["integer", "-7", "-7"],
  ["decimal", "0.10", "0.10"],
  ["decimal", "-.5", "-.5"],
  ["boolean", "true", true],
  ["boolean", "false", false],
  ["date", "2024-02-29", "2024-02-29"],
  ["timestamp", "2026-03-31T14:05:00Z", "2026-03-31T14:05:00Z"],
  ["timestamp", "2026-03-31T14:05:00.123+02:00", "2026-03-31T14:05:00.123+02:00"],
  ["json", '{"a":[1,null]}', { a: [1, null] }],
  ["json", '"12345678901234567890"', "12345678901234567890"],
  ["json", "null", null],
  ["list", '["a"]', ["a"]],
])("%s takes %j", (type, text, value) => {
  expect(parseCustom(type, text)).toEqual({ ok: true, value });
});

test.each<[WireFieldType, string]>([
  ["integer", "1.5"],
  ["integer", ""],
  ["integer", "1e3"],
  ["decimal", "1,5"],
  ["decimal", "."],
  ["decimal", "abc"],
  ["boolean", "yes"],
  ["date", "2026-02-30"],
  ["date", "31.03.2026"],
  ["timestamp", "2026-03-31"],
  ["timestamp", "2026-03-31T14:05:00"],
  ["timestamp", "2026-13-31T14:05:00Z"],
  ["json", "{a:1}"],
  ["json", '{"a":9007199254740993}'],
  ["json", "1e999"],
  ["list", '{"a":1}'],
])("%s refuses %j, with a reason", (type, text) => {
  const parsed = parseCustom(type, text);
  expect(parsed.ok).toBe(false);
  expect(parsed.ok || parsed.reason).toMatch(/\.$/);
});

test.each<[Json | undefined, string]>([
  [undefined, ""],
  [null, ""],
  ["text", "text"],
  [true, "true"],
  [["a"], '["a"]'],
])("editing %j starts from %j", (value, text) => {
  expect(customText(value)).toBe(text);
});
