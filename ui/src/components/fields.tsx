import type { ComponentProps, ReactNode } from "react";

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
