import { useSyncExternalStore } from "react";

/** Whether the window is at least this wide, in CSS px; zooming in makes it narrower. */
export function useWide(px: number): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = window.matchMedia(`(min-width: ${px}px)`);
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => window.matchMedia(`(min-width: ${px}px)`).matches,
  );
}
