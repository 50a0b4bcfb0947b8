import { useInfiniteQuery } from "@tanstack/react-query";
import { pagedQuery, useTenant } from "@/ipc";
import type { ConflictsSearch } from "../search";

const PAGE = 200;

/** The conflicts of one view, oldest decision first come first served, page by page. */
export function useInbox(search: ConflictsSearch) {
  const tenant = useTenant();
  const state = search.state ?? "open";
  return useInfiniteQuery(
    pagedQuery("list_conflicts", { tenant, state, sync: search.sync, limit: PAGE }),
  );
}
