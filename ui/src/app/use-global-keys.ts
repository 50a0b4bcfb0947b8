import { useEffect, useRef } from "react";
import { hasCommand, isTyping } from "@/components/keys";
import { GoKeys } from "./go-keys";
import type { Screen } from "./screens";

export interface GlobalKeys {
  letterKeys: boolean;
  onPalette(): void;
  onHelp(): void;
  onGo(screen: Screen): void;
  /** False when there was nothing to take back, so that the key keeps its usual meaning. */
  onUndo(): boolean;
}

/** Keys that act everywhere. They are read before any list or detail sees them. */
export function useGlobalKeys(keys: GlobalKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const sequence = new GoKeys();
    const onKeyDown = (event: KeyboardEvent) => {
      if (handle(event, latest.current, sequence)) {
        event.preventDefault();
        event.stopPropagation();
      }
    };
    window.addEventListener("keydown", onKeyDown, { capture: true });
    return () => window.removeEventListener("keydown", onKeyDown, { capture: true });
  }, []);
}

function handle(event: KeyboardEvent, keys: GlobalKeys, sequence: GoKeys): boolean {
  if (event.key === "F6") return nextRegion(event.shiftKey ? -1 : 1);
  if (hasCommand(event) && !event.shiftKey && event.key.toLowerCase() === "k") {
    keys.onPalette();
    return true;
  }
  const typing = isTyping(event.target);
  const inDialog = event.target instanceof Element && event.target.closest('[role="dialog"]');
  if (typing || inDialog) return false;
  if (hasCommand(event) && !event.shiftKey && event.key.toLowerCase() === "z") return keys.onUndo();
  if (!keys.letterKeys) return false;
  if (event.key === "?") {
    keys.onHelp();
    return true;
  }
  if (event.key === "/") return focusFilter();
  const result = sequence.press(event, event.timeStamp);
  if (result.kind === "go") keys.onGo(result.screen);
  return result.kind !== "ignore";
}

function focusFilter(): boolean {
  const filter = document.querySelector<HTMLElement>("[data-filter] select, [data-filter] input");
  filter?.focus();
  return filter !== null;
}

/** F6 goes through the regions: navigation, content, detail, status bar. */
function nextRegion(step: 1 | -1): boolean {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")];
  if (regions.length === 0) return false;
  const at = regions.findLastIndex((region) => region.contains(document.activeElement));
  const from = at < 0 && step < 0 ? 0 : at;
  const next = regions[(from + step + regions.length) % regions.length];
  const inner = next?.querySelector<HTMLElement>('a[href], button, select, input, [tabindex="0"]');
  (inner ?? next)?.focus();
  return true;
}
