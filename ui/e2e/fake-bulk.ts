import type { Args, ConflictView, DecidedConflict, FieldChoice } from "@/ipc";

/** What a decision for many says of one conflict, as the real backend would; null: there is none. */
export function answerFor(
  conflict: ConflictView | undefined,
  picked: { id: string; revision?: number },
  args: Args<"resolve_conflicts">,
): DecidedConflict {
  const say = (outcome: DecidedConflict["outcome"], reason: string | null): DecidedConflict => ({
    id: picked.id,
    label: conflict?.label ?? "",
    sync: conflict?.sync ?? "",
    revision: conflict?.revision ?? null,
    outcome,
    reason,
  });
  if (!conflict) return say("not_found", "This tenant has no such conflict.");
  if (conflict.state !== "open") return say("already_settled", "It is decided already.");
  if (picked.revision !== undefined && picked.revision !== conflict.revision) {
    return say("stale", "The record changed since it was looked at.");
  }
  if (args.choice) return say("decided", null);
  if (conflict.kind === "delete") return say("refused", "It is about a delete, not about fields.");
  const answer = say("decided", null);
  if (!args.dry_run) return answer;
  const contested = conflict.fields.filter((each) => each.contested);
  answer.results = contested.map(({ field, base, source, target }) => {
    const choice = choiceFor(field, args);
    const result = choice.take === "custom" ? choice.value : { base, source, target }[choice.take];
    return { field, source: source ?? null, target: target ?? null, result: result ?? null };
  });
  return answer;
}

export function choiceFor(field: string, args: Args<"resolve_conflicts">): FieldChoice {
  const named = args.choices.find((each) => each.field === field);
  return named ?? { field, take: args.take ?? "source" };
}
