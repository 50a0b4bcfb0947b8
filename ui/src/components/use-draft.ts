import { useCallback, useEffect, useRef, useState } from "react";

/** Typing rests so long before it is checked. */
const QUICK_MS = 150;
/** And so long before what is slower to find out is asked for too. */
const WHOLE_MS = 1_200;

/** What was edited last: the other one follows it. */
export type Edit<V> = { text: string } | { value: V };

interface Answer<V> {
  text: string;
  value: V | null;
}

interface Options<V, A extends Answer<V>> {
  text: string;
  value: V;
  /** Checks without saving; `whole` also what takes longer. */
  check(edit: Edit<V>, whole: boolean): Promise<A>;
}

export interface Draft<V, A> {
  text: string;
  value: V;
  /** What the last check came to; absent until the first is there. */
  answer: A | undefined;
  /** Why the last check could not be made. */
  failed: unknown;
  /** Whether what is shown has not been checked yet. */
  checking: boolean;
  changed: boolean;
  editText(text: string): void;
  editValue(value: V): void;
  /** The text as it is after the form's last change, as soon as that is known. */
  settled(): Promise<string>;
}

/**
 * A thing that is edited as a text and as a form at once. The one that was touched last leads; the
 * other is made from it. An answer about something older than that is dropped, so that no answer
 * ever takes away what was typed meanwhile.
 */
export function useDraft<V, A extends Answer<V>>(options: Options<V, A>): Draft<V, A> {
  const [text, setText] = useState(options.text);
  const [value, setValue] = useState(options.value);
  const [answer, setAnswer] = useState<A>();
  const [failed, setFailed] = useState<unknown>();
  const [edit, setEdit] = useState<Edit<V>>(() =>
    // Of something new there is no text yet: it is made from the form.
    options.text === "" ? { value: options.value } : { text: options.text },
  );
  const [checked, setChecked] = useState<Edit<V>>();
  const latest = useRef(edit);
  const check = useRef(options.check);
  check.current = options.check;

  const ask = useCallback(async (asked: Edit<V>, whole: boolean) => {
    try {
      const found = await check.current(asked, whole);
      if (latest.current !== asked) return found.text;
      if ("value" in asked) setText(found.text);
      else if (found.value !== null) setValue(found.value);
      setAnswer(found);
      setFailed(undefined);
      setChecked(asked);
      return found.text;
    } catch (error) {
      if (latest.current === asked) setFailed(error);
      throw error;
    }
  }, []);

  useEffect(() => {
    const quick = setTimeout(() => void ask(edit, false).catch(() => undefined), QUICK_MS);
    const whole = setTimeout(() => void ask(edit, true).catch(() => undefined), WHOLE_MS);
    return () => {
      clearTimeout(quick);
      clearTimeout(whole);
    };
  }, [edit, ask]);

  const put = (next: Edit<V>) => {
    latest.current = next;
    setEdit(next);
  };
  return {
    text,
    value,
    answer,
    failed,
    checking: checked !== edit,
    changed: text !== options.text || (checked !== edit && "value" in edit),
    editText: (typed) => {
      setText(typed);
      put({ text: typed });
    },
    editValue: (formed) => {
      setValue(formed);
      put({ value: formed });
    },
    settled: () => {
      const now = latest.current;
      return "text" in now ? Promise.resolve(now.text) : ask(now, false);
    },
  };
}
