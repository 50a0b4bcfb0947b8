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
import { commandQuery, useTenant } from "@/ipc";

const SHOWN_MS = 6_000;

/** What is going on now, what just happened, and the last step that can be taken back. */
export function StatusBar() {
  return (
    <footer
      data-region=""
      tabIndex={-1}
      className="flex min-h-9 flex-wrap items-center gap-x-4 border-t border-line bg-surface px-3 py-0.5 outline-none"
    >
      <Running />
      <Announcement />
      <UndoOffer />
    </footer>
  );
}

function Running() {
  const tenant = useTenant();
  const overview = useQuery(commandQuery("overview", { tenant }));
  const running = overview.data?.running ?? [];
  const first = running[0];
  if (!overview.data) return null;
  if (!first) return <span className="text-muted">No sync is running</span>;
  return (
    <Link
      to="/t/$tenant/runs/$id"
      params={{ tenant, id: first.id }}
      className="inline-flex items-center gap-2"
    >
      <Status status="running" />
      {first.sync}
      {running.length > 1 ? (
        <span className="text-muted">and {plural(running.length - 1, "other")}</span>
      ) : null}
    </Link>
  );
}

function Announcement() {
  const latest = useLatestAnnouncement();
  const [gone, setGone] = useState(0);
  useEffect(() => {
    if (!latest) return;
    const timer = setTimeout(() => setGone(latest.nth), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [latest]);
  return (
    <p role="status" className="min-w-0 flex-1 truncate text-muted">
      {latest && latest.nth > gone ? <span key={latest.nth}>{latest.text}</span> : null}
    </p>
  );
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
