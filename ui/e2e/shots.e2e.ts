import { mkdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe, type Look, launch, open, settled } from "./browser";
import { everything, SCREENS, type Seen } from "./world";

// Every screen on real data: what a real `tandem serve` says after two real systems went through
// everything that can happen to them.
const PROGRAM = process.env.TANDEM_BIN;
const SHOTS = process.env.SHOTS;
const LOOKS: Look[] = ["light", "dark", "contrast"];
/** A window of 1280 by 800 at 200 % zoom. */
const ZOOMED = { width: 640, height: 400 };

describe.skipIf(PROGRAM === undefined)("every screen", () => {
  let browser: Browser;
  let seen: Seen;
  beforeAll(async () => {
    [browser, seen] = await Promise.all([launch(), everything(PROGRAM ?? "")]);
    if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await seen?.world.stop();
  });

  async function check(name: string, route: string, look: Look) {
    const { origin, token } = seen.world.serve;
    const { page, complaints } = await open(browser, origin, token, route, look);
    await settled(page);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${look}.png` });
    expect(await axe(page)).toEqual([]);
    expect(await harm(page)).toEqual([]);
    // What is clipped does not depend on colours; the pictures do.
    if (look === "light" || SHOTS) {
      await page.setViewportSize(ZOOMED);
      await settled(page);
      if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${look}-zoomed.png` });
      expect(await clipped(page)).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  }

  describe.each(LOOKS)("in %s", (look) => {
    test.each(Object.keys(SCREENS))("%s is accessible, still, whole when zoomed", (name) =>
      check(name, seen.route(name), look),
    );

    test("the first run is, too", () => check("first-run", "/t/second/overview", look));
  });

  test("a live run is, too, in every look, and says Cancelling at once", async () => {
    const route = await seen.live();
    for (const look of LOOKS) await check("run-live", route, look);
    const { origin, token } = seen.world.serve;
    const { page } = await open(browser, origin, token, route, "dark");
    await page.click("button:has-text('Cancel the run')");
    await page.waitForSelector("button:has-text('Cancelling…')", { timeout: 1_000 });
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/run-cancelling-dark.png` });
    seen.world.ostara.delay = 0;
    await page.waitForSelector("header :text-matches('^(Completed|Failed|Partial)$')");
    await page.context().close();
  });
});

/** What record data did besides being read as text, and what moves though motion is unwanted. */
function harm(page: Page): Promise<string[]> {
  return page.evaluate(() => [
    ...(document.title.includes("Tandem") ? [] : [`the title is ${document.title}`]),
    ...[...document.querySelectorAll("script:not([src]), img[src=x]")].map(
      (each) => each.outerHTML,
    ),
    ...document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().duration) > 10)
      .map(({ effect }) => `moves: ${(effect as KeyframeEffect).target?.className}`),
  ]);
}

/** What reaches over the window's edge where nothing scrolls it into view. */
function clipped(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const scrolls = (element: Element): boolean => {
      for (let at = element.parentElement; at; at = at.parentElement) {
        const { overflowX, position } = getComputedStyle(at);
        if (/auto|scroll/.test(overflowX) || position === "fixed") return true;
      }
      return false;
    };
    const over = [...document.querySelectorAll("h1, h2, button, a, select, input, p, dt, dd")]
      .filter((each) => {
        const { left, right, width, height } = each.getBoundingClientRect();
        if (width <= 1 || height <= 1) return false;
        return (left < -1 || right > clientWidth + 1) && !scrolls(each);
      })
      .map((each) => `${each.tagName}: ${each.textContent?.slice(0, 60)}`);
    return scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide`, ...over] : over;
  });
}
