import { useMemo } from "react";
import { type Column, DataGrid } from "@/components/data-grid";
import { formatCount, humanise } from "@/components/format";
import { Ago } from "@/components/time";
import type { ConflictSummary } from "@/ipc";
import { KIND_WORDS } from "./kind";
import { type Group, groupsOf } from "./model/groups";
import type { ConflictsSearch } from "./search";

const idOf = (group: Group) => group.id;

const SYNC: Column<Group> = {
  id: "sync",
  header: "Sync",
  width: [8, 1],
  cell: ({ search }) => <span className="font-medium">{search.sync}</span>,
};
const COUNT: Column<Group> = {
  id: "count",
  header: "Conflicts",
  width: [6, 0],
  align: "end",
  cell: ({ count }) => formatCount(count),
};
const OLDEST: Column<Group> = {
  id: "oldest",
  header: "Oldest",
  width: [7, 0],
  cell: ({ oldest }) => <Ago at={oldest} />,
};
const COLUMNS: Record<NonNullable<ConflictsSearch["by"]>, Column<Group>[]> = {
  sync: [SYNC, COUNT, OLDEST],
  field: [
    {
      id: "field",
      header: "Contested field",
      width: [10, 1.5],
      cell: ({ search }) => <span className="font-medium">{humanise(search.field ?? "")}</span>,
    },
    { ...SYNC, cell: ({ search }) => search.sync },
    COUNT,
    OLDEST,
  ],
  signature: [
    {
      id: "fields",
      header: "Contested",
      width: [12, 2],
      cell: ({ search }) => <span className="font-medium">{narrowingWords(search)}</span>,
    },
    {
      id: "kind",
      header: "Kind",
      width: [9, 0.7],
      cell: ({ search }) => (search.kind ? KIND_WORDS[search.kind] : ""),
    },
    { ...SYNC, cell: ({ search }) => search.sync },
    COUNT,
    OLDEST,
  ],
};

/** What a narrowed view shows, in words. */
export function narrowingWords({ field, fields, kind }: ConflictsSearch): string {
  if (field !== undefined) return humanise(field);
  if (fields) return fields.split(",").map(humanise).join(", ");
  return kind ? KIND_WORDS[kind] : "";
}

interface Props {
  items: readonly ConflictSummary[];
  by: NonNullable<ConflictsSearch["by"]>;
  onOpen(search: Group["search"]): void;
}

/** Conflicts that have something in common, to be decided together. */
export function GroupsList({ items, by, onOpen }: Props) {
  const groups = useMemo(() => groupsOf(items, by), [items, by]);
  return (
    <DataGrid
      key={by}
      label="Groups of conflicts, the largest first"
      columns={COLUMNS[by]}
      items={groups}
      idOf={idOf}
      onOpen={({ search }) => onOpen(search)}
      autoFocus
    />
  );
}
