import type { Browser, Page } from "playwright-core";
import type { Commands } from "../src/ipc/generated/commands";
import { open, settled } from "./browser";
import type { World } from "./world";

/** A page of the panel as a person sits at it: keys, the address, and what it asked the backend. */
export class Desk {
  readonly calls: { command: string; args: unknown }[] = [];
  private constructor(
    readonly page: Page,
    readonly complaints: string[],
  ) {
    page.on("request", (request) => {
      const command = /\/api\/(\w+)$/.exec(request.url())?.[1];
      if (command && request.method() === "POST") {
        this.calls.push({ command, args: request.postDataJSON() });
      }
    });
  }

  static async sit(browser: Browser, world: World, route: string): Promise<Desk> {
    const { origin, token } = world.serve;
    const { page, complaints } = await open(browser, origin, token, route);
    const desk = new Desk(page, complaints);
    await settled(page);
    return desk;
  }

  close(): Promise<void> {
    return this.page.context().close();
  }

  sent<C extends keyof Commands>(command: C): Commands[C]["args"][] {
    const of = this.calls.filter((call) => call.command === command);
    return of.map(({ args }) => args as Commands[C]["args"]);
  }

  get hash(): string {
    return new URL(this.page.url()).hash;
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Waits until the address holds this. */
  async at(part: string): Promise<void> {
    await this.page.waitForFunction((text) => location.hash.includes(text), part);
  }

  /** Goes on by Tab until what bears that text has the focus, which it has to get. */
  async tabTo(text: string): Promise<void> {
    for (let presses = 0; presses < 60; presses += 1) {
      await this.press("Tab");
      if ((await this.page.evaluate(() => document.activeElement?.textContent)) === text) return;
    }
    throw new Error(`no Tab leads to ${text}`);
  }
}
