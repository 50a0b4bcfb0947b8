import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { t } from "@/text";
import { Loading } from "./states";
import type { TextEditorView, TextMark } from "./text-editor-view";

export type { TextMark } from "./text-editor-view";

export interface TextEditorHandle {
  goTo(line: number, column: number | null): void;
}

interface Props {
  label: string;
  text: string;
  marks: readonly TextMark[];
  /** Told of what is typed; never of what was shown by `text`. */
  onType(text: string): void;
  ref?: Ref<TextEditorHandle>;
}

/** A TOML text with its problems marked. The editor itself is loaded when it is first needed. */
export function TextEditor({ label, text, marks, onType, ref }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<TextEditorView>();
  const latest = useRef({ text, onType });
  latest.current = { text, onType };

  useEffect(() => {
    let gone = false;
    let made: TextEditorView | undefined;
    void import("./text-editor-view").then(({ TextEditorView }) => {
      if (gone || !host.current) return;
      made = new TextEditorView(host.current, label, latest.current.text, (typed) =>
        latest.current.onType(typed),
      );
      setView(made);
    });
    return () => {
      gone = true;
      made?.destroy();
    };
  }, [label]);

  useEffect(() => view?.show(text), [view, text]);
  useEffect(() => view?.mark(marks), [view, marks]);
  useImperativeHandle(ref, () => ({ goTo: (line, column) => view?.goTo(line, column) }), [view]);

  return (
    <div className="relative h-full min-h-0">
      {view ? null : <Loading what={t("components.textEditor")} />}
      <div ref={host} className="h-full min-h-0" />
    </div>
  );
}
