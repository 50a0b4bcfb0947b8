import { humanise } from "@/components/format";
import type { Json } from "@/ipc";
import { t } from "@/text";
import { en } from "@/text/en";

const ACTIONS: Record<string, Record<string, string>> = en.audit.actions;
const GROUPS: Record<string, string> = en.audit.groups;

/** `conflict.resolve` → "Resolve conflict". One that the catalogue does not know is told as it is. */
export function actionWords(action: string): string {
  const [subject = "", verb = ""] = action.split(".", 2);
  if (ACTIONS[subject]?.[verb] !== undefined) return t(`audit.actions.${action}` as "audit.title");
  return verb === "" ? humanise(action) : humanise(`${verb} ${subject}`);
}

/** What to choose from: each group that has several actions, and every action. */
export function actionOptions(actions: readonly string[]): { value: string; label: string }[] {
  const groups = new Map<string, string[]>();
  for (const action of actions) {
    const [group = ""] = action.split(".", 1);
    groups.set(group, [...(groups.get(group) ?? []), action]);
  }
  return [...groups].flatMap(([group, members]) => [
    ...(members.length > 1
      ? [{ value: group, label: t("audit.group", { group: groupWord(group) }) }]
      : []),
    ...members.map((action) => ({ value: action, label: actionWords(action) })),
  ]);
}

function groupWord(group: string): string {
  return GROUPS[group] === undefined
    ? humanise(group)
    : t(`audit.groups.${group}` as "audit.title");
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
