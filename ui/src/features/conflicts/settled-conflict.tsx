import { Scroll } from "@/components/page";
import { Status } from "@/components/status";
import { Value } from "@/components/value";
import type { ConflictView } from "@/ipc";
import { ConflictHeader } from "./conflict-header";
import type { Ways } from "./conflict-screen";

const WORDS: Record<string, string> = {
  decided: "The decision is stored and is being written to both systems.",
  resolved: "The decision has reached both systems.",
  closed: "The two systems came to agree by themselves; nothing had to be decided.",
};

/** A conflict that is decided: what was chosen. */
export function SettledConflict({ conflict, ...ways }: { conflict: ConflictView } & Ways) {
  const fields = conflict.fields.filter((field) => field.contested);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc goes back from anywhere inside.
    <div
      onKeyDown={(event) => (event.key === "Escape" ? ways.onBack() : undefined)}
      className="flex h-full min-h-0 flex-col"
    >
      <ConflictHeader conflict={conflict} onStep={ways.onStep} onBack={ways.onBack} />
      <Scroll label="Decision" className="px-4 py-3">
        <p className="mb-3 flex flex-wrap items-center gap-3">
          <Status status={conflict.state} /> {WORDS[conflict.state] ?? ""}
        </p>
        {conflict.note ? <p className="mb-3">Note: {conflict.note}</p> : null}
        <dl className="grid max-w-[72ch] grid-cols-[max-content_1fr] gap-x-6 gap-y-1">
          {fields.map((field) => (
            <div key={field.field} className="contents">
              <dt className="text-muted">{field.field}</dt>
              <dd>
                {field.choice ? (
                  <>
                    <Value
                      value={
                        field.choice.take === "custom"
                          ? field.choice.value
                          : field[field.choice.take]
                      }
                    />{" "}
                    <span className="text-meta text-muted">
                      ({taken(field.choice.take, conflict)})
                    </span>
                  </>
                ) : (
                  <span className="text-muted">no decision recorded</span>
                )}
              </dd>
            </div>
          ))}
        </dl>
      </Scroll>
    </div>
  );
}

function taken(take: string, conflict: ConflictView): string {
  if (take === "source") return `from ${conflict.source_system}`;
  if (take === "target") return `from ${conflict.target_system}`;
  return take === "base" ? "the base value" : "entered by hand";
}
