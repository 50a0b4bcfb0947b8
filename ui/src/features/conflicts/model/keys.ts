import { digitOf, hasCommand, type KeyLike } from "@/components/keys";

/** What a key press means inside a conflict. */
export type Intent =
  | { do: "take"; take: "source" | "target" | "base" }
  | { do: "fill"; take: "source" | "target" | "base" }
  | { do: "edit" }
  | { do: "clear" }
  | { do: "move"; by: 1 | -1 }
  | { do: "open"; by: 1 | -1 }
  | { do: "note" }
  | { do: "accept" }
  | { do: "accept_all" }
  | { do: "similar" }
  | { do: "resolve" }
  | { do: "back" };

const COLUMNS: Record<number, "source" | "target" | "base"> = {
  1: "source",
  2: "target",
  3: "base",
};

/**
 * Reads a key press. While something is being typed only Ctrl/Cmd+Enter and Esc count; with letter
 * keys turned off, only keys with a modifier and the arrows do.
 */
export function intentOf(event: KeyLike, typing: boolean, letterKeys: boolean): Intent | null {
  if (hasCommand(event) && event.key === "Enter") return { do: "resolve" };
  if (event.key === "Escape") return { do: "back" };
  if (typing || hasCommand(event) || event.altKey) return null;

  const digit = digitOf(event);
  const column = digit === null ? undefined : COLUMNS[digit];
  if (event.shiftKey && column) return { do: "fill", take: column };
  if (!letterKeys) return null;
  if (event.shiftKey) return event.key === "A" ? { do: "accept_all" } : null;
  if (column) return { do: "take", take: column };
  if (digit === 4 || event.key === "e") return { do: "edit" };
  if (digit === 0) return { do: "clear" };
  switch (event.key) {
    case "j":
      return { do: "move", by: 1 };
    case "k":
      return { do: "move", by: -1 };
    case "]":
      return { do: "open", by: 1 };
    case "[":
      return { do: "open", by: -1 };
    case "a":
      return { do: "accept" };
    case "b":
      return { do: "similar" };
    case "n":
      return { do: "note" };
    default:
      return null;
  }
}
