import { CircleAlert, Sparkles, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { Button } from "@/components/button";
import { type Column, DataGrid } from "@/components/data-grid";
import { SearchField, Select } from "@/components/fields";
import { Empty } from "@/components/states";
import type { ItemProblem } from "@/ipc";
import { t } from "@/text";
import { FieldForm } from "./field-form";
import {
  type MappedRow,
  type Members,
  narrowed,
  problemsByField,
  put,
  putField,
  removeFields,
  rows,
  SHOWN,
  type Shown,
  setWay,
  WAYS,
  type Way,
} from "./model/value";
import { Proposals } from "./proposals";
import { EDIT_SHOWN, type EditSearch } from "./search";
import { POLICY_WORDS, policyWords, TYPES, wayWords } from "./words";

interface Props {
  value: Members;
  problems: readonly ItemProblem[];
  search: EditSearch;
  onSearch(change: Partial<EditSearch>): void;
  onChange(value: Members): void;
}

/** What maps to what: any number of fields, searched, filtered, changed one by one or many at once. */
export function MappingEditor({ value, problems, search, onSearch, onChange }: Props) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [proposing, setProposing] = useState(false);
  const all = useMemo(() => rows(value), [value]);
  const wrong = useMemo(
    () =>
      problemsByField(
        problems,
        all.map(({ name }) => name),
      ),
    [problems, all],
  );
  const shown: Shown = search.show ?? "all";
  const found = narrowed(all, search.q ?? "", shown, wrong);
  const chosen = all.filter(({ name }) => selected.has(name)).map(({ name }) => name);
  const each = (change: (value: Members, name: string) => Members) =>
    onChange(chosen.reduce(change, value));
  const columns = useMemo(() => columnsWith(wrong), [wrong]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
        <SearchField
          label={t("syncs.edit.find")}
          value={search.q ?? ""}
          placeholder={t("syncs.edit.findHint")}
          onChoose={(q) => onSearch({ q: q === "" ? undefined : q })}
        />
        <Select
          label={t("syncs.edit.show")}
          value={shown}
          options={SHOWN.map((one) => ({ value: one, label: t(`syncs.edit.shown.${one}`) }))}
          onChoose={(one) => onSearch({ show: EDIT_SHOWN.find((known) => known === one) })}
        />
        <Button
          onClick={() => setProposing(true)}
          icon={<Sparkles aria-hidden="true" className="size-4" />}
        >
          {t("syncs.edit.propose")}
        </Button>
        <span role="status" className="text-muted">
          {t("syncs.edit.count", { count: found.length, of: all.length })}
        </span>
      </div>
      {chosen.length > 0 ? (
        <fieldset className="flex flex-wrap items-center gap-2 border-b border-line bg-selected px-4 py-2">
          <legend className="sr-only">{t("syncs.edit.bulk")}</legend>
          <span>{t("syncs.edit.selected", { count: chosen.length })}</span>
          <Choose
            label={t("syncs.edit.setType")}
            options={TYPES.map((one) => [one, one])}
            onChoose={(type) => each((all, name) => putField(all, name, ["type"], type))}
          />
          <Choose
            label={t("syncs.edit.setWay")}
            options={Object.keys(WAYS).map((way) => [way, wayWords(way as Way)])}
            onChoose={(way) => each((all, name) => setWay(all, name, way as Way))}
          />
          <Choose
            label={t("syncs.edit.setPolicy")}
            options={[
              ["none", t("syncs.edit.asSync")],
              ...POLICY_WORDS.map((one): [string, string] => [one, policyWords(one)]),
            ]}
            onChoose={(policy) =>
              each((all, name) =>
                put(all, ["conflict", "fields", name], policy === "none" ? undefined : policy),
              )
            }
          />
          <Button
            look="danger"
            icon={<Trash2 aria-hidden="true" className="size-4" />}
            onClick={() => {
              onChange(removeFields(value, selected));
              setSelected(new Set());
            }}
          >
            {t("syncs.edit.remove")}
          </Button>
        </fieldset>
      ) : null}
      <div className="min-h-0 flex-1">
        {found.length === 0 ? (
          <Empty
            kind={all.length === 0 ? "none yet" : "none match"}
            title={all.length === 0 ? t("syncs.edit.noField") : t("syncs.edit.noMatch")}
            action={
              all.length === 0 ? null : (
                <Button onClick={() => onSearch({ q: undefined, show: undefined })}>
                  {t("syncs.edit.clear")}
                </Button>
              )
            }
          >
            {all.length === 0 ? t("syncs.edit.noFieldWhy") : null}
          </Empty>
        ) : (
          <DataGrid
            label={t("syncs.edit.fields")}
            columns={columns}
            items={found}
            idOf={idOf}
            onOpen={(row) => onSearch({ field: row.name })}
            openId={search.field}
            selection={{
              ids: selected,
              onChange: setSelected,
              onAll: () => setSelected(new Set(found.map(idOf))),
              nameOf: (row) => t("syncs.edit.select", { name: row.name }),
            }}
          />
        )}
      </div>
      {all.some(({ name }) => name === search.field) && search.field !== undefined ? (
        <FieldForm
          key={search.field}
          name={search.field}
          value={value}
          problem={wrong.get(search.field)}
          onChange={onChange}
          onClose={() => onSearch({ field: undefined })}
        />
      ) : null}
      {proposing ? (
        <Proposals value={value} onClose={() => setProposing(false)} onChange={onChange} />
      ) : null}
    </div>
  );
}

const idOf = (row: MappedRow) => row.name;

function columnsWith(wrong: ReadonlyMap<string, string>): Column<MappedRow>[] {
  return [
    {
      id: "name",
      header: t("syncs.field"),
      width: [8, 2],
      cell: ({ name, matchKey }) => (
        <span className="inline-flex items-center gap-1.5">
          {wrong.has(name) ? (
            <CircleAlert
              role="img"
              aria-label={t("syncs.edit.wrong", { why: wrong.get(name) ?? "" })}
              className="size-4 shrink-0 text-failed"
            />
          ) : null}
          <span className="truncate font-medium">{name}</span>
          {matchKey ? <span className="text-meta text-muted">{t("syncs.matchKey")}</span> : null}
        </span>
      ),
    },
    { id: "type", header: t("syncs.type"), width: [5, 0], cell: ({ type }) => type },
    {
      id: "source",
      header: t("syncs.source"),
      width: [6, 2],
      cell: ({ source }) => <span className="font-mono text-mono text-source">{source}</span>,
    },
    {
      id: "way",
      header: t("syncs.direction"),
      width: [2, 0],
      quiet: true,
      cell: (row) => {
        const way = wayOf(row);
        return (
          <span title={wayWords(way)}>
            <span aria-hidden="true">{{ both: "⇄", to_target: "→", to_source: "←" }[way]}</span>
            <span className="sr-only">{wayWords(way)}</span>
          </span>
        );
      },
    },
    {
      id: "target",
      header: t("syncs.target"),
      width: [6, 2],
      cell: ({ target }) => <span className="font-mono text-mono text-target">{target}</span>,
    },
    {
      id: "rule",
      header: t("syncs.wins"),
      width: [8, 1],
      cell: ({ policy }) =>
        policy === "" ? (
          <span className="text-muted">{t("syncs.edit.asSync")}</span>
        ) : (
          policyWords(policy)
        ),
    },
  ];
}

function wayOf({ sourceReadOnly, targetReadOnly }: MappedRow): Way {
  if (sourceReadOnly && !targetReadOnly) return "to_target";
  return targetReadOnly && !sourceReadOnly ? "to_source" : "both";
}

interface ChooseProps {
  label: string;
  options: [value: string, label: string][];
  onChoose(value: string): void;
}

/** A choice that acts at once and then asks again. */
function Choose({ label, options, onChoose }: ChooseProps) {
  return (
    <Select
      label={label}
      value=""
      options={[
        { value: "", label: t("syncs.edit.choose") },
        ...options.map(([value, label]) => ({ value, label })),
      ]}
      onChoose={(value) => (value === "" ? undefined : onChoose(value))}
    />
  );
}
