import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

export type Theme = "system" | "light" | "dark" | "contrast";
export type Density = "compact" | "normal" | "comfortable";

export interface Preferences {
  theme: Theme;
  density: Density;
  /** Whether keys without a modifier (j, k, 1, 2, …) act at all. */
  letterKeys: boolean;
}

const DEFAULTS: Preferences = { theme: "system", density: "normal", letterKeys: true };
const STORAGE_KEY = "tandem.preferences";
const ROW_PX: Record<Density, number> = { compact: 28, normal: 36, comfortable: 44 };

interface Value extends Preferences {
  rowPx: number;
  change(change: Partial<Preferences>): void;
}

const Context = createContext<Value>({ ...DEFAULTS, rowPx: 36, change: () => undefined });

export function usePreferences(): Value {
  return useContext(Context);
}

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [preferences, setPreferences] = useState(load);
  useEffect(() => followTheme(preferences), [preferences]);
  const value = useMemo<Value>(
    () => ({
      ...preferences,
      rowPx: ROW_PX[preferences.density],
      change: (change) =>
        setPreferences((before) => {
          const after = { ...before, ...change };
          save(after);
          return after;
        }),
    }),
    [preferences],
  );
  return <Context value={value}>{children}</Context>;
}

// A browser may refuse storage; the panel then simply starts with its defaults each time.
export function load(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
    return { ...DEFAULTS, ...(stored as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

function save(preferences: Preferences) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(preferences));
  } catch {
    // See load().
  }
}

/** Puts the choices on the root element, where the tokens read them. */
export function followTheme({ theme, density }: Preferences): () => void {
  const root = document.documentElement;
  const moreContrast = window.matchMedia("(prefers-contrast: more)");
  const put = () => {
    const contrast = theme === "contrast" || (theme === "system" && moreContrast.matches);
    root.dataset.contrast = contrast ? "more" : "normal";
  };
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  root.dataset.density = density;
  put();
  moreContrast.addEventListener("change", put);
  return () => moreContrast.removeEventListener("change", put);
}
