import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launch, open, settled } from "./browser";
import { FakeBackend, TOKEN } from "./fake-backend";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
let browser: Browser;
let backend: FakeBackend;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

async function start(
  route: string,
  options: Partial<Parameters<typeof FakeBackend.start>[0]> = {},
) {
  backend = await FakeBackend.start({ dist: DIST, ...options });
  ({ page, complaints } = await open(browser, backend.origin, TOKEN, route));
  await settled(page);
}
afterEach(async () => {
  await page?.context().close();
  backend?.stop();
});

const path = () => new URL(page.url()).hash;
const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};

test("settings take effect at once, by keyboard alone, and survive a reload", async () => {
  await start("/t/default/overview");
  await press("g", ",");
  await page.waitForSelector("h1:text-is('Settings')");
  const root = () =>
    page.evaluate(() => ({ ...document.documentElement.dataset }) as Record<string, string>);
  await page.focus("input[type=radio]:checked");
  await press("ArrowDown");
  await press("Tab");
  await press("ArrowDown");
  expect(await root()).toMatchObject({ theme: "dark", density: "comfortable" });
  await page.focus("input[type=checkbox]");
  await press("Space");
  await page.reload();
  await settled(page);
  expect(await page.isChecked("input[type=checkbox]")).toBe(false);
  expect(await page.isChecked("input[value=comfortable]")).toBe(true);
  // Letters are off: `g o` leads nowhere, the palette still does.
  await press("g", "o", "Control+k");
  await page.keyboard.type("turn single");
  await page.waitForSelector("[role=option]:has-text('Turn single-letter keys on')");
  await press("Enter");
  expect(path()).toContain("/settings");
  expect(await page.isChecked("input[type=checkbox]")).toBe(true);
  expect(complaints).toEqual([]);
});
