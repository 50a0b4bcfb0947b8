import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe, type Look, launch, open } from "./browser";
import { Serve } from "./serve";
import { TinySystem, workspace } from "./tiny-system";

// The editor of a sync, by keyboard alone, on a real `tandem serve` between two real HTTP systems.
const PROGRAM = process.env.TANDEM_BIN;
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const EDITOR = "/t/main/syncs/people/edit";

describe.skipIf(PROGRAM === undefined)("the editor of a sync", () => {
  let browser: Browser;
  let serve: Serve;
  let lumen: TinySystem;
  let ostara: TinySystem;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    [browser, serve, lumen, ostara] = await Promise.all([
      launch(),
      Serve.start(PROGRAM ?? "", DIST),
      TinySystem.start("L"),
      TinySystem.start("O"),
    ]);
    for (let nth = 0; nth < 3; nth += 1) {
      lumen.put(null, { email: `person${nth}@example.org`, name: `Person ${nth}`, credit: "1.00" });
    }
    const text = workspace(lumen, ostara);
    await serve.call("apply_workspace", { tenant: "main", text, dry_run: false });
    ({ page, complaints } = await open(browser, serve.origin, serve.token, EDITOR));
  });

  afterAll(async () => {
    await browser?.close();
    await serve?.stop();
    lumen?.stop();
    ostara?.stop();
  });

  const stored = async () =>
    (await serve.call("get_item", { tenant: "main", kind: "sync", name: "people" })).text;
  // Its lines are elements: the text alone would run them together.
  // biome-ignore lint/performance/useDomNodeTextContent: ends of lines are wanted.
  const shown = () => page.locator(".cm-content").innerText();
  /** Tabs until the focused control is called so. */
  async function tabTo(name: string) {
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => {
        const outer = document.activeElement;
        const inner = outer?.shadowRoot?.activeElement ?? outer;
        const label = inner instanceof HTMLInputElement ? inner.labels?.[0]?.textContent : null;
        return inner?.getAttribute("aria-label") ?? label ?? inner?.textContent ?? "";
      });
      if (focused.trim() === name) return;
    }
    throw new Error(`Tab does not lead to ${name}`);
  }

  test("shows the form and the text side by side, within the content security policy", async () => {
    await page.waitForSelector('h1:text-is("Edit people")');
    await page.waitForSelector(".cm-content");
    expect(await shown()).toContain('name = "people"');
    await page.waitForSelector('[role=grid] >> text="newsletter"');
    await page.waitForSelector('text="No problem found"');
    expect(complaints).toEqual([]);
  });

  test("the form follows what is typed into the text, and a mistake has its line", async () => {
    await tabTo("Text of people");
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("sched = 1\n");
    await page.waitForSelector(':text-matches("unknown key .*sched")');
    await page.waitForSelector('button:text-is("Line 1")');
    for (const key of ["Control+Home", "Shift+ArrowDown", "Delete"]) {
      await page.keyboard.press(key);
    }
    await page.waitForSelector('text="No problem found"');
    await page.keyboard.press("Control+End");
    await page.keyboard.type('\n[syncs.mapping.nickname]\ntype = "text"\n');
    await page.waitForSelector('[role=grid] >> text="nickname"');
    // Letters went into the text and nowhere else.
    expect(await page.locator("h1").textContent()).toBe("Edit people");
  });

  test("the text follows the form", async () => {
    await page.focus('[role=grid] [data-index="0"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector('section[aria-label^="Field "]');
    expect(page.url()).toContain("field=");
    await page.focus('section[aria-label^="Field "] input');
    await page.keyboard.type("credits.amount");
    await page.waitForFunction(() =>
      [...document.querySelectorAll("*")].some((one) =>
        one.shadowRoot?.querySelector(".cm-content")?.textContent?.includes("credits.amount"),
      ),
    );
    expect(await stored()).not.toContain("credits.amount");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Delete");
    await page.waitForFunction(
      () =>
        ![...document.querySelectorAll("*")].some((one) =>
          one.shadowRoot?.querySelector(".cm-content")?.textContent?.includes("credits.amount"),
        ),
    );
  });

  test("real records are carried through the mapping as it is edited", async () => {
    await page.focus('button:text-is("Sample")');
    await page.keyboard.press("Enter");
    await page.focus('button:text-is("Read five records")');
    await page.keyboard.press("Enter");
    await page.waitForSelector('td:text-is("person1@example.org")');
    await page.waitForSelector('text="not in this record"');
  });

  test("leaving asks, and staying loses nothing", async () => {
    await page.focus('button:text-is("Archive")');
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.waitForSelector('text="Leave without saving?"');
    await page.keyboard.press("Enter");
    await page.waitForSelector('h1:text-is("Edit people")');
    expect(await shown()).toContain("nickname");
  });

  test.each<Look>(["light", "dark", "contrast"])("axe finds nothing in %s", async (look) => {
    for (const tab of ["", "?tab=rules", "?tab=sample", "?field=name"]) {
      const fresh = await open(browser, serve.origin, serve.token, `${EDITOR}${tab}`, look);
      await fresh.page.waitForSelector(".cm-content");
      await fresh.page.waitForSelector('text="No problem found"');
      if (process.env.SHOTS) {
        await fresh.page.screenshot({
          path: `${process.env.SHOTS}/${look}${tab.replace(/\W/g, "-")}.png`,
        });
      }
      expect(await axe(fresh.page)).toEqual([]);
      expect(fresh.complaints).toEqual([]);
      await fresh.page.close();
    }
  });

  test("what is saved is the one sync; a later save of an older state is refused", async () => {
    const other = await open(browser, serve.origin, serve.token, EDITOR);
    await other.page.waitForSelector(".cm-content");
    await page.focus('button:text-is("Save")');
    await page.keyboard.press("Enter");
    await page.waitForSelector('h1:text-is("people")');
    expect(await stored()).toContain("nickname");
    await other.page.locator(".cm-content").focus();
    await other.page.keyboard.press("Control+Home");
    await other.page.keyboard.type("# mine\n");
    await other.page.focus('button:text-is("Save")');
    await other.page.keyboard.press("Enter");
    await other.page.waitForSelector('text="Load it as it is now, and make the change again."');
    await other.page.close();
  });
});
