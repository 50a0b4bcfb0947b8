import { Lightbulb } from "lucide-react";
import { Key } from "@/components/button";
import { Value } from "@/components/value";
import type { ConflictFieldView, ConflictView, FieldSuggestion } from "@/ipc";
import { t } from "@/text";
import { acceptance, evidence, takeOf } from "./model/suggestion";

interface Props {
  conflict: ConflictView;
  field: ConflictFieldView;
  suggestion: FieldSuggestion;
  onAccept(): void;
}

/** What is suggested, where the result would stand: a ghost until somebody accepts it. */
export function Ghost({ conflict, field, suggestion, onAccept }: Props) {
  const why = evidence(suggestion, conflict);
  return (
    <button
      type="button"
      data-suggestion=""
      tabIndex={-1}
      aria-label={t("conflicts.accept", { field: field.field, evidence: why })}
      title={acceptance(suggestion) ?? undefined}
      onClick={onAccept}
      className="mt-1 block w-full cursor-pointer rounded-s text-start text-muted hover:bg-base-tint focus-visible:outline-2 focus-visible:outline-text"
    >
      <span className="italic">
        <Value value={field[takeOf(suggestion)]} />
      </span>
      <span className="flex items-start gap-1 text-meta">
        <Lightbulb aria-hidden="true" className="mt-0.5 size-3.5 shrink-0" />
        <span className="flex-1">{why}</span>
        <Key>a</Key>
      </span>
    </button>
  );
}
