import { connected } from "./client";
import type { LeaveQuestion } from "./generated/types";

/**
 * Calls back when somebody wants to leave the window while something is not written or not kept.
 * A browser asks by itself before a tab closes, so there it never happens.
 */
export function followLeaving(onAsked: (question: LeaveQuestion) => void): () => void {
  return connected().listenToLeaving?.(onAsked) ?? (() => undefined);
}

/** Whether the panel is in a window that asks, instead of a browser's tab. */
export function asksBeforeLeaving(): boolean {
  return connected().listenToLeaving !== undefined;
}
