import { infiniteQueryOptions } from "@tanstack/react-query";
import {
  type CommandError,
  call,
  commandKey,
  type RecordEventView,
  type RecordHistoryView,
} from "@/ipc";
import type { RecordSearch } from "./search";

const PAGE = 50;

/** A record's history, page by page; what is said of the pair comes with each page. */
export function recordQuery(tenant: string, sync: string, search: RecordSearch) {
  const args = {
    tenant,
    sync,
    [search.side]: search.id,
    ...(search.field ? { field: search.field } : {}),
    limit: PAGE,
  };
  return infiniteQueryOptions<
    RecordHistoryView,
    CommandError,
    { first: RecordHistoryView; events: RecordEventView[] } | undefined,
    readonly unknown[],
    string | null
  >({
    queryKey: commandKey("record_history", args),
    queryFn: ({ pageParam }) =>
      call("record_history", { ...args, ...(pageParam === null ? {} : { before: pageParam }) }),
    initialPageParam: null,
    getNextPageParam: (last) => last.events.next,
    select: ({ pages }) => {
      const [first] = pages;
      return first && { first, events: pages.flatMap((page) => page.events.items) };
    },
  });
}
