import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Annotation, EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { changeBetween } from "./text-change";

// Loaded on its own, when an editor is first opened. It stands in a shadow root: there CodeMirror
// adopts constructed style sheets, where in the page it would write a <style> element, which the
// policy of both hosts refuses.

export interface TextMark {
  /** From 1; null: the text as a whole. */
  line: number | null;
  column: number | null;
  message: string;
}

const fromOutside = Annotation.define<boolean>();

const LOOK = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "2px solid var(--text)", outlineOffset: "-2px" },
  ".cm-scroller": { font: "12.5px/20px 'JetBrains Mono Variable', monospace", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": {
    color: "var(--muted)",
    backgroundColor: "var(--surface)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine": { backgroundColor: "var(--selected)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground":
    { backgroundColor: "var(--source-tint)" },
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line-strong)",
  },
  ".cm-diagnostic": { whiteSpace: "pre-wrap", maxWidth: "36rem" },
});

const WORDS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.attributeName], color: "var(--source)" },
  { tag: tags.string, color: "var(--result)" },
  { tag: [tags.number, tags.bool, tags.atom], color: "var(--target)" },
  { tag: tags.comment, color: "var(--muted)" },
]);

/** A TOML editor in `host`'s shadow root. */
export class TextEditorView {
  private readonly view: EditorView;

  constructor(
    host: HTMLElement,
    label: string,
    text: string,
    private readonly typed: (text: string) => void,
  ) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    root.replaceChildren();
    this.view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          lintGutter(),
          StreamLanguage.define(toml),
          syntaxHighlighting(WORDS),
          LOOK,
          EditorState.allowMultipleSelections.of(false),
          EditorView.contentAttributes.of({ "aria-label": label, "data-text-editor": "" }),
          // Tab goes on to the next control: nobody is caught in here.
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.updateListener.of((update) => {
            const outside = update.transactions.some((one) => one.annotation(fromOutside));
            if (update.docChanged && !outside) this.typed(update.state.doc.toString());
          }),
        ],
      }),
    });
  }

  /** Shows another text, changing only what differs: caret, scroll and undo stay. */
  show(text: string) {
    const change = changeBetween(this.view.state.doc.toString(), text);
    if (change) this.view.dispatch({ changes: change, annotations: fromOutside.of(true) });
  }

  mark(marks: readonly TextMark[]) {
    const { doc } = this.view.state;
    const found = marks.flatMap((mark): Diagnostic[] => {
      if (mark.line === null || mark.line > doc.lines) return [];
      const line = doc.line(mark.line);
      const from = Math.min(line.from + Math.max(0, (mark.column ?? 1) - 1), line.to);
      return [{ from, to: line.to, severity: "error", message: mark.message }];
    });
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  /** Puts the caret at a place and the keyboard into the text. */
  goTo(line: number, column: number | null) {
    const at = this.view.state.doc.line(Math.min(line, this.view.state.doc.lines));
    const anchor = Math.min(at.from + Math.max(0, (column ?? 1) - 1), at.to);
    this.view.dispatch({ selection: { anchor }, scrollIntoView: true });
    this.view.focus();
  }

  destroy() {
    this.view.destroy();
  }
}
