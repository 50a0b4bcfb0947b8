import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { axe, launch, open, settled } from "./browser";
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

const sent = (command: string) =>
  backend.calls.filter((call) => call.command === command).map(({ args }) => args);
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

test("history is found by text, which lives in the address and is cleared again", async () => {
  await start("/t/default/history");
  await page.focus("input[type=search]");
  await page.keyboard.type("run-00000");
  await page.waitForFunction(() => location.hash.includes("text=run-00000"));
  await page.waitForSelector("text=8 runs");
  expect(sent("list_runs").at(-1)).toEqual({ tenant: "default", text: "run-00000", limit: 200 });
  // The letters g and j were typed, not obeyed, and the list did not take the focus.
  await page.keyboard.type("gj");
  await page.waitForSelector("text=No run matches these filters");
  expect(await axe(page)).toEqual([]);
  await page.click("text=Clear the filters");
  await page.waitForSelector("[role=grid]");
  expect(path()).toBe("#/t/default/history");
  expect(await page.inputValue("input[type=search]")).toBe("");
  expect(complaints).toEqual([]);
});

test("the timeline zooms by keyboard and by dragging, and shows all again", async () => {
  await start("/t/default/history");
  const bars = page.locator('[role=toolbar][aria-label="Runs over time"] button');
  await bars.last().focus();
  await press("ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft");
  await page.waitForSelector("text=/marked; Enter zooms to it/");
  expect(await axe(page)).toEqual([]);
  await press("Enter");
  await page.waitForFunction(() => /since=.*until=/.test(location.hash));
  await settled(page);
  const { since, until } = sent("list_runs").at(-1) as { since: string; until: string };
  expect(Date.parse(until)).toBeGreaterThan(Date.parse(since));
  // Who zoomed by keyboard is still among the bars.
  expect(
    await page.evaluate(() => document.activeElement?.closest("[role=toolbar]") !== null),
  ).toBe(true);
  await page.reload();
  await settled(page);
  expect(sent("list_runs").at(-1)).toMatchObject({ since, until });
  await page.click("button:has-text('show all times')");
  await page.waitForFunction(() => !location.hash.includes("since"));
  await settled(page);

  const [from, to] = [await bars.nth(30).boundingBox(), await bars.nth(40).boundingBox()];
  if (!from || !to) throw new Error("no bars");
  await page.mouse.move(from.x + 2, from.y + 20);
  await page.mouse.down();
  await page.mouse.move(to.x + 2, to.y + 20, { steps: 6 });
  await page.mouse.up();
  await page.waitForFunction(() => /since=.*until=/.test(location.hash));
  expect(complaints).toEqual([]);
});

test("a changed record shows its raw JSON on request, by keyboard", async () => {
  await start("/t/default/runs/run-000008");
  const summary = page.locator("summary:has-text('Raw JSON')").first();
  expect(await page.locator("article pre").count()).toBe(0);
  await summary.focus();
  await press("Enter");
  await page.waitForSelector("article pre");
  const [before, after] = await page.locator("article pre").allTextContents();
  expect(JSON.parse(before ?? "")).not.toEqual(JSON.parse(after ?? ""));
  expect(await axe(page)).toEqual([]);
  const shots = process.env.SHOTS;
  if (shots) await page.screenshot({ path: `${shots}/run-raw-json.png` });
  expect(complaints).toEqual([]);
});
