import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { z } from "zod";

// What is not known, from an older or a newer panel, is taken as not chosen.
const stored = z.object({
  theme: z.enum(["system", "light", "dark", "contrast"]).catch("system"),
  density: z.enum(["compact", "normal", "comfortable"]).catch("normal"),
  /** Whether keys without a modifier (j, k, 1, 2, …) act at all. */
  letterKeys: z.boolean().catch(true),
});
export type Preferences = z.infer<typeof stored>;
export type Theme = Preferences["theme"];
export type Density = Preferences["density"];

const DEFAULTS: Preferences = stored.parse({});
const STORAGE_KEY = "tandem.preferences";
const ROW_PX: Record<Density, number> = { compact: 28, normal: 36, comfortable: 44 };

export const THEMES: { value: Theme; label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
  { value: "contrast", label: "High contrast" },
];
export const DENSITIES: { value: Density; label: string; rowPx: number }[] = [
  { value: "compact", label: "Compact rows", rowPx: ROW_PX.compact },
  { value: "normal", label: "Normal rows", rowPx: ROW_PX.normal },
  { value: "comfortable", label: "Tall rows", rowPx: ROW_PX.comfortable },
];

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
    return stored.parse(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}"));
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
