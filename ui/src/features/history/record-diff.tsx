import { Link } from "@tanstack/react-router";
import { CircleSlash, Undo2 } from "lucide-react";
import { useState } from "react";
import { formatCount } from "@/components/format";
import { Badge, Status, type Tone } from "@/components/status";
import { Value } from "@/components/value";
import { difference, differenceNote } from "@/components/value-model";
import { type FieldDiff, type RecordChange, useTenant } from "@/ipc";
import { t } from "@/text";
import { rawJson } from "./raw-json";
import { reasonWords, ruleWords } from "./reasons";

const KINDS: Record<
  RecordChange["kind"],
  { word: string; planned: string; sign: string; tone: Tone }
> = {
  create: { word: "Created", planned: "Create", sign: "+", tone: "success" },
  update: { word: "Updated", planned: "Update", sign: "±", tone: "running" },
  delete: { word: "Deleted", planned: "Delete", sign: "−", tone: "failed" },
};

interface Props {
  change: RecordChange;
  showAll: boolean;
  /** The sync it is of: then its history can be opened. */
  sync?: string;
}

/** One record before and after, field by field. */
export function RecordDiff({ change, showAll, sync }: Props) {
  const kind = KINDS[change.kind];
  const fields = showAll ? change.fields : change.fields.filter((field) => field.changed);
  const hidden = change.fields.length - fields.length;
  return (
    <article className="border-line-w mb-3 overflow-hidden rounded-l border-line">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-surface px-3 py-1.5">
        <Badge tone={kind.tone}>
          <span aria-hidden="true" className="font-mono">
            {kind.sign}
          </span>
          {change.state === "planned" ? kind.planned : kind.word}
        </Badge>
        <span className="text-muted">
          in <Badge tone={change.side}>{change.system}</Badge>
        </span>
        <h3 className="min-w-0 flex-1 truncate font-semibold">
          {change.label ?? change.record_id ?? "A new record"}
          {change.label && change.record_id ? (
            <span className="ms-2 font-mono text-mono font-normal text-muted">
              {change.record_id}
            </span>
          ) : null}
        </h3>
        <span className="text-meta text-muted">{reasonWords(change.reason)}</span>
        {sync !== undefined && change.record_id !== null ? (
          <HistoryLink sync={sync} side={change.side} id={change.record_id} />
        ) : null}
        {change.state === "planned" ? <Reversible change={change} /> : null}
        <Status status={change.state} />
      </header>
      {change.error ? (
        <p className="border-b border-line bg-failed-tint px-3 py-1.5 wrap-anywhere text-failed">
          {change.error}
        </p>
      ) : null}
      <table className="w-full table-fixed border-collapse text-start">
        <thead className="text-meta text-muted">
          <tr>
            <th scope="col" className="w-1/5 px-3 py-1 text-start font-medium">
              Field
            </th>
            <th scope="col" className="w-2/5 px-3 py-1 text-start font-medium">
              Before
            </th>
            <th scope="col" className="w-2/5 px-3 py-1 text-start font-medium">
              After
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <FieldRow key={field.field} field={field} kind={change.kind} />
          ))}
        </tbody>
      </table>
      {change.state === "planned" && change.irreversible ? (
        <p className="border-t border-line px-3 py-1 text-meta">
          <span className="font-medium">{REVERSIBLE[change.reversible].words}</span>:{" "}
          {change.irreversible}.
        </p>
      ) : null}
      {change.losers.map((loser) => (
        <p
          key={`${loser.side} ${loser.field}`}
          className="border-t border-line px-3 py-1 text-meta wrap-anywhere"
        >
          <span className="font-medium">Not taken</span> for {loser.field}, from the {loser.side}:{" "}
          <Value value={loser.value} />{" "}
          <span className="text-muted">({ruleWords(loser.rule)}; kept in history)</span>
        </p>
      ))}
      {hidden > 0 ? (
        <p className="border-t border-line px-3 py-1 text-meta text-muted">
          {formatCount(hidden)} unchanged {hidden === 1 ? "field" : "fields"} not shown
        </p>
      ) : null}
      <RawJson change={change} />
    </article>
  );
}

/** Leads to what was ever written to the record. */
function HistoryLink({ sync, side, id }: { sync: string; side: RecordChange["side"]; id: string }) {
  const tenant = useTenant();
  return (
    <Link
      to="/t/$tenant/records/$sync"
      params={{ tenant, sync }}
      search={{ side, id }}
      className="text-meta underline"
    >
      {t("history.record.link")}
    </Link>
  );
}

/** The record as it is stored on both sides of the write, every field of it; made on request. */
function RawJson({ change }: { change: RecordChange }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      className="border-t border-line px-3 py-1"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="w-fit cursor-pointer text-meta leading-6 text-muted">
        Raw JSON<span className="sr-only"> of {change.label ?? change.record_id ?? "it"}</span>
      </summary>
      {open ? (
        <div className="grid gap-4 pt-1 md:grid-cols-2">
          <Raw title="Before" json={rawJson(change, "before")} />
          <Raw title="After" json={rawJson(change, "after")} />
        </div>
      ) : null}
    </details>
  );
}

function Raw({ title, json }: { title: string; json: string }) {
  return (
    <div className="min-w-0">
      <h4 className="text-meta font-medium text-muted">{title}</h4>
      <pre dir="ltr" className="font-mono text-mono wrap-anywhere whitespace-pre-wrap">
        {json}
      </pre>
    </div>
  );
}

const REVERSIBLE: Record<RecordChange["reversible"], { words: string; tone: Tone }> = {
  full: { words: "Can be taken back", tone: "success" },
  partly: { words: "Can be taken back in part", tone: "partial" },
  no: { words: "Cannot be taken back", tone: "failed" },
};

/** Whether a rollback could undo it, said before it is done. */
function Reversible({ change }: { change: RecordChange }) {
  const { words, tone } = REVERSIBLE[change.reversible];
  const Icon = change.reversible === "no" ? CircleSlash : Undo2;
  return (
    <Badge tone={tone}>
      <Icon aria-hidden="true" className="size-3.5 shrink-0" />
      {words}
    </Badge>
  );
}

function FieldRow({ field, kind }: { field: FieldDiff; kind: RecordChange["kind"] }) {
  const note =
    field.changed && kind === "update"
      ? differenceNote(difference(field.before, field.after))
      : null;
  return (
    <tr className="border-t border-line align-top">
      <th scope="row" className="px-3 py-1 text-start font-normal wrap-anywhere">
        {field.field}
        {field.changed ? null : <span className="text-meta text-muted"> (unchanged)</span>}
      </th>
      <td className="px-3 py-1">
        {kind === "create" ? (
          <Absent />
        ) : (
          <Value value={field.before} against={field.changed ? field.after : undefined} />
        )}
      </td>
      <td className={`px-3 py-1 ${field.changed && kind !== "delete" ? "bg-result-tint" : ""}`}>
        {kind === "delete" ? (
          <Absent />
        ) : (
          <Value value={field.after} against={field.changed ? field.before : undefined} />
        )}
        {note ? <div className="text-meta text-muted">{note}</div> : null}
      </td>
    </tr>
  );
}

function Absent() {
  return <span className="text-muted italic">no record</span>;
}
