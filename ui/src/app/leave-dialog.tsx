import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { COMMAND_KEY } from "@/components/keys";
import { ErrorState } from "@/components/states";
import { followUnsaved, unsavedCount } from "@/components/unsaved";
import {
  asksBeforeLeaving,
  call,
  commandMutation,
  followLeaving,
  type Leave,
  type LeaveQuestion,
} from "@/ipc";
import { Trans, t } from "@/text";

/** Asks before the window goes while something is not written or not kept. */
export function LeaveDialog() {
  const [question, setQuestion] = useState<LeaveQuestion | null>(null);
  const [waiting, setWaiting] = useState(false);
  const leave = useMutation(commandMutation("leave_window"));
  const stay = useRef<HTMLButtonElement>(null);
  useUnsavedTold();

  useEffect(
    () =>
      followLeaving((asked) => {
        setWaiting(false);
        setQuestion(asked);
        void call("leave_window", { how: "asked" });
      }),
    [],
  );

  const answer = (how: Leave) => {
    setWaiting(how === "when_written");
    if (how === "stay") setQuestion(null);
    leave.mutate({ how });
  };
  if (!question) return null;
  const { staged, unsaved } = question;
  return (
    <Dialog open onClose={() => answer("stay")} title={t("leaving.title")} initialFocus={stay}>
      <div className="flex flex-col gap-3 overflow-y-auto px-4 py-3 text-form">
        {unsaved > 0 ? (
          <p>
            <Trans i18nKey="leaving.unsaved" count={unsaved} components={{ 1: <strong /> }} />
          </p>
        ) : null}
        {staged > 0 ? (
          <>
            <p>
              <Trans
                i18nKey="leaving.staged"
                count={staged}
                values={{ keys: `${COMMAND_KEY}+Z` }}
                components={{ 1: <strong /> }}
              />
            </p>
            <p className="text-muted">{t("leaving.later")}</p>
          </>
        ) : null}
        {leave.error ? <ErrorState inset doing={t("leaving.failed")} error={leave.error} /> : null}
      </div>
      <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line bg-surface px-4 py-3">
        <p role="status" className="flex-1 text-muted">
          {waiting ? t("leaving.waiting") : null}
        </p>
        <Button ref={stay} onClick={() => answer("stay")}>
          {t("leaving.stay")}
        </Button>
        <Button look={unsaved > 0 ? "danger" : "plain"} onClick={() => answer("now")}>
          {t(unsaved > 0 ? "leaving.lose" : "leaving.now")}
        </Button>
        {staged > 0 && unsaved === 0 && !waiting ? (
          <Button look="primary" onClick={() => answer("when_written")}>
            {t("leaving.whenWritten")}
          </Button>
        ) : null}
      </footer>
    </Dialog>
  );
}

/** Keeps the window, or the browser, informed of what would be lost. */
function useUnsavedTold() {
  useEffect(() => {
    if (asksBeforeLeaving()) {
      const tell = () => void call("note_unsaved", { conflicts: unsavedCount() });
      // A page that was loaded anew holds nothing, whatever the one before it held.
      tell();
      return followUnsaved(tell);
    }
    const ask = (event: BeforeUnloadEvent) => {
      if (unsavedCount() > 0) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);
}
