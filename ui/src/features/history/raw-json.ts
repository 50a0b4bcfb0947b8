import type { RecordChange } from "@/ipc";

/** A record before or after a write as JSON, laid out; `null` where there is no record. */
export function rawJson(
  { kind, fields }: Pick<RecordChange, "kind" | "fields">,
  when: "before" | "after",
): string {
  const missing = when === "before" ? kind === "create" : kind === "delete";
  if (missing) return "null";
  // `fromEntries` defines its members, so that a field named `__proto__` is one like any other.
  const record = Object.fromEntries(fields.map((field) => [field.field, field[when]]));
  return JSON.stringify(record, null, 2);
}
