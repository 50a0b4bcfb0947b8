import { useEffect } from "react";

const held = new Set<string>();
const listeners = new Set<() => void>();

/**
 * While `unsaved`, what the person entered under this name is held in the panel alone: leaving asks
 * first.
 */
export function useUnsaved(name: string, unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return;
    held.add(name);
    tell();
    return () => {
      held.delete(name);
      tell();
    };
  }, [name, unsaved]);
}

/** How much is held, now. */
export function unsavedCount(): number {
  return held.size;
}

/** Calls back when that changes, until the returned function is called. */
export function followUnsaved(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function tell() {
  for (const listener of listeners) listener();
}
