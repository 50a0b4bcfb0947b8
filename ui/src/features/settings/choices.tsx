import { type ReactNode, useId } from "react";

interface RadiosProps<T extends string> {
  title: string;
  value: T;
  options: { value: T; label: string; hint?: string | undefined }[];
  onChoose(value: T): void;
}

/** One of several, each in words; the arrow keys choose at once. */
export function Radios<T extends string>({ title, value, options, onChoose }: RadiosProps<T>) {
  const name = useId();
  return (
    <fieldset className="min-w-56">
      <legend className="mb-1 font-medium">{title}</legend>
      {options.map((option) => (
        <label key={option.value} className="flex min-h-7 cursor-pointer items-center gap-2">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
            className="size-4 accent-text"
          />
          {option.label}
          {option.hint ? <span className="text-meta text-muted">{option.hint}</span> : null}
        </label>
      ))}
    </fieldset>
  );
}

interface ToggleProps {
  checked: boolean;
  label: string;
  onChange(checked: boolean): void;
  /** What the present choice means. */
  children: ReactNode;
}

export function Toggle({ checked, label, onChange, children }: ToggleProps) {
  const hint = useId();
  return (
    <>
      <label className="inline-flex min-h-7 cursor-pointer items-center gap-2 font-medium">
        <input
          type="checkbox"
          checked={checked}
          aria-describedby={hint}
          onChange={(event) => onChange(event.target.checked)}
          className="size-4 accent-text"
        />
        {label}
      </label>
      <p id={hint} className="max-w-2xl text-muted">
        {children}
      </p>
    </>
  );
}
