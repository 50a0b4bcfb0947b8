import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";

export interface Announcement {
  text: string;
  /** Grows with each announcement, so that the same sentence twice is still news. */
  nth: number;
  /** The run it is about: the sentence goes on to say how that ended. */
  run?: string;
}

interface Value {
  latest: Announcement | null;
  announce: Announce;
}

type Announce = (text: string, run?: string) => void;

const Context = createContext<Value>({ latest: null, announce: () => undefined });

/** Short sentences about what just happened: shown in the status bar, read by screen readers. */
export function AnnounceProvider({ children }: { children: ReactNode }) {
  const [latest, setLatest] = useState<Announcement | null>(null);
  const announce = useCallback<Announce>((text, run) => {
    setLatest((before) => ({ text, nth: (before?.nth ?? 0) + 1, ...(run ? { run } : {}) }));
  }, []);
  const value = useMemo(() => ({ latest, announce }), [latest, announce]);
  return <Context value={value}>{children}</Context>;
}

export function useAnnounce(): Announce {
  return useContext(Context).announce;
}

export function useLatestAnnouncement(): Announcement | null {
  return useContext(Context).latest;
}
