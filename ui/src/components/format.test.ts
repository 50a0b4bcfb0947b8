import { describe, expect, test } from "vitest";
import {
  formatAgo,
  formatCount,
  formatDuration,
  formatRate,
  formatRemaining,
  formatShare,
  percentDone,
  plural,
} from "./format";

test.each([
  [0, "0"],
  [1_234_567, "1,234,567"],
  ["9007199254740993", "9,007,199,254,740,993"],
  ["not a number", "not a number"],
])("counts %s as %s", (value, text) => {
  expect(formatCount(value)).toBe(text);
});

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_000, "1.0 s"],
  [59_999, "59.9 s"],
  [60_000, "1 min"],
  [61_500, "1 min 1 s"],
  [3_600_000, "1 h"],
  [5_430_000, "1 h 30 min"],
  [90_000_000, "1 d 1 h"],
])("%s ms lasts %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

const NOW = Date.parse("2026-03-01T12:00:00Z");
test.each([
  ["2026-03-01T11:59:55Z", "just now"],
  ["2026-03-01T11:59:30Z", "30 s ago"],
  ["2026-03-01T11:55:00Z", "5 min ago"],
  ["2026-03-01T09:00:00Z", "3 h ago"],
  ["2026-02-01T12:00:00Z", "28 d ago"],
  ["2026-03-01T14:00:00Z", "in 2 h"],
  ["rubbish", "rubbish"],
])("%s was %s", (iso, text) => {
  expect(formatAgo(iso, NOW)).toBe(text);
});

test.each([
  [null, null, "unknown"],
  [3, null, "unknown"],
  [0.4, 0.9, "about under 1 s"],
  [22, 41, "22 s to 41 s"],
  [50, 130, "50 s to 2 min"],
  [118, 124, "about 2 min"],
])("between %s and %s seconds remain: %s", (low, high, text) => {
  expect(formatRemaining(low, high)).toBe(text);
});

test.each([
  [null, "unknown"],
  [0.25, "0.3/s"],
  [9.94, "9.9/s"],
  [1_312.4, "1,312/s"],
])("a rate of %s reads %s", (rate, text) => {
  expect(formatRate(rate)).toBe(text);
});

describe("per cent", () => {
  test.each([
    [0, 100, 0],
    [1, 3, 33],
    [100, 100, 99],
    [250, 100, 99],
    [5, null, null],
    [0, 0, null],
  ])("%s of %s is %s: never 100 before the commit", (done, total, percent) => {
    expect(percentDone(done, total)).toBe(percent);
  });

  test.each([
    [1, "100 %"],
    [0.9999, "99 %"],
    [0.967, "96 %"],
    [0, "0 %"],
  ])("a share of %s reads %s", (share, text) => {
    expect(formatShare(share)).toBe(text);
  });
});

test("one is not many", () => {
  expect(plural(1, "record")).toBe("1 record");
  expect(plural(1_000, "record")).toBe("1,000 records");
  expect(plural(0, "entry", "entries")).toBe("0 entries");
});
