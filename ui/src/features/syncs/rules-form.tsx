import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { Select, TextField } from "@/components/fields";
import { Scroll, Section } from "@/components/page";
import { commandQuery, type Json, useTenant } from "@/ipc";
import { locale, t } from "@/text";
import { at, type Members, put, textAt } from "./model/value";
import { POLICY_WORDS, policyWords } from "./words";

interface Props {
  value: Members;
  /** A new one; the name of one that is there cannot be changed. */
  isNew: boolean;
  onChange(value: Members): void;
}

/** Everything of a sync but its fields. */
export function RulesForm({ value, isNew, onChange }: Props) {
  const tenant = useTenant();
  const connections = useQuery(commandQuery("list_connections", { tenant })).data ?? [];
  const id = useId();
  const set = (path: string[], json: Json | undefined) => onChange(put(value, path, json));
  const keys = at(value, "match_key");
  const text = (path: string[], label: string, hint?: string) => (
    <TextField
      id={id + path.join(".")}
      label={label}
      hint={hint}
      value={textAt(value, ...path)}
      onChange={(event) => set(path, event.target.value === "" ? undefined : event.target.value)}
    />
  );
  const number = (path: string[], label: string, hint?: string) => (
    <TextField
      id={id + path.join(".")}
      type="number"
      min={0}
      label={label}
      hint={hint}
      value={textAt(value, ...path)}
      onChange={(event) =>
        set(path, event.target.value === "" ? undefined : Number(event.target.value))
      }
    />
  );
  const choice = (path: string[], label: string, options: readonly string[], first: string) => (
    <Select
      label={label}
      value={textAt(value, ...path) || first}
      options={options.map((one) => ({ value: one, label: policyWords(one) }))}
      onChoose={(one) => set(path, one)}
    />
  );
  const rulesOf = (side: "source" | "target") => {
    const required = at(value, "validation", side, "required");
    return (
      <TextField
        id={`${id}required${side}`}
        label={t(`syncs.edit.required.${side}`)}
        hint={t("syncs.edit.commas")}
        value={Array.isArray(required) ? required.join(", ") : ""}
        onChange={(event) => set(["validation", side, "required"], listOf(event.target.value))}
      />
    );
  };
  return (
    <Scroll label={t("syncs.edit.rules")}>
      <Section title={t("syncs.edit.what")}>
        <div className="grid max-w-3xl gap-4 min-[700px]:grid-cols-2">
          {isNew ? text(["name"], t("syncs.edit.name")) : null}
          <div className="col-span-full">
            <Select
              label={t("syncs.direction")}
              value={textAt(value, "direction") || "bidirectional"}
              options={(["bidirectional", "source_to_target", "target_to_source"] as const).map(
                (one) => ({ value: one, label: t(`syncs.directions.${one}`) }),
              )}
              onChoose={(one) => set(["direction"], one)}
            />
          </div>
          {(["source", "target"] as const).map((side) => (
            <fieldset key={side} className="flex flex-col gap-2">
              <legend className="mb-1 font-medium">{t(`syncs.${side}`)}</legend>
              <Select
                label={t("syncs.edit.connection")}
                value={textAt(value, side, "connection")}
                options={[
                  { value: "", label: t("syncs.edit.choose") },
                  ...connections.map(({ name }) => ({ value: name, label: name })),
                ]}
                onChoose={(name) => set([side, "connection"], name)}
              />
              <Select
                label={t("syncs.edit.collection")}
                value={textAt(value, side, "collection")}
                options={[
                  { value: "", label: t("syncs.edit.choose") },
                  ...collections(connections, textAt(value, side, "connection")).map((name) => ({
                    value: name,
                    label: name,
                  })),
                ]}
                onChoose={(name) => set([side, "collection"], name)}
              />
            </fieldset>
          ))}
          <TextField
            id={`${id}keys`}
            label={t("syncs.edit.matchKey")}
            hint={t("syncs.edit.matchKeyHint")}
            value={Array.isArray(keys) ? keys.join(", ") : ""}
            onChange={(event) => set(["match_key"], listOf(event.target.value))}
          />
        </div>
      </Section>
      <Section title={t("syncs.edit.who")}>
        <div className="flex flex-col items-start gap-2">
          {choice(["conflict", "default"], t("syncs.bothChange"), POLICY_WORDS, "manual")}
          {choice(["conflict", "first_sync"], t("syncs.firstRun"), POLICY_WORDS, "manual")}
          {choice(["deletes"], t("syncs.deleted"), ["propagate", "ignore", "manual"], "propagate")}
          {choice(
            ["conflict", "delete_conflict"],
            t("syncs.deletedChanged"),
            ["manual", "delete_wins", "edit_wins", "source_wins", "target_wins"],
            "manual",
          )}
          <label className="inline-flex items-center gap-2">
            <input
              type="checkbox"
              checked={value.enforce === true}
              onChange={(event) => set(["enforce"], event.target.checked ? true : undefined)}
            />
            {t("syncs.edit.enforce")}
          </label>
        </div>
      </Section>
      <Section title={t("syncs.edit.valid")}>
        <div className="grid max-w-3xl gap-4 min-[700px]:grid-cols-2">
          {rulesOf("source")}
          {rulesOf("target")}
          <p className="col-span-full text-muted">{t("syncs.edit.moreRules")}</p>
        </div>
      </Section>
      <Section title={t("syncs.edit.when")}>
        <div className="grid max-w-3xl gap-4 min-[700px]:grid-cols-2">
          {text(["schedule"], t("syncs.schedule"), t("syncs.edit.scheduleHint"))}
          <NextTimes schedule={textAt(value, "schedule")} />
          {number(["limits", "chunk_size"], t("syncs.edit.chunk"), t("syncs.edit.chunkHint"))}
          {number(["limits", "max_records"], t("syncs.edit.most"), t("syncs.edit.mostHint"))}
        </div>
      </Section>
    </Scroll>
  );
}

function collections(
  connections: readonly { name: string; collections: readonly { name: string }[] }[],
  name: string,
): string[] {
  return connections.find((one) => one.name === name)?.collections.map(({ name }) => name) ?? [];
}

function listOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

/** When a schedule comes next, in the reader's words and the schedule's zone. */
function NextTimes({ schedule }: { schedule: string }) {
  const found = useQuery({ ...commandQuery("next_times", { schedule }), enabled: schedule !== "" });
  if (schedule === "") return <p className="self-center text-muted">{t("syncs.noSchedule")}</p>;
  if (found.error) {
    return (
      <p role="status" className="self-center text-failed">
        {found.error.message} {found.error.fix}
      </p>
    );
  }
  if (!found.data) return null;
  const { times, zone } = found.data;
  const words = new Intl.DateTimeFormat(locale(), {
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
    timeZoneName: "short",
  });
  return (
    <div role="status">
      <p className="font-medium">{t("syncs.edit.next")}</p>
      <ol>
        {times.map((time) => (
          <li key={time}>{words.format(new Date(time))}</li>
        ))}
      </ol>
    </div>
  );
}
