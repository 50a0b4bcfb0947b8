import { type KeyboardEvent, useEffect, useReducer, useRef, useState } from "react";
import { useAnnounce } from "@/components/announce";
import { Button, Key, Keys } from "@/components/button";
import { plural } from "@/components/format";
import { COMMAND_KEY, isTyping, keyOf } from "@/components/keys";
import { Scroll } from "@/components/page";
import { usePreferences } from "@/components/preferences";
import { ErrorState } from "@/components/states";
import { useUnsaved } from "@/components/unsaved";
import { type ConflictView, useTenant } from "@/ipc";
import { t } from "@/text";
import { useDecided, useResolve } from "./api/resolve";
import { ConflictHeader } from "./conflict-header";
import type { Ways } from "./conflict-screen";
import { DecisionGrid } from "./decision-grid";
import {
  available,
  type Decision,
  decide,
  isUnsaved,
  readiness,
  start,
  undecidedCount,
} from "./model/decision";
import { type Intent, intentOf } from "./model/keys";
import { clearOnes, evidence, takeOf } from "./model/suggestion";
import { UncontestedFields } from "./uncontested-fields";
import { useSimilar } from "./use-similar";

/** A conflict being decided, field by field, with hands on the keyboard or not. */
export function ConflictDetail({ conflict, ...ways }: { conflict: ConflictView } & Ways) {
  const tenant = useTenant();
  const announce = useAnnounce();
  const onDecided = useDecided();
  const { letterKeys } = usePreferences();
  const [decision, dispatch] = useReducer(decide, conflict, start);
  const [focusNonce, setFocusNonce] = useState(0);
  const [notice, setNotice] = useState<string | null>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const resolve = useResolve();
  const similar = useSimilar(conflict, setNotice, {
    onClose: () => setFocusNonce((nonce) => nonce + 1),
    onDone: ways.onBack,
  });

  useEffect(() => dispatch({ type: "refresh", conflict }), [conflict]);
  useUnsaved(conflict.id, isUnsaved(decision, conflict) && !resolve.isSuccess);

  const left = undecidedCount(decision);
  const field = decision.fields[decision.cursor];

  const send = () => {
    if (resolve.isPending) return;
    const ready = readiness(decision);
    if (!ready.ready) {
      setNotice(ready.reason);
      announce(ready.reason);
      dispatch({ type: "look", field: ready.field });
      setFocusNonce((nonce) => nonce + 1);
      return;
    }
    setNotice(null);
    const text = decision.note.trim();
    resolve.mutate(
      {
        tenant,
        id: conflict.id,
        revision: decision.revision,
        choices: ready.choices,
        ...(text ? { note: text } : {}),
      },
      {
        onSuccess: (decided) => {
          onDecided(decided, ways.onReopen);
          ways.onNext();
        },
      },
    );
  };

  const applyToSimilar = async () => {
    const ready = readiness(decision);
    if (!ready.ready) {
      setNotice(`${ready.reason} Then it can be applied to similar ones.`);
      announce(ready.reason);
      return;
    }
    const text = decision.note.trim();
    const { choices } = ready;
    await similar.begin({ choices, ...(text ? { note: text } : {}) }, decision.revision);
  };

  const clear = clearOnes(conflict.suggestions, decision);
  const clearCount = Object.keys(clear).length;
  const acceptOne = () => {
    const suggestion = conflict.suggestions.find((each) => each.field === field?.field);
    if (!field) return;
    if (!suggestion || !available(field, takeOf(suggestion))) {
      const text = t("conflicts.noSuggestion", { field: field.field });
      setNotice(text);
      announce(text);
      return;
    }
    const choice = { take: takeOf(suggestion) };
    announce(evidence(suggestion, conflict));
    dispatch({ type: "choose", field: field.field, choice, advance: true });
  };
  const acceptClear = () => {
    const text =
      clearCount === 0 ? t("conflicts.noStrong") : t("conflicts.accepted", { count: clearCount });
    if (clearCount === 0) setNotice(text);
    announce(text);
    dispatch({ type: "accept", fields: clear });
  };

  const act = (intent: Intent) => {
    setNotice(null);
    switch (intent.do) {
      case "take":
        if (field && !available(field, intent.take)) {
          setNotice(`${field.field} has no ${intent.take} value to take.`);
        } else if (field)
          dispatch({
            type: "choose",
            field: field.field,
            choice: { take: intent.take },
            advance: true,
          });
        break;
      case "fill":
        announce(fillWords(decision, intent.take));
        dispatch({ type: "fill", take: intent.take });
        break;
      case "edit":
        if (field) dispatch({ type: "edit", field: field.field });
        break;
      case "accept":
        acceptOne();
        break;
      case "accept_all":
        acceptClear();
        break;
      case "clear":
        if (field) dispatch({ type: "clear", field: field.field });
        break;
      case "move":
        dispatch({ type: "move", by: intent.by });
        break;
      case "open":
        ways.onStep(intent.by);
        break;
      case "note":
        note.current?.focus();
        break;
      case "similar":
        void applyToSimilar();
        break;
      case "resolve":
        send();
        break;
      case "back":
        if (document.activeElement === note.current) setFocusNonce((nonce) => nonce + 1);
        else ways.onBack();
        break;
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (similar.isOpen) return;
    const intent = intentOf(keyOf(event), isTyping(event.target), letterKeys);
    if (!intent) return;
    event.preventDefault();
    act(intent);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up here from the radio groups.
    <div onKeyDown={onKeyDown} className="flex h-full min-h-0 flex-col">
      <ConflictHeader conflict={conflict} onStep={ways.onStep} onBack={ways.onBack} />
      <Scroll label="Fields" className="px-4 py-3">
        {resolve.error ? (
          <ErrorState doing="resolve this conflict" error={resolve.error} onRetry={send} />
        ) : null}
        <DecisionGrid
          conflict={conflict}
          decision={decision}
          dispatch={dispatch}
          focusNonce={focusNonce}
        />
        <UncontestedFields conflict={conflict} />
        <label className="mt-4 block">
          <span className="font-medium">Note</span>
          <span className="text-muted"> (kept with the decision)</span>
          <textarea
            ref={note}
            rows={2}
            value={decision.note}
            onChange={(event) => dispatch({ type: "note", text: event.target.value })}
            className="border-line-w mt-1 block w-full max-w-[70ch] rounded-m border-line-strong bg-raised px-2 py-1 text-form"
          />
        </label>
      </Scroll>
      <footer className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line bg-surface px-4 py-2">
        <p className="flex-1" aria-live="polite">
          {notice ??
            (left === 0 ? "Every field is decided." : `${plural(left, "field")} undecided`)}
        </p>
        <Hints />
        {clearCount > 0 ? (
          <Button onClick={acceptClear}>
            {t("conflicts.acceptStrong", { count: clearCount })} <Keys chord="Shift+A" />
          </Button>
        ) : null}
        <Button aria-disabled={left > 0} onClick={() => void applyToSimilar()}>
          Apply to similar <Key>b</Key>
        </Button>
        <Button look="primary" aria-disabled={left > 0 || resolve.isPending} onClick={send}>
          {resolve.isPending ? "Resolving…" : "Resolve and go to the next"}
        </Button>
      </footer>
      {similar.dialog}
    </div>
  );
}

function fillWords(decision: Decision, take: "source" | "target" | "base"): string {
  const left = undecidedCount(decision);
  if (decision.armed === take) return `All ${decision.fields.length} fields now take the ${take}.`;
  if (left === 0) return "Nothing is undecided. Press it again to overwrite every field.";
  return `${plural(left, "undecided field")} filled. Press it again to overwrite every field.`;
}

function Hints() {
  return (
    <p className="hidden items-center gap-3 text-meta text-muted xl:flex">
      <span className="inline-flex items-center gap-1">
        <Keys chord="1 2 3" /> take
      </span>
      <span className="inline-flex items-center gap-1">
        <Keys chord="4" /> other
      </span>
      <span className="inline-flex items-center gap-1">
        <Keys chord="0" /> clear
      </span>
      <span className="inline-flex items-center gap-1">
        <Keys chord={`${COMMAND_KEY}+Enter`} /> resolve
      </span>
    </p>
  );
}
