import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Undo2, Wand } from "lucide-react";
import { useRef, useState } from "react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { formatCount, plural } from "@/components/format";
import { ErrorState } from "@/components/states";
import { commandMutation, type RunView, useTenant } from "@/ipc";
import { changesOf, countOf, countsOf, nextStep, REVIEW_ORDER } from "./plan";

const ICON = { "aria-hidden": true, className: "size-4" } as const;

/** The step that follows a run: apply what was reviewed, or take back what was written. */
export function PlanActions({ run }: { run: RunView }) {
  switch (nextStep(run)) {
    case "apply":
      return <ApplyPlan run={run} />;
    case "roll back now":
      return <RollBackNow run={run} />;
    case "roll back":
      return <PreviewRollback run={run} />;
    case "none":
      return null;
  }
}

/** Shows the run that was started. */
function useShowRun() {
  const tenant = useTenant();
  const navigate = useNavigate();
  const announce = useAnnounce();
  return (words: string) =>
    ({ run_id }: { run_id: string }) => {
      announce(words, run_id);
      return navigate({ to: "/t/$tenant/runs/$id", params: { tenant, id: run_id } });
    };
}

function ApplyPlan({ run }: { run: RunView }) {
  const tenant = useTenant();
  const show = useShowRun();
  const apply = useMutation({
    ...commandMutation("apply_plan"),
    onSuccess: show("Applying just what was reviewed."),
  });
  return (
    <Confirmed
      label="Apply exactly this…"
      icon={<Wand {...ICON} />}
      title={`Apply this plan of ${run.sync}`}
      confirm={`Write ${plural(changesOf(run), "record")}`}
      run={run}
      pending={apply.isPending}
      failure={apply.error ? <ErrorState doing="apply this plan" error={apply.error} /> : null}
      onConfirm={() => apply.mutate({ tenant, hash: run.plan_hash ?? "" })}
    >
      <p>
        Each record is written only if it would still be written just so. What changed since this
        was planned, and what is new, is left alone and shown; an ordinary run syncs it.
      </p>
      <p className="text-meta text-muted">
        Plan <span className="font-mono text-mono wrap-anywhere">{run.plan_hash}</span>
      </p>
    </Confirmed>
  );
}

function RollBackNow({ run }: { run: RunView }) {
  const tenant = useTenant();
  const show = useShowRun();
  const back = useMutation({
    ...commandMutation("rollback_run"),
    onSuccess: show("Rolling back."),
  });
  const deletes = countOf(run, "delete");
  return (
    <Confirmed
      label="Roll back now…"
      icon={<Undo2 {...ICON} />}
      title={`Roll back a run of ${run.sync}`}
      confirm={`Put ${plural(changesOf(run), "record")} back`}
      run={run}
      pending={back.isPending}
      failure={back.error ? <ErrorState doing="roll this run back" error={back.error} /> : null}
      onConfirm={() =>
        back.mutate({
          tenant,
          id: run.rolls_back ?? "",
          simulate: false,
          // Who confirms sees the number: it is what the guard asks for.
          ...(deletes > 0 ? { allow_deletes: deletes } : {}),
        })
      }
    >
      <p>
        Each field is put back only where the record still says what that run wrote. Later edits
        stay and are shown. The rollback is a run of its own, which can be rolled back too.
      </p>
    </Confirmed>
  );
}

/** Taking back is looked at before it is done. */
function PreviewRollback({ run }: { run: RunView }) {
  const tenant = useTenant();
  const announce = useAnnounce();
  const show = useShowRun();
  const preview = useMutation({
    ...commandMutation("rollback_run"),
    onSuccess: show("Simulating the rollback; nothing is written."),
    onError: (error) => announce(`The rollback was not simulated: ${error.message}`),
  });
  return (
    <Button
      aria-disabled={preview.isPending}
      title={preview.error?.message}
      onClick={() =>
        preview.isPending ? undefined : preview.mutate({ tenant, id: run.id, simulate: true })
      }
      icon={<Undo2 {...ICON} />}
    >
      {preview.isPending ? "Looking…" : "Preview a rollback"}
    </Button>
  );
}

interface ConfirmedProps {
  label: string;
  icon: React.ReactNode;
  title: string;
  confirm: string;
  run: RunView;
  pending: boolean;
  failure: React.ReactNode;
  onConfirm(): void;
  children: React.ReactNode;
}

/** A button that says once more what it will do before it does it. */
function Confirmed(props: ConfirmedProps) {
  const { label, icon, title, confirm, run, pending, failure, onConfirm, children } = props;
  const [open, setOpen] = useState(false);
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Button look="primary" icon={icon} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={title} initialFocus={cancel}>
        <div className="flex flex-col gap-3 overflow-auto p-4">
          {failure}
          <Totals run={run} />
          {children}
          <div className="flex justify-end gap-2 pt-1">
            <Button ref={cancel} onClick={() => setOpen(false)}>
              Cancel
            </Button>
            <Button
              look={countOf(run, "delete") > 0 ? "danger" : "primary"}
              aria-disabled={pending}
              onClick={() => (pending ? undefined : onConfirm())}
            >
              {pending ? "Starting…" : confirm}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}

const WORDS = { delete: "deleted", create: "created", update: "updated" } as const;

/** What would be done to which system, deletes first. */
function Totals({ run }: { run: RunView }) {
  return (
    <table className="w-full border-collapse">
      <thead className="text-meta text-muted">
        <tr>
          <th scope="col" className="py-1 pe-3 text-start font-medium">
            System
          </th>
          {REVIEW_ORDER.map((kind) => (
            <th key={kind} scope="col" className="py-1 ps-3 text-end font-medium">
              To be {WORDS[kind]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {(["source", "target"] as const).map((side) => (
          <tr key={side} className="border-t border-line">
            <th scope="row" className="py-1 pe-3 text-start font-medium">
              {side === "source" ? run.source_system : run.target_system}
            </th>
            {REVIEW_ORDER.map((kind) => {
              const count = countsOf(run, kind)[side];
              return (
                <td
                  key={kind}
                  className={`py-1 ps-3 text-end ${kind === "delete" && count > 0 ? "font-semibold text-failed" : ""}`}
                >
                  {formatCount(count)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
