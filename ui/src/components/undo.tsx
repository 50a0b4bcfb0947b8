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

const TICK_MS = 250;

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

/** The steps that can still be taken back, the latest first. */
export function UndoProvider({ children }: { children: ReactNode }) {
  const [offers, setOffers] = useState<readonly UndoOffer[]>([]);
  const [now, setNow] = useState(0);
  // Read by `take`, which may be called twice before the next render.
  const current = useRef<readonly UndoOffer[]>([]);

  const keep = useCallback((next: readonly UndoOffer[]) => {
    current.current = next;
    setOffers(next);
  }, []);

  const put = useCallback(
    (offer: UndoOffer) => {
      setNow(Date.now());
      keep([offer, ...current.current]);
    },
    [keep],
  );

  const waiting = offers.length > 0;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => {
      const time = Date.now();
      setNow(time);
      const open = current.current.filter((offer) => offer.until > time);
      if (open.length !== current.current.length) keep(open);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [waiting, keep]);

  const take = useCallback(() => {
    const [latest, ...others] = current.current;
    if (!latest) return false;
    keep(others);
    if (Date.now() >= latest.until) return false;
    void latest.undo();
    return true;
  }, [keep]);

  const offer = offers[0] ?? null;
  const secondsLeft = offer ? Math.max(0, Math.ceil((offer.until - now) / 1_000)) : 0;
  const value = useMemo(() => ({ offer, secondsLeft, put, take }), [offer, secondsLeft, put, take]);
  return <Context value={value}>{children}</Context>;
}

export function useUndo(): Value {
  return useContext(Context);
}
