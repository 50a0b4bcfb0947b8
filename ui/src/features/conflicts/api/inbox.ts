import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type CommandError, type ConflictSummary, commandKey, pagedQuery, useTenant } from "@/ipc";
import { type ConflictsSearch, isNarrowed } from "../search";
import { loadAll } from "./bulk";

const PAGE = 200;

/** A view of the inbox, as far as it is loaded. */
export interface InboxList {
  items: ConflictSummary[] | undefined;
  error: CommandError | null;
  since: number;
  refetch(): void;
  hasMore: boolean;
  loadingMore: boolean;
  more(): void;
}

/**
 * The conflicts of one view: page by page, or all of them where only the panel can tell which are
 * meant.
 */
export function useInbox(search: ConflictsSearch): InboxList {
  const tenant = useTenant();
  const state = search.state ?? "open";
  const whole = isNarrowed(search) || search.by !== undefined;
  const args = { tenant, state, sync: search.sync };
  const paged = useInfiniteQuery({
    ...pagedQuery("list_conflicts", { ...args, limit: PAGE }),
    enabled: !whole,
  });
  const { by: _by, ...filter } = search;
  const all = useQuery<ConflictSummary[], CommandError>({
    queryKey: [...commandKey("list_conflicts", { ...args, limit: 0 }), "all", filter],
    queryFn: () => loadAll(tenant, filter),
    enabled: whole,
  });
  const query = whole ? all : paged;
  return {
    items: query.data,
    error: query.error,
    since: query.errorUpdatedAt,
    refetch: () => void query.refetch(),
    hasMore: !whole && paged.hasNextPage,
    loadingMore: paged.isFetchingNextPage,
    more: () => void paged.fetchNextPage(),
  };
}
