import type { ComponentProps, ReactNode } from "react";

type Look = "plain" | "primary" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  plain: "border-line-strong bg-raised text-text hover:bg-surface",
  primary: "border-text bg-text text-page hover:opacity-90",
  quiet: "border-transparent bg-transparent text-text hover:bg-base-tint",
  danger: "border-failed bg-raised text-failed hover:bg-failed-tint",
};

interface Props extends ComponentProps<"button"> {
  look?: Look;
  icon?: ReactNode;
}

/** Every push button. At least 28 px high, so that the target is never under 24. */
export function Button({ look = "plain", icon, className = "", children, ...rest }: Props) {
  return (
    <button
      type="button"
      className={`border-line-w inline-flex min-h-7 shrink-0 items-center justify-center gap-1.5 rounded-m px-2.5 py-0.5 font-medium whitespace-nowrap disabled:opacity-60 aria-disabled:opacity-60 ${LOOKS[look]} ${className}`}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}

/** A key, drawn as one. */
export function Key({ children }: { children: string }) {
  return (
    <kbd className="border-line-w inline-flex h-5 min-w-5 items-center justify-center rounded-s border-line bg-surface px-1 font-sans text-meta font-medium text-muted">
      {children}
    </kbd>
  );
}

/** A chord such as "Ctrl+Enter", drawn key by key. */
export function Keys({ chord }: { chord: string }) {
  return (
    <span className="inline-flex items-center gap-0.5">
      {chord.split(/(?<=.)[+ ](?=.)/).map((key, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the keys of one chord never reorder.
        <Key key={index}>{key}</Key>
      ))}
    </span>
  );
}
