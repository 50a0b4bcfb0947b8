import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Button, Key } from "@/components/button";
import { COMMAND_KEY, digitOf, hasCommand, isTyping, keyOf } from "@/components/keys";
import { Scroll } from "@/components/page";
import { usePreferences } from "@/components/preferences";
import { ErrorState } from "@/components/states";
import { Value } from "@/components/value";
import { sameValue } from "@/components/value-model";
import { type ConflictView, useTenant } from "@/ipc";
import { useDecided, useResolveDelete } from "./api/resolve";
import { ConflictHeader } from "./conflict-header";
import type { Ways } from "./conflict-screen";
import { useSimilar } from "./use-similar";

type DeleteChoice = "delete_both" | "restore" | "unlink";

/** Deleted on one side, changed on the other: three outcomes to choose from, not a grid. */
export function DeleteCard({ conflict, ...ways }: { conflict: ConflictView } & Ways) {
  const tenant = useTenant();
  const onDecided = useDecided();
  const { letterKeys } = usePreferences();
  const [choice, setChoice] = useState<DeleteChoice | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const group = useRef<HTMLFieldSetElement>(null);
  const resolve = useResolveDelete();
  const options = outcomes(conflict);

  useEffect(() => group.current?.querySelector("input")?.focus(), []);

  const choose = (outcome: DeleteChoice | null) => {
    setChoice(outcome);
    setNotice(null);
  };

  // The record changed again: what was chosen was chosen for something else.
  const revision = useRef(conflict.revision);
  useEffect(() => {
    if (revision.current === conflict.revision) return;
    revision.current = conflict.revision;
    setChoice(null);
    setNotice("The record changed meanwhile. Look at the new values, then choose again.");
  }, [conflict.revision]);

  const send = () => {
    if (resolve.isPending) return;
    if (!choice) {
      setNotice("Choose one of the three outcomes first.");
      return;
    }
    resolve.mutate(
      { tenant, id: conflict.id, revision: conflict.revision, choice },
      {
        onSuccess: (decided) => {
          onDecided(decided, ways.onReopen);
          ways.onNext();
        },
      },
    );
  };

  const similar = useSimilar(conflict, setNotice, {
    onClose: () => group.current?.querySelector<HTMLElement>("input:checked")?.focus(),
    onDone: ways.onBack,
  });
  const applyToSimilar = () => {
    if (choice) void similar.begin({ choice }, conflict.revision);
    else setNotice("Choose one of the three outcomes first.");
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (similar.isOpen) return;
    if (hasCommand(event) && event.key === "Enter") {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") ways.onBack();
    else if (letterKeys && !isTyping(event.target) && !hasCommand(event) && !event.altKey) {
      const digit = digitOf(keyOf(event));
      const option = digit === null ? undefined : options[digit - 1];
      if (option) choose(option.choice);
      else if (digit === 0) choose(null);
      else if (event.key === "b") applyToSimilar();
      else if (event.key === "]") ways.onStep(1);
      else if (event.key === "[") ways.onStep(-1);
    }
  };

  const kept = conflict.source_deleted ? "target" : "source";
  const changed = conflict.fields.filter(
    (field) => field[kept] !== undefined && !sameValue(field.type, field.base, field[kept]),
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up here from the radio group.
    <div onKeyDown={onKeyDown} className="flex h-full min-h-0 flex-col">
      <ConflictHeader conflict={conflict} onStep={ways.onStep} onBack={ways.onBack} />
      <Scroll label="Outcomes" className="px-4 py-3">
        {resolve.error ? (
          <ErrorState doing="resolve this conflict" error={resolve.error} onRetry={send} />
        ) : null}
        <fieldset ref={group} className="flex max-w-[72ch] flex-col gap-2">
          <legend className="mb-2 font-semibold">What should become of this record?</legend>
          {options.map((option, index) => (
            <label
              key={option.choice}
              className="border-line-w flex cursor-pointer gap-3 rounded-l border-line-strong p-3 hover:bg-surface has-checked:border-text has-checked:bg-selected has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-text"
            >
              <input
                type="radio"
                name="outcome"
                checked={choice === option.choice}
                onChange={() => choose(option.choice)}
                className="mt-0.5 size-4 shrink-0 accent-text outline-none"
              />
              <span>
                <span className="block font-semibold">
                  {index + 1} · {option.title}
                </span>
                <span className="text-muted">{option.effect}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {changed.length > 0 ? (
          <div className="mt-4">
            <h3 className="mb-1 font-semibold">
              What {kept === "source" ? conflict.source_system : conflict.target_system} changed
            </h3>
            <dl className="grid max-w-[72ch] grid-cols-[max-content_1fr] gap-x-6 gap-y-1">
              {changed.map((field) => (
                <div key={field.field} className="contents">
                  <dt className="text-muted">{field.field}</dt>
                  <dd>
                    <Value value={field.base} removed /> <span aria-hidden="true">→</span>
                    <span className="sr-only"> became </span>{" "}
                    <Value value={field[kept]} against={field.base} />
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ) : null}
      </Scroll>
      <footer className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line bg-surface px-4 py-2">
        <p className="flex-1" aria-live="polite">
          {notice
            ? notice
            : choice
              ? "Ready to resolve."
              : `Press 1, 2 or 3, then ${COMMAND_KEY}+Enter.`}
        </p>
        <Button aria-disabled={!choice} onClick={applyToSimilar}>
          Apply to similar <Key>b</Key>
        </Button>
        <Button look="primary" aria-disabled={!choice || resolve.isPending} onClick={send}>
          {resolve.isPending ? "Resolving…" : "Resolve and go to the next"}
        </Button>
      </footer>
      {similar.dialog}
    </div>
  );
}

function outcomes(
  conflict: ConflictView,
): { choice: DeleteChoice; title: string; effect: string }[] {
  const source = conflict.source_system;
  const target = conflict.target_system;
  const [gone, kept] = conflict.target_deleted ? [target, source] : [source, target];
  return [
    {
      choice: "delete_both",
      title: "Delete it on both sides",
      effect: `The record is also deleted in ${kept}. Its changes there are lost from both systems; history keeps them.`,
    },
    {
      choice: "restore",
      title: `Restore it in ${gone}`,
      effect: `The record is created again in ${gone}, as it is in ${kept} now.`,
    },
    {
      choice: "unlink",
      title: `Keep it in ${kept} only`,
      effect: `Nothing is written. The two sides are no longer kept in step for this record.`,
    },
  ];
}
