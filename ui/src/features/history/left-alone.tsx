import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "@/components/button";
import { plural } from "@/components/format";
import { Section } from "@/components/page";
import { Badge } from "@/components/status";
import { pagedQuery, type RunView, useTenant } from "@/ipc";

const PAGE = 50;

/** Of a run that touches only what it was asked to: which records it left alone, and why. */
export function LeftAlone({ run }: { run: RunView }) {
  const tenant = useTenant();
  const left = useInfiniteQuery(
    pagedQuery("list_errors", { tenant, run: run.id, limit: PAGE }, "before"),
  );
  // What stopped the run as a whole is about no record; it stands above.
  const items = (left.data ?? []).filter((each) => each.record_id !== null);
  if (items.length === 0) return null;
  return (
    <Section
      title={`Left alone: ${plural(items.length, "record")}${left.hasNextPage ? " so far" : ""}`}
    >
      <ul className="border-line-w divide-y divide-line rounded-l border-line">
        {items.map((each) => (
          <li key={each.id} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-3 py-2">
            {each.side && each.system ? <Badge tone={each.side}>{each.system}</Badge> : null}
            <span className="font-mono text-mono">{each.record_id}</span>
            <span className="min-w-0 flex-1 basis-80 wrap-anywhere">{each.message}</span>
            <Link
              to="/t/$tenant/errors/$id"
              params={{ tenant, id: each.id }}
              search={{ run: run.id }}
              className="underline"
            >
              Details
            </Link>
          </li>
        ))}
      </ul>
      {left.hasNextPage ? (
        <div className="pt-2">
          <Button
            aria-disabled={left.isFetchingNextPage}
            onClick={() => (left.isFetchingNextPage ? undefined : void left.fetchNextPage())}
          >
            Show more
          </Button>
        </div>
      ) : null}
    </Section>
  );
}
