/** Why a write was planned: the backend's word, as a sentence. */
const REASONS: Record<string, string> = {
  one_sided: "Only the other side had changed.",
  merged: "Both sides had changed different fields; both edits were kept.",
  resolved: "Both sides had changed the same field; the sync's policy decided.",
  contested: "An admin decided.",
  delete_contested: "An admin decided.",
  delete_propagated: "It was deleted on the other side.",
  restored: "It was deleted on this side, but changed on the other; the policy brought it back.",
  new: "It was new on the other side.",
  paired: "Both sides already had this record.",
  paired_different: "Both sides already had this record, with different values.",
  enforced: "This side is kept as the other one is.",
  owed_paid: "An earlier run could not write this; it was made up for.",
  decision: "An admin decided.",
};

export function reasonWords(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll("_", " ");
}

const RULES: Record<string, string> = {
  last_write_wins: "the other change was later",
  source_wins: "the source wins here",
  target_wins: "the target wins here",
  decision: "an admin decided",
  manual: "an admin decided",
};

/** Which rule decided against a value. */
export function ruleWords(rule: string): string {
  return RULES[rule] ?? rule.replaceAll("_", " ");
}
