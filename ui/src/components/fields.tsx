import { type ComponentProps, type ReactNode, useEffect, useRef, useState } from "react";

interface SelectProps extends Omit<ComponentProps<"select">, "onChange"> {
  label: string;
  options: { value: string; label: string }[];
  onChoose(value: string): void;
}

/** A filter: a native select with its label before it. */
export function Select({ label, options, onChoose, ...rest }: SelectProps) {
  return (
    <label className="inline-flex items-center gap-2 text-muted">
      {label}
      <select
        {...rest}
        onChange={(event) => onChoose(event.target.value)}
        className="border-line-w h-7 max-w-48 rounded-m border-line-strong bg-raised px-2 text-body text-text"
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

const TYPING_MS = 250;

interface SearchFieldProps {
  label: string;
  value: string;
  placeholder: string;
  /** Told when typing rests, or at once with Enter. */
  onChoose(value: string): void;
}

/** A filter that is typed. */
export function SearchField({ label, value, placeholder, onChoose }: SearchFieldProps) {
  const [draft, setDraft] = useState(value);
  // What was told last: its coming back must not undo what was typed meanwhile.
  const told = useRef(value);
  const tell = () => {
    if (draft.trim() === told.current) return;
    told.current = draft.trim();
    onChoose(told.current);
  };
  const latest = useRef(tell);
  latest.current = tell;
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setDraft(value);
  }, [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each key press begins the wait anew.
  useEffect(() => {
    const timer = setTimeout(() => latest.current(), TYPING_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  return (
    <label className="inline-flex items-center gap-2 text-muted">
      {label}
      <input
        type="search"
        value={draft}
        placeholder={placeholder}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => (event.key === "Enter" ? tell() : undefined)}
        className="border-line-w h-7 w-52 rounded-m border-line-strong bg-raised px-2 text-body text-text placeholder:text-muted"
      />
    </label>
  );
}

interface TextFieldProps extends ComponentProps<"input"> {
  label: string;
  hint?: ReactNode;
}

export function TextField({ label, hint, id, ...rest }: TextFieldProps) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <input
        id={id}
        {...rest}
        className="border-line-w h-8 rounded-m border-line-strong bg-raised px-2 text-form aria-invalid:border-failed"
      />
      {hint ? <div className="text-meta text-muted">{hint}</div> : null}
    </div>
  );
}
