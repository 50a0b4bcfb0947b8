import type { Json, WireFieldType } from "@/ipc";

export type Parsed = { ok: true; value: Json } | { ok: false; reason: string };

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a custom value as the field's type. Numbers stay text on their way, so that no digit is
 * lost in a float. The backend checks again, against both systems' rules.
 */
export function parseCustom(type: WireFieldType, text: string): Parsed {
  switch (type) {
    case "text":
    case "reference":
      return { ok: true, value: text };
    case "integer":
      return INTEGER.test(text.trim())
        ? { ok: true, value: text.trim().replace(/^\+/, "") }
        : refuse("Write a whole number, such as 42 or -7.");
    case "decimal":
      return DECIMAL.test(text.trim())
        ? { ok: true, value: text.trim().replace(/^\+/, "") }
        : refuse("Write a number with a point, such as 19.90.");
    case "boolean":
      if (text === "true" || text === "false") return { ok: true, value: text === "true" };
      return refuse("Choose true or false.");
    case "date":
      return isDate(text.trim())
        ? { ok: true, value: text.trim() }
        : refuse("Write a date that exists as year-month-day, such as 2026-03-31.");
    case "timestamp":
      return TIMESTAMP.test(text.trim()) && !Number.isNaN(Date.parse(text.trim()))
        ? { ok: true, value: text.trim() }
        : refuse("Write date, time and zone, such as 2026-03-31T14:05:00Z.");
    case "json":
      return parseJson(text, () => true, "Write valid JSON.");
    case "list":
      return parseJson(text, Array.isArray, 'Write a JSON list, such as ["a", "b"].');
  }
}

/** The text to start editing from. */
export function customText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (!match) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function parseJson(text: string, fits: (value: Json) => boolean, help: string): Parsed {
  const lossy = lossyNumber(text);
  if (lossy !== null) {
    return refuse(
      `${lossy} has more digits than a JSON number keeps. Write it as text, in quotes.`,
    );
  }
  try {
    const value = JSON.parse(text) as Json;
    return fits(value) ? { ok: true, value } : refuse(help);
  } catch {
    return refuse(help);
  }
}

/** The first number in JSON text that would not survive being parsed; null if all do. */
function lossyNumber(text: string): string | null {
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  for (const [token] of outside.matchAll(/-?\d[\d.]*(?:[eE][+-]?\d+)?/g)) {
    const digits = token
      .replace(/[eE].*$/, "")
      .replace(/\D/g, "")
      .replace(/^0+/, "");
    if (digits.length > 15 || !Number.isFinite(Number(token))) return token;
  }
  return null;
}

function refuse(reason: string): Parsed {
  return { ok: false, reason };
}
