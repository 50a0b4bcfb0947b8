import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connectWith } from "./client";
import { followEvents } from "./events";
import type { RunProgress, RunView, WireEvent } from "./generated/types";
import { commandKey } from "./query";
import type { EventHandlers } from "./transport";

let handlers: EventHandlers;
let client: QueryClient;
const alerts: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient();
  alerts.length = 0;
  connectWith({
    call: async () => null,
    listen: (given) => {
      handlers = given;
      return () => undefined;
    },
  });
  followEvents(client, {
    onLive: () => undefined,
    onAlert: (tenant, message) => alerts.push(`${tenant}: ${message}`),
  });
});
afterEach(() => vi.useRealTimers());

const put = (tenant: string, command: "list_runs" | "list_conflicts") => {
  const key = commandKey(command, { tenant, limit: 5 });
  client.setQueryData(key, { items: [], next: null } as never);
  return () => client.getQueryState(key)?.isInvalidated;
};

test("an event makes stale what it concerns, for its own tenant only", () => {
  const mine = put("a", "list_runs");
  const conflicts = put("a", "list_conflicts");
  const others = put("b", "list_runs");
  handlers.onEvent({ type: "run_started", tenant: "a", run: "1", sync: "s" });
  vi.advanceTimersByTime(1_000);
  expect([mine(), conflicts(), others()]).toEqual([true, false, false]);
});

test("a burst of events refetches once", () => {
  const spy = vi.spyOn(client, "invalidateQueries");
  const event: WireEvent = {
    type: "conflict_detected",
    tenant: "a",
    conflict: "c",
    sync: "s",
    run: "r",
  };
  for (let nth = 0; nth < 5_000; nth += 1) handlers.onEvent(event);
  vi.advanceTimersByTime(1_000);
  expect(spy).toHaveBeenCalledTimes(1);
});

test("after a gap everything is stale; the first connection makes nothing stale", () => {
  const runs = put("a", "list_runs");
  handlers.onLive(true);
  expect(runs()).toBe(false);
  handlers.onLive(false);
  handlers.onLive(true);
  expect(runs()).toBe(true);
});

test("progress goes straight into the run that is shown", () => {
  const key = commandKey("get_run", { tenant: "a", id: "r" });
  client.setQueryData(key, { id: "r", status: "pending", processed: 0 } as RunView);
  const progress = { phase: "apply", done: 5, total: 10, processed: 5 } as RunProgress;
  handlers.onEvent({ type: "run_progress", tenant: "a", run: "r", sync: "s", progress });
  expect(client.getQueryData<RunView>(key)).toMatchObject({
    status: "running",
    processed: 5,
    progress,
  });
});

test("an alert is passed on", () => {
  handlers.onEvent({ type: "alert_raised", tenant: "a", sync: "s", run: "r", message: "down" });
  expect(alerts).toEqual(["a: down"]);
});
