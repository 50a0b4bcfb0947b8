import { t } from "@/text";
import type { Way } from "./model/value";

/** The conflict rules there are. */
export const POLICY_WORDS = [
  "manual",
  "last_write_wins",
  "source_wins",
  "target_wins",
  "sum_deltas",
] as const;

/** Field types that need no details; others are written in the text. */
export const TYPES = [
  "text",
  "integer",
  "decimal",
  "boolean",
  "timestamp",
  "date",
  "json",
  "list",
  "set",
];

const KNOWN = [
  ...POLICY_WORDS,
  "propagate",
  "ignore",
  "delete_wins",
  "edit_wins",
] as const satisfies readonly string[];

/** What a policy does, in words; an unknown one keeps its name. */
export function policyWords(policy: string): string {
  const known = KNOWN.find((one) => one === policy);
  return known ? t(`syncs.policy.${known}`) : policy.replaceAll("_", " ");
}

export function wayWords(way: Way): string {
  return t(`syncs.way.${way}`);
}
