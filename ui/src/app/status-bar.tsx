import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Undo2 } from "lucide-react";
import { useEffect, useState } from "react";
import { useLatestAnnouncement } from "@/components/announce";
import { Button, Keys } from "@/components/button";
import { plural } from "@/components/format";
import { COMMAND_KEY } from "@/components/keys";
import { Status } from "@/components/status";
import { useUndo } from "@/components/undo";
import { commandQuery, type RunView, useTenant } from "@/ipc";

const SHOWN_MS = 6_000;

/** What is going on now, what just happened, and the last step that can be taken back. */
export function StatusBar() {
  const tenant = useTenant();
  const running = useQuery(commandQuery("overview", { tenant })).data?.running;
  const said = useAnnounced();
  const first = running?.[0];
  return (
    <footer
      data-region=""
      tabIndex={-1}
      className="flex min-h-9 flex-wrap items-center gap-x-4 border-t border-line bg-surface px-3 py-0.5 outline-none"
    >
      {first ? <Running first={first} others={(running?.length ?? 1) - 1} /> : null}
      {running && !first && !said ? <span className="text-muted">No sync is running</span> : null}
      <div className="min-w-0 flex-1 truncate text-muted">
        {/* What the link beside it shows already is only read out. */}
        <p role="status" className={first && said?.live ? "sr-only" : ""}>
          {said ? <span key={said.nth}>{said.text}</span> : null}
        </p>
      </div>
      <UndoOffer />
    </footer>
  );
}

function Running({ first, others }: { first: RunView; others: number }) {
  const tenant = useTenant();
  return (
    <Link
      to="/t/$tenant/runs/$id"
      params={{ tenant, id: first.id }}
      className="inline-flex items-center gap-2"
    >
      <Status status="running" />
      {first.sync}
      {others > 0 ? <span className="text-muted">and {plural(others, "other")}</span> : null}
    </Link>
  );
}

const ENDED: Partial<Record<RunView["status"], string>> = {
  completed: "is finished",
  partial: "is finished in part",
  failed: "failed",
};

/**
 * The latest announcement while it is to be seen: for some seconds. One about a run stands for as
 * long as that runs, and then says how it ended.
 */
function useAnnounced(): { text: string; nth: number; live: boolean } | null {
  const tenant = useTenant();
  const latest = useLatestAnnouncement();
  const [gone, setGone] = useState(0);
  const id = latest?.run;
  const run = useQuery({
    ...commandQuery("get_run", { tenant, id: id ?? "" }),
    enabled: id !== undefined,
  });
  const ended = run.data && ENDED[run.data.status];
  const live = id !== undefined && !run.isError && ended === undefined;
  useEffect(() => {
    if (!latest || live) return;
    const timer = setTimeout(() => setGone(latest.nth), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [latest, live]);
  if (!latest || latest.nth <= gone) return null;
  if (!run.data || !ended) return { text: latest.text, nth: latest.nth, live };
  const what = run.data.simulated ? `The simulation of ${run.data.sync}` : run.data.sync;
  return { text: `${what} ${ended}.`, nth: latest.nth, live };
}

function UndoOffer() {
  const { offer, secondsLeft, take } = useUndo();
  return (
    <>
      <span role="status" className="sr-only">
        {offer ? `${offer.label}. ${COMMAND_KEY}+Z takes it back within 8 seconds.` : ""}
      </span>
      {offer ? (
        <span className="inline-flex items-center gap-3">
          <span className="font-medium">{offer.label}</span>
          <Button onClick={take} icon={<Undo2 aria-hidden="true" className="size-4" />}>
            Undo <Keys chord={`${COMMAND_KEY}+Z`} />
            <span className="w-8 text-end text-muted" aria-hidden="true">
              {secondsLeft} s
            </span>
          </Button>
        </span>
      ) : null}
    </>
  );
}
