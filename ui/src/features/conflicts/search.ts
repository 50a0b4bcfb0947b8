import { z } from "zod";
import type { ConflictSummary } from "@/ipc";

/** The views of the inbox; without one, what is open. */
export const conflictsSearch = z.object({
  state: z.enum(["open", "decided", "resolved", "closed"]).optional().catch(undefined),
  sync: z.string().optional().catch(undefined),
  /** Shown as groups of: one sync; one contested field; one sync, kind and set of fields. */
  by: z.enum(["sync", "field", "signature"]).optional().catch(undefined),
  /** Only where this field is contested, with whatever others. */
  field: z.string().optional().catch(undefined),
  /** Only where just these are, by name in order, with commas between. */
  fields: z.string().optional().catch(undefined),
  kind: z.enum(["update", "delete", "pairing"]).optional().catch(undefined),
});
export type ConflictsSearch = z.infer<typeof conflictsSearch>;

/** What only the panel can tell apart: the backend lists by state and sync. */
export function isNarrowed({ field, fields, kind }: ConflictsSearch): boolean {
  return field !== undefined || fields !== undefined || kind !== undefined;
}

export function fits(search: ConflictsSearch, item: ConflictSummary): boolean {
  if (search.kind !== undefined && item.kind !== search.kind) return false;
  if (search.field !== undefined && !item.contested.includes(search.field)) return false;
  return search.fields === undefined || fieldsOf(item) === search.fields;
}

/** The contested fields of a conflict, as `fields` has them. */
export function fieldsOf(item: ConflictSummary): string {
  return [...item.contested].sort().join(",");
}
