import {
  changedSegments,
  type JsonValue,
  type Segment,
  segments,
  valueText,
  valueWord,
} from "./value-model";

interface Props {
  value: JsonValue | undefined;
  /** Words not in this value are marked as changed. */
  against?: JsonValue | undefined;
  /** Strike the value through: it is what was there before. */
  removed?: boolean;
}

/**
 * Record data, as text and only as text. What cannot be seen (edge spaces, tabs, zero-width
 * characters) gets a mark, and changed words are underlined as well as weighted.
 */
export function Value({ value, against, removed = false }: Props) {
  const word = valueWord(value);
  if (word !== null) return <span className="text-muted italic">{word}</span>;

  const text = valueText(value);
  const cut =
    against === undefined || valueWord(against) !== null
      ? segments(text)
      : changedSegments(text, valueText(against));
  // Segments have no identity but their place in the text.
  let at = 0;
  const parts = cut.map((part) => {
    at += part.text.length;
    return <Part key={at} part={part} />;
  });
  return (
    <span
      dir="auto"
      className={`font-mono text-mono wrap-anywhere whitespace-pre-wrap ${removed ? "line-through decoration-1" : ""}`}
    >
      {parts}
    </span>
  );
}

function Part({ part }: { part: Segment }) {
  const body = part.kind === "invisible" ? <Mark part={part} /> : part.text;
  if (!part.changed) return body;
  return (
    <mark className="bg-transparent font-semibold text-inherit underline decoration-2 underline-offset-3">
      {body}
    </mark>
  );
}

function Mark({ part }: { part: Segment }) {
  return (
    <span className="font-medium text-muted">
      <span aria-hidden="true">{part.text}</span>
      <span className="sr-only"> {part.spoken} </span>
      {part.spoken === "line break" ? <br /> : null}
    </span>
  );
}
