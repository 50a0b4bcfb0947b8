import { expect, test } from "vitest";
import { density, describe, spanOf, type TimedRun } from "./density";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const HOUR = 3_600_000;
const run = (id: string, hoursAgo: number, status: TimedRun["status"] = "completed"): TimedRun => ({
  id,
  status,
  started_at: new Date(NOW - hoursAgo * HOUR).toISOString(),
});

test("no runs, no strip", () => {
  expect(density([], NOW, 60)).toEqual([]);
});

test("every run is counted once, in at most as many bars as asked for", () => {
  const runs = Array.from({ length: 500 }, (_, nth) => run(String(nth), nth * 1.7));
  for (const most of [1, 10, 60]) {
    const buckets = density(runs, NOW, most);
    expect(buckets.length).toBeLessThanOrEqual(most + 1);
    expect(buckets.reduce((sum, bucket) => sum + bucket.total, 0)).toBe(500);
  }
});

test("bars follow one another without gaps and end with now", () => {
  const buckets = density([run("a", 1), run("b", 30)], NOW, 60);
  for (const [index, bucket] of buckets.entries()) {
    const next = buckets[index + 1];
    if (next) expect(next.from).toBe(bucket.to);
  }
  expect(buckets.at(-1)?.to).toBeGreaterThan(NOW);
});

test("zoomed to a range, the bars cover it and nothing else", () => {
  const runs = [run("late", 1), run("in", 5.5), run("early", 30)];
  const range = { from: NOW - 8 * HOUR, to: NOW - 4 * HOUR };
  const buckets = density(runs, NOW, 60, range);
  expect([buckets[0]?.from, buckets.at(-1)?.to]).toEqual([range.from, range.to]);
  expect(buckets.flatMap(({ newest }) => newest ?? [])).toEqual(["in"]);
});

test.each([
  ["an end before its beginning", { from: NOW, to: NOW - HOUR }],
  ["no length", { from: NOW, to: NOW }],
  ["no end", { from: NOW - HOUR }],
])("a range with %s still has a bar", (_, range) => {
  expect(density([run("a", 0.5)], NOW, 60, range).length).toBeGreaterThan(0);
});

test("a span is the same from either end", () => {
  const buckets = density([run("a", 1), run("b", 30)], NOW, 60);
  const span = spanOf(buckets, 2, 5);
  expect(span).toEqual({ from: buckets[2]?.from, to: buckets[5]?.to });
  expect(spanOf(buckets, 5, 2)).toEqual(span);
  expect(spanOf(buckets, 0, 999)).toBeNull();
});

test("a bar knows its newest run and its words", () => {
  const bar = density([run("new", 0.1, "failed"), run("old", 0.2)], NOW, 1).at(-1);
  expect(bar?.newest).toBe("new");
  expect(bar && describe(bar)).toBe("1 completed, 1 failed");
});

test("a hundred thousand runs are no trouble", () => {
  const runs = Array.from({ length: 100_000 }, (_, nth) => run(String(nth), nth / 4));
  const began = performance.now();
  expect(density(runs, NOW, 60).reduce((sum, bucket) => sum + bucket.total, 0)).toBe(100_000);
  expect(performance.now() - began).toBeLessThan(1_000);
});
