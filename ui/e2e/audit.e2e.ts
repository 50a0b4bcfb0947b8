import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe, launch, open, settled } from "./browser";
import { Serve } from "./serve";
import { TinySystem, workspace } from "./tiny-system";

// The audit log and the settings in a real browser, on a real `tandem serve`.
const PROGRAM = process.env.TANDEM_BIN;
const DIST = fileURLToPath(new URL("../dist", import.meta.url));

describe.skipIf(PROGRAM === undefined)("audit and settings, on a real backend", () => {
  let browser: Browser;
  let serve: Serve;
  let systems: TinySystem[];
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    systems = await Promise.all([TinySystem.start("L"), TinySystem.start("O")]);
    [browser, serve] = await Promise.all([launch(), Serve.start(PROGRAM ?? "", DIST)]);
    const [lumen, ostara] = systems as [TinySystem, TinySystem];
    const text = workspace(lumen, ostara);
    await serve.call("apply_workspace", { tenant: "main", text, dry_run: false });
    await serve.call("pause_sync", { tenant: "main", name: "people" });
    await serve.call("resume_sync", { tenant: "main", name: "people" });
    ({ page, complaints } = await open(browser, serve.origin, serve.token, "/t/main/audit"));
  });

  afterAll(async () => {
    await browser?.close();
    await serve?.stop();
    for (const system of systems ?? []) system.stop();
  });

  const rows = () => page.locator("[role=grid] [role=row]:has([role=gridcell])").count();

  test("filters are answered by the store, live in the address, and can be cleared", async () => {
    await page.waitForSelector("[role=grid]");
    const all = await rows();
    expect(all).toBeGreaterThan(4);
    await page.getByRole("combobox", { name: "What" }).selectOption({ label: "Syncs: all" });
    await page.waitForFunction(() => location.hash.includes("action=sync"));
    await expect.poll(rows).toBeLessThan(all);
    await page.getByRole("searchbox", { name: "Find" }).fill("no such word");
    await page.waitForSelector("text=No entry matches these filters");
    const address = page.url();
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await expect.poll(rows).toBe(all);
    expect(address).toContain("text=no");
    expect(page.url()).not.toContain("action=");
  });

  test("what is shown is exported, row for row", async () => {
    await page.getByRole("searchbox", { name: "On" }).fill("PEOPLE");
    await page.waitForFunction(() => location.hash.includes("object=PEOPLE"));
    await settled(page);
    const shown = await rows();
    await page.getByRole("button", { name: "Export" }).click();
    const said = await page.waitForSelector("[role=status] code");
    const file = (await said.textContent()) ?? "";
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(shown);
    for (const line of lines) expect(JSON.parse(line).subject).toContain("people");
  });

  test.each(["light", "dark", "contrast"] as const)(
    "audit has no axe findings in %s",
    async (look) => {
      const path = "/t/main/audit?action=sync";
      const shown = await open(browser, serve.origin, serve.token, path, look);
      await settled(shown.page);
      const shots = process.env.SHOTS;
      if (shots) await shown.page.screenshot({ path: `${shots}/audit-${look}.png` });
      expect(await axe(shown.page)).toEqual([]);
      expect(shown.complaints).toEqual([]);
      await shown.page.context().close();
    },
  );

  test("nothing was complained of", () => {
    expect(complaints).toEqual([]);
  });
});
