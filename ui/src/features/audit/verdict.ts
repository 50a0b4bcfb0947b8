import type { AuditVerdict } from "@/ipc";
import { t } from "@/text";

/** What a log without fault says of itself, and how far that can be trusted. */
export function wholeText({ sealed_since: since, anchored_to: to }: AuditVerdict): string {
  if (since === null || to === null) return t("audit.wholeInside");
  return since === "0" ? t("audit.whole") : t("audit.wholeSince", { since });
}

/** What is wrong, and what to do. */
export function faultText({ first_bad: entry, fault }: AuditVerdict): string {
  return t(`audit.${fault ?? "changed"}`, { entry: entry ?? "" });
}
