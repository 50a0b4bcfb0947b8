import { expect, test } from "vitest";
import { density, describe, type TimedRun } from "./density";

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
