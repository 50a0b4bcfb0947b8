import { expect, test } from "vitest";
import { historySearch } from "./search";

test.each([
  [{}, {}],
  [
    { text: "run-1", status: "failed" },
    { text: "run-1", status: "failed" },
  ],
  [{ text: 42 }, { text: "42" }],
  [{ status: "odd", since: "yesterday" }, {}],
  [
    { since: "2026-03-01T10:00:00.000Z", until: "2026-03-01T12:00:00+01:00" },
    { since: "2026-03-01T10:00:00.000Z", until: "2026-03-01T12:00:00+01:00" },
  ],
])("%j is read as %j; what is unknown is dropped", (address, search) => {
  const read = Object.entries(historySearch.parse(address)).filter(([, value]) => value);
  expect(Object.fromEntries(read)).toEqual(search);
});
