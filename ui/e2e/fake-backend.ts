import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Commands } from "../src/ipc/generated/commands";
import type {
  ConflictView,
  ConnectionView,
  RunView,
  WireError,
  WireEvent,
} from "../src/ipc/generated/types";
import { answerFor, choiceFor } from "./fake-bulk";
import * as data from "./fake-data";

export const TOKEN = "e2e-token";
// What both hosts of the panel send. A violation shows up as a console error, which fails the test.
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".woff2": "font/woff2",
};

export interface Options {
  dist: string;
  /** Start with nothing set up, for the first run. */
  empty?: boolean;
  runs?: number;
  conflicts?: number;
  errors?: number;
  /** How long each answer takes, in milliseconds. */
  latency?: number;
}

type Handlers = { [C in keyof Commands]?: (args: data.Args<C>) => data.Reply<C> };

/** A backend that answers like `tandem serve`, from recorded data, so that screens can be driven. */
export class FakeBackend {
  readonly events = new Set<ServerResponse>();
  readonly calls: { command: string; args: unknown }[] = [];
  readonly conflicts = new Map<string, ConflictView>();
  /** Commands that fail until taken out again. */
  readonly broken = new Map<string, WireError>();
  cancelling = false;
  private connections: ConnectionView[] = data.CONNECTIONS;
  liveDone = 4_210;
  private setUp: boolean;
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private readonly runs: RunView[];

  private constructor(private readonly options: Options) {
    this.setUp = options.empty !== true;
    this.runs = Array.from({ length: options.runs ?? 400 }, (_, nth) => data.run(nth + 2));
    for (let nth = 0; nth < (options.conflicts ?? 12); nth += 1) {
      const conflict = data.conflict(nth);
      this.conflicts.set(conflict.id, conflict);
    }
  }

  static async start(options: Options): Promise<FakeBackend> {
    const backend = new FakeBackend(options);
    await new Promise<void>((resolve) => backend.server.listen(0, "127.0.0.1", resolve));
    return backend;
  }

  get origin(): string {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  stop(): void {
    for (const stream of this.events) stream.end();
    this.server.closeAllConnections();
    this.server.close();
  }

  emit(event: WireEvent): void {
    for (const stream of this.events) stream.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  /** A side changes again under the admin's eyes: a new revision of the conflict. */
  edit(id: string, field: string, side: "source" | "target", value: string): void {
    const conflict = this.conflicts.get(id);
    if (!conflict) throw new Error(`no ${id}`);
    this.conflicts.set(id, {
      ...conflict,
      revision: conflict.revision + 1,
      fields: conflict.fields.map((each) =>
        each.field === field ? { ...each, [side]: value } : each,
      ),
    });
    this.emit({ type: "conflict_changed", tenant: "default", conflict: id });
  }

  private async serve(request: IncomingMessage, response: ServerResponse) {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (!path.startsWith("/api/")) return this.file(path, response);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return response.writeHead(401).end();
    if (path === "/api/events") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(": hello\n\n");
      this.events.add(response);
      request.on("close", () => this.events.delete(response));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.options.latency) await setTimeout(this.options.latency);
    this.answer(path.slice("/api/".length), JSON.parse(Buffer.concat(chunks).toString()), response);
  }

  private answer(command: string, args: unknown, response: ServerResponse) {
    this.calls.push({ command, args });
    const handler = this.handlers[command as keyof Commands] as
      | ((args: unknown) => unknown)
      | undefined;
    const fault = this.broken.get(command);
    try {
      if (fault) throw fault;
      if (!handler) throw wire("not_found", `There is no command ${command}.`);
      send(response, 200, handler(args));
    } catch (thrown) {
      send(response, 400, thrown instanceof Error ? wire("internal", thrown.message) : thrown);
    }
  }

  private async file(path: string, response: ServerResponse) {
    const name = path === "/" ? "index.html" : normalize(path).replace(/^\/+/, "");
    try {
      const body = await readFile(join(this.options.dist, name));
      response.writeHead(200, {
        "Content-Type": TYPES[extname(name)] ?? "application/octet-stream",
        "Content-Security-Policy": CSP,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  open() {
    return [...this.conflicts.values()].filter((each) => each.state === "open");
  }

  private conflict(id: string): ConflictView {
    const found = this.conflicts.get(id);
    if (!found) throw wire("not_found", "There is no such conflict.");
    return found;
  }

  private settle(id: string, revision: number, change: Partial<ConflictView>): ConflictView {
    const conflict = this.conflict(id);
    if (conflict.revision !== revision) {
      throw wire("stale", "The conflict changed since you opened it.", "Look at the new values.");
    }
    const decided: ConflictView = {
      ...conflict,
      ...change,
      state: "decided",
      decided_by: "mara",
      decided_at: new Date().toISOString(),
      not_before: new Date(Date.now() + 8_000).toISOString(),
    };
    this.conflicts.set(id, decided);
    return decided;
  }

  private reopen(id: string): ConflictView {
    const open: ConflictView = { ...this.conflict(id), state: "open", not_before: null };
    this.conflicts.set(id, open);
    return open;
  }

  private connection(name: string, change: Partial<ConnectionView>): ConnectionView {
    this.connections = this.connections.map((each) =>
      each.name === name ? { ...each, ...change } : each,
    );
    const found = this.connections.find((each) => each.name === name);
    if (!found) throw wire("not_found", `There is no connection named ${name}.`);
    return found;
  }

  private readonly handlers: Handlers = {
    app_info: () => ({
      version: "0.1.0",
      store: "/home/mara/tandem.db",
      actor: "mara",
      undo_window_ms: 8_000,
      sample_available: true,
    }),
    list_tenants: () => [
      { id: "1", name: "default", created_at: data.at(90_000) },
      { id: "2", name: "northwind", created_at: data.at(80_000) },
    ],
    overview: () => ({
      open_conflicts: this.setUp ? this.open().length : 0,
      unresolved_errors: this.setUp
        ? data.errors(this.options.errors ?? 9).filter((each) => !each.resolved).length
        : 0,
      links: this.setUp ? 1_984 : 0,
      syncs: this.setUp ? data.syncs(this.open().length) : [],
      connections: this.setUp ? this.connections : [],
      running: this.setUp ? [data.liveRun(this.liveDone, this.cancelling)] : [],
      last_runs: this.setUp ? this.runs.slice(0, 8) : [],
      success_rate: this.setUp ? 0.967 : null,
    }),
    list_connections: () => (this.setUp ? this.connections : []),
    test_connection: ({ name }) => {
      const ok = name === data.CONNECTIONS[0]?.name;
      return {
        ok,
        system: ok ? "Lumen 4.2" : null,
        latency_ms: ok ? 12 : null,
        clock_offset_ms: ok ? 2_400 : null,
        collections: ok ? [{ name: "customers", fields: 14, complete: true, error: null }] : [],
        error: ok
          ? null
          : wire(
              "unreachable",
              "The connection was refused at 127.0.0.1:5433.",
              "Start the database.",
            ),
      };
    },
    list_syncs: () => (this.setUp ? data.syncs(this.open().length) : []),
    get_sync: ({ name }) => {
      const found = data.syncs(this.open().length).find((each) => each.name === name);
      if (!found) throw wire("not_found", `There is no sync named ${name}.`);
      return data.syncView(found);
    },
    run_sync: () => ({ run_id: data.LIVE_RUN, joined: false }),
    apply_plan: () => ({ run_id: "run-applied", joined: false }),
    rollback_run: ({ simulate }) => ({
      run_id: simulate ? "run-rollback" : "run-000008",
      joined: false,
    }),
    probe_connection: ({ name }) => ({
      connection: this.connection(name, { circuit: "closed", failures: 0, last_error: null }),
      latency_ms: 14,
      error: null,
    }),
    isolate_connection: ({ name }) => this.connection(name, { circuit: "isolated" }),
    reset_connection: ({ name }) =>
      this.connection(name, { circuit: "closed", failures: 0, last_error: null }),
    cancel_run: () => {
      this.cancelling = true;
      return data.liveRun(this.liveDone, true);
    },
    list_runs: ({ sync, status, simulated, since, until, text, before, limit }) => {
      const all = (this.setUp ? [...data.PLANS, ...this.runs] : []).filter(
        (each) =>
          (!sync || each.sync === sync) &&
          (!status || each.status === status) &&
          (simulated === undefined || each.simulated === simulated) &&
          (!since || Date.parse(each.started_at) >= Date.parse(since)) &&
          (!until || Date.parse(each.started_at) < Date.parse(until)) &&
          (!text || each.id.startsWith(text) || each.error?.message.includes(text)),
      );
      return page(all, before, limit, (each) => each.id);
    },
    get_run: ({ id }) => {
      if (id === data.LIVE_RUN) return data.liveRun(this.liveDone, this.cancelling);
      const found = [...data.PLANS, ...this.runs].find((each) => each.id === id);
      if (!found) throw wire("not_found", "There is no such run.");
      return found;
    },
    run_changes: ({ id, kind, after, limit }) => {
      const all =
        id === "run-plan" || id === "run-rollback" ? data.planned(100) : data.changes(100);
      const shown = all.filter((each) => !kind || each.kind === kind);
      return page(shown, after, limit, (each) => each.seq);
    },
    list_conflicts: ({ state, sync, before, limit }) => {
      const all = [...this.conflicts.values()].filter(
        (each) => (!state || each.state === state) && (!sync || each.sync === sync),
      );
      const summaries = all.map(({ fields, ...rest }) => ({
        ...rest,
        contested: fields.filter((each) => each.contested).map((each) => each.field),
      }));
      return page(summaries, before, limit, (each) => each.id);
    },
    get_conflict: ({ id }) => this.conflict(id),
    resolve_conflict: ({ id, revision, choices, note }) =>
      this.settle(id, revision, {
        note: note ?? null,
        fields: this.conflict(id).fields.map((each) => ({
          ...each,
          choice: choices.find((choice) => choice.field === each.field) ?? null,
        })),
      }),
    resolve_delete_conflict: ({ id, revision, choice }) =>
      this.settle(id, revision, { delete_choice: choice }),
    resolve_conflicts: (args) => {
      const answers = (args.ids ?? []).map((picked) =>
        answerFor(this.conflicts.get(picked.id), picked, args),
      );
      const decided = answers.filter((each) => each.outcome === "decided");
      for (const { id, revision } of args.dry_run ? [] : decided) {
        this.settle(id, revision ?? 0, {
          note: args.note ?? null,
          delete_choice: args.choice ?? null,
          fields: this.conflict(id).fields.map((each) => ({
            ...each,
            choice: each.contested && !args.choice ? choiceFor(each.field, args) : null,
          })),
        });
      }
      return {
        dry_run: args.dry_run,
        decided: decided.length,
        left: answers.length - decided.length,
        conflicts: answers,
      };
    },
    undo_decision: ({ id }) => this.reopen(id),
    undo_decisions: ({ ids }) => {
      for (const id of ids) this.reopen(id);
      return { undone: ids.length, left: [] };
    },
    list_errors: ({ run, resolved, before, limit }) => {
      if (run === "run-applied") return page(data.leftAlone(), before, limit, (each) => each.id);
      const all = data.errors(this.setUp ? (this.options.errors ?? 9) : 0);
      const shown = all.filter((each) => resolved === undefined || each.resolved === resolved);
      return page(shown, before, limit, (each) => each.id);
    },
    get_error: ({ id }) => {
      const found = data.errors(40).find((each) => each.id === id);
      if (!found) throw wire("not_found", "There is no such error.");
      return found;
    },
    resolve_error: ({ id }) => {
      const found = data.errors(40).find((each) => each.id === id);
      if (!found) throw wire("not_found", "There is no such error.");
      return { ...found, resolved: true, resolved_at: new Date().toISOString() };
    },
    list_alerts: ({ before, limit }) =>
      page(this.setUp ? data.alerts(40) : [], before, limit, (each) => each.seq),
    list_audit: ({ before, limit }) => page(data.audit(60), before, limit, (each) => each.seq),
    verify_audit: () => ({
      intact: true,
      first_bad: null,
      fault: null,
      sealed_since: "0",
      anchored_to: "12",
    }),
    load_sample: () => {
      this.setUp = true;
      return {
        syncs: ["customers", "products"],
        systems: [
          { name: "Lumen Storefront", address: "http://127.0.0.1:8081" },
          { name: "Ostara ERP", address: "sample-erp.db" },
        ],
      };
    },
  };
}

function page<T>(all: T[], cursor: string | undefined, limit: number, idOf: (item: T) => string) {
  const from = cursor === undefined ? 0 : all.findIndex((item) => idOf(item) === cursor) + 1;
  const items = all.slice(from, from + limit);
  const last = items.at(-1);
  return { items, next: last && from + limit < all.length ? idOf(last) : null };
}

function wire(code: string, message: string, fix: string | null = null): WireError {
  return { code, message, cause: null, fix };
}

function send(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}
