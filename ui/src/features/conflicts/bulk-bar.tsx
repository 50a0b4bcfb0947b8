import { type KeyboardEvent, useState } from "react";
import { Button, Key } from "@/components/button";
import { plural } from "@/components/format";
import { digitOf, hasCommand, isTyping, keyOf } from "@/components/keys";
import { usePreferences } from "@/components/preferences";
import type { ConflictSummary } from "@/ipc";
import { BulkDialog } from "./bulk-dialog";
import type { Picked } from "./model/bulk";
import { type Offer, offers } from "./model/offers";

/** A decision that is about to be made for what was selected. */
export interface Offered {
  offer: Offer;
  picked: readonly Picked[];
}

/** The selection's own keys: 1 2 3 decide, Esc lets go. */
export function useBulkKeys(selected: readonly ConflictSummary[], clear: () => void) {
  const { letterKeys } = usePreferences();
  const [bulk, setBulk] = useState<Offered | null>(null);
  const begin = (offer: Offer) =>
    setBulk({ offer, picked: selected.map(({ id, revision }) => ({ id, revision })) });
  const onKeyDown = (event: KeyboardEvent) => {
    if (selected.length === 0 || bulk || isTyping(event.target)) return;
    if (hasCommand(event) || event.altKey || event.shiftKey) return;
    const digit = letterKeys ? digitOf(keyOf(event)) : null;
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
  bulk: Offered | null;
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
