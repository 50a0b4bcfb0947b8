import {
  Ban,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleSlash,
  CircleX,
  Clock,
  type LucideIcon,
  Plug,
  RefreshCw,
  Split,
} from "lucide-react";

export type Tone =
  | "success"
  | "failed"
  | "partial"
  | "conflict"
  | "running"
  | "base"
  | "source"
  | "target"
  | "result";

const TONES: Record<Tone, string> = {
  success: "bg-success-tint text-success",
  failed: "bg-failed-tint text-failed",
  partial: "bg-partial-tint text-partial",
  conflict: "bg-conflict-tint text-conflict",
  running: "bg-running-tint text-running",
  base: "bg-base-tint text-base",
  source: "bg-source-tint text-source",
  target: "bg-target-tint text-target",
  result: "bg-result-tint text-result",
};

interface Look {
  tone: Tone;
  icon: LucideIcon;
  word: string;
}

const STATUSES: Record<string, Look> = {
  completed: { tone: "success", icon: CircleCheck, word: "Completed" },
  partial: { tone: "partial", icon: CircleAlert, word: "Partial" },
  failed: { tone: "failed", icon: CircleX, word: "Failed" },
  running: { tone: "running", icon: RefreshCw, word: "Running" },
  pending: { tone: "base", icon: Clock, word: "Pending" },
  cancelling: { tone: "partial", icon: CircleSlash, word: "Cancelling…" },
  open: { tone: "conflict", icon: Split, word: "Open" },
  decided: { tone: "running", icon: Clock, word: "Being applied" },
  resolved: { tone: "success", icon: CircleCheck, word: "Resolved" },
  closed: { tone: "base", icon: CircleCheck, word: "Closed by itself" },
  unresolved: { tone: "failed", icon: CircleX, word: "Unresolved" },
  ready: { tone: "success", icon: Plug, word: "Ready" },
  failing: { tone: "partial", icon: CircleAlert, word: "Failing" },
  circuit_open: { tone: "failed", icon: Ban, word: "Circuit open" },
  circuit_half_open: { tone: "partial", icon: CircleDashed, word: "Circuit half open" },
  isolated: { tone: "partial", icon: CircleSlash, word: "Isolated" },
  done: { tone: "success", icon: CircleCheck, word: "Written" },
  journalled: { tone: "running", icon: Clock, word: "Being sent" },
  dropped: { tone: "base", icon: CircleSlash, word: "Not sent" },
  paused: { tone: "base", icon: CirclePause, word: "Paused" },
  planned: { tone: "base", icon: CircleDashed, word: "Planned" },
  uncertain: { tone: "partial", icon: CircleAlert, word: "Uncertain" },
};

interface StatusProps {
  /** One of the words above; an unknown one is shown as it is, with a neutral look. */
  status: string;
  word?: string;
}

/** A state: an icon and a word, so that nothing depends on colour alone. */
export function Status({ status, word }: StatusProps) {
  const look = STATUSES[status] ?? { tone: "base" as const, icon: CircleDashed, word: status };
  const Icon = look.icon;
  return (
    <Badge tone={look.tone}>
      <Icon
        aria-hidden="true"
        className={`size-3.5 shrink-0 ${status === "running" ? "animate-spin motion-reduce:animate-none" : ""}`}
      />
      {word ?? look.word}
    </Badge>
  );
}

/** The word for a connection's circuit. A closed one with failures behind it is failing. */
export function circuitStatus({
  circuit,
  failures,
}: {
  circuit: string;
  failures: number;
}): string {
  switch (circuit) {
    case "open":
      return "circuit_open";
    case "half_open":
      return "circuit_half_open";
    case "closed":
      return failures > 0 ? "failing" : "ready";
    default:
      return circuit;
  }
}

interface BadgeProps {
  tone: Tone;
  children: React.ReactNode;
}

export function Badge({ tone, children }: BadgeProps) {
  return (
    <span
      className={`border-line-w tone-border inline-flex h-6 max-w-full shrink-0 items-center gap-1 rounded-m px-1.5 text-meta font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
