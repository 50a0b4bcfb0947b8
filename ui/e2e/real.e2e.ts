import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe, type Look, launch, open, settled } from "./browser";
import { Serve } from "./serve";
import { TinySystem, workspace } from "./tiny-system";

// The panel in a real browser, on a real `tandem serve`, between two real (if tiny) HTTP systems.
// The tests are one story and run in order.
const PROGRAM = process.env.TANDEM_BIN;
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TENANT = "main";

describe.skipIf(PROGRAM === undefined)("on a real backend", () => {
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
    for (let nth = 0; nth < 40; nth += 1) {
      lumen.put(null, {
        email: `person${nth}@example.org`,
        name: `Person ${nth}`,
        phone: `+49 30 ${1000 + nth}`,
        street: `Invalidenstraße ${nth}`,
        credit: "100.00",
        newsletter: true,
      });
    }
    await serve.call("apply_workspace", {
      tenant: TENANT,
      text: workspace(lumen, ostara),
      dry_run: false,
    });
    ({ page, complaints } = await open(
      browser,
      serve.origin,
      serve.token,
      `/t/${TENANT}/overview`,
    ));
  });

  afterAll(async () => {
    await browser?.close();
    await serve?.stop();
    lumen?.stop();
    ostara?.stop();
  });

  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const both = (email: string) => [lumen.find(email), ostara.find(email)];

  /** Starts the sync from its page and waits, there, until the run has ended. */
  async function syncNow(): Promise<string> {
    await press("g", "s");
    await page.waitForSelector('h1:text-is("Syncs")');
    await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "row");
    await press("Enter");
    await page.click("button:has-text('Sync now')");
    await page.waitForSelector('h1:has-text("Run of people")');
    const ended = await page.waitForSelector(
      "header :text-matches('^(Completed|Partial|Failed)$')",
    );
    return (await ended.textContent()) ?? "";
  }

  /** Waits until a predicate about the two systems holds. */
  async function until(what: string, holds: () => boolean, ms = 30_000) {
    const end = Date.now() + ms;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`still not: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  test("the token leaves the address at once", () => {
    expect(page.url()).not.toContain(serve.token);
  });

  test("a first sync is started, followed live, and shows what it wrote", async () => {
    expect(await syncNow()).toBe("Completed");
    expect(ostara.people.size).toBe(40);
    await page.waitForSelector("text=40 created, 0 updated, 0 deleted");
    await page.waitForSelector("article >> text=Created");
    expect(complaints).toEqual([]);
  });

  test("edits on both sides merge where they can and wait for a person where they cannot", async () => {
    // Five fields of one person, each side its own way.
    lumen.put(lumen.idOf("person1@example.org"), {
      name: "Ada Lovelace",
      phone: "+49 30 1111",
      street: "Invalidenstraße 12",
      credit: "150.00",
      newsletter: false,
    });
    ostara.put(ostara.idOf("person1@example.org"), {
      name: "Ada King",
      phone: "+49 30 2222",
      street: "Invalidenstr. 12a",
      credit: "200.50",
      newsletter: null,
    });
    // Different fields of another: no conflict.
    lumen.put(lumen.idOf("person2@example.org"), { phone: "+49 30 3333" });
    ostara.put(ostara.idOf("person2@example.org"), { name: "Grace Hopper" });
    // Deleted here, changed there.
    lumen.people.delete(lumen.idOf("person3@example.org"));
    ostara.put(ostara.idOf("person3@example.org"), { name: "Emmy Noether" });
    // One field, to be taken back.
    lumen.put(lumen.idOf("person4@example.org"), { name: "Sofja" });
    ostara.put(ostara.idOf("person4@example.org"), { name: "Sonja" });

    expect(await syncNow()).toBe("Partial");
    for (const side of both("person2@example.org")) {
      expect(side).toMatchObject({ phone: "+49 30 3333", name: "Grace Hopper" });
    }
    await page.waitForSelector('nav a:has-text("Conflicts"):has-text("3")');
  });

  const openConflict = async (label: string) => {
    const { items } = await serve.call("list_conflicts", {
      tenant: TENANT,
      state: "open",
      limit: 9,
    });
    const id = items.find((item) => item.label.includes(label))?.id;
    if (id === undefined) {
      throw new Error(`no open conflict of ${label}: ${items.map((item) => item.label)}`);
    }
    await page.evaluate(
      ([tenant, conflict]) => {
        location.hash = `#/t/${tenant}/conflicts/${conflict}`;
      },
      [TENANT, id],
    );
    await page.waitForSelector("text=/undecided|Press 1, 2 or 3/");
    await settled(page);
    return id;
  };

  test("five fields are decided by keyboard, in six chords, and reach both systems", async () => {
    const { items } = await serve.call("list_conflicts", {
      tenant: TENANT,
      state: "open",
      limit: 9,
    });
    const five = items.find((item) => item.contested.length === 5);
    expect(five).toBeDefined();
    await openConflict(five?.label ?? "");
    const fields = await page.$$eval("[data-row] th", (cells) =>
      cells.map((cell) => cell.firstChild?.textContent ?? ""),
    );
    expect(new Set(fields)).toEqual(new Set(["name", "phone", "street", "credit", "newsletter"]));
    await press("1", "2", "1", "2", "1", "Control+Enter");
    await page.waitForSelector("text=/^Resolved /");

    const source = { name: "Ada Lovelace", phone: "+49 30 1111", street: "Invalidenstraße 12" };
    const target = { name: "Ada King", phone: "+49 30 2222", street: "Invalidenstr. 12a" };
    const values = {
      source: { ...source, credit: 150, newsletter: false },
      target: { ...target, credit: 200.5, newsletter: null },
    };
    const expected = Object.fromEntries(
      fields.map((field, index) => {
        const side = index % 2 === 0 ? values.source : values.target;
        return [field, side[field as keyof typeof side]];
      }),
    );
    const reached = () =>
      both("person1@example.org").every((side) =>
        fields.every((field) => {
          const is = side?.[field];
          return field === "credit" ? Number(is) === expected[field] : is === expected[field];
        }),
      );
    await until("the decision reached both systems", reached);
  });

  test("a decision taken back within its time is never written", async () => {
    await openConflict("Person 4");
    await press("1", "Control+Enter");
    await page.waitForSelector("text=/^Resolved /");
    await press("Control+z");
    await page.waitForSelector("text=/is open again/");
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    expect(ostara.find("person4@example.org")?.name).toBe("Sonja");
    const { items } = await serve.call("list_conflicts", {
      tenant: TENANT,
      state: "open",
      limit: 9,
    });
    expect(items.some((item) => item.label.includes("Person 4"))).toBe(true);
  });

  test("a conflict that changes while it is decided shows old and new", async () => {
    const id = await openConflict("Person 4");
    await press("2");
    await page.waitForSelector("text=Every field is decided.");
    lumen.put(lumen.idOf("person4@example.org"), { name: "Sofia" });
    await serve.call("run_sync", {
      tenant: TENANT,
      name: "people",
      simulate: false,
      full: false,
    });
    await page.waitForSelector("text=Changed meanwhile: look again");
    await page.waitForSelector("[data-row] >> text=Sofia");
    await press("Control+Enter");
    await page.waitForSelector("text=1 field has changed since you opened this conflict");
    const { state, revision } = await serve.call("get_conflict", { tenant: TENANT, id });
    expect([state, revision]).toEqual(["open", 2]);
    expect(await axe(page)).toEqual([]);
  });

  test("deleted here, changed there: restored where it was deleted", async () => {
    await openConflict("Person 3");
    await press("2", "Control+Enter");
    await until("it is back", () => lumen.find("person3@example.org")?.name === "Emmy Noether");
  });

  test("with nothing to do, nothing is written", async () => {
    // The one conflict still open stays as it is.
    const before = [lumen.writes.length, ostara.writes.length];
    await syncNow();
    expect([lumen.writes.length, ostara.writes.length]).toEqual(before);
  });

  test("cancelling a live run says so at once, and the screen follows it to its end", async () => {
    for (let nth = 0; nth < 300; nth += 1) {
      lumen.put(null, { email: `late${nth}@example.org`, name: `Late ${nth}` });
    }
    ostara.delay = 20;
    await press("g", "s");
    await page.waitForSelector('h1:text-is("Syncs")');
    await press("Control+k");
    await page.keyboard.type("sync people now");
    await page.waitForSelector("[role=option]:has-text('Sync people now')");
    await press("Enter");
    await page.waitForSelector('h1:has-text("Run of people")');
    await page.click("button:has-text('Cancel the run')");
    await page.waitForSelector("button:has-text('Cancelling…')", { timeout: 1_000 });
    // The backend stops at its own next check; a run as short as this may be done before that.
    await page.waitForSelector("header :text-matches('^(Completed|Failed|Partial)$')");
    ostara.delay = 0;
    await syncNow();
    expect(ostara.people.size).toBe(lumen.people.size);
  });

  test("a simulation writes nothing and says what would change", async () => {
    lumen.put(lumen.idOf("person9@example.org"), { phone: "+49 30 9999" });
    const before = ostara.writes.length;
    await press("Control+k");
    await page.keyboard.type("simulate people");
    await page.waitForSelector("[role=option]:has-text('Simulate people')");
    await press("Enter");
    await page.waitForSelector('h1:has-text("Simulation of people")');
    await page.waitForSelector("text=What would change");
    await page.waitForSelector("article >> text=+49 30 9999");
    expect(ostara.writes.length).toBe(before);
  });

  test("just what was reviewed is applied, and taken back after a look", async () => {
    lumen.put(lumen.idOf("person10@example.org"), { phone: "+49 30 7777" });
    await press("g", "p");
    await page.click("button:has-text('Simulate')");
    await page.waitForSelector('h1:has-text("Simulation of people")');
    await page.waitForSelector("article >> text=+49 30 7777");
    // Somebody goes on working while this is read.
    lumen.put(lumen.idOf("person10@example.org"), { phone: "+49 30 2020" });
    await page.click("button:has-text('Apply exactly this')");
    await page.click("button:text-is('Write 2 records')");
    await page.waitForSelector('h1:has-text("Applied plan of people")');
    await page.waitForSelector("h2:text-is('Left alone: 1 record')");
    await page.waitForSelector("text=since an update was reviewed, phone changed");
    expect(ostara.find("person9@example.org")?.phone).toBe("+49 30 9999");
    expect(ostara.find("person10@example.org")?.phone).toBe("+49 30 1010");

    await page.click("button:has-text('Preview a rollback')");
    await page.waitForSelector('h1:has-text("Simulated rollback of people")');
    expect(ostara.find("person9@example.org")?.phone).toBe("+49 30 9999");
    await page.click("button:has-text('Roll back now')");
    await page.click("button:text-is('Put 1 record back')");
    await page.waitForSelector('h1:has-text("Rollback of people")');
    await until(
      "it says again what it said",
      () => ostara.find("person9@example.org")?.phone === "+49 30 1009",
    );
    expect(lumen.find("person9@example.org")?.phone).toBe("+49 30 9999");
    expect(complaints).toEqual([]);
  });

  test("a system that is away is an error with a remedy, here and in its test", async () => {
    ostara.stop();
    expect(await syncNow()).toBe("Failed");
    await page.waitForSelector("text=Could not finish this run of people");
    await press("g", "n");
    await page.waitForSelector("h2:text-is('Ostara')");
    await page.click("li:has(h2:text-is('Ostara')) button:has-text('Test')");
    await page.waitForSelector("text=Could not reach Ostara");
  });

  describe.each<Look>(["light", "dark", "contrast"])("in %s", (look) => {
    test("every screen is accessible with what the backend really says", async () => {
      const [runs, conflicts, errors] = await Promise.all([
        serve.call("list_runs", { tenant: TENANT, limit: 50 }),
        serve.call("list_conflicts", { tenant: TENANT, limit: 50 }),
        serve.call("list_errors", { tenant: TENANT, limit: 50 }),
      ]);
      const routes = [
        "overview",
        "conflicts",
        "history",
        "errors?view=all",
        "syncs",
        "syncs/people",
        "simulate",
        "connections",
        "alerts",
        "audit",
        ...runs.items.slice(0, 2).map(({ id }) => `runs/${id}`),
        ...conflicts.items.slice(0, 3).map(({ id }) => `conflicts/${id}`),
        ...errors.items.slice(0, 1).map(({ id }) => `errors/${id}?view=all`),
      ];
      const shots = process.env.SHOTS;
      for (const [index, route] of routes.entries()) {
        const path = `/t/${TENANT}/${route}`;
        const shown = await open(browser, serve.origin, serve.token, path, look);
        await settled(shown.page);
        const name = `real-${String(index).padStart(2, "0")}-${look}.png`;
        if (shots) await shown.page.screenshot({ path: `${shots}/${name}` });
        expect(await axe(shown.page), route).toEqual([]);
        expect(shown.complaints, route).toEqual([]);
        await shown.page.context().close();
      }
    });
  });
});
