import { plural } from "@/components/format";
import type { ConflictSummary } from "@/ipc";
import type { BulkDecision } from "./bulk";

/** Something that can be decided for several conflicts at once. */
export interface Offer {
  /** The key, counted from 1. */
  digit: number;
  words: string;
  /** What it is called once it is about to be done. */
  title: string;
  decision: BulkDecision;
}

/** What can be decided for all of these: a fate for records, or which values to take. */
export function offers(selected: readonly ConflictSummary[]): Offer[] {
  const count = plural(selected.length, "conflict");
  const deletes = selected.length > 0 && selected.every((each) => each.kind === "delete");
  const source = oneName(selected, "source_system") ?? "the source";
  const target = oneName(selected, "target_system") ?? "the target";
  const all: [words: string, title: string, decision: BulkDecision][] = deletes
    ? [
        [
          "Delete the other one too",
          `Delete the other one too: ${count}`,
          { choice: "delete_both" },
        ],
        [
          "Bring the deleted one back",
          `Bring the deleted one back: ${count}`,
          { choice: "restore" },
        ],
        ["Leave both alone", `Leave both alone: ${count}`, { choice: "unlink" }],
      ]
    : [
        [`Take ${source}`, `Take ${source}’s values for ${count}`, { take: "source" }],
        [`Take ${target}`, `Take ${target}’s values for ${count}`, { take: "target" }],
        ["Take the base", `Take the base’s values for ${count}`, { take: "base" }],
      ];
  return all.map(([words, title, decision], at) => ({ digit: at + 1, words, title, decision }));
}

/** The system's name where all have the same. */
function oneName(
  selected: readonly ConflictSummary[],
  of: "source_system" | "target_system",
): string | null {
  const names = new Set(selected.map((each) => each[of]));
  const [name] = names;
  return names.size === 1 && name ? name : null;
}
