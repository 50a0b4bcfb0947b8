import type { ConflictSummary } from "@/ipc";
import { type ConflictsSearch, fieldsOf } from "../search";

/** Conflicts that have something in common. */
export interface Group {
  id: string;
  count: number;
  /** When the oldest of them was found. */
  oldest: string;
  /** What leads to just these. */
  search: Pick<ConflictsSearch, "sync" | "field" | "fields" | "kind">;
}

/** The groups of a list, the largest first. */
export function groupsOf(
  items: readonly ConflictSummary[],
  by: NonNullable<ConflictsSearch["by"]>,
): Group[] {
  const groups = new Map<string, Group>();
  for (const item of items) {
    for (const search of keysOf(item, by)) {
      const id = JSON.stringify(search);
      const group = groups.get(id);
      if (!group) {
        groups.set(id, { id, count: 1, oldest: item.detected_at, search });
        continue;
      }
      group.count += 1;
      if (item.detected_at < group.oldest) group.oldest = item.detected_at;
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
}

function keysOf(item: ConflictSummary, by: NonNullable<ConflictsSearch["by"]>): Group["search"][] {
  switch (by) {
    case "sync":
      return [{ sync: item.sync }];
    case "field":
      return item.contested.map((field) => ({ sync: item.sync, field }));
    case "signature":
      return [{ sync: item.sync, kind: item.kind, fields: fieldsOf(item) }];
  }
}
