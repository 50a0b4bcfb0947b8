import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`There is no Chromium at ${CHROMIUM}.`);
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export type Look = "light" | "dark" | "contrast";

export interface OpenPage {
  page: Page;
  /** Console errors and content-security violations so far. */
  complaints: string[];
}

/** A fresh page in one look, already at a route of the panel. */
export async function open(
  browser: Browser,
  origin: string,
  token: string,
  route: string,
  look: Look = "light",
  size = { width: 1440, height: 900 },
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: size,
    reducedMotion: "reduce",
    bypassCSP: false,
  });
  await context.addInitScript((theme) => {
    // Only at first: a reload keeps what was chosen meanwhile.
    localStorage["tandem.preferences"] ??= JSON.stringify({ theme });
  }, look);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/favicon/.test(message.location().url)) {
      complaints.push(message.text());
    }
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${origin}/#token=${token}&${route}`);
  await page.waitForSelector("h1, [role=alert]");
  return { page, complaints };
}

/** Runs axe on the page and gives what it found, one line a finding. */
export async function axe(page: Page): Promise<string[]> {
  // Through the debugger, which the page's content security policy does not bind.
  const source = await import("node:fs/promises").then((fs) => fs.readFile(AXE, "utf8"));
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe: runner } = window as unknown as {
      axe: {
        run(options: object): Promise<{
          violations: {
            id: string;
            help: string;
            nodes: { target: string[]; failureSummary: string }[];
          }[];
        }>;
      };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await runner.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id} at ${node.target.join(" ")}: ${node.failureSummary}`),
    );
  });
}

/** Waits until what the screen asked for has arrived and been drawn. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => !document.querySelector(".skeleton"));
  await page.waitForTimeout(250);
}
