import { diffWordsWithSpace } from "diff";

/** JSON as it crosses from the backend. Declared here too, because components know no wire types. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [key: string]: JsonValue };

export type SegmentKind = "plain" | "invisible";
export interface Segment {
  kind: SegmentKind;
  /** What is drawn. */
  text: string;
  /** What a screen reader says instead, for characters that cannot be seen. */
  spoken?: string;
  changed?: boolean;
}

const INVISIBLE: Record<string, { mark: string; name: string }> = {
  "\n": { mark: "↵", name: "line break" },
  "\r": { mark: "␍", name: "carriage return" },
  "\t": { mark: "⇥", name: "tab" },
  "\u00a0": { mark: "⍽", name: "no-break space" },
  "\u202f": { mark: "⍽", name: "narrow no-break space" },
  "\u200b": { mark: "[ZWSP]", name: "zero-width space" },
  "\u200c": { mark: "[ZWNJ]", name: "zero-width non-joiner" },
  "\u200d": { mark: "[ZWJ]", name: "zero-width joiner" },
  "\u2060": { mark: "[WJ]", name: "word joiner" },
  "\ufeff": { mark: "[BOM]", name: "byte order mark" },
};
const SPACE = { mark: "·", name: "space" };

/** Text of a value, exactly as it is stored; JSON is laid out, nothing is rounded or localised. */
export function valueText(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object") return JSON.stringify(value, null, 2);
  return String(value);
}

/** A word for values that have no text of their own. */
export function valueWord(value: JsonValue | undefined): string | null {
  if (value === undefined) return "not present";
  if (value === null) return "no value (null)";
  if (value === "") return "empty text";
  if (Array.isArray(value) && value.length === 0) return "empty list";
  return null;
}

/**
 * Cuts text so that what cannot be seen gets a mark: leading, trailing and doubled spaces, tabs,
 * line breaks, no-break and zero-width characters, controls and direction overrides.
 */
export function segments(text: string): Segment[] {
  const out: Segment[] = [];
  const chars = [...text];
  chars.forEach((char, index) => {
    const marked = mark(char, chars[index - 1], chars[index + 1]);
    if (marked) out.push({ kind: "invisible", text: marked.mark, spoken: marked.name });
    else append(out, char);
  });
  return out;
}

function append(out: Segment[], char: string) {
  const last = out.at(-1);
  if (last?.kind === "plain") last.text += char;
  else out.push({ kind: "plain", text: char });
}

function mark(char: string, before: string | undefined, after: string | undefined) {
  if (char === " ") {
    const edge = before === undefined || after === undefined;
    return edge || before === " " || after === " " || after === "\n" ? SPACE : null;
  }
  const known = INVISIBLE[char];
  if (known) return known;
  const code = char.codePointAt(0) ?? 0;
  const control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const direction = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  if (control || direction) {
    const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    return { mark: `[${name}]`, name: `character ${name}` };
  }
  return null;
}

/** The same cut, with the words that are not in `other` flagged as changed. */
export function changedSegments(text: string, other: string): Segment[] {
  if (text.length + other.length > 4_000) return segments(text);
  const parts = diffWordsWithSpace(other, text).filter((part) => !part.removed);
  const kept = parts.some((part) => !part.added && part.value.trim() !== "");
  // With nothing in common, marking every word would only shout.
  if (!kept) return segments(text);
  const marked = segments(text);
  return flag(marked, parts);
}

// Walks both cuts in parallel. They cover the same characters, so lengths in code points line up.
function flag(marked: Segment[], parts: { value: string; added?: boolean }[]): Segment[] {
  const flags = parts.flatMap((part) => [...part.value].map(() => part.added === true));
  const out: Segment[] = [];
  let at = 0;
  for (const segment of marked) {
    if (segment.kind === "invisible") {
      out.push({ ...segment, changed: flags[at] ?? false });
      at += 1;
      continue;
    }
    for (const char of segment.text) {
      const changed = flags[at] ?? false;
      const last = out.at(-1);
      if (last?.kind === "plain" && last.changed === changed) last.text += char;
      else out.push({ kind: "plain", text: char, changed });
      at += 1;
    }
  }
  return out;
}

export type Difference =
  | "same"
  | "white space"
  | "letter case"
  | "Unicode form"
  | "type"
  | "empty or null"
  | "order"
  | "value";

/** How two values differ. Everything but "value" is a difference the eye would miss. */
export function difference(a: JsonValue | undefined, b: JsonValue | undefined): Difference {
  if (sameJson(a, b)) return "same";
  if (isBlank(a) && isBlank(b)) return "empty or null";
  if (typeof a === "string" && typeof b === "string") return textDifference(a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    const sorted = (list: JsonValue[]) => list.map((item) => JSON.stringify(item)).sort();
    return sameJson(sorted(a), sorted(b)) ? "order" : "value";
  }
  if (typeof a !== typeof b && valueText(a) === valueText(b)) return "type";
  return "value";
}

function textDifference(a: string, b: string): Difference {
  if (a.normalize("NFC") === b.normalize("NFC")) return "Unicode form";
  const squeeze = (text: string) => text.normalize("NFC").replace(/[\s\u200b\u2060\ufeff]+/gu, "");
  if (squeeze(a) === squeeze(b)) return "white space";
  if (a.toLocaleLowerCase("en") === b.toLocaleLowerCase("en")) return "letter case";
  return "value";
}

function isBlank(value: JsonValue | undefined): boolean {
  return value === null || value === undefined || value === "";
}

export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

/** Equality for showing: numbers, which cross as text, by value; 1.50 and 1.5 are the same. */
export function sameValue(
  type: string,
  a: JsonValue | undefined,
  b: JsonValue | undefined,
): boolean {
  if (isBlank(a) && isBlank(b)) return a === b || a === undefined || b === undefined;
  if (type === "decimal" && typeof a === "string" && typeof b === "string") {
    return plainNumber(a) === plainNumber(b);
  }
  return sameJson(a, b);
}

function plainNumber(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A sentence for a difference, read next to both values; null when the values speak for themselves. */
export function differenceNote(kind: Difference): string | null {
  switch (kind) {
    case "white space":
      return "Only white space differs.";
    case "letter case":
      return "Only upper and lower case differ.";
    case "Unicode form":
      return "Looks the same: only the Unicode form (composed or decomposed) differs.";
    case "type":
      return "Same characters, another type.";
    case "empty or null":
      return "One is empty text, the other has no value.";
    case "order":
      return "Same items in another order.";
    case "same":
    case "value":
      return null;
  }
}
