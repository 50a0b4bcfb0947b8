import type { ConflictSummary, FieldSuggestion } from "@/ipc";
import { t } from "@/text";
import type { Decision } from "./decision";

type Systems = Pick<ConflictSummary, "source_system" | "target_system">;

/** What a suggestion takes; a value of one's own is never suggested. */
export function takeOf({ take }: FieldSuggestion): "source" | "target" | "base" {
  return take === "custom" ? "base" : take;
}

function nameOf(suggestion: FieldSuggestion, systems: Systems): string {
  switch (takeOf(suggestion)) {
    case "source":
      return systems.source_system;
    case "target":
      return systems.target_system;
    case "base":
      return t("conflicts.baseValue");
  }
}

/** Why, in words: "ERP chosen 47 of 49 times". */
export function evidence(suggestion: FieldSuggestion, systems: Systems): string {
  const { chosen, of, same_pattern } = suggestion;
  const key = same_pattern ? "conflicts.evidenceAlike" : "conflicts.evidence";
  return t(key, { what: nameOf(suggestion, systems), chosen, of });
}

/** How suggestions for this field fared so far; null before the first one. */
export function acceptance({ offered, followed }: FieldSuggestion): string | null {
  return offered === 0 ? null : t("conflicts.followed", { count: offered, followed });
}

/** A list's word for what is suggested: the side, if one is suggested for every field. */
export function suggestedText(conflict: ConflictSummary): string {
  const { suggestions, contested } = conflict;
  const [first] = suggestions;
  if (!first) return "";
  const alike = suggestions.every(({ take }) => take === first.take);
  if (alike && suggestions.length === contested.length) return nameOf(first, conflict);
  return t("conflicts.suggestionSome", { count: suggestions.length, of: contested.length });
}

/** What accepting all clear suggestions would take: of fields that are undecided and looked at. */
export function clearOnes(
  suggestions: readonly FieldSuggestion[],
  { choices, unseen }: Decision,
): Record<string, "source" | "target" | "base"> {
  const free = suggestions.filter(
    ({ field, strong }) => strong && !choices[field] && !unseen.includes(field),
  );
  return Object.fromEntries(free.map((each) => [each.field, takeOf(each)]));
}
