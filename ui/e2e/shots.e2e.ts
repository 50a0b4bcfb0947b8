import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe, type Look, launch, open, settled } from "./browser";
import { FakeBackend, TOKEN } from "./fake-backend";

const SHOTS = process.env.SHOTS;
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const SCREENS: [string, string][] = [
  ["overview", "/t/default/overview"],
  ["conflicts", "/t/default/conflicts"],
  ["conflict-groups", "/t/default/conflicts?by=signature"],
  ["conflict", "/t/default/conflicts/conflict-00000"],
  ["conflict-delete", "/t/default/conflicts/conflict-00003"],
  ["conflict-pairing", "/t/default/conflicts/conflict-00005"],
  ["history", "/t/default/history"],
  ["history-none-match", "/t/default/history?status=pending"],
  ["run", "/t/default/runs/run-000008"],
  ["run-live", "/t/default/runs/run-live"],
  ["run-failed", "/t/default/runs/run-000097"],
  ["simulate", "/t/default/simulate"],
  ["run-plan", "/t/default/runs/run-plan"],
  ["run-rollback-preview", "/t/default/runs/run-rollback"],
  ["run-applied-plan", "/t/default/runs/run-applied"],
  ["errors", "/t/default/errors"],
  ["error", "/t/default/errors/error-0"],
  ["syncs", "/t/default/syncs"],
  ["sync", "/t/default/syncs/customers"],
  ["connections", "/t/default/connections"],
  ["alerts", "/t/default/alerts"],
  ["audit", "/t/default/audit"],
  ["settings", "/t/default/settings"],
];
const LOOKS: Look[] = ["light", "dark", "contrast"];

let browser: Browser;
let backend: FakeBackend;
beforeAll(async () => {
  browser = await launch();
  backend = await FakeBackend.start({ dist: DIST });
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  backend?.stop();
});

describe.each(LOOKS)("in %s", (look) => {
  test.each(SCREENS)("%s is accessible and keeps to the policy", async (name, route) => {
    const { page, complaints } = await open(browser, backend.origin, TOKEN, route, look);
    await settled(page);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${look}.png` });
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
