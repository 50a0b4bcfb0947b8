import type { AuditVerdict } from "@/ipc";

/** What a log without fault says of itself, and how far that can be trusted. */
export function wholeText({ sealed_since: since, anchored_to: to }: AuditVerdict): string {
  if (since === null || to === null) {
    return "Every entry fits the one before it. Nothing is known of the log outside the store.";
  }
  return since === "0"
    ? "Every entry is as it was written."
    : `Every entry fits the one before it; those after ${since} are as they were written.`;
}

const MEANT = "If that was meant, “tandem audit verify --accept” takes the log as it is.";

/** What is wrong, and what to do. */
export function faultText({ first_bad: entry, fault }: AuditVerdict): string {
  switch (fault) {
    case "missing":
      return `Entries from ${entry} on are missing: cut off, or an older copy of the store was put back. ${MEANT}`;
    case "unsealed":
      return `Entry ${entry} does not bear this account’s seal: somebody else wrote it. ${MEANT}`;
    case "replaced":
      return `Another log stands in its place, up to entry ${entry} at least. ${MEANT}`;
    default:
      return `Entry ${entry} was changed after it was written. Compare it with a backup or an export.`;
  }
}
