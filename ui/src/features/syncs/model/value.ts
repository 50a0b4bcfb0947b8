import type { Json } from "@/ipc";

/** A sync as the form sees it: the members of its table in a workspace file. */
export type Members = { [key: string]: Json };

export function members(json: Json | undefined): Members {
  return json !== null && typeof json === "object" && !Array.isArray(json) ? json : {};
}

/** What a path leads to. */
export function at(json: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => members(inner)[key], json);
}

export function textAt(json: Json | undefined, ...path: string[]): string {
  const found = at(json, ...path);
  return typeof found === "string" || typeof found === "number" ? String(found) : "";
}

/** The same with something else at a path; `undefined` takes it away. Nothing given is changed. */
export function put(json: Json | undefined, path: string[], value: Json | undefined): Members {
  const [key, ...rest] = path;
  const copy = { ...members(json) };
  if (key === undefined) return copy;
  const next = rest.length > 0 ? put(copy[key], rest, value) : value;
  if (next === undefined || (rest.length > 0 && Object.keys(members(next)).length === 0)) {
    delete copy[key];
  } else copy[key] = next;
  return copy;
}

export interface MappedRow {
  name: string;
  type: string;
  /** Where the value is on each side, as the file says it. */
  source: string;
  target: string;
  sourceReadOnly: boolean;
  targetReadOnly: boolean;
  steps: number;
  /** "" where the sync's own rule holds. */
  policy: string;
  matchKey: boolean;
}

/** The mapped fields by name, short forms read as what they stand for. */
export function rows(value: Members): MappedRow[] {
  const keys = at(value, "match_key");
  return Object.entries(members(value.mapping)).map(([name, field]) => {
    const long: Members = typeof field === "string" ? { type: field } : members(field);
    const [source, target] = [side(long.source), side(long.target)];
    return {
      name,
      type: typeWord(long.type),
      source: place(source, name),
      target: place(target, name),
      sourceReadOnly: source.read_only === true,
      targetReadOnly: target.read_only === true,
      steps: count(source.transforms) + count(target.transforms),
      policy: textAt(value, "conflict", "fields", name),
      matchKey: Array.isArray(keys) && keys.includes(name),
    };
  });
}

function count(json: Json | undefined): number {
  return Array.isArray(json) ? json.length : 0;
}

/** One side of a field in its long form. */
export function side(json: Json | undefined): Members {
  return typeof json === "string" ? { path: json } : members(json);
}

function place(side: Members, name: string): string {
  if (side.constant !== undefined) return `= ${JSON.stringify(side.constant)}`;
  const paths = at(side.join, "paths");
  if (Array.isArray(paths)) return paths.join(" + ");
  if (side.expression !== undefined) return `= ${textAt(side.expression, "read")}`;
  return typeof side.path === "string" ? side.path : name;
}

export function typeWord(json: Json | undefined): string {
  if (typeof json === "string") return json;
  return Object.keys(members(json))[0] ?? "";
}

/** A field of the mapping in its long form. */
export function longField(value: Members, name: string): Members {
  const field = at(value, "mapping", name);
  return typeof field === "string" ? { type: field } : members(field);
}

/** Changes one field. */
export function putField(
  value: Members,
  name: string,
  path: string[],
  json: Json | undefined,
): Members {
  const [first, ...rest] = path;
  const field = longField(value, name);
  const base =
    first === "source" || first === "target" ? { ...field, [first]: side(field[first]) } : field;
  const next = first === undefined ? base : put(base, [first, ...rest], json);
  return { ...value, mapping: { ...members(value.mapping), [name]: next } };
}

/** Takes fields out, with every rule about them. */
export function removeFields(value: Members, names: ReadonlySet<string>): Members {
  const kept = Object.fromEntries(
    Object.entries(members(value.mapping)).filter(([name]) => !names.has(name)),
  );
  let next: Members = { ...value, mapping: kept };
  for (const name of names) next = put(next, ["conflict", "fields", name], undefined);
  const keys = next.match_key;
  if (Array.isArray(keys)) {
    next.match_key = keys.filter((key) => typeof key !== "string" || !names.has(key));
  }
  return next;
}

/** Which way a field goes, as a choice of sides that are never written. */
export const WAYS = {
  both: [false, false],
  to_target: [true, false],
  to_source: [false, true],
} as const;
export type Way = keyof typeof WAYS;

export function setWay(value: Members, name: string, way: Way): Members {
  const [source, target] = WAYS[way];
  const first = putField(value, name, ["source", "read_only"], source ? true : undefined);
  return putField(first, name, ["target", "read_only"], target ? true : undefined);
}

/** Adds a proposed field under a name that is free. */
export function addField(
  value: Members,
  wanted: { field: string; type: string; source: string; target: string },
): Members {
  const taken = members(value.mapping);
  let name = wanted.field;
  for (let nth = 2; name in taken; nth += 1) name = `${wanted.field}_${nth}`;
  const field: Members = { type: wanted.type };
  if (wanted.source !== name) field.source = wanted.source;
  if (wanted.target !== name) field.target = wanted.target;
  return { ...value, mapping: { ...taken, [name]: field } };
}

export const SHOWN = ["all", "problems", "own_rule", "one_way"] as const;
export type Shown = (typeof SHOWN)[number];

/** The rows that a search and a filter leave. */
export function narrowed(
  all: readonly MappedRow[],
  search: string,
  shown: Shown,
  problems: ReadonlyMap<string, string>,
): MappedRow[] {
  const wanted = search.trim().toLowerCase();
  return all.filter((row) => {
    if (shown === "problems" && !problems.has(row.name)) return false;
    if (shown === "own_rule" && row.policy === "") return false;
    if (shown === "one_way" && !row.sourceReadOnly && !row.targetReadOnly) return false;
    return [row.name, row.source, row.target].some((text) => text.toLowerCase().includes(wanted));
  });
}

/** The first problem of each mapped field, by its name. */
export function problemsByField(
  problems: readonly { path: string; what: string }[],
  names: readonly string[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, what } of problems) {
    const inside =
      /\.mapping\.(.*)$/.exec(path)?.[1] ?? /\.conflict\.fields\.(.*)$/.exec(path)?.[1];
    if (inside === undefined) continue;
    const name = names
      .filter((name) => inside === name || inside.startsWith(`${name}.`))
      .sort((a, b) => b.length - a.length)[0];
    if (name !== undefined && !found.has(name)) found.set(name, what);
  }
  return found;
}
