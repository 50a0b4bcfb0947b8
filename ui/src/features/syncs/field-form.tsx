import { X } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "@/components/button";
import { Select, TextField } from "@/components/fields";
import type { Json } from "@/ipc";
import { t } from "@/text";
import { at, longField, type Members, put, putField, textAt, typeWord } from "./model/value";
import { POLICY_WORDS, policyWords, TYPES } from "./words";

interface Props {
  name: string;
  value: Members;
  problem: string | undefined;
  onChange(value: Members): void;
  onClose(): void;
}

/** One mapped field: its type, where each side has it, what is done on the way, who wins. */
export function FieldForm({ name, value, problem, onChange, onClose }: Props) {
  const field = longField(value, name);
  const policy = textAt(value, "conflict", "fields", name);
  return (
    <section
      aria-label={t("syncs.edit.fieldNamed", { name })}
      className="max-h-[50%] shrink-0 overflow-auto border-t border-line-strong bg-surface px-4 py-3"
    >
      <div className="mb-2 flex items-center gap-3">
        <h2 className="min-w-0 flex-1 truncate text-section font-semibold">{name}</h2>
        <Select
          label={t("syncs.type")}
          value={typeWord(field.type)}
          options={TYPES.map((one) => ({ value: one, label: one }))}
          onChoose={(type) => onChange(putField(value, name, ["type"], type))}
        />
        <Select
          label={t("syncs.wins")}
          value={policy}
          options={[
            { value: "", label: t("syncs.edit.asSync") },
            ...POLICY_WORDS.map((one) => ({ value: one, label: policyWords(one) })),
          ]}
          onChoose={(one) =>
            onChange(put(value, ["conflict", "fields", name], one === "" ? undefined : one))
          }
        />
        <Button
          look="quiet"
          aria-label={t("syncs.edit.closeField")}
          onClick={onClose}
          icon={<X aria-hidden="true" className="size-4" />}
        />
      </div>
      {problem ? <p className="mb-2 text-failed">{problem}</p> : null}
      <div className="grid gap-4 min-[700px]:grid-cols-2">
        {(["source", "target"] as const).map((side) => (
          <SideForm
            key={side}
            title={t(`syncs.${side}`)}
            name={name}
            members={(() => {
              const json = field[side];
              return typeof json === "string" ? { path: json } : ((json ?? {}) as Members);
            })()}
            onChange={(key, json) => onChange(putField(value, name, [side, key], json))}
          />
        ))}
      </div>
    </section>
  );
}

interface SideProps {
  title: string;
  name: string;
  members: Members;
  onChange(key: string, json: Json | undefined): void;
}

function SideForm({ title, name, members, onChange }: SideProps) {
  const id = useId();
  const made = ["constant", "join", "expression"].find((key) => members[key] !== undefined);
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium">{title}</legend>
      {made ? (
        <p className="text-muted">{t("syncs.edit.madeBy", { how: made })}</p>
      ) : (
        <TextField
          id={`${id}path`}
          label={t("syncs.edit.path")}
          value={textAt(members, "path")}
          placeholder={name}
          onChange={(event) =>
            onChange("path", event.target.value === "" ? undefined : event.target.value)
          }
        />
      )}
      <JsonField
        id={`${id}steps`}
        label={t("syncs.edit.steps")}
        hint={t("syncs.edit.stepsHint")}
        json={at(members, "transforms")}
        onChange={(json) => onChange("transforms", json)}
      />
      <label className="inline-flex items-center gap-2">
        <input
          type="checkbox"
          checked={members.read_only === true}
          onChange={(event) => onChange("read_only", event.target.checked ? true : undefined)}
        />
        {t("syncs.edit.readOnly")}
      </label>
    </fieldset>
  );
}

interface JsonFieldProps {
  id: string;
  label: string;
  hint: string;
  json: Json | undefined;
  onChange(json: Json | undefined): void;
}

/** A value written as JSON; what cannot be read stays here until it can. */
function JsonField({ id, label, hint, json, onChange }: JsonFieldProps) {
  const said = json === undefined ? "" : JSON.stringify(json);
  const [draft, setDraft] = useState<string>();
  const [wrong, setWrong] = useState(false);
  return (
    <TextField
      id={id}
      label={label}
      hint={wrong ? t("syncs.edit.notJson") : hint}
      aria-invalid={wrong}
      className="font-mono"
      value={draft ?? said}
      onBlur={() => (wrong ? undefined : setDraft(undefined))}
      onChange={(event) => {
        const text = event.target.value;
        setDraft(text);
        try {
          const read = text.trim() === "" ? undefined : (JSON.parse(text) as Json);
          setWrong(false);
          onChange(read);
        } catch {
          setWrong(true);
        }
      }}
    />
  );
}
