import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";

export interface UndoOffer {
  /** What was done, in the past tense: "Resolved Ada Lovelace". */
  label: string;
  /** When the offer ends, in ms since the epoch. */
  until: number;
  undo(): Promise<unknown>;
}

interface Value {
  offer: UndoOffer | null;
  secondsLeft: number;
  put(offer: UndoOffer): void;
  /** Takes the last step back. False when there is none to take back. */
  take(): boolean;
}

const Context = createContext<Value>({
  offer: null,
  secondsLeft: 0,
  put: () => undefined,
  take: () => false,
});

/** The last step that can still be taken back. There is one at a time: the latest. */
export function UndoProvider({ children }: { children: ReactNode }) {
  const [offer, setOffer] = useState<UndoOffer | null>(null);
  const [now, setNow] = useState(0);
  const current = useRef<UndoOffer | null>(null);

  const put = useCallback((next: UndoOffer | null) => {
    current.current = next;
    setNow(Date.now());
    setOffer(next);
  }, []);

  useEffect(() => {
    if (!offer) return;
    const timer = setInterval(() => {
      const time = Date.now();
      setNow(time);
      if (time >= offer.until) put(null);
    }, 250);
    return () => clearInterval(timer);
  }, [offer, put]);

  const take = useCallback(() => {
    const latest = current.current;
    if (!latest || Date.now() >= latest.until) return false;
    put(null);
    void latest.undo();
    return true;
  }, [put]);

  const secondsLeft = offer ? Math.max(0, Math.ceil((offer.until - now) / 1_000)) : 0;
  const value = useMemo(() => ({ offer, secondsLeft, put, take }), [offer, secondsLeft, put, take]);
  return <Context value={value}>{children}</Context>;
}

export function useUndo(): Value {
  return useContext(Context);
}
