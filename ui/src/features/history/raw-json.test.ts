import { expect, test } from "vitest";
import type { FieldDiff } from "@/ipc";
import { rawJson } from "./raw-json";

const fields: FieldDiff[] = [
  { field: "name", type: "text", before: "Ada", after: "Ada L.", changed: true },
  { field: "tags", type: "text", before: ["a"], after: ["a"], changed: false },
  { field: "__proto__", type: "text", before: null, after: "x", changed: true },
];

test.each([
  ["update", "before", '{"name":"Ada","tags":["a"],"__proto__":null}'],
  ["update", "after", '{"name":"Ada L.","tags":["a"],"__proto__":"x"}'],
  ["create", "before", "null"],
  ["create", "after", '{"name":"Ada L.","tags":["a"],"__proto__":"x"}'],
  ["delete", "before", '{"name":"Ada","tags":["a"],"__proto__":null}'],
  ["delete", "after", "null"],
] as const)("%s: the record %s, unchanged fields too", (kind, when, expected) => {
  const text = rawJson({ kind, fields }, when);
  expect(text.replace(/\s(?=(?:[^"]*"[^"]*")*[^"]*$)/g, "")).toBe(expected);
});
