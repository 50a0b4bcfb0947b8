import { formatCount, formatRate, formatRemaining, percentDone } from "@/components/format";
import type { RunView, WirePhase } from "@/ipc";

const PHASES: { phase: WirePhase; word: string }[] = [
  { phase: "prepare", word: "Prepare" },
  { phase: "read", word: "Read and check" },
  { phase: "plan", word: "Plan" },
  { phase: "apply", word: "Write and verify" },
  { phase: "finalize", word: "Finish" },
];

/** How far a run is: its phase, counts, rate, and how long it may still take. */
export function RunProgressPanel({ run }: { run: RunView }) {
  const { progress } = run;
  if (!progress) {
    return (
      <p role="status" className="mb-6 text-muted">
        Waiting for its first progress report…
      </p>
    );
  }
  const percent = percentDone(progress.done, progress.total);
  const at = PHASES.findIndex(({ phase }) => phase === progress.phase);
  const total = progress.total === null ? "an unknown number" : formatCount(progress.total);
  return (
    <section
      aria-label="Progress"
      className="border-line-w mb-6 rounded-l border-line bg-surface p-4"
    >
      <ol className="mb-3 flex flex-wrap gap-x-1 gap-y-1">
        {PHASES.map(({ phase, word }, index) => (
          <li
            key={phase}
            aria-current={index === at ? "step" : undefined}
            className={`border-line-w rounded-m px-2 py-0.5 text-meta ${index === at ? "tone-border bg-running-tint font-semibold text-running" : index < at ? "border-transparent text-text" : "border-transparent text-muted"}`}
          >
            {index < at ? <span aria-hidden="true">✓ </span> : null}
            {word}
            {index < at ? <span className="sr-only"> (done)</span> : null}
          </li>
        ))}
      </ol>
      <progress
        aria-label="Share of this run's records done"
        className="run-progress block h-3 w-full"
        max={100}
        value={percent ?? undefined}
      />
      <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-1">
        <Fact term="Done" detail={`${formatCount(progress.done)} of ${total}`} />
        <Fact term="Rate" detail={formatRate(progress.rate_per_second)} />
        <Fact
          term="Remaining"
          detail={formatRemaining(progress.remaining_low_s, progress.remaining_high_s)}
        />
      </dl>
    </section>
  );
}

function Fact({ term, detail }: { term: string; detail: string }) {
  return (
    <div className="flex gap-2">
      <dt className="text-muted">{term}</dt>
      <dd className="font-medium">{detail}</dd>
    </div>
  );
}
