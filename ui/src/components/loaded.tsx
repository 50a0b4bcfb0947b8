import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorState, type Failure, Loading } from "./states";

interface Props<T> {
  query: UseQueryResult<T, Failure>;
  /** What is being loaded, as in "Could not load …". */
  what: string;
  children(data: T): ReactNode;
}

/**
 * The three states of anything fetched. Data that is already there stays in view while it is
 * refreshed, and also when refreshing fails: then the failure stands above it.
 */
export function Loaded<T>({ query, what, children }: Props<T>) {
  const failure = query.error ? (
    <ErrorState
      inset
      doing={`load ${what}`}
      error={query.error}
      since={query.errorUpdatedAt}
      onRetry={() => void query.refetch()}
    />
  ) : null;
  if (query.data === undefined) return failure ?? <Loading what={what} />;
  return (
    <>
      {failure}
      {children(query.data)}
    </>
  );
}
