import { fileURLToPath } from "node:url";
import type { WireConflictKind } from "../src/ipc/generated/types";
import { Serve } from "./serve";
import { type Person, TinySystem, workspace } from "./tiny-system";

export const TENANT = "main";
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const NAMES = ["Ada Lovelace", "Grace Hopper", "Katherine Johnson", "Emmy Noether", "Sofja Kowa"];

/** What somebody may have typed into a record; every screen shows it as the text it is. */
export const HOSTILE = {
  name: '<script>document.title = "owned"</script><img src=x onerror="document.title=1">',
  phone: "\u202Egnp.exe\u2066 \u001B[31mred\u0007",
  street: `${"Donaudampfschifffahrtsgesellschaft".repeat(40)} ende`,
};

/** A real `tandem serve` and the two systems it keeps in step, with the acts a test needs. */
export class World {
  private constructor(
    readonly serve: Serve,
    readonly lumen: TinySystem,
    readonly ostara: TinySystem,
  ) {}

  /** Both systems hold `count` equal people, and the sync knows them as pairs. */
  static async start(program: string, count = 0): Promise<World> {
    const [serve, lumen, ostara] = await Promise.all([
      Serve.start(program, DIST),
      TinySystem.start("L"),
      TinySystem.start("O"),
    ]);
    const world = new World(serve, lumen, ostara);
    if (count === 0) return world;
    for (let nth = 0; nth < count; nth += 1) {
      lumen.put(null, person(nth));
      ostara.put(null, person(nth));
    }
    const text = workspace(lumen, ostara);
    await serve.call("apply_workspace", { tenant: TENANT, text, dry_run: false });
    await world.sync();
    return world;
  }

  async stop(): Promise<void> {
    this.lumen.stop();
    this.ostara.stop();
    await this.serve.stop();
  }

  /** Waits until no decision is to be written any more and no run is live: one sync has one run. */
  async quiet(): Promise<void> {
    const state = { tenant: TENANT, state: "decided", limit: 1 } as const;
    for (;;) {
      const { items } = await this.serve.call("list_conflicts", state);
      const { running } = await this.serve.call("overview", { tenant: TENANT });
      if (items.length + running.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Starts a run and waits for its end. The run. */
  async sync(simulate = false): Promise<string> {
    await this.quiet();
    const args = { tenant: TENANT, name: "people", simulate, full: false };
    return this.ended((await this.serve.call("run_sync", args)).run_id);
  }

  async ended(id: string): Promise<string> {
    for (;;) {
      const { finished_at } = await this.serve.call("get_run", { tenant: TENANT, id });
      if (finished_at !== null) return id;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  edit(side: "lumen" | "ostara", nth: number, change: Person): void {
    this[side].put(idOf(side, nth), change);
  }

  remove(side: "lumen" | "ostara", nth: number): void {
    this[side].people.delete(idOf(side, nth));
  }

  /** Both sides change these people's five fields, each its own way. */
  disagree(from: number, to: number): void {
    for (let nth = from; nth < to; nth += 1) {
      this.edit("lumen", nth, {
        name: `${nameOf(nth)} King`,
        phone: `+49 30 11${nth}`,
        street: `Invalidenstraße ${nth + 1}`,
        credit: "150.00",
        newsletter: false,
      });
      this.edit("ostara", nth, {
        name: `${nameOf(nth)} Countess`,
        phone: `+49 30 22${nth}`,
        street: `Invalidenstr. ${nth}a`,
        credit: "200.50",
        newsletter: null,
      });
    }
  }

  async conflicts(limit = 200) {
    const args = { tenant: TENANT, state: "open" as const, limit };
    return (await this.serve.call("list_conflicts", args)).items;
  }

  async conflict(kind: WireConflictKind, nth?: number): Promise<string> {
    const items = await this.conflicts();
    const found = items.find(
      (each) =>
        each.kind === kind && (nth === undefined || each.source_record_id === idOf("lumen", nth)),
    );
    if (!found) throw new Error(`no open ${kind} conflict: ${JSON.stringify(items[0])}`);
    return found.id;
  }
}

const idOf = (side: "lumen" | "ostara", nth: number) => `${side === "lumen" ? "L" : "O"}${nth + 1}`;
export const email = (nth: number) => `person${nth}@example.org`;
export const nameOf = (nth: number) => `${NAMES[nth % NAMES.length]} ${nth}`;

function person(nth: number): Person {
  return {
    email: email(nth),
    name: nameOf(nth),
    phone: `+49 30 ${1_000 + nth}`,
    street: `Invalidenstraße ${nth}`,
    credit: "100.00",
    newsletter: true,
  };
}

/** What the screens of a world that has seen everything are about: ids. */
interface Facts {
  mixed: string;
  failed: string;
  plan: string;
  applied: string;
  rollback: string;
  error: string;
  update: string;
  hostile: string;
  delete: string;
  pairing: string;
}

/** Every screen and state worth a look, and where it is found. A new screen is one line here. */
export const SCREENS: Record<string, (of: Facts) => string> = {
  overview: () => "overview",
  conflicts: () => "conflicts",
  "conflict-groups": () => "conflicts?by=signature",
  conflict: (of) => `conflicts/${of.update}`,
  "conflict-hostile": (of) => `conflicts/${of.hostile}`,
  "conflict-delete": (of) => `conflicts/${of.delete}`,
  "conflict-pairing": (of) => `conflicts/${of.pairing}`,
  history: () => "history",
  "history-none-match": () => "history?status=pending",
  run: (of) => `runs/${of.mixed}`,
  "run-failed": (of) => `runs/${of.failed}`,
  simulate: () => "simulate",
  "run-plan": (of) => `runs/${of.plan}`,
  "run-rollback-preview": (of) => `runs/${of.rollback}`,
  "run-applied-plan": (of) => `runs/${of.applied}`,
  errors: () => "errors",
  error: (of) => `errors/${of.error}`,
  syncs: () => "syncs",
  sync: () => "syncs/people",
  connections: () => "connections",
  alerts: () => "alerts",
  audit: () => "audit",
  settings: () => "settings",
};

export interface Seen {
  world: World;
  /** The address of a screen of the table above. */
  route(screen: string): string;
  /** Starts a run that takes as long as it is looked at. Its route. */
  live(): Promise<string>;
}

/** One store in which everything has happened that a screen can show. */
export async function everything(program: string): Promise<Seen> {
  const world = await World.start(program, 140);
  const { serve, lumen, ostara } = world;
  const t = `/t/${TENANT}`;
  await serve.call("create_tenant", { name: "second" });

  // A hundred plain changes, conflicts of every kind, and what somebody hostile typed.
  for (let nth = 40; nth < 140; nth += 1) {
    world.edit("lumen", nth, {
      phone: `+49 40 ${nth}`,
      street: `Am Alten Hafen bei Haus ${nth}`,
    });
  }
  world.edit("lumen", 41, HOSTILE);
  world.disagree(0, 12);
  world.edit("lumen", 12, HOSTILE);
  world.edit("ostara", 12, { ...HOSTILE, name: "\u200Bnone\u00A0of this", street: " " });
  world.remove("lumen", 13);
  world.edit("ostara", 13, { name: "Emmy Noether" });
  lumen.put(null, { email: email(900), name: "Met here", phone: "1" });
  ostara.put(null, { email: email(900), name: "Met there", phone: "2" });
  const mixed = await world.sync();

  world.edit("lumen", 50, { phone: "+49 40 5050" });
  world.remove("lumen", 51);
  const plan = await world.sync(true);
  const { plan_hash } = await serve.call("get_run", { tenant: TENANT, id: plan });
  world.edit("lumen", 50, { phone: "+49 40 6060" });
  const applying = await serve.call("apply_plan", { tenant: TENANT, hash: plan_hash ?? "" });
  const applied = await world.ended(applying.run_id);
  const back = { tenant: TENANT, id: mixed, simulate: true };
  const rollback = await world.ended((await serve.call("rollback_run", back)).run_id);

  // One system is away until its circuit opens.
  ostara.fault = 503;
  let failed = "";
  for (let nth = 0; nth < 6; nth += 1) {
    failed = await world.sync();
    const [, target] = await serve.call("list_connections", { tenant: TENANT });
    if (target?.circuit === "open") break;
  }
  ostara.fault = null;
  const [error] = (await serve.call("list_errors", { tenant: TENANT, limit: 1 })).items;
  const facts: Facts = {
    mixed,
    failed,
    plan,
    applied,
    rollback,
    error: error?.id ?? "",
    update: await world.conflict("update", 0),
    hostile: await world.conflict("update", 12),
    delete: await world.conflict("delete"),
    pairing: await world.conflict("pairing"),
  };

  return {
    world,
    route: (screen) => `${t}/${SCREENS[screen]?.(facts)}`,
    async live() {
      await serve.call("reset_connection", { tenant: TENANT, name: "Ostara" });
      for (let nth = 0; nth < 400; nth += 1) {
        lumen.put(null, { email: `late${nth}@example.org`, name: `Late ${nth}` });
      }
      ostara.delay = 800;
      const args = { tenant: TENANT, name: "people", simulate: false, full: false };
      const { run_id } = await serve.call("run_sync", args);
      return `${t}/runs/${run_id}`;
    },
  };
}
