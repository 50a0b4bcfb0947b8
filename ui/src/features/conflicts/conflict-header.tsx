import { ArrowDown, ArrowUp, X } from "lucide-react";
import { Button } from "@/components/button";
import { Badge } from "@/components/status";
import { Ago } from "@/components/time";
import type { ConflictView } from "@/ipc";
import type { Ways } from "./conflict-screen";
import { nameOf } from "./name";

/** Which record this is, on which two systems, who changed it when, and why it waits. */
export function ConflictHeader({
  conflict,
  onStep,
  onBack,
}: { conflict: ConflictView } & Omit<Ways, "onNext" | "onReopen">) {
  return (
    <header className="border-b border-line px-4 py-3">
      <div className="flex items-start gap-2">
        <h2 className="min-w-0 flex-1 text-section font-semibold wrap-anywhere">
          {nameOf(conflict)}
        </h2>
        <Button
          look="quiet"
          aria-label="Previous conflict"
          title="Previous conflict ([)"
          onClick={() => onStep(-1)}
        >
          <ArrowUp aria-hidden="true" className="size-4" />
        </Button>
        <Button
          look="quiet"
          aria-label="Next conflict"
          title="Next conflict (])"
          onClick={() => onStep(1)}
        >
          <ArrowDown aria-hidden="true" className="size-4" />
        </Button>
        <Button
          look="quiet"
          aria-label="Back to the list"
          title="Back to the list (Esc)"
          onClick={onBack}
        >
          <X aria-hidden="true" className="size-4" />
        </Button>
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 pt-1">
        <Side
          tone="source"
          system={conflict.source_system}
          id={conflict.source_record_id}
          at={conflict.source_updated_at}
          deleted={conflict.source_deleted}
        />
        <Side
          tone="target"
          system={conflict.target_system}
          id={conflict.target_record_id}
          at={conflict.target_updated_at}
          deleted={conflict.target_deleted}
        />
        <span className="text-muted">Sync {conflict.sync}</span>
      </div>
      <p className="pt-1 text-muted wrap-anywhere">{conflict.reason}</p>
    </header>
  );
}

interface SideProps {
  tone: "source" | "target";
  system: string;
  id: string | null;
  at: string | null;
  deleted: boolean;
}

function Side({ tone, system, id, at, deleted }: SideProps) {
  return (
    <span className="inline-flex flex-wrap items-center gap-1.5">
      <Badge tone={tone}>{system}</Badge>
      {id ? <span className="font-mono text-mono">{id}</span> : null}
      <span className="text-muted">
        {deleted ? (
          "deleted"
        ) : at ? (
          <>
            changed <Ago at={at} />
          </>
        ) : (
          "time of change unknown"
        )}
      </span>
    </span>
  );
}
