import { useCallback, useEffect, useMemo, useState } from "react";
import { useAnnounce } from "@/components/announce";
import type { Selection } from "@/components/data-grid";
import { plural } from "@/components/format";
import { asCommandError, type ConflictSummary, useTenant } from "@/ipc";
import { loadAll } from "./api/bulk";
import { nameOf } from "./name";
import type { ConflictsSearch } from "./search";

const NONE: ReadonlySet<string> = new Set();

/** Which conflicts of a view are selected; another view begins without any. */
export function useSelection(
  items: readonly ConflictSummary[],
  more: boolean,
  search: ConflictsSearch,
) {
  const tenant = useTenant();
  const announce = useAnnounce();
  const [ids, setIds] = useState(NONE);
  // What "select all" found beyond the pages that are loaded.
  const [beyond, setBeyond] = useState<readonly ConflictSummary[]>([]);
  const { state, sync, field, fields, kind } = search;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new view is what clears it.
  useEffect(() => {
    setIds(NONE);
    setBeyond([]);
  }, [tenant, state, sync, field, fields, kind]);

  const known = useMemo(() => {
    const all = new Map(beyond.map((item) => [item.id, item]));
    // What the list shows now is newer.
    for (const item of items) all.set(item.id, item);
    return all;
  }, [items, beyond]);

  const selected = useMemo(
    () => [...ids].map((id) => known.get(id)).filter((item) => item !== undefined),
    [ids, known],
  );
  const selectAll = useCallback(async () => {
    if (!more) {
      // All there are stand in the list: the next key finds them selected.
      setIds(new Set(items.map((item) => item.id)));
      return;
    }
    try {
      const all = await loadAll(tenant, { state, sync, field, fields, kind });
      setBeyond(all);
      setIds(new Set(all.map((item) => item.id)));
      announce(`${plural(all.length, "conflict")} selected.`);
    } catch (error) {
      announce(`They could not all be selected: ${asCommandError(error).message}`);
    }
  }, [tenant, items, more, state, sync, field, fields, kind, announce]);
  const selection = useMemo<Selection<ConflictSummary>>(
    () => ({
      ids,
      onChange: setIds,
      onAll: () => void selectAll(),
      nameOf: (item) => `Select ${nameOf(item)}`,
    }),
    [ids, selectAll],
  );
  const all = selected.length > 0 && items.every((item) => ids.has(item.id));

  return {
    selected,
    selection,
    clear: () => {
      setIds(NONE);
      setBeyond([]);
    },
    /** Selects whatever the view holds; without it there is nothing more to select. */
    selectAll: all && (!more || beyond.length > 0) ? undefined : () => void selectAll(),
  };
}
