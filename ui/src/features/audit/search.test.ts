import { expect, test } from "vitest";
import { asked, auditSearch } from "./search";

test("a day is whole, in the reader's own time zone", () => {
  expect(asked({ from: "2026-02-28", to: "2026-02-28" })).toEqual({
    since: new Date(2026, 1, 28).toISOString(),
    until: new Date(2026, 2, 1).toISOString(),
  });
  expect(asked({ actor: "mara" })).toEqual({ actor: "mara" });
});

test.each([
  [
    { actor: "mara", text: 17 },
    { actor: "mara", text: "17" },
  ],
  [{ from: "yesterday", to: "2026-13-01" }, {}],
])("threat: an address %j is read as far as it makes sense", (given, kept) => {
  expect(auditSearch.parse(given)).toEqual(kept);
});
