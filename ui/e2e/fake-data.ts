import type { Commands } from "../src/ipc/generated/commands";
import type {
  AlertView,
  AuditView,
  ConflictFieldView,
  ConflictView,
  ConnectionView,
  ErrorView,
  Json,
  RecordChange,
  RunView,
  SyncSummary,
  SyncView,
} from "../src/ipc/generated/types";

// A recorded world for the browser tests: the shapes are the generated ones, the values are made up.
export const NOW = Date.now();
export const MINUTE = 60_000;
export const at = (minutesAgo: number) => new Date(NOW - minutesAgo * MINUTE).toISOString();

export type Args<C extends keyof Commands> = Commands[C]["args"];
export type Reply<C extends keyof Commands> = Commands[C]["reply"];

const SHOP = "Lumen Storefront";
const ERP = "Ostara ERP";

export function run(nth: number, change: Partial<RunView> = {}): RunView {
  const roll = (nth * 7919) % 97;
  const status = roll < 3 ? "failed" : roll < 14 ? "partial" : "completed";
  const changed = status === "failed" ? 0 : (nth * 31) % 60;
  return {
    id: `run-${String(nth).padStart(6, "0")}`,
    sync: nth % 3 === 0 ? "products" : "customers",
    source_system: SHOP,
    target_system: ERP,
    direction: "bidirectional",
    status,
    simulated: nth % 23 === 0,
    full: false,
    decisions_only: nth % 17 === 0,
    trigger: nth % 5 === 0 ? "manual" : "schedule",
    actor: nth % 5 === 0 ? "mara" : "schedule",
    started_at: at(nth * 15 + ((nth * 13) % 9)),
    finished_at: at(nth * 15),
    execution_time_ms: 800 + ((nth * 577) % 9_000),
    processed: status === "failed" ? 0 : 1_000,
    succeeded: status === "failed" ? 0 : 1_000 - (status === "partial" ? 3 : 0),
    failed: status === "partial" ? 2 : 0,
    skipped: status === "partial" ? 1 : 0,
    conflicts: status === "partial" ? 1 : 0,
    created: { source: changed % 3, target: changed % 4 },
    updated: { source: changed % 11, target: changed },
    deleted: { source: 0, target: changed % 2 },
    success_rate: status === "failed" ? null : 0.998,
    error:
      status === "failed"
        ? {
            code: "unreachable",
            message: `${ERP} could not be reached at 127.0.0.1:5433.`,
            cause: "The connection was refused, four times in 7 seconds.",
            fix: "Start the database, or correct the address in the connection, then sync again.",
          }
        : null,
    plan_hash: "9f2c",
    cancelling: false,
    progress: null,
    ...change,
  };
}

/** A plan to review, a rollback to review, and an applied plan that left records alone. */
export const PLANS: RunView[] = [
  run(10, {
    id: "run-plan",
    sync: "customers",
    status: "completed",
    simulated: true,
    actor: "mara",
    trigger: "manual",
    conflicts: 0,
    failed: 0,
    succeeded: 54,
    skipped: 946,
    created: { source: 0, target: 12 },
    updated: { source: 9, target: 30 },
    deleted: { source: 0, target: 3 },
    plan_hash: "17235d1385b465f77327a6619f8ea0a0",
  }),
  run(11, {
    id: "run-rollback",
    sync: "customers",
    status: "completed",
    simulated: true,
    rolls_back: "run-000008",
    actor: "mara",
    trigger: "rollback",
    conflicts: 0,
    created: { source: 0, target: 0 },
    updated: { source: 0, target: 18 },
    deleted: { source: 0, target: 2 },
    plan_hash: null,
  }),
  run(12, {
    id: "run-applied",
    sync: "customers",
    status: "partial",
    simulated: false,
    applies: "run-plan",
    actor: "mara",
    trigger: "manual",
    created: { source: 0, target: 12 },
    updated: { source: 9, target: 28 },
    deleted: { source: 0, target: 2 },
  }),
];

/** What an applied plan left alone. */
export function leftAlone(): ErrorView[] {
  return errors(3).map((error, nth) => ({
    ...error,
    id: `left-${nth}`,
    run: "run-applied",
    error_type: "conflict",
    message:
      [
        "since an update was reviewed, phone changed; it was left alone",
        "a delete of the target's record was reviewed, and there is no need for it any more; it was left alone",
        "a delete was reviewed, and an update would be sent now; it was left alone",
      ][nth] ?? "",
    record_id: `C-${1001 + nth}`,
    side: "target",
    system: ERP,
    resolved: false,
    resolved_at: null,
  }));
}

export const LIVE_RUN = "run-live";
export function liveRun(done: number, cancelling: boolean): RunView {
  return run(1, {
    id: LIVE_RUN,
    sync: "products",
    status: "running",
    simulated: false,
    trigger: "manual",
    actor: "mara",
    started_at: new Date(NOW - 40_000).toISOString(),
    finished_at: null,
    execution_time_ms: 40_000,
    processed: done,
    succeeded: done,
    failed: 0,
    skipped: 0,
    conflicts: 2,
    error: null,
    cancelling,
    progress: {
      phase: "apply",
      done,
      total: 12_000,
      rate_per_second: 312.4,
      remaining_low_s: 22,
      remaining_high_s: 41,
      processed: done,
      succeeded: done,
      failed: 0,
      skipped: 0,
      conflicts: 2,
    },
  });
}

const FIRST = ["Ada", "Grace", "Katherine", "Emmy", "Sofja", "Hedy", "Lise", "Mary"];
const LAST = ["Lovelace", "Hopper", "Johnson", "Noether", "Kowalewskaja", "Lamarr", "Meitner"];
export const person = (nth: number) =>
  `${FIRST[nth % FIRST.length]} ${LAST[(nth * 5) % LAST.length]}`;

/** The same as a plan: nothing is written yet. */
export function planned(count: number): RecordChange[] {
  return changes(count).map((change) => ({
    ...change,
    state: "planned",
    error: null,
    ...(change.kind === "delete"
      ? {
          reversible: "partly",
          irreversible: "the record is made anew: another id, and only the fields that are mapped",
        }
      : {}),
  }));
}

export function changes(count: number): RecordChange[] {
  return Array.from({ length: count }, (_, nth): RecordChange => {
    const kind = nth % 9 === 8 ? "delete" : nth % 4 === 3 ? "create" : "update";
    const side = kind !== "delete" && nth % 3 === 2 ? "source" : "target";
    const name = person(nth);
    const all: RecordChange["fields"] = [
      { field: "name", type: "text", before: name, after: name, changed: false },
      {
        field: "phone",
        type: "text",
        before: "+49 30 1234 567",
        after: nth % 5 === 0 ? "+49 30 1234  567 " : `+49 30 9876 ${100 + nth}`,
        changed: true,
      },
      {
        field: "notes",
        type: "text",
        before: "Prefers deliveries before noon, rings twice.",
        after: "Prefers deliveries after noon, rings once.",
        changed: nth % 2 === 0,
      },
      {
        field: "credit_limit",
        type: "decimal",
        before: "1500.00",
        after: "2000.00",
        changed: nth % 3 === 0,
      },
      { field: "newsletter", type: "boolean", before: true, after: null, changed: nth % 6 === 0 },
    ];
    const fields =
      kind === "create"
        ? all.map(({ before: _, ...rest }) => ({ ...rest, changed: true }))
        : kind === "delete"
          ? all.map(({ after: _, ...rest }) => ({ ...rest, changed: true }))
          : all;
    return {
      seq: String(nth + 1),
      side,
      system: side === "source" ? SHOP : ERP,
      kind,
      state: nth === 4 ? "failed" : "done",
      record_id: `C-${1000 + nth}`,
      other_id: `7f${nth}`,
      label: name,
      reason:
        kind === "create"
          ? "new"
          : kind === "delete"
            ? "delete_propagated"
            : nth % 2 === 0
              ? "merged"
              : "one_sided",
      reversible: kind === "delete" ? "partly" : "full",
      error: nth === 4 ? "The ERP refused the record: phone is longer than 20 characters." : null,
      fields,
      losers:
        nth === 6
          ? [
              {
                side: "source",
                field: "notes",
                value: "Prefers deliveries at noon.",
                winner: "Prefers deliveries after noon, rings once.",
                rule: "last_write_wins",
              },
            ]
          : [],
    };
  });
}

function field(
  name: string,
  type: ConflictFieldView["type"],
  values: [ConflictFieldView["base"], ConflictFieldView["source"], ConflictFieldView["target"]],
  contested = true,
): ConflictFieldView {
  const [base, source, target] = values;
  return { field: name, type, base, source, target, contested, choice: null };
}

const UPDATE_FIELDS: ConflictFieldView[] = [
  field("phone", "text", ["+49 30 1234567", "+49 30 765 4321", "+49 30 1234567 ext. 9"]),
  field("street", "text", ["Invalidenstraße 12", "Invalidenstraße 14", "Invalidenstr. 12a"]),
  field("credit_limit", "decimal", ["1500.00", "2000.00", "1750.50"]),
  field("newsletter", "boolean", [true, false, null]),
  field("company", "text", [
    "Analytical Engines",
    "Analytical Engines Ltd ",
    "Analytical Engines Ltd",
  ]),
  field("name", "text", ["Ada Lovelace", "Ada Lovelace", "Ada Lovelace"], false),
  field("email", "text", ["ada@example.com", "ada@example.com", "ada@example.com"], false),
  field("city", "text", ["Berlin", "Berlin-Mitte", "Berlin"], false),
];

export function conflict(nth: number): ConflictView {
  const kind = nth % 5 === 3 ? "delete" : nth % 7 === 5 ? "pairing" : "update";
  const deleted = kind === "delete";
  const fields = UPDATE_FIELDS.map((each) => {
    if (kind === "pairing") return { ...each, base: undefined };
    if (deleted) return { ...each, source: undefined };
    return { ...each };
  });
  return {
    id: `conflict-${String(nth).padStart(5, "0")}`,
    revision: 1,
    sync: nth % 3 === 0 ? "products" : "customers",
    kind,
    state: "open",
    label: nth === 0 ? "Ada Lovelace" : person(nth),
    reason: deleted
      ? `Deleted in ${SHOP} while it was changed in ${ERP}.`
      : kind === "pairing"
        ? "Both systems hold this record (same e-mail address) with different values."
        : "Both systems changed the same fields since they last agreed, and the policy leaves it to you.",
    source_system: SHOP,
    target_system: ERP,
    source_record_id: deleted ? null : `cus_${8100 + nth}`,
    target_record_id: String(40_210 + nth),
    source_updated_at: at(34 + nth * 3),
    target_updated_at: nth % 4 === 1 ? null : at(12 + nth * 3),
    source_deleted: deleted,
    target_deleted: false,
    fields,
    delete_choice: null,
    note: null,
    decided_by: null,
    decided_at: null,
    not_before: null,
    closed: null,
    run: "run-000002",
    detected_at: at(10 + nth * 3),
    updated_at: at(10 + nth * 3),
  };
}

export const CONNECTIONS: ConnectionView[] = [
  {
    name: SHOP,
    kind: "rest",
    address: "http://127.0.0.1:8081/api/v1",
    collections: [
      { name: "customers", changes: "feed", conditional_writes: true, bulk: 100 },
      { name: "products", changes: "since", conditional_writes: true, bulk: 100 },
    ],
    used_by: ["customers", "products"],
    circuit: "closed",
    open_until: null,
    failures: 0,
    last_error: null,
    circuit_changed_at: null,
    created_at: at(90_000),
    updated_at: at(90_000),
  },
  {
    name: ERP,
    kind: "postgres",
    address: "postgres://127.0.0.1:5433/ostara",
    collections: [
      { name: "party", changes: "since", conditional_writes: true, bulk: 500 },
      { name: "product", changes: "full", conditional_writes: false, bulk: 1 },
    ],
    used_by: ["customers", "products"],
    circuit: "open",
    open_until: new Date(NOW + 4 * MINUTE).toISOString(),
    failures: 5,
    last_error: "The connection was refused at 127.0.0.1:5433.",
    circuit_changed_at: at(1),
    created_at: at(90_000),
    updated_at: at(90_000),
  },
];

export function syncs(openConflicts: number): SyncSummary[] {
  const shared = {
    source_system: SHOP,
    target_system: ERP,
    direction: "bidirectional" as const,
    paused: false,
  };
  return [
    {
      ...shared,
      name: "customers",
      source_collection: "customers",
      target_collection: "party",
      policy: "manual",
      open_conflicts: openConflicts,
      last_run: run(2, { status: "partial" }),
      next_run_at: at(-12),
    },
    {
      ...shared,
      name: "products",
      source_collection: "products",
      target_collection: "product",
      policy: "last_write_wins",
      open_conflicts: 0,
      last_run: run(3),
      next_run_at: null,
      paused: true,
    },
  ];
}

export function syncView(summary: SyncSummary): SyncView {
  const mapped = (name: string, source: string, target: string) => ({
    field: name,
    type: "text" as const,
    source,
    target,
    direction: "bidirectional" as const,
    transforms: [],
    policy: null,
    match_key: false,
  });
  return {
    ...summary,
    fields: [
      {
        ...mapped("email", "email", "party.email"),
        match_key: true,
        transforms: ["trim", "lower case"],
      },
      mapped("name", "full_name", "party.name"),
      { ...mapped("phone", "phone", "contact.phone"), policy: "source_wins" },
      {
        ...mapped("credit_limit", "creditLimit", "party.credit_limit"),
        type: "decimal",
        policy: "sum_deltas",
      },
      {
        ...mapped("created", "created_at", "party.create_date"),
        type: "timestamp",
        direction: "source_to_target",
      },
    ],
    match_key: ["email"],
    delete_policy: "propagate",
    delete_conflict_policy: "manual",
    first_sync_policy: "manual",
    enforce: false,
    schedule: "every 15 minutes",
    toml: '[sync.customers]\nsource = "Lumen Storefront/customers"\n',
    created_at: at(90_000),
    updated_at: at(4_000),
  };
}

export function errors(count: number): ErrorView[] {
  return Array.from({ length: count }, (_, nth): ErrorView => {
    const network = nth % 4 === 3;
    return {
      id: `error-${nth}`,
      run: "run-000002",
      sync: "customers",
      error_type: network ? "network" : "validation",
      message: network
        ? `${ERP} answered 503 Service Unavailable.`
        : `E-mail address of ${person(nth)} is not valid: "ada@@example.com".`,
      record_id: network ? null : `cus_${8100 + nth}`,
      side: network ? "target" : "source",
      system: network ? ERP : SHOP,
      retry_count: network ? 3 : 0,
      occurred_at: at(12 + nth * 7),
      resolved: nth % 6 === 5,
      resolved_at: nth % 6 === 5 ? at(2) : null,
      cause: network
        ? "The server was overloaded."
        : "The schema of the collection asks for one @.",
      fix: network
        ? "Wait until it answers again, then sync again; nothing was lost."
        : `Correct the address in ${SHOP}; the next sync takes it up by itself.`,
      diagnostics: {
        request: { method: "PATCH", url: "http://127.0.0.1:8081/api/v1/customers/8100" },
        response: { status: network ? 503 : 422 },
        circuit: "closed",
      },
      record: { email: "ada@@example.com", name: person(nth) },
    };
  });
}

export function audit(count: number): AuditView[] {
  const actions = ["conflict.resolve", "run.start", "sync.apply", "connection.test", "run.cancel"];
  return Array.from({ length: count }, (_, nth) => ({
    seq: String(count - nth),
    at: at(3 + nth * 19),
    actor: nth % 3 === 0 ? "mara" : "schedule",
    action: actions[nth % actions.length] ?? "run.start",
    subject: nth % 5 === 0 ? "conflict-00012" : "customers",
    details: (nth % 5 === 0 ? { revision: 2, take: { phone: "source" } } : { full: false }) as Json,
    hash: "c0ffee",
  }));
}

/** A failure an hour, and now and then a notice that it works again. */
export function alerts(count: number): AlertView[] {
  return Array.from({ length: count }, (_, nth): AlertView => {
    const recovery = nth % 5 === 2;
    const waits = nth === 0;
    return {
      seq: String(count - nth),
      at: at(4 + nth * 73),
      kind: recovery ? "recovery" : "failure",
      sync: nth % 3 === 0 ? "products" : "customers",
      run_id: "run-000097",
      connection: ERP,
      error: `${ERP} could not be reached at 127.0.0.1:5433.`,
      remedy: recovery ? null : "Start the database, or correct the address in the connection.",
      held_back: (nth * 7) % 4,
      deliveries: [
        { channel: "desktop", attempts: 1, delivered_at: at(4 + nth * 73), last_error: null },
        {
          channel: "mail",
          attempts: waits ? 3 : 1,
          delivered_at: waits ? null : at(4 + nth * 73),
          last_error: waits ? "451 Try again later." : null,
        },
      ],
    };
  });
}
