import { Badge } from "@/components/status";
import type { ConflictSummary } from "@/ipc";

export const KIND_WORDS: Record<ConflictSummary["kind"], string> = {
  update: "Edited twice",
  delete: "Deleted or edited",
  pairing: "Same record?",
};

export function KindBadge({ kind }: { kind: ConflictSummary["kind"] }) {
  return (
    <Badge tone={kind === "delete" ? "failed" : kind === "pairing" ? "running" : "conflict"}>
      {KIND_WORDS[kind]}
    </Badge>
  );
}
