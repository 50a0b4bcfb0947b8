import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Button } from "@/components/button";
import type { Json, WireFieldType } from "@/ipc";
import { customText, parseCustom } from "./model/custom";

interface Props {
  field: string;
  type: WireFieldType;
  initial: Json | undefined;
  onSave(value: Json): void;
  onCancel(): void;
}

const AREA =
  "border-line-w w-full rounded-m border-line-strong bg-raised px-2 py-1 font-mono text-mono aria-invalid:border-failed";

/** A value of the admin's own, checked against the field's type while it is typed. */
export function CustomEditor({ field, type, initial, onSave, onCancel }: Props) {
  const id = useId();
  const input = useRef<HTMLTextAreaElement & HTMLInputElement & HTMLSelectElement>(null);
  const [text, setText] = useState(customText(initial));
  const parsed = parseCustom(type, type === "boolean" && text === "" ? "true" : text);
  useEffect(() => {
    input.current?.focus();
    if (input.current && "select" in input.current) input.current.select();
  }, []);

  const save = () => (parsed.ok ? onSave(parsed.value) : undefined);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onCancel();
    } else if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      save();
    }
  };
  const shared = {
    id,
    ref: input,
    value: text,
    "aria-invalid": !parsed.ok,
    "aria-describedby": `${id}-help`,
    onKeyDown,
  };
  const long = type === "text" || type === "json" || type === "list";
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="sr-only">
        Your value for {field}
      </label>
      {type === "boolean" ? (
        <select
          {...shared}
          value={text || "true"}
          onChange={(event) => setText(event.target.value)}
          className={AREA}
        >
          <option value="true">true</option>
          <option value="false">false</option>
        </select>
      ) : long ? (
        <textarea
          {...shared}
          rows={type === "text" && !text.includes("\n") ? 1 : 4}
          onChange={(event) => setText(event.target.value)}
          className={AREA}
        />
      ) : (
        <input
          {...shared}
          type="text"
          inputMode={type === "integer" || type === "decimal" ? "decimal" : "text"}
          onChange={(event) => setText(event.target.value)}
          className={AREA}
        />
      )}
      <p
        id={`${id}-help`}
        aria-live="polite"
        className={`text-meta ${parsed.ok ? "text-muted" : "text-failed"}`}
      >
        {parsed.ok ? "Enter saves, Shift+Enter breaks the line, Esc leaves it." : parsed.reason}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" disabled={!parsed.ok} onClick={save}>
          Use this value
        </Button>
        <Button onClick={() => onSave(null)}>Use no value (null)</Button>
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
