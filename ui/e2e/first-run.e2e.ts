import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe, type Look, launch, open, settled } from "./browser";
import { Serve } from "./serve";

// From nothing to a first successful sync, by keyboard alone, on the real sample systems.
const PROGRAM = process.env.TANDEM_BIN;
const SHOTS = process.env.SHOTS;
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const ROUTE = "/t/main/overview";
/** What panel.md allows, s. */
const BAR = 60;

describe.skipIf(PROGRAM === undefined)("the first run", () => {
  let browser: Browser;
  let serve: Serve;
  let plain: Serve;

  beforeAll(async () => {
    [browser, serve, plain] = await Promise.all([
      launch(),
      Serve.start(PROGRAM ?? "", DIST, "--demo"),
      Serve.start(PROGRAM ?? "", DIST),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await serve?.stop();
    await plain?.stop();
  });

  test.each<Look>(["light", "dark", "contrast"])(
    "is accessible in %s, with and without sample systems",
    async (look) => {
      for (const [name, of] of Object.entries({ "first-run": serve, "first-run-own": plain })) {
        const { page, complaints } = await open(browser, of.origin, of.token, ROUTE, look);
        await page.waitForSelector('h1:text-is("Welcome to Tandem")');
        await settled(page);
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${look}.png` });
        expect(await axe(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await page.context().close();
      }
    },
  );

  test("takes three steps to a first successful sync, without a mouse", async () => {
    const { page } = await open(browser, serve.origin, serve.token, ROUTE);
    const began = performance.now();
    const go = async (button: string) => {
      await page.waitForSelector(button);
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press("Tab");
        const there = await page.evaluate(() => document.activeElement?.textContent);
        if (there === (await page.textContent(button))) return page.keyboard.press("Enter");
      }
      throw new Error(`no Tab leads to ${button}`);
    };
    await go("main button:has-text('Load the sample systems')");
    await go("main button:text-matches('^Sync .+ now$')");
    await page.waitForSelector("header :text-matches('^(Completed|Partial)$')");
    const seconds = (performance.now() - began) / 1_000;
    process.stdout.write(`first run: ${seconds.toFixed(1)} s to a first sync (bar: ${BAR} s)\n`);
    expect(seconds).toBeLessThan(BAR);
    await page.waitForSelector("article");
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/first-run-done-light.png` });
    await page.context().close();
  });

  test("says without sample systems how to begin", async () => {
    const { page } = await open(browser, plain.origin, plain.token, ROUTE);
    await page.waitForSelector("li[aria-current=step] code:has-text('tandem serve --demo')");
    expect(await page.$("main button")).toBeNull();
    await page.context().close();
  });
});
