import { humanise } from "@/components/format";
import type { Json } from "@/ipc";

/** `conflict.resolve` → "Resolve conflict". */
export function actionWords(action: string): string {
  const [subject, verb] = action.split(".", 2);
  return verb === undefined ? humanise(action) : humanise(`${verb} ${subject}`);
}

/** The parameters of an action as one line: "name=customers, full=true". */
export function detailText(details: Json): string {
  if (details === null) return "";
  if (typeof details !== "object" || Array.isArray(details)) return inline(details);
  return Object.entries(details)
    .map(([key, value]) => `${key}=${inline(value)}`)
    .join(", ");
}

function inline(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
