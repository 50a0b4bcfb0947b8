import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launch } from "./browser";
import { Desk } from "./desk";
import { TENANT, World } from "./world";

// The bars of the panel, measured on a store the real engine filled: 10,000 open conflicts, and
// runs that changed more than a hundred records. A bar is held on the page's own processor time:
// wall time, printed beside it, depends on who else uses the machine.
const PROGRAM = process.env.TANDEM_BIN;
const CONFLICTS = 10_000;

describe.skipIf(PROGRAM === undefined)("fast enough", () => {
  let browser: Browser;
  let world: World;
  let desk: Desk;
  let page: Page;
  const runs: string[] = [];

  beforeAll(async () => {
    [browser, world] = await Promise.all([launch(), World.start(PROGRAM ?? "", CONFLICTS + 120)]);
    for (let nth = 0; nth < CONFLICTS; nth += 1) {
      world.edit("lumen", nth, { phone: `1 ${nth}` });
      world.edit("ostara", nth, { phone: `2 ${nth}` });
    }
    for (let turn = 0; turn < 3; turn += 1) {
      for (let nth = CONFLICTS; nth < CONFLICTS + 120; nth += 1) {
        world.edit("lumen", nth, { phone: `${turn} ${nth}`, street: `Am Hafen ${turn}` });
      }
      runs.push(await world.sync());
    }
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });
  afterEach(() => desk?.close());

  async function start(route: string) {
    desk = await Desk.sit(browser, world, `/t/${TENANT}/${route}`);
    page = desk.page;
  }

  /** What the page itself computed so far, ms. */
  async function processor(): Promise<() => Promise<number>> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    return async () => {
      const { metrics } = await cdp.send("Performance.getMetrics");
      return (metrics.find((each) => each.name === "TaskDuration")?.value ?? Number.NaN) * 1_000;
    };
  }
  const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
  function bar(what: string, wall: number[], own: number[], limit: number) {
    const [w, o] = [Math.round(median(wall)), Math.round(median(own))];
    process.stdout.write(`${what}: ${w} ms, of which ${o} ms of processor time (bar ${limit})\n`);
    expect(median(own)).toBeGreaterThan(0);
    expect(median(own)).toBeLessThan(limit);
  }

  test("ten thousand conflicts scroll without a blank row", async () => {
    await start("conflicts");
    const blank = await page.evaluate(async () => {
      const scroller = document.querySelector("[role=grid] > div") as HTMLElement;
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      let empty = 0;
      for (let step = 0; step < 120; step += 1) {
        scroller.scrollTop += 700;
        await frame();
        await frame();
        const { left, top, width, height } = scroller.getBoundingClientRect();
        const at = document.elementFromPoint(left + width / 2, top + height / 2);
        if (!at?.closest("[role=row], [role=status]")) empty += 1;
      }
      return empty;
    });
    expect(blank).toBe(0);
  });

  test("a key takes under 50 ms of work among ten thousand conflicts", async () => {
    await start("conflicts");
    const busy = await processor();
    const wall: number[] = [];
    const own: number[] = [];
    for (let nth = 0; nth < 12; nth += 1) {
      const before = await busy();
      const from = performance.now();
      await desk.press("j");
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      wall.push(performance.now() - from);
      own.push((await busy()) - before);
    }
    bar("a key to its feedback", wall, own, 50);
  });

  test("a diff of 120 records takes under 100 ms of work to paint", async () => {
    await start("overview");
    const busy = await processor();
    const wall: number[] = [];
    const own: number[] = [];
    for (const run of runs) {
      const before = await busy();
      wall.push(await paintDiff(run));
      own.push((await busy()) - before);
      await desk.press("g", "o");
      await page.waitForSelector('h1:text-is("Overview")');
    }
    bar("diff of 120 records after its data", wall, own, 100);
  });

  const paintDiff = (run: string) =>
    page.evaluate(
      async ([tenant, id]) => {
        performance.clearResourceTimings();
        location.hash = `#/t/${tenant}/runs/${id}`;
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        while (!document.querySelector("article")) await frame();
        await frame();
        const painted = performance.now();
        const answers = performance
          .getEntriesByType("resource")
          .filter((entry) => entry.name.endsWith("/run_changes")) as PerformanceResourceTiming[];
        const arrived = answers.at(-1)?.responseEnd;
        if (arrived === undefined) throw new Error("the diff was not fetched");
        return painted - arrived;
      },
      [TENANT, run],
    );
});
