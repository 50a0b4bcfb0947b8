import type { KeyboardEvent } from "react";

/** Keys as the panel thinks of them: by physical digit, so that Shift+1 works on every layout. */
export interface KeyLike {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** A key press as React tells of it: `code` is on the native event. */
export function keyOf(event: KeyboardEvent): KeyLike {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  return { key, ctrlKey, metaKey, altKey, shiftKey, code: event.nativeEvent.code };
}

/** The digit 0–9 of a key press, with or without Shift; null for anything else. */
export function digitOf(event: KeyLike): number | null {
  const match = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (match?.[1]) return Number(match[1]);
  return /^\d$/.test(event.key) ? Number(event.key) : null;
}

/** Ctrl, or Cmd on a Mac. */
export function hasCommand(event: KeyLike): boolean {
  return event.ctrlKey || event.metaKey;
}

/** Whether typing goes into this element, so that letters must not act as commands. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  // An editor in a shadow root: from outside, its host is what has the focus.
  const inside = target.shadowRoot?.activeElement;
  if (inside) return isTyping(inside);
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) {
    return !["radio", "checkbox", "button", "submit", "reset", "range"].includes(target.type);
  }
  return false;
}

const IS_MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);

/** "Ctrl" here, "⌘" on a Mac. */
export const COMMAND_KEY = IS_MAC ? "⌘" : "Ctrl";
