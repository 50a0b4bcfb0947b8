import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { axe, launch, open as openPage, settled } from "./browser";
import { Desk } from "./desk";
import { workspace } from "./tiny-system";
import { TENANT, World } from "./world";

const PROGRAM = process.env.TANDEM_BIN;

describe.skipIf(PROGRAM === undefined)("without a mouse, on a real backend", () => {
  let browser: Browser;
  let world: World;
  let desk: Desk;
  let page: Page;

  beforeAll(async () => {
    [browser, world] = await Promise.all([launch(), World.start(PROGRAM ?? "", 400)]);
    world.disagree(0, 150);
    for (let nth = 200; nth < 206; nth += 1) {
      world.remove("lumen", nth);
      world.edit("ostara", nth, { name: `Still here ${nth}` });
    }
    await world.sync();
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });
  afterEach(() => desk?.close());

  async function start(route: string, of = world) {
    desk = await Desk.sit(browser, of, `/t/${TENANT}/${route}`);
    page = desk.page;
  }
  const press = (...keys: string[]) => desk.press(...keys);
  const open = async () =>
    (await world.serve.call("list_syncs", { tenant: TENANT }))[0]?.open_conflicts ?? 0;
  const dialog = "[role=dialog]";
  const gone = (selector: string) => page.waitForSelector(selector, { state: "detached" });
  const decisions = () => desk.sent("resolve_conflicts").filter((args) => !args.dry_run);

  describe("a conflict of five fields", () => {
    test("is resolved in six chords, the next one opens, and Ctrl+Z opens it again", async () => {
      const id = await world.conflict("update", 0);
      await start(`conflicts/${id}`);
      await page.waitForSelector("[data-row]");
      await press("1", "2", "3", "2", "1", "Control+Enter");
      await page.waitForSelector("text=/^Resolved /");
      await page.waitForFunction((old) => !location.hash.includes(old), id);
      await press("Control+z");
      await desk.at(id);
      await page.waitForSelector("text=Taken back");
      const [{ choices } = { choices: [] }] = desk.sent("resolve_conflict");
      expect(choices.map(({ take }) => take)).toEqual([
        "source",
        "target",
        "base",
        "target",
        "source",
      ]);
      expect(desk.sent("undo_decision")).toEqual([{ tenant: TENANT, id }]);
      expect(desk.complaints).toEqual([]);
    });

    test("a change meanwhile keeps other choices, resets and shows the changed field", async () => {
      const id = await world.conflict("update", 1);
      await start(`conflicts/${id}`);
      await page.waitForSelector("[data-row]");
      await press("Shift+Digit1");
      await page.waitForSelector("text=Every field is decided.");
      world.edit("lumen", 1, { phone: "+49 30 999 0000" });
      await world.sync();
      await page.waitForSelector("text=Changed meanwhile: look again");
      await press("Shift+Digit2", "Control+Enter");
      await page.waitForSelector("text=1 field has changed since you opened this conflict");
      expect(desk.sent("resolve_conflict")).toEqual([]);
      expect(await axe(page)).toEqual([]);
      await press("Control+Enter");
      await page.waitForSelector("text=/^Resolved /");
      const [sent] = desk.sent("resolve_conflict");
      expect(sent?.revision).toBe(2);
      const taken = sent?.choices.map(({ field, take }) => `${field} ${take}`);
      expect(taken?.filter((each) => each.endsWith("target"))).toEqual(["phone target"]);
      expect(taken).toHaveLength(5);
    });
  });

  describe("many conflicts at once", () => {
    test("fifty similar ones take three chords, and Ctrl+Z takes all of them back", async () => {
      await start(`conflicts/${await world.conflict("update", 2)}`);
      await page.waitForSelector("[data-row]");
      const all = await open();
      await press("Shift+Digit1", "b");
      await page.waitForSelector(`${dialog} >> text=would be resolved`);
      await page.waitForSelector(`${dialog} [role=grid] >> text=Phone: `);
      await page.waitForTimeout(200);
      expect(await axe(page)).toEqual([]);
      await press("Control+Enter");
      await gone(dialog);
      const [many, ...more] = decisions();
      expect(many?.ids?.length).toBeGreaterThanOrEqual(50);
      expect(many?.choices).toHaveLength(5);
      expect(more).toEqual([]);
      await press("Control+z");
      await page.waitForSelector("text=Taken back");
      expect(await open()).toBe(all);
      expect(desk.complaints).toEqual([]);
    });

    test("what becomes of a deleted record is decided for similar ones too", async () => {
      await start(`conflicts/${await world.conflict("delete")}`);
      await page.waitForTimeout(200);
      await press("3", "b");
      await page.waitForSelector(`${dialog} >> text=would be resolved`);
      await press("Control+Enter");
      await gone(dialog);
      const [decided] = decisions();
      expect(decided?.choice).toBe("unlink");
      expect(decided?.ids?.length).toBeGreaterThan(2);
      for (const { id } of decided?.ids ?? []) {
        const { kind } = await world.serve.call("get_conflict", { tenant: TENANT, id });
        expect(kind).toBe("delete");
      }
      expect(desk.complaints).toEqual([]);
    });

    test("a selection is previewed, and what is left out stays undecided", async () => {
      await start("conflicts");
      await press("x", "Shift+J", "Shift+J", "Shift+J", "Shift+J", "Shift+J");
      await page.waitForSelector("text=6 conflicts selected");
      await page.waitForTimeout(200);
      expect(await axe(page)).toEqual([]);
      await press("2");
      await page.waitForSelector(`${dialog} [role=row]`);
      await page.waitForSelector(`${dialog} >> text=would be resolved`);
      await press("x");
      await page.waitForSelector(`${dialog} >> text=1 you left out`);
      await press("Control+Enter");
      await gone(dialog);
      await page.waitForFunction(() => document.activeElement?.closest("[role=grid]") !== null);
      const [decided] = decisions();
      expect(decided?.take).toBe("target");
      expect(decided?.ids).toHaveLength(5);
      expect(desk.complaints).toEqual([]);
    });

    test("groups lead to those with the same fields, and all of those are decided at once", async () => {
      await start("conflicts?by=signature");
      await page.waitForSelector("[aria-label='Groups of conflicts, the largest first']");
      await page.waitForTimeout(200);
      expect(await axe(page)).toEqual([]);
      const count = Number(
        await page.textContent("[role=row][data-index='0'] [role=gridcell]:nth-child(4)"),
      );
      await press("Enter");
      await desk.at("fields=");
      await page.waitForSelector(`text=${count} conflicts to decide`);
      await press("Control+a", "1");
      await page.waitForSelector(`${dialog} >> text=${count} conflicts would be resolved`);
      await press("Control+Enter");
      await page.waitForSelector("text=No conflict of");
      const ids = decisions().flatMap((each) => each.ids ?? []);
      expect(ids).toHaveLength(count);
      await press("Control+z");
      await page.waitForSelector("text=Taken back");
      expect(desk.complaints).toEqual([]);
    });
  });

  test("from the list: j, Enter, and Esc back to the same row", async () => {
    await start("conflicts");
    await press("j", "j");
    await page.waitForTimeout(100);
    const row = await page.evaluate(() => document.activeElement?.textContent?.slice(0, 12) ?? "");
    await press("Enter");
    await page.waitForSelector("text=fields undecided");
    await press("Escape");
    await gone("text=fields undecided");
    await page.waitForFunction(
      (text) => document.activeElement?.textContent?.startsWith(text),
      row,
    );
  });

  test("every screen is two keys away, and the palette finds the rest", async () => {
    await start("overview");
    for (const [key, name] of [
      ["c", "Conflicts"],
      ["h", "History"],
      ["e", "Errors"],
      ["s", "Syncs"],
      ["p", "Simulate"],
      ["n", "Connections"],
      ["a", "Alerts"],
      ["u", "Audit"],
      [",", "Settings"],
      ["o", "Overview"],
    ]) {
      await press("g", key ?? "");
      await page.waitForSelector(`h1:text-is("${name}")`);
    }
    await press("?");
    await page.waitForSelector("h2:text-is('Keys')");
    await page.waitForTimeout(200);
    expect(await axe(page)).toEqual([]);
    await press("Escape");
    await gone("h2:text-is('Keys')");
    await world.quiet();
    await press("Control+k");
    await page.keyboard.type("simulate peo");
    await page.waitForSelector("[role=option]:has-text('Simulate people')");
    expect(await axe(page)).toEqual([]);
    await press("Enter");
    await page.waitForSelector('h1:has-text("Simulation of people")');
    expect(desk.sent("run_sync")).toEqual([
      { tenant: TENANT, name: "people", simulate: true, full: false },
    ]);
    expect(desk.complaints).toEqual([]);
  });

  test("a sync is paused and resumed from the palette", async () => {
    await start("overview");
    for (const [word, paused] of [
      ["Pause people", true],
      ["Resume people", false],
    ] as const) {
      await press("Control+k");
      await page.keyboard.type(word);
      await page.waitForSelector(`[role=option]:has-text('${word}')`);
      await press("Enter");
      await page.waitForSelector(paused ? "text=people rests" : "text=people runs again");
      const { paused: is } = await world.serve.call("get_sync", { tenant: TENANT, name: "people" });
      expect(is).toBe(paused);
    }
    expect(desk.complaints).toEqual([]);
  });

  test("a plan is reviewed, deletes first, and applied just so; then it is taken back", async () => {
    world.edit("lumen", 300, { phone: "+49 30 3000" });
    world.remove("lumen", 301);
    world.remove("lumen", 302);
    const plan = await world.sync(true);
    await start("simulate");
    await page.waitForSelector("[aria-label='Simulations, newest first']");
    await press("Enter");
    await desk.at(`/runs/${plan}`);
    await page.waitForSelector("article");
    expect(await page.textContent("article >> nth=0")).toContain("Delete");
    await desk.tabTo("Apply exactly this…");
    await press("Enter");
    await page.waitForFunction(() => document.activeElement?.textContent === "Cancel");
    await page.waitForTimeout(200);
    expect(await axe(page)).toEqual([]);
    // Whoever presses Enter without reading cancels.
    await press("Enter");
    expect(desk.sent("apply_plan")).toEqual([]);
    // The dialog gives the focus back to its button; from Cancel it is one Tab to the other one.
    await page.waitForFunction(() =>
      document.activeElement?.textContent?.startsWith("Apply exactly"),
    );
    await press("Enter");
    await page.waitForFunction(() => document.activeElement?.textContent === "Cancel");
    await press("Tab", "Enter");
    await page.waitForSelector('h1:has-text("Applied plan of people")');
    expect(desk.sent("apply_plan")).toHaveLength(1);
    await page.waitForSelector("button:has-text('Preview a rollback')");

    await desk.tabTo("Preview a rollback");
    await press("Enter");
    await page.waitForSelector('h1:has-text("Simulated rollback of people")');
    await page.waitForSelector("button:has-text('Roll back now')");
    await desk.tabTo("Roll back now…");
    await press("Enter");
    await page.waitForFunction(() => document.activeElement?.textContent === "Cancel");
    await press("Tab", "Enter");
    await page.waitForSelector('h1:has-text("Rollback of people")');
    expect(desk.sent("rollback_run").map(({ simulate }) => simulate)).toEqual([true, false]);
    expect(desk.complaints).toEqual([]);
  });

  test("a circuit is isolated, let through again, and probed once it has opened", async () => {
    await start("connections");
    const of = "li:has(h2:text-is('Ostara'))";
    await page.click(`${of} button:has-text('Isolate')`);
    await page.waitForSelector(`${of} button:has-text('Let through again')`);
    expect(await axe(page)).toEqual([]);
    await page.click(`${of} button:has-text('Let through again')`);
    await gone(`${of} button:has-text('Let through again')`);
    expect(desk.sent("isolate_connection")).toEqual([{ tenant: TENANT, name: "Ostara" }]);
    expect(desk.sent("reset_connection")).toEqual([{ tenant: TENANT, name: "Ostara" }]);

    world.ostara.fault = 503;
    await world.sync();
    await world.sync();
    world.ostara.fault = null;
    await page.click(`${of} button:has-text('Probe now')`);
    // The button is another word while it is tried; the answer is what counts.
    await expect
      .poll(
        async () => {
          const all = await world.serve.call("list_connections", { tenant: TENANT });
          return all.find(({ name }) => name === "Ostara")?.circuit;
        },
        { timeout: 30_000 },
      )
      .toBe("closed");
    await gone(`${of} button:has-text('Probe now')`);
    expect(desk.sent("probe_connection")).toEqual([{ tenant: TENANT, name: "Ostara" }]);
    expect(desk.complaints).toEqual([]);
  });

  test("what failed is tried again from its error", async () => {
    await world.quiet();
    const args = { tenant: TENANT, resolved: false, limit: 1 };
    const [error] = (await world.serve.call("list_errors", args)).items;
    await start(`errors/${error?.id}`);
    await page.click("button:has-text('Try again')");
    await desk.at("/runs/");
    expect(desk.sent("run_sync")).toEqual([
      { tenant: TENANT, name: "people", simulate: false, full: false },
    ]);
    await page.waitForSelector("header :text-matches('^(Completed|Partial)$')");
    expect(desk.complaints).toEqual([]);
  });

  test("F6 goes through the regions and / to the filter", async () => {
    await start(`conflicts/${await world.conflict("update", 5)}`);
    const regions = new Set<string>();
    for (let nth = 0; nth < 4; nth += 1) {
      await press("F6");
      regions.add(
        await page.evaluate(
          () => document.activeElement?.closest("[data-region]")?.tagName.toLowerCase() ?? "none",
        ),
      );
    }
    expect(regions).toEqual(new Set(["nav", "main", "section", "footer"]));
    await press("/");
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("SELECT");
  });

  test("filters live in the address and survive a reload", async () => {
    await start("history");
    await page.selectOption("select >> nth=1", "failed");
    await desk.at("status=failed");
    await page.reload();
    await settled(page);
    expect(desk.hash).toContain("status=failed");
    const words = await page.$$eval('[role="row"] [role="gridcell"]:first-child', (cells) =>
      cells.map((cell) => cell.textContent?.replace("Sim", "")),
    );
    expect(new Set(words)).toEqual(new Set(["Failed"]));
  });

  test("history is found by text, which lives in the address and is cleared again", async () => {
    const [run] = (await world.serve.call("list_runs", { tenant: TENANT, limit: 1 })).items;
    await start("history");
    await page.focus("input[type=search]");
    await page.keyboard.type(run?.id ?? "");
    await desk.at(`text=${run?.id}`);
    await page.waitForSelector("text=/^1 run$/");
    // The letters g and j are typed, not obeyed, and the list does not take the focus.
    await page.keyboard.type("gj");
    await page.waitForSelector("text=No run matches these filters");
    expect(await axe(page)).toEqual([]);
    await page.click("text=Clear the filters");
    await page.waitForSelector("[role=grid]");
    expect(desk.hash).toBe(`#/t/${TENANT}/history`);
    expect(await page.inputValue("input[type=search]")).toBe("");
    expect(desk.complaints).toEqual([]);
  });

  test("the timeline zooms by keyboard and by dragging, and shows all again", async () => {
    await start("history");
    const bars = page.locator('[role=toolbar][aria-label="Runs over time"] button');
    await bars.last().focus();
    await press("ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft");
    await page.waitForSelector("text=/marked; Enter zooms to it/");
    expect(await axe(page)).toEqual([]);
    await press("Enter");
    await page.waitForFunction(() => /since=.*until=/.test(location.hash));
    await settled(page);
    const { since, until } = desk.sent("list_runs").at(-1) ?? {};
    expect(Date.parse(until ?? "")).toBeGreaterThan(Date.parse(since ?? ""));
    await page.reload();
    await settled(page);
    expect(desk.sent("list_runs").at(-1)).toMatchObject({ since, until });
    await page.click("button:has-text('show all times')");
    await page.waitForFunction(() => !location.hash.includes("since"));
    await settled(page);

    const third = Math.floor((await bars.count()) / 3);
    const [from, to] = [
      await bars.nth(third).boundingBox(),
      await bars.nth(2 * third).boundingBox(),
    ];
    if (!from || !to) throw new Error("no bars");
    await page.mouse.move(from.x + 2, from.y + 20);
    await page.mouse.down();
    await page.mouse.move(to.x + 2, to.y + 20, { steps: 6 });
    await page.mouse.up();
    await page.waitForFunction(() => /since=.*until=/.test(location.hash));
    expect(desk.complaints).toEqual([]);
  });

  test("a changed record shows its raw JSON on request, by keyboard", async () => {
    world.edit("lumen", 310, { phone: "+49 30 3100" });
    await start(`runs/${await world.sync()}`);
    const summary = page.locator("summary:has-text('Raw JSON')").first();
    await summary.waitFor();
    expect(await page.locator("article pre").count()).toBe(0);
    await summary.focus();
    await press("Enter");
    await page.waitForSelector("article pre");
    const [before, after] = await page.locator("article pre").allTextContents();
    expect(JSON.parse(before ?? "")).not.toEqual(JSON.parse(after ?? ""));
    expect(await axe(page)).toEqual([]);
    expect(desk.complaints).toEqual([]);
  });

  test("settings take effect at once, by keyboard alone, and survive a reload", async () => {
    await start("overview");
    await press("g", ",");
    await page.waitForSelector("h1:text-is('Settings')");
    const root = () =>
      page.evaluate(() => ({ ...document.documentElement.dataset }) as Record<string, string>);
    await page.focus("input[type=radio]:checked");
    await press("ArrowDown", "Tab", "ArrowDown");
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
    expect(desk.hash).toContain("/settings");
    expect(await page.isChecked("input[type=checkbox]")).toBe(true);
    expect(desk.complaints).toEqual([]);
  });

  test("an idle panel asks for nothing: what changes is told by event", async () => {
    await start("overview");
    await page.waitForTimeout(1_000);
    const before = desk.calls.length;
    await page.waitForTimeout(4_000);
    expect(desk.calls.slice(before)).toEqual([]);
    await world.sync();
    await page.waitForTimeout(1_000);
    expect(desk.calls.length).toBeGreaterThan(before);
  });

  test("a failure says so and goes away with a retry", async () => {
    await start("overview");
    await page.route("**/api/list_errors", (route) => route.abort());
    await press("g", "e");
    await page.waitForSelector("text=Could not load the errors");
    expect(await axe(page)).toEqual([]);
    await page.unroute("**/api/list_errors");
    await page.click("button:has-text('Retry')");
    await page.waitForSelector("text=/errors? unresolved/");
  });
});

test.skipIf(PROGRAM === undefined)("from an empty store to a first sync", async () => {
  const [browser, world] = await Promise.all([launch(), World.start(PROGRAM ?? "")]);
  const started = performance.now();
  const { origin, token } = world.serve;
  const { page, complaints } = await openPage(browser, origin, token, `/t/${TENANT}/overview`);
  await page.waitForSelector("text=Welcome to Tandem");
  expect(await axe(page)).toEqual([]);
  // What somebody applies from a terminal meanwhile is seen here at once.
  world.lumen.put(null, { email: "first@example.org", name: "First" });
  const text = workspace(world.lumen, world.ostara);
  await world.serve.call("apply_workspace", { tenant: TENANT, text, dry_run: false });
  await page.click("button:has-text('Sync people now')");
  await page.waitForSelector("header :text-matches('^(Completed|Partial)$')");
  const seconds = (performance.now() - started) / 1_000;
  process.stdout.write(`first run: ${seconds.toFixed(1)} s from an empty store to a first sync\n`);
  expect(seconds).toBeLessThan(60);
  expect(world.ostara.find("first@example.org")?.name).toBe("First");
  expect(complaints).toEqual([]);
  await browser.close();
  await world.stop();
});
