import { Badge } from "./status";

const DIRECTIONS = {
  bidirectional: { sign: "⇄", words: "both ways" },
  source_to_target: { sign: "→", words: "source to target only" },
  target_to_source: { sign: "←", words: "target to source only" },
};

/** Which way records go, as a sign and in words. */
export function direction(sync: { direction: keyof typeof DIRECTIONS }) {
  return DIRECTIONS[sync.direction];
}

interface Props {
  sync: { source_system: string; target_system: string; direction: keyof typeof DIRECTIONS };
}

/** Two systems by their names, and which way records go between them. */
export function Between({ sync }: Props) {
  const { sign, words } = direction(sync);
  return (
    <span className="inline-flex max-w-full items-center gap-1.5">
      <Badge tone="source">{sync.source_system}</Badge>
      <span title={words}>
        <span aria-hidden="true">{sign}</span>
        <span className="sr-only"> ({words}) </span>
      </span>
      <Badge tone="target">{sync.target_system}</Badge>
    </span>
  );
}
