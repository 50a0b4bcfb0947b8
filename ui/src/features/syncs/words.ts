const POLICIES: Record<string, string> = {
  last_write_wins: "the later change wins",
  source_wins: "the source wins",
  target_wins: "the target wins",
  manual: "you decide",
  sum_deltas: "both changes add up",
  propagate: "deleted on the other side too",
  ignore: "ignored",
};

/** What a policy does, in words; an unknown one keeps its name. */
export function policyWords(policy: string): string {
  return POLICIES[policy] ?? policy.replaceAll("_", " ");
}
