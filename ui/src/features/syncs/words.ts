import type { SyncSummary } from "@/ipc";

const DIRECTIONS: Record<SyncSummary["direction"], { sign: string; words: string }> = {
  bidirectional: { sign: "⇄", words: "both ways" },
  source_to_target: { sign: "→", words: "source to target only" },
  target_to_source: { sign: "←", words: "target to source only" },
};

export function direction(sync: Pick<SyncSummary, "direction">) {
  return DIRECTIONS[sync.direction];
}

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
