import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export type Person = Record<string, string | number | boolean | null>;

interface Stored {
  version: number;
  updated_at: string;
  fields: Person;
}

/**
 * A system of a few lines, over real HTTP: people with a version, listed whole, written only where
 * the version still fits. Small enough to hold every value a test wants on each side.
 */
export class TinySystem {
  readonly people = new Map<string, Stored>();
  /** Every write that was accepted, in order. */
  readonly writes: string[] = [];
  /** How long each answer takes, ms. */
  delay = 0;
  /** The status every request is refused with, while it is set. */
  fault: number | null = null;
  private next = 1;
  private readonly server: Server = createServer((request, response) => {
    void this.answer(request, response);
  });

  static async start(prefix: string): Promise<TinySystem> {
    const system = new TinySystem(prefix);
    await new Promise<void>((resolve) => system.server.listen(0, "127.0.0.1", resolve));
    return system;
  }

  private constructor(private readonly prefix: string) {}

  get origin(): string {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What a person does in this system, by hand. */
  put(id: string | null, change: Person): string {
    const key = id ?? `${this.prefix}${this.next++}`;
    const old = this.people.get(key);
    this.people.set(key, {
      version: (old?.version ?? 0) + 1,
      updated_at: new Date().toISOString(),
      fields: { ...old?.fields, ...change },
    });
    return key;
  }

  find(email: string): Person | undefined {
    return [...this.people.values()].find(({ fields }) => fields.email === email)?.fields;
  }

  idOf(email: string): string {
    for (const [id, { fields }] of this.people) if (fields.email === email) return id;
    throw new Error(`${this.prefix} has no ${email}`);
  }

  private async answer(request: IncomingMessage, response: ServerResponse) {
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const [, , id] = new URL(request.url ?? "/", "http://localhost").pathname.split("/");
    const [status, body] =
      this.fault === null
        ? this.respond(request, id, text === "" ? {} : JSON.parse(text))
        : [this.fault, { error: "closed for maintenance" }];
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(body === null ? "" : JSON.stringify(body));
  }

  private respond(
    request: IncomingMessage,
    id: string | undefined,
    body: Person,
  ): [number, unknown] {
    if (id === undefined) {
      if (request.method === "GET") return [200, { data: [...this.people.keys()].map(this.show) }];
      if (request.method !== "POST") return [405, { error: "no such method" }];
      const created = this.put(null, body);
      this.writes.push(`create ${created}`);
      return [201, this.show(created)];
    }
    const stored = this.people.get(id);
    if (!stored) return [404, { error: "there is no such person" }];
    if (request.method === "GET") return [200, this.show(id)];
    if (request.headers["if-match"] !== `"${stored.version}"`) {
      return [412, { error: "the version is another by now" }];
    }
    this.writes.push(`${request.method === "DELETE" ? "delete" : "update"} ${id}`);
    if (request.method === "DELETE") {
      this.people.delete(id);
      return [204, null];
    }
    this.put(id, body);
    return [200, this.show(id)];
  }

  private readonly show = (id: string) => {
    const stored = this.people.get(id);
    return { ...stored?.fields, id, version: stored?.version, updated_at: stored?.updated_at };
  };
}

/** The workspace file for two such systems, called Lumen and Ostara, kept in step both ways. */
export function workspace(lumen: TinySystem, ostara: TinySystem): string {
  const connection = (name: string, system: TinySystem) => `
[[connections]]
name = "${name}"
kind = "rest"
base_url = "${system.origin}"
allow_private = true

[connections.collections.people]
id = "id"
version = { field = "version" }
modified_at = { field = "updated_at" }
read_only = ["id", "version", "updated_at"]
list = { path = "/people", records = "/data", pagination = { type = "none" } }
get = { path = "/people/{{ id }}" }
create = { path = "/people", record = "" }
update = { path = "/people/{{ id }}", precondition = { type = "if_match", quoted = true }, record = "" }
delete = { path = "/people/{{ id }}", precondition = { type = "if_match", quoted = true } }
errors = { message = "/error" }

[connections.collections.people.fields]
email = { type = "text", nullable = false }
name = { type = "text" }
phone = { type = "text" }
street = { type = "text" }
credit = { type = "decimal", scale = 2 }
newsletter = { type = "boolean" }
`;
  return `${connection("Lumen", lumen)}${connection("Ostara", ostara)}
[[syncs]]
name = "people"
direction = "bidirectional"
match_key = ["email"]
source = { connection = "Lumen", collection = "people" }
target = { connection = "Ostara", collection = "people" }
conflict = { default = "manual", first_sync = "manual", delete_conflict = "manual" }
deletes = "propagate"

[syncs.mapping]
email = "text"
name = "text"
phone = "text"
street = "text"
credit = { type = { decimal = { scale = 2 } } }
newsletter = "boolean"
`;
}
