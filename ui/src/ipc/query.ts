import {
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
  type UseMutationOptions,
} from "@tanstack/react-query";
import { type Args, type Command, call, type Result } from "./client";
import type { Page } from "./generated/types";
import type { CommandError } from "./transport";

/**
 * Cache keys are `[tenant, command, args]`. The tenant comes first, so that nothing cached for one
 * can be read for another, and an event drops exactly what it made stale.
 */
export function commandKey<C extends Command>(command: C, args: Args<C>) {
  const tenant = "tenant" in args ? String(args.tenant) : "";
  return [tenant, command, args] as const;
}

export function commandQuery<C extends Command>(command: C, args: Args<C>) {
  return queryOptions<Result<C>, CommandError>({
    queryKey: commandKey(command, args),
    queryFn: () => call(command, args),
  });
}

type PagedCommand = {
  [C in Command]: Result<C> extends Page<unknown> ? C : never;
}[Command];
type Item<C extends PagedCommand> = Result<C> extends Page<infer T> ? T : never;

/** A list read page by page; `cursor` names the argument that takes the last page's `next`. */
export function pagedQuery<C extends PagedCommand>(
  command: C,
  args: Args<C>,
  cursor: "after" | "before" = "before",
) {
  return infiniteQueryOptions<
    Page<Item<C>>,
    CommandError,
    Item<C>[],
    readonly unknown[],
    string | null
  >({
    queryKey: [...commandKey(command, args), "pages"],
    queryFn: async ({ pageParam }) => {
      const paged = pageParam === null ? args : { ...args, [cursor]: pageParam };
      return (await call(command, paged)) as Page<Item<C>>;
    },
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    select: (data) => data.pages.flatMap((page) => page.items),
  });
}

export function commandMutation<C extends Command>(
  command: C,
): UseMutationOptions<Result<C>, CommandError, Args<C>> {
  return { mutationKey: [command], mutationFn: (args) => call(command, args) };
}

/**
 * Marks every cached answer of these commands as stale, for one tenant and for what belongs to no
 * tenant.
 */
export function invalidate(client: QueryClient, tenant: string, commands: readonly Command[]) {
  const stale = new Set<unknown>(commands);
  return client.invalidateQueries({
    predicate: ({ queryKey: [owner, command] }) =>
      (owner === tenant || owner === "") && stale.has(command),
  });
}
