import { type KeyboardEvent, useState } from "react";
import { Button, Key } from "@/components/button";
import { plural } from "@/components/format";
import { digitOf, hasCommand, isTyping } from "@/components/keys";
import type { ConflictSummary } from "@/ipc";
import { BulkDialog } from "./bulk-dialog";
import type { BulkDecision, Picked } from "./model/bulk";

interface Offer {
  digit: 1 | 2 | 3;
  words: string;
  title: string;
  decision: BulkDecision;
}

/** What can be decided for all that are selected. */
export function offers(selected: readonly ConflictSummary[]): Offer[] {
  if (selected.length > 0 && selected.every((each) => each.kind === "delete")) {
    const of = (digit: Offer["digit"], words: string, choice: Fate): Offer => ({
      digit,
      words,
      title: `${words}: ${plural(selected.length, "conflict")}`,
      decision: { choice },
    });
    return [
      of(1, "Delete the other one too", "delete_both"),
      of(2, "Bring the deleted one back", "restore"),
      of(3, "Leave both alone", "unlink"),
    ];
  }
  const of = (digit: Offer["digit"], words: string, take: Side): Offer => ({
    digit,
    words,
    title: `${words}’s values for ${plural(selected.length, "conflict")}`,
    decision: { take },
  });
  return [
    of(1, `Take ${oneName(selected, "source_system") ?? "the source"}`, "source"),
    of(2, `Take ${oneName(selected, "target_system") ?? "the target"}`, "target"),
    of(3, "Take the base", "base"),
  ];
}

type Side = "source" | "target" | "base";
type Fate = "delete_both" | "restore" | "unlink";

function oneName(
  selected: readonly ConflictSummary[],
  of: "source_system" | "target_system",
): string | null {
  const names = new Set(selected.map((each) => each[of]));
  const [name] = names;
  return names.size === 1 && name ? name : null;
}

export interface Bulk {
  offer: Offer;
  picked: readonly Picked[];
}

/** The selection's own keys: 1 2 3 decide, Esc lets go. */
export function useBulkKeys(selected: readonly ConflictSummary[], clear: () => void) {
  const [bulk, setBulk] = useState<Bulk | null>(null);
  const begin = (offer: Offer) =>
    setBulk({ offer, picked: selected.map(({ id, revision }) => ({ id, revision })) });
  const onKeyDown = (event: KeyboardEvent) => {
    if (selected.length === 0 || bulk || isTyping(event.target)) return;
    if (hasCommand(event) || event.altKey || event.shiftKey) return;
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const digit = digitOf({
      key,
      ctrlKey,
      metaKey,
      altKey,
      shiftKey,
      code: event.nativeEvent.code,
    });
    const offer = offers(selected).find((each) => each.digit === digit);
    if (offer) {
      event.preventDefault();
      begin(offer);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      clear();
    }
  };
  return { bulk, begin, end: () => setBulk(null), onKeyDown };
}

interface Props {
  selected: readonly ConflictSummary[];
  bulk: Bulk | null;
  /** How many there are in all; with `onAll`, all of them can be selected. */
  total: string;
  onAll: (() => void) | undefined;
  begin(offer: Offer): void;
  end(): void;
  clear(): void;
}

/** Under the list: how many are selected, and what can be decided for all of them. */
export function BulkBar({ selected, bulk, total, onAll, begin, end, clear }: Props) {
  return (
    <>
      <section
        aria-label="Selection"
        className="flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line bg-surface px-4 py-2"
      >
        <p className="font-medium" aria-live="polite">
          {plural(selected.length, "conflict")} selected
        </p>
        <Button look="quiet" aria-disabled={onAll === undefined} onClick={onAll}>
          {onAll ? `Select all ${total}` : "All are selected"}
        </Button>
        <span className="flex-1" />
        {offers(selected).map((offer) => (
          <Button key={offer.digit} onClick={() => begin(offer)}>
            {offer.words} <Key>{String(offer.digit)}</Key>
          </Button>
        ))}
        <Button look="quiet" onClick={clear}>
          Clear <Key>Esc</Key>
        </Button>
      </section>
      {bulk ? (
        <BulkDialog
          title={bulk.offer.title}
          decision={bulk.offer.decision}
          picked={bulk.picked}
          onClose={end}
          onDone={() => {
            end();
            clear();
          }}
        />
      ) : null}
    </>
  );
}
