import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe, type Look, launch, open, settled } from "./browser";
import { Serve } from "./serve";
import { TinySystem, workspace } from "./tiny-system";

// Who changed this record, when, by which rule: on a real backend, between two real systems.
const PROGRAM = process.env.TANDEM_BIN;
const SHOTS = process.env.SHOTS;
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TENANT = "main";
const EMAIL = "ada@example.org";

describe.skipIf(PROGRAM === undefined)("a record's history", () => {
  let browser: Browser;
  let serve: Serve;
  let lumen: TinySystem;
  let ostara: TinySystem;

  async function run(): Promise<string> {
    const { run_id: id } = await serve.call("run_sync", {
      tenant: TENANT,
      name: "people",
      simulate: false,
      full: false,
    });
    for (;;) {
      const view = await serve.call("get_run", { tenant: TENANT, id });
      if (view.status !== "running" && view.status !== "pending") return id;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  beforeAll(async () => {
    [browser, serve, lumen, ostara] = await Promise.all([
      launch(),
      Serve.start(PROGRAM ?? "", DIST),
      TinySystem.start("L"),
      TinySystem.start("O"),
    ]);
    const text = workspace(lumen, ostara);
    await serve.call("apply_workspace", { tenant: TENANT, text, dry_run: false });
    lumen.put(null, { email: EMAIL, name: "Ada Byron", phone: "+49 30 1", credit: "1.00" });
    await run();
    ostara.put(ostara.idOf(EMAIL), { name: "Ada Lovelace" });
    await run();
    lumen.put(lumen.idOf(EMAIL), { phone: "+49 30 <b>2</b>" });
    await run();
  });

  afterAll(async () => {
    await browser?.close();
    await serve?.stop();
    lumen?.stop();
    ostara?.stop();
  });

  const headings = (page: Page) =>
    page.$$eval("ol > li article header", (all) => all.map((each) => each.textContent ?? ""));

  test("is opened from a run by keyboard, newest first, and narrowed to a field", async () => {
    const last = await run();
    expect(last).not.toBe("");
    lumen.put(lumen.idOf(EMAIL), { phone: "+49 30 3" });
    const route = `/t/${TENANT}/runs/${await run()}`;
    const { page, complaints } = await open(browser, serve.origin, serve.token, route);
    await page.waitForSelector("article");
    await page.focus('article a:text-is("History of this record")');
    await page.keyboard.press("Enter");
    await page.waitForSelector('h1:text-is("Ada Lovelace")');
    await page.waitForSelector("ol > li article");
    const all = await headings(page);
    expect(all.map((text) => /Created|Updated/.exec(text)?.[0])).toEqual([
      "Updated",
      "Updated",
      "Updated",
      "Created",
    ]);
    expect(await page.textContent("ol")).toContain("<b>2</b>");
    await page.selectOption("label:has-text('Field') select", "name");
    await page.waitForFunction(() => location.hash.includes("field=name"));
    await page.waitForFunction(() => document.querySelectorAll("ol > li").length === 2);
    // Found by its id at the other system it is the same, and what is not there says so.
    const other = ostara.idOf(EMAIL);
    await page.goto(`${serve.origin}/#/t/${TENANT}/records/people?side=target&id=${other}`);
    await page.waitForFunction(() => document.querySelectorAll("ol > li").length === 4);
    await page.goto(`${serve.origin}/#/t/${TENANT}/records/people?side=target&id=nobody`);
    await page.waitForSelector("[role=alert]:has-text('nobody')");
    expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
    await page.context().close();
  });

  test.each<Look>(["light", "dark", "contrast"])("is accessible in %s", async (look) => {
    const route = `/t/${TENANT}/records/people?side=source&id=${lumen.idOf(EMAIL)}`;
    const { page } = await open(browser, serve.origin, serve.token, route, look);
    await page.waitForSelector("ol > li article");
    await settled(page);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/record-history-${look}.png` });
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });
});
