import { useEffect, useRef } from "react";
import { Badge } from "@/components/status";
import { useWide } from "@/components/use-wide";
import { Value } from "@/components/value";
import { difference, differenceNote } from "@/components/value-model";
import type { ConflictFieldView, ConflictView } from "@/ipc";
import { CustomEditor } from "./custom-editor";
import { Ghost } from "./ghost";
import {
  type Action,
  type Choice,
  type Decision,
  resultOf,
  type SideChange,
} from "./model/decision";
import { takeOf } from "./model/suggestion";

interface Props {
  conflict: ConflictView;
  decision: Decision;
  dispatch(action: Action): void;
  /** Grows whenever the keyboard should be put on the current row. */
  focusNonce: number;
}

const WIDE_PX = 1100;

/**
 * Field by field: what both sides agreed on last, what each says now, and what is to become of it.
 * Each row is one radio group; the columns carry the systems' own names.
 */
export function DecisionGrid({ conflict, decision, dispatch, focusNonce }: Props) {
  const roomy = useWide(WIDE_PX);
  // Two records paired for the first time have nothing they agreed on before.
  const based = decision.fields.some((field) => field.base !== undefined);
  const wide = roomy && based;
  const body = useRef<HTMLTableSectionElement>(null);
  const current = decision.fields[decision.cursor];
  // A choice made by its key in the last row moves no cursor, but the ring belongs on it.
  const taken = current ? decision.choices[current.field]?.take : undefined;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the nonce says when to take the focus.
  useEffect(() => {
    if (decision.editing !== null) return;
    const row = body.current?.querySelectorAll<HTMLElement>("[data-row]")[decision.cursor];
    const radio =
      row?.querySelector<HTMLElement>("input:checked") ??
      row?.querySelector<HTMLElement>('input[value="source"]') ??
      row?.querySelector<HTMLElement>("input");
    radio?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }, [decision.cursor, decision.editing, taken, focusNonce, wide]);

  return (
    <table className="w-full table-fixed border-collapse text-start">
      <caption className="sr-only">
        The contested fields of this record. Choose one value in each row.
      </caption>
      <thead className="text-meta">
        <tr className="align-bottom">
          <Head width={wide ? "w-[15%]" : "w-[22%]"}>Field</Head>
          {wide ? (
            <Head width="w-[18%]">
              <Badge tone="base">3 · Base</Badge>
              <span className="block pt-0.5 font-normal text-muted">agreed last time</span>
            </Head>
          ) : null}
          <Head width="w-[22%]">
            <Badge tone="source">1 · {conflict.source_system}</Badge>
            <span className="block pt-0.5 font-normal text-muted">source</span>
          </Head>
          <Head width="w-[22%]">
            <Badge tone="target">2 · {conflict.target_system}</Badge>
            <span className="block pt-0.5 font-normal text-muted">target</span>
          </Head>
          <Head width="w-[23%]">
            <Badge tone="result">Result</Badge>
            <span className="block pt-0.5 font-normal text-muted">goes to both systems</span>
          </Head>
        </tr>
      </thead>
      <tbody ref={body}>
        {decision.fields.map((field, index) => (
          <Row
            key={field.field}
            conflict={conflict}
            field={field}
            decision={decision}
            current={index === decision.cursor}
            wide={wide}
            dispatch={dispatch}
          />
        ))}
      </tbody>
    </table>
  );
}

function Head({ width, children }: { width: string; children: React.ReactNode }) {
  return (
    <th scope="col" className={`px-2 pb-2 text-start font-medium ${width}`}>
      {children}
    </th>
  );
}

interface RowProps extends Omit<Props, "focusNonce"> {
  field: ConflictFieldView;
  current: boolean;
  wide: boolean;
}

function Row({ conflict, field, decision, current, wide, dispatch }: RowProps) {
  const choice = decision.choices[field.field];
  const changes = decision.changes[field.field];
  const unseen = decision.unseen.includes(field.field);
  const between = differenceNote(difference(field.source, field.target));
  const option = (
    side: "source" | "target" | "base",
    system: string,
    against: "base" | "source" | "target" | null,
  ) => (
    <Option
      field={field}
      side={side}
      system={system}
      against={against}
      wide={wide}
      checked={choice?.take === side}
      onTake={() =>
        dispatch({ type: "choose", field: field.field, choice: { take: side }, advance: false })
      }
      onFocus={() => dispatch({ type: "focus", field: field.field })}
    />
  );
  return (
    <>
      <tr data-row="" className={`border-t border-line align-top ${current ? "bg-surface" : ""}`}>
        <th
          scope="row"
          className={`px-2 py-2 text-start font-medium wrap-anywhere ${current ? "shadow-[inset_3px_0_0_var(--text)]" : ""}`}
        >
          {field.field}
          <span className="block text-meta font-normal text-muted">{field.type}</span>
          {between ? <span className="block pt-1 text-meta font-normal">{between}</span> : null}
          {wide || field.base === undefined ? null : (
            <div className="pt-1 font-normal">{option("base", "Base", null)}</div>
          )}
        </th>
        {wide ? <td className="px-1 py-1">{option("base", "Base", null)}</td> : null}
        <td className="px-1 py-1">
          {option("source", conflict.source_system, field.base === undefined ? "target" : "base")}
        </td>
        <td className="px-1 py-1">
          {option("target", conflict.target_system, field.base === undefined ? "source" : "base")}
        </td>
        <td className="px-1 py-1">
          <Result
            conflict={conflict}
            field={field}
            choice={choice}
            editing={decision.editing === field.field}
            dispatch={dispatch}
          />
        </td>
      </tr>
      {changes ? (
        <tr>
          <td colSpan={wide ? 5 : 4} className="px-2 pb-2">
            <Changes changes={changes} conflict={conflict} unseen={unseen} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

const CHECKED: Record<"source" | "target" | "base", string> = {
  source: "has-checked:border-source has-checked:bg-source-tint",
  target: "has-checked:border-target has-checked:bg-target-tint",
  base: "has-checked:border-base has-checked:bg-base-tint",
};

interface OptionProps {
  field: ConflictFieldView;
  side: "source" | "target" | "base";
  system: string;
  against: "base" | "source" | "target" | null;
  wide: boolean;
  checked: boolean;
  onTake(): void;
  onFocus(): void;
}

/** One value that can be taken: a radio button as large as its cell. */
function Option({ field, side, system, against, wide, checked, onTake, onFocus }: OptionProps) {
  const value = field[side];
  if (value === undefined) {
    return <p className="px-2 py-1.5 text-muted italic">no such value</p>;
  }
  const note = side === "base" ? null : sideNote(field, side);
  return (
    <label
      className={`border-line-w flex min-h-9 cursor-pointer gap-2 rounded-m border-transparent px-2 py-1.5 hover:bg-base-tint has-focus-visible:outline-2 has-focus-visible:outline-text ${CHECKED[side]}`}
    >
      <input
        type="radio"
        name={`choice-${field.field}`}
        value={side}
        checked={checked}
        aria-label={`${field.field}: take ${side === "base" ? "the base value" : `the value of ${system}`}`}
        onChange={onTake}
        onFocus={onFocus}
        className="mt-0.5 size-4 shrink-0 accent-text outline-none"
      />
      <span className="min-w-0">
        {side === "base" && !wide ? <span className="text-meta text-muted">was </span> : null}
        <Value value={value} against={against ? field[against] : undefined} />
        {note ? <span className="block text-meta text-muted">{note}</span> : null}
      </span>
    </label>
  );
}

function sideNote(field: ConflictFieldView, side: "source" | "target"): string | null {
  if (field.base === undefined) return null;
  const kind = difference(field.base, field[side]);
  if (kind === "same") return "as before";
  return kind === "value" ? "changed" : `changed: ${kind} only`;
}

function Changes({ changes, conflict, unseen }: ChangesProps) {
  const names = { source: conflict.source_system, target: conflict.target_system, base: "Base" };
  return (
    <p className="border-line-w tone-border rounded-m bg-partial-tint px-2 py-1 text-partial">
      <span className="font-semibold">
        {unseen ? "Changed meanwhile: look again" : "Changed meanwhile"}
      </span>
      {changes.length === 0 ? " · this field was not contested before" : null}
      {changes.map((change) => (
        <span key={change.side} className="text-text">
          {" · "}
          {names[change.side]}: <Value value={change.old} removed />{" "}
          <span aria-hidden="true">→</span>
          <span className="sr-only">became</span> <Value value={change.now} against={change.old} />
        </span>
      ))}
    </p>
  );
}

interface ChangesProps {
  changes: SideChange[];
  conflict: ConflictView;
  unseen: boolean;
}

interface ResultProps {
  conflict: ConflictView;
  field: ConflictFieldView;
  choice: Choice | undefined;
  editing: boolean;
  dispatch(action: Action): void;
}

function Result({ conflict, field, choice, editing, dispatch }: ResultProps) {
  const name = field.field;
  if (editing) {
    return (
      <CustomEditor
        field={name}
        type={field.type}
        initial={resultOf(field, choice) ?? field.source}
        onSave={(value) =>
          dispatch({
            type: "choose",
            field: name,
            choice: { take: "custom", value },
            advance: true,
          })
        }
        onCancel={() => dispatch({ type: "stop_editing" })}
      />
    );
  }
  const custom = choice?.take === "custom";
  const suggestion = conflict.suggestions.find((each) => each.field === name);
  return (
    <div
      className={`border-line-w min-h-9 rounded-m px-2 py-1.5 ${choice ? "tone-border bg-result-tint text-result" : "border-dashed border-line-strong"}`}
    >
      {choice ? (
        <span className="text-text">
          <Value value={resultOf(field, choice)} />
        </span>
      ) : (
        <span className="text-muted">Undecided</span>
      )}
      {suggestion && !choice ? (
        <Ghost
          conflict={conflict}
          field={field}
          suggestion={suggestion}
          onAccept={() =>
            dispatch({
              type: "choose",
              field: name,
              choice: { take: takeOf(suggestion) },
              advance: true,
            })
          }
        />
      ) : null}
      <div className="flex flex-wrap items-center justify-between gap-x-2 text-meta">
        <span>{choice ? fromWords(choice, conflict) : ""}</span>
        <label className="ms-auto inline-flex min-h-6 cursor-pointer items-center gap-1 rounded-s whitespace-nowrap text-muted has-focus-visible:outline-2 has-focus-visible:outline-text">
          <input
            type="radio"
            name={`choice-${name}`}
            value="custom"
            checked={custom}
            aria-label={`${name}: enter another value`}
            onChange={() => dispatch({ type: "edit", field: name })}
            onClick={() => (custom ? dispatch({ type: "edit", field: name }) : undefined)}
            onFocus={() => dispatch({ type: "focus", field: name })}
            className="size-3.5 accent-text outline-none"
          />
          4 · other
        </label>
      </div>
    </div>
  );
}

function fromWords(choice: Choice, conflict: ConflictView): string {
  switch (choice.take) {
    case "source":
      return `from ${conflict.source_system}`;
    case "target":
      return `from ${conflict.target_system}`;
    case "base":
      return "the base value";
    case "custom":
      return "your value";
  }
}
