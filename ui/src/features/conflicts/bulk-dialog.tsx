import { type KeyboardEvent, useMemo, useState } from "react";
import { Button, Keys } from "@/components/button";
import { type Column, DataGrid, type Selection } from "@/components/data-grid";
import { Dialog } from "@/components/dialog";
import { formatCount, humanise, plural } from "@/components/format";
import { COMMAND_KEY, hasCommand } from "@/components/keys";
import { Scroll } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Value } from "@/components/value";
import { type JsonValue, sameJson, valueText, valueWord } from "@/components/value-model";
import { type BulkDecision, included, type Picked, type Row } from "./model/bulk";
import { useBulk } from "./use-bulk";

interface Props {
  title: string;
  decision: BulkDecision;
  picked: readonly Picked[];
  /** It is over: the decisions are made. */
  onDone(): void;
  /** Nothing more is wanted. */
  onClose(): void;
}

const idOf = (row: Row) => row.decided.id;
const RECORD: Column<Row> = {
  id: "record",
  header: "Record",
  width: [10, 1],
  cell: ({ decided }) => (
    <span className="font-medium">{decided.label || `Conflict ${decided.id}`}</span>
  ),
};
const OUTCOME: Column<Row> = {
  id: "outcome",
  header: "Becomes, in both systems",
  width: [16, 2],
  cell: ({ decided, fits }) => {
    const text = fits ? resultText(decided.results ?? []) : `Left out: ${decided.reason ?? ""}`;
    return (
      <span title={text} className={fits ? "" : "text-muted"}>
        {text}
      </span>
    );
  },
};
const REFUSED: Column<Row> = {
  id: "reason",
  header: "Why not",
  width: [16, 2],
  cell: ({ decided }) => <span title={decided.reason ?? ""}>{decided.reason}</span>,
};

function resultText(results: NonNullable<Row["decided"]["results"]>): string {
  if (results.length === 0) return "As chosen";
  return results
    .map(({ field, result }) => `${humanise(field)}: ${valueWord(result) ?? valueText(result)}`)
    .join(" · ");
}

/** One decision for many conflicts: what each would become, who is left out and why, then do it. */
export function BulkDialog({ title, decision, picked, onDone, onClose }: Props) {
  const bulk = useBulk(decision, picked, onDone);
  const { state, left, toggle } = bulk;
  const [active, setActive] = useState<Row | null>(null);
  const shown = state.rows.find((row) => row.decided.id === active?.decided.id);
  const refused = state.phase === "refused";
  const busy = state.phase === "previewing" || state.phase === "applying";
  const selection = useMemo<Selection<Row>>(
    () => ({
      ids: new Set(included(state.rows).map(idOf)),
      onChange: (ids) => {
        for (const row of state.rows) {
          if (row.fits && ids.has(idOf(row)) === row.excluded) toggle(idOf(row));
        }
      },
      nameOf: (row) => (row.fits ? `Include ${row.decided.label || row.decided.id}` : null),
    }),
    [state.rows, toggle],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    if (!hasCommand(event) || event.key !== "Enter") return;
    event.preventDefault();
    void bulk.apply();
  };
  const close = () => (state.phase === "applying" ? bulk.cancel() : onClose());

  return (
    <Dialog open onClose={close} title={title} wide>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up here from the list. */}
      <div onKeyDown={onKeyDown} className="flex min-h-0 flex-1 flex-col">
        <p className="px-4 py-2" aria-live="polite">
          {summary(state.phase, state.rows, left)}
        </p>
        {busy ? <Progress done={state.done} total={state.total} /> : null}
        {state.error ? (
          <ErrorState
            inset
            doing={state.phase === "preview" ? "decide them all" : "see what they would become"}
            error={state.error}
            onRetry={() => (state.phase === "preview" ? void bulk.apply() : bulk.again())}
          />
        ) : null}
        {state.rows.length > 0 ? (
          <div className="flex h-[38vh] min-h-0 flex-col border-t border-line">
            <DataGrid
              key={refused ? "refused" : "preview"}
              label={refused ? "Not decided" : "What they would become"}
              columns={refused ? [RECORD, REFUSED] : [RECORD, OUTCOME]}
              items={state.rows}
              idOf={idOf}
              onOpen={(row) => toggle(idOf(row))}
              onActive={setActive}
              selection={refused ? undefined : selection}
              dimmed={busy}
              autoFocus
            />
          </div>
        ) : null}
        {shown && !refused ? <Whole row={shown} /> : null}
        <footer className="flex flex-wrap items-center justify-end gap-3 border-t border-line bg-surface px-4 py-2">
          <span className="mr-auto hidden items-center gap-1 text-meta text-muted sm:inline-flex">
            {state.phase === "preview" ? (
              <>
                <Keys chord="x" /> leave out <Keys chord={`${COMMAND_KEY}+Enter`} /> resolve
              </>
            ) : null}
          </span>
          <Button onClick={close}>{closeWord(state.phase)}</Button>
          {refused ? (
            <Button look="primary" onClick={bulk.retry}>
              Look at these again
            </Button>
          ) : (
            <Button
              look="primary"
              aria-disabled={busy || left === 0}
              onClick={() => void bulk.apply()}
            >
              {state.phase === "applying" ? "Resolving…" : `Resolve ${plural(left, "conflict")}`}
            </Button>
          )}
        </footer>
      </div>
    </Dialog>
  );
}

/** All that the active row would become, which its line may be too short for. */
function Whole({ row: { decided, fits } }: { row: Row }) {
  const results = decided.results ?? [];
  return (
    <Scroll label="The active row" className="max-h-40 flex-none border-t border-line px-4 py-2">
      <p className="font-medium">{decided.label || `Conflict ${decided.id}`}</p>
      {fits ? null : <p>Left out: {decided.reason}</p>}
      <dl className="grid grid-cols-[max-content_1fr] gap-x-4">
        {results.map(({ field, result, source, target }) => (
          <div key={field} className="col-span-2 grid grid-cols-subgrid">
            <dt className="text-muted">{humanise(field)}</dt>
            <dd className="wrap-anywhere">
              <Value value={result} />
              <Now side="source" value={source} result={result} />
              <Now side="target" value={target} result={result} />
            </dd>
          </div>
        ))}
      </dl>
    </Scroll>
  );
}

/** What a side has now. */
function Now(props: { side: string; value: JsonValue; result: JsonValue }) {
  const { side, value, result } = props;
  return (
    <span className="text-muted">
      {`, ${side} `}
      {sameJson(value, result) ? (
        "keeps it"
      ) : (
        <>
          has <Value value={value} against={result} />
        </>
      )}
    </span>
  );
}

function closeWord(phase: string): string {
  if (phase === "applying") return "Stop";
  return phase === "refused" ? "Close" : "Cancel";
}

function summary(phase: string, rows: readonly Row[], left: number): string {
  if (phase === "previewing") return "Looking at what they would become…";
  if (phase === "applying") return "Resolving. What is decided stays decided if you stop.";
  if (phase === "refused") return `${plural(rows.length, "conflict")} could not be decided so.`;
  const out = rows.filter((row) => !row.fits).length;
  const excluded = rows.length - out - left;
  const parts = [`${plural(left, "conflict")} would be resolved`];
  if (excluded > 0) parts.push(`${formatCount(excluded)} you left out`);
  if (out > 0) parts.push(`${formatCount(out)} left out, see why below`);
  return `${parts.join(", ")}.`;
}

function Progress({ done, total }: { done: number; total: number }) {
  return (
    <div className="flex items-center gap-3 px-4 pb-3">
      <progress
        value={done}
        max={Math.max(1, total)}
        aria-label="Conflicts done"
        className="h-2 flex-1 accent-text"
      />
      <span className="text-muted tabular-nums">
        {formatCount(done)} of {formatCount(total)}
      </span>
    </div>
  );
}
