import type { ReactNode, Ref } from "react";

interface PageProps {
  title: string;
  /** One line that answers the screen's question. */
  lead?: ReactNode;
  actions?: ReactNode;
  /** Leave the room to what is open beside (or, when narrow, instead of) the list. */
  quietWhenNarrow?: boolean;
  /** Where Esc leads. */
  onBack?: () => void;
  children: ReactNode;
}

/** A screen: its heading, its actions, its content. The content scrolls, the heading stays. */
export function Page(props: PageProps) {
  const { title, lead, actions, quietWhenNarrow = false, onBack, children } = props;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc leads back from anywhere inside.
    <div
      onKeyDown={(event) => (event.key === "Escape" ? onBack?.() : undefined)}
      className="flex h-full min-h-0 flex-col"
    >
      <title>{`${title} · Tandem`}</title>
      <header
        className={`flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-3 ${quietWhenNarrow ? "max-[1100px]:sr-only" : ""}`}
      >
        <div className="min-w-0 flex-1">
          <h1
            tabIndex={-1}
            data-page-title=""
            className="truncate text-title font-semibold outline-none"
          >
            {title}
          </h1>
          {lead ? <div className="text-muted">{lead}</div> : null}
        </div>
        {actions ? (
          <div
            className={`flex flex-wrap items-center gap-2 ${quietWhenNarrow ? "max-[1100px]:hidden" : ""}`}
          >
            {actions}
          </div>
        ) : null}
      </header>
      {children}
    </div>
  );
}

interface ScrollProps {
  label: string;
  ref?: Ref<HTMLElement>;
  className?: string;
  children: ReactNode;
}

/** What scrolls: in the tab order, so that a keyboard can scroll it, and named. */
export function Scroll({ label, ref, className = "p-4", children }: ScrollProps) {
  return (
    <section
      ref={ref}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={label}
      className={`relative min-h-0 flex-1 overflow-auto -outline-offset-2 ${className}`}
    >
      {children}
    </section>
  );
}

interface SectionProps {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function Section({ title, actions, children }: SectionProps) {
  return (
    <section className="mb-6">
      <div className="mb-2 flex items-center gap-3">
        <h2 className="flex-1 text-section font-semibold">{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** Facts in pairs, aligned. */
export function Facts({ items }: { items: [string, ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-6 gap-y-1.5">
      {items.map(([term, detail]) => (
        <div key={term} className="contents">
          <dt className="text-muted">{term}</dt>
          <dd className="min-w-0 wrap-anywhere">{detail}</dd>
        </div>
      ))}
    </dl>
  );
}

interface MetricProps {
  label: string;
  value: ReactNode;
  note?: ReactNode;
}

export function Metric({ label, value, note }: MetricProps) {
  return (
    <div className="border-line-w min-w-36 rounded-l border-line bg-raised px-4 py-3">
      <div className="text-meta font-medium text-muted">{label}</div>
      <div className="text-metric font-semibold">{value}</div>
      {note ? <div className="text-meta text-muted">{note}</div> : null}
    </div>
  );
}
