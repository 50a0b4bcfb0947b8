import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Commands } from "../src/ipc/generated/commands";

const START_MS = 60_000;

/** A real `tandem serve` on a store of its own, and its commands. */
export class Serve {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    /** The printed address, token included. */
    readonly url: string,
    private readonly log: () => string,
  ) {}

  static async start(program: string, panel: string, ...more: string[]): Promise<Serve> {
    const folder = mkdtempSync(join(tmpdir(), "tandem-panel-"));
    const store = join(folder, "tandem.db");
    const child = spawn(program, ["--store", store, "serve", "--listen", "127.0.0.1:0", ...more], {
      env: {
        ...process.env,
        HOME: folder,
        TANDEM_ANCHOR: join(folder, "anchor.db"),
        TANDEM_SETTINGS: join(folder, "settings.toml"),
        TANDEM_PANEL: panel,
        TANDEM_ACTOR: "mara",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no address: ${said}`)), START_MS);
      const read = (chunk: Buffer) => {
        said += chunk.toString();
        const address = /http:\/\/\S+#token=\S+/.exec(said)?.[0];
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(address);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`ended with ${code}: ${said}`)));
    });
    return new Serve(child, folder, url, () => said);
  }

  get origin(): string {
    return new URL(this.url).origin;
  }

  get token(): string {
    return new URL(this.url).hash.replace("#token=", "");
  }

  async call<C extends keyof Commands>(
    command: C,
    args: Commands[C]["args"],
  ): Promise<Commands[C]["reply"]> {
    const response = await fetch(`${this.origin}/api/${command}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify(args),
    });
    const body = await response.json();
    if (!response.ok) throw new Error(`${command}: ${JSON.stringify(body)} (${this.log()})`);
    return body as Commands[C]["reply"];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGINT");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
