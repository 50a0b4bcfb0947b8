import { expect, test } from "vitest";
import {
  addField,
  type Members,
  narrowed,
  problemsByField,
  put,
  putField,
  removeFields,
  rows,
  setWay,
} from "./value";

const SYNC: Members = {
  name: "people",
  match_key: ["email"],
  conflict: { default: "manual", fields: { phone: "source_wins" } },
  mapping: {
    email: "text",
    phone: { type: "text", source: "tel", target: { path: "phone", read_only: true } },
    credit: { type: { decimal: { scale: 2 } }, source: { transforms: ["trim"] } },
    full: { type: "text", source: { join: { paths: ["a", "b"], separator: " " } } },
  },
};

test("short and long forms are the same rows", () => {
  const table = rows(SYNC).map(({ name, type, source, target, policy }) => [
    name,
    type,
    source,
    target,
    policy,
  ]);
  expect(table).toEqual([
    ["email", "text", "email", "email", ""],
    ["phone", "text", "tel", "phone", "source_wins"],
    ["credit", "decimal", "credit", "credit", ""],
    ["full", "text", "a + b", "full", ""],
  ]);
});

test("a change leaves what it was made from as it was", () => {
  const before = structuredClone(SYNC);
  expect(put(SYNC, ["limits", "chunk_size"], 5).limits).toEqual({ chunk_size: 5 });
  expect(put({ limits: { chunk_size: 5 } }, ["limits", "chunk_size"], undefined)).toEqual({});
  expect(putField(SYNC, "phone", ["source", "path"], "mobile").mapping).toMatchObject({
    phone: { type: "text", source: { path: "mobile" } },
  });
  expect(putField(SYNC, "email", ["type"], "integer").mapping).toMatchObject({
    email: { type: "integer" },
  });
  expect(SYNC).toEqual(before);
});

test("a field that goes takes every rule about it along", () => {
  const left = removeFields(SYNC, new Set(["email", "phone"]));
  expect(Object.keys(left.mapping as Members)).toEqual(["credit", "full"]);
  expect(left.match_key).toEqual([]);
  expect(left.conflict).toEqual({ default: "manual" });
});

test("a way is which side is never written", () => {
  const way = (value: Members) => {
    const row = rows(value).find(({ name }) => name === "phone");
    return [row?.sourceReadOnly, row?.targetReadOnly];
  };
  expect(way(setWay(SYNC, "phone", "both"))).toEqual([false, false]);
  expect(way(setWay(SYNC, "phone", "to_target"))).toEqual([true, false]);
  expect(way(setWay(SYNC, "phone", "to_source"))).toEqual([false, true]);
});

test("what is added never replaces a field", () => {
  const wanted = { field: "email", type: "text", source: "mail", target: "email" };
  const added = addField(SYNC, wanted).mapping as Members;
  expect(added.email).toBe("text");
  expect(added.email_2).toEqual({ type: "text", source: "mail", target: "email" });
});

test("search and filter leave what they say", () => {
  const problems = problemsByField(
    [
      { path: "syncs.people.mapping.credit.source", what: "wrong" },
      { path: "syncs.people.source.connection", what: "elsewhere" },
      { path: "syncs.people.conflict.fields.phone", what: "no such rule" },
    ],
    rows(SYNC).map(({ name }) => name),
  );
  expect([...problems]).toEqual([
    ["credit", "wrong"],
    ["phone", "no such rule"],
  ]);
  const names = (search: string, shown: Parameters<typeof narrowed>[2]) =>
    narrowed(rows(SYNC), search, shown, problems).map(({ name }) => name);
  expect(names("", "all")).toHaveLength(4);
  expect(names("TEL", "all")).toEqual(["phone"]);
  expect(names("", "problems")).toEqual(["phone", "credit"]);
  expect(names("", "own_rule")).toEqual(["phone"]);
  expect(names("", "one_way")).toEqual(["phone"]);
  expect(names("nothing", "all")).toEqual([]);
});
