import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AnnounceProvider, useAnnounce } from "@/components/announce";
import { UndoProvider } from "@/components/undo";
import { connectWith, TenantProvider } from "@/ipc";
import { StatusBar } from "./status-bar";

const RUN = "run-1";
let status: string;
let running: object[];
let simulated: boolean;
let announce: ReturnType<typeof useAnnounce>;
let client: QueryClient;

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  status = "running";
  running = [];
  simulated = false;
  connectWith({
    call: async (command) =>
      command === "overview" ? { running } : { id: RUN, sync: "people", status, simulated },
    listen: () => () => undefined,
  });
});
afterEach(() => void vi.useRealTimers());

function Probe() {
  announce = useAnnounce();
  return <StatusBar />;
}

async function show() {
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const routeTree = createRootRoute({ component: Probe });
  const router = createRouter({ routeTree, history: createMemoryHistory() });
  render(
    <QueryClientProvider client={client}>
      <TenantProvider tenant="acme">
        <AnnounceProvider>
          <UndoProvider>
            <RouterProvider router={router} />
          </UndoProvider>
        </AnnounceProvider>
      </TenantProvider>
    </QueryClientProvider>,
  );
  await screen.findByText("No sync is running");
}

const idle = () => screen.queryByText("No sync is running");
const say = (text: string, run?: string) => act(() => announce(text, run));
const refetch = () => act(() => client.invalidateQueries());
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

test("a sync that has just started is never said not to run", async () => {
  await show();
  await say("people started.", RUN);
  expect(screen.getByText("people started.")).toBeTruthy();
  expect(idle()).toBeNull();
});

test("while it runs one thing is seen; the sentence is still there to be read out", async () => {
  await show();
  await say("people started.", RUN);
  running = [{ id: RUN, sync: "people" }];
  await refetch();
  expect(await screen.findByText("Running")).toBeTruthy();
  expect(screen.getByText("people started.").parentElement?.className).toBe("sr-only");
  await pass(60_000);
  expect(screen.getByText("people started.")).toBeTruthy();
});

test.each([
  ["completed", false, "people is finished."],
  ["partial", false, "people is finished in part."],
  ["failed", false, "people failed."],
  ["completed", true, "The simulation of people is finished."],
])("a run that is %s (simulated: %s) says so, then nothing runs", async (end, dry, words) => {
  await show();
  await say("people started.", RUN);
  await pass(20_000);
  [status, simulated] = [end, dry];
  await refetch();
  expect((await screen.findByText(words)).parentElement?.className).toBe("");
  expect(screen.queryByText("people started.")).toBeNull();
  expect(idle()).toBeNull();
  await pass(6_000);
  expect(screen.queryByText(words)).toBeNull();
  expect(idle()).toBeTruthy();
});

test("other news stands alone for some seconds", async () => {
  await show();
  await say("Marked as settled.");
  expect(idle()).toBeNull();
  await pass(6_000);
  expect(screen.queryByText("Marked as settled.")).toBeNull();
  expect(idle()).toBeTruthy();
});
