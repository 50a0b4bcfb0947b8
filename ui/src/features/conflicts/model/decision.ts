import { sameJson } from "@/components/value-model";
import type { ConflictFieldView, ConflictView, FieldChoice, Json, WireSide } from "@/ipc";

/** What the admin has chosen for one field. */
export type Choice = { take: "source" | "target" | "base" } | { take: "custom"; value: Json };

/** What changed under the admin's eyes: a side's value, before and now. */
export interface SideChange {
  side: WireSide | "base";
  old: Json | undefined;
  now: Json | undefined;
}

/**
 * The decision in the making, for one revision of one conflict. A pure value: every key and click
 * is an action, `decide` gives the next state, and nothing is sent before the admin resolves.
 */
export interface Decision {
  conflict: string;
  revision: number;
  /** The contested fields, in order. */
  fields: ConflictFieldView[];
  choices: Readonly<Record<string, Choice>>;
  /** Index of the row the keys act on. */
  cursor: number;
  /** Fields that changed since they were shown, with old and new; kept until resolved. */
  changes: Readonly<Record<string, SideChange[]>>;
  /** Changed fields nobody has looked at yet; while there are any, nothing is resolved. */
  unseen: readonly string[];
  /** A column filled by Shift+digit a moment ago: the same key again overwrites everything. */
  armed: "source" | "target" | "base" | null;
  /** The field whose custom editor is open. */
  editing: string | null;
  note: string;
}

export type Action =
  | { type: "choose"; field: string; choice: Choice; advance: boolean }
  | { type: "clear"; field: string }
  | { type: "accept"; fields: Readonly<Record<string, "source" | "target" | "base">> }
  | { type: "fill"; take: "source" | "target" | "base" }
  | { type: "move"; by: number }
  | { type: "focus"; field: string }
  | { type: "look"; field: string }
  | { type: "edit"; field: string }
  | { type: "stop_editing" }
  | { type: "note"; text: string }
  | { type: "refresh"; conflict: ConflictView };

export function start(conflict: ConflictView): Decision {
  const fields = contested(conflict);
  const choices: Record<string, Choice> = {};
  for (const field of fields) {
    const choice = field.choice ? fromWire(field.choice) : null;
    if (choice) choices[field.field] = choice;
  }
  const state: Decision = {
    conflict: conflict.id,
    revision: conflict.revision,
    fields,
    choices,
    cursor: 0,
    changes: {},
    unseen: [],
    armed: null,
    editing: null,
    note: conflict.note ?? "",
  };
  return { ...state, cursor: nextUndecided(state, -1) ?? 0 };
}

/** Whether it holds anything that the conflict's record does not. */
export function isUnsaved({ choices, note }: Decision, conflict: ConflictView): boolean {
  const kept = start(conflict);
  const names = new Set([...Object.keys(choices), ...Object.keys(kept.choices)]);
  const same = (name: string) =>
    JSON.stringify(choices[name]) === JSON.stringify(kept.choices[name]);
  return note.trim() !== kept.note.trim() || ![...names].every(same);
}

export function decide(state: Decision, action: Action): Decision {
  switch (action.type) {
    case "choose":
      return choose(state, action.field, action.choice, action.advance);
    case "clear": {
      const { [action.field]: _, ...choices } = state.choices;
      return { ...seen(state, action.field), choices, armed: null };
    }
    case "accept":
      return accept(state, action.fields);
    case "fill":
      return fill(state, action.take);
    case "move":
      return focus(state, clamp(state.cursor + action.by, state.fields.length));
    // The screen puts the focus on the current row by itself (so does a window that comes back):
    // only going to another row counts as looking at it.
    case "focus":
      return state.fields[state.cursor]?.field === action.field ? state : look(state, action.field);
    case "look":
      return look(state, action.field);
    case "edit":
      return { ...seen(state, action.field), editing: action.field, armed: null };
    case "stop_editing":
      return { ...state, editing: null };
    case "note":
      return { ...state, note: action.text };
    case "refresh":
      return refresh(state, action.conflict);
  }
}

function choose(state: Decision, field: string, choice: Choice, advance: boolean): Decision {
  const index = state.fields.findIndex((each) => each.field === field);
  const target = state.fields[index];
  if (!target || !available(target, choice.take)) return state;
  const next: Decision = {
    ...seen(state, field),
    choices: { ...state.choices, [field]: choice },
    cursor: index,
    armed: null,
    editing: null,
  };
  if (!advance) return next;
  return focus(next, nextUndecided(next, index) ?? index);
}

// The first press fills only what is undecided; overwriting takes the same key twice in a row.
function fill(state: Decision, take: "source" | "target" | "base"): Decision {
  const overwrite = state.armed === take;
  const choices: Record<string, Choice> = { ...state.choices };
  for (const field of state.fields) {
    const free = overwrite || !choices[field.field];
    if (free && available(field, take)) choices[field.field] = { take };
  }
  return { ...state, choices, armed: take, editing: null };
}

// Several suggestions at once: what is decided stays, what changed has to be looked at by itself.
function accept(
  state: Decision,
  fields: Readonly<Record<string, "source" | "target" | "base">>,
): Decision {
  const choices: Record<string, Choice> = { ...state.choices };
  for (const field of state.fields) {
    const take = fields[field.field];
    const free = !choices[field.field] && !state.unseen.includes(field.field);
    if (take && free && available(field, take)) choices[field.field] = { take };
  }
  const next = { ...state, choices, armed: null, editing: null };
  return focus(next, nextUndecided(next, state.cursor - 1) ?? state.cursor);
}

/** Whether a field has such a value: two records paired for the first time have no base. */
export function available(field: ConflictFieldView, take: Choice["take"]): boolean {
  return take === "custom" || field[take] !== undefined;
}

function look(state: Decision, field: string): Decision {
  const index = state.fields.findIndex((each) => each.field === field);
  return index < 0 ? state : focus(state, index);
}

function focus(state: Decision, index: number): Decision {
  const field = state.fields[index];
  if (!field) return state;
  const armed = index === state.cursor ? state.armed : null;
  return { ...seen(state, field.field), cursor: index, armed };
}

function seen(state: Decision, field: string): Decision {
  if (!state.unseen.includes(field)) return state;
  return { ...state, unseen: state.unseen.filter((each) => each !== field) };
}

/**
 * A newer revision of the same conflict: choices for fields that did not change stay; a field that
 * changed is undecided again, remembers old and new, and has to be looked at.
 */
function refresh(state: Decision, conflict: ConflictView): Decision {
  if (conflict.id !== state.conflict) return start(conflict);
  if (conflict.revision === state.revision) return state;
  const fields = contested(conflict);
  const before = new Map(state.fields.map((field) => [field.field, field]));
  const choices: Record<string, Choice> = {};
  const changes: Record<string, SideChange[]> = {};
  const unseen: string[] = [];
  const fresh = new Set<string>();
  for (const field of fields) {
    const old = before.get(field.field);
    const news = old ? changesOf(old, field) : [];
    const choice = state.choices[field.field];
    if (old && news.length === 0) {
      if (choice) choices[field.field] = choice;
      const earlier = state.changes[field.field];
      if (earlier) changes[field.field] = earlier;
      if (state.unseen.includes(field.field)) unseen.push(field.field);
    } else {
      changes[field.field] = news;
      unseen.push(field.field);
      fresh.add(field.field);
    }
  }
  const at = state.fields[state.cursor]?.field;
  const cursor = Math.max(
    0,
    fields.findIndex((field) => field.field === at),
  );
  const editable = fields.some(({ field }) => field === state.editing && !fresh.has(field));
  const next = { ...state, revision: conflict.revision, fields, choices, changes, unseen, cursor };
  return { ...next, armed: null, editing: editable ? state.editing : null };
}

function changesOf(old: ConflictFieldView, now: ConflictFieldView): SideChange[] {
  const sides = ["base", "source", "target"] as const;
  return sides
    .filter((side) => !sameJson(old[side], now[side]))
    .map((side) => ({ side, old: old[side], now: now[side] }));
}

function contested(conflict: ConflictView): ConflictFieldView[] {
  return conflict.fields.filter((field) => field.contested);
}

function fromWire(choice: FieldChoice): Choice | null {
  if (choice.take === "custom") return { take: "custom", value: choice.value ?? null };
  return { take: choice.take };
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}

/** The next undecided field after `from`, going round; null when all are decided. */
export function nextUndecided(state: Decision, from: number): number | null {
  const count = state.fields.length;
  for (let step = 1; step <= count; step += 1) {
    const index = (from + step + count) % count;
    const field = state.fields[index];
    if (field && !state.choices[field.field]) return index;
  }
  return null;
}

export function undecidedCount(state: Decision): number {
  return state.fields.filter(({ field }) => !state.choices[field]).length;
}

/** The value a field would get, as far as it is decided. */
export function resultOf(field: ConflictFieldView, choice: Choice | undefined): Json | undefined {
  if (!choice) return undefined;
  return choice.take === "custom" ? choice.value : field[choice.take];
}

export type Readiness =
  | { ready: true; choices: FieldChoice[] }
  | { ready: false; reason: string; field: string };

/** Whether the decision can be sent; if not, why, and the field to go to. */
export function readiness(state: Decision): Readiness {
  const unseen = state.unseen[0];
  if (unseen !== undefined) {
    const many = state.unseen.length;
    const what = many === 1 ? "1 field has" : `${many} fields have`;
    return {
      ready: false,
      field: unseen,
      reason: `${what} changed since you opened this conflict. Look at the new values first.`,
    };
  }
  const open = state.fields.find(({ field }) => !state.choices[field]);
  if (open) {
    const many = undecidedCount(state);
    const what = many === 1 ? "1 field is" : `${many} fields are`;
    return { ready: false, field: open.field, reason: `${what} still undecided.` };
  }
  return { ready: true, choices: state.fields.flatMap((field) => toWire(field, state.choices)) };
}

function toWire({ field }: ConflictFieldView, choices: Decision["choices"]): FieldChoice[] {
  const choice = choices[field];
  if (!choice) return [];
  if (choice.take === "custom") return [{ field, take: "custom", value: choice.value }];
  return [{ field, take: choice.take }];
}
