import type { ConflictFieldView, ConflictView, Json } from "@/ipc";

export function testField(
  name: string,
  base: Json | undefined,
  source: Json | undefined,
  target: Json | undefined,
  contested = true,
): ConflictFieldView {
  return { field: name, type: "text", base, source, target, contested, choice: null };
}

/** A conflict of five contested fields, a to e, and one that is not. */
export function testConflict(change: Partial<ConflictView> = {}): ConflictView {
  return {
    id: "c1",
    revision: 1,
    sync: "customers",
    kind: "update",
    state: "open",
    label: "Ada Lovelace",
    reason: "Both systems changed the same fields.",
    source_system: "Lumen",
    target_system: "Ostara",
    source_record_id: "s1",
    target_record_id: "t1",
    source_updated_at: "2026-03-01T10:00:00Z",
    target_updated_at: null,
    source_deleted: false,
    target_deleted: false,
    fields: [
      ...["a", "b", "c", "d", "e"].map((name) =>
        testField(name, `${name} base`, `${name} source`, `${name} target`),
      ),
      testField("same", "x", "x", "x", false),
    ],
    suggestions: [],
    delete_choice: null,
    note: null,
    decided_by: null,
    decided_at: null,
    not_before: null,
    closed: null,
    run: "r1",
    detected_at: "2026-03-01T10:00:00Z",
    updated_at: "2026-03-01T10:00:00Z",
    ...change,
  };
}
