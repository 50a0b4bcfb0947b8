import { useQuery } from "@tanstack/react-query";
import { SearchField, Select } from "@/components/fields";
import { commandQuery, useTenant } from "@/ipc";
import { t } from "@/text";
import { actionOptions } from "./details";
import type { AuditSearch } from "./search";

interface Props {
  search: AuditSearch;
  onFilter(change: Partial<AuditSearch>): void;
}

/** Who, what, on what, when. */
export function AuditFilters({ search, onFilter }: Props) {
  const tenant = useTenant();
  const names = useQuery(commandQuery("list_audit_names", { tenant }));
  const any = (label: string) => ({ value: "", label });
  // One that is asked for and that the log does not know (a link from elsewhere) is shown too.
  const known = (all: readonly string[], one: string | undefined) =>
    one === undefined || all.includes(one) ? all : [...all, one];
  const actors = known(names.data?.actors ?? [], search.actor);
  const actions = actionOptions(names.data?.actions ?? []);
  const action = search.action;
  return (
    <search
      data-filter=""
      aria-label={t("audit.filters")}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2"
    >
      <Select
        label={t("audit.who")}
        value={search.actor ?? ""}
        options={[
          any(t("audit.anybody")),
          ...actors.map((actor) => ({ value: actor, label: actor })),
        ]}
        onChoose={(actor) => onFilter({ actor: actor || undefined })}
      />
      <Select
        label={t("audit.what")}
        value={action ?? ""}
        options={[
          any(t("audit.anything")),
          ...actions,
          ...(action !== undefined && actions.every(({ value }) => value !== action)
            ? [{ value: action, label: action }]
            : []),
        ]}
        onChoose={(chosen) => onFilter({ action: chosen || undefined })}
      />
      <SearchField
        label={t("audit.object")}
        value={search.object ?? ""}
        placeholder={t("audit.objectHint")}
        onChoose={(object) => onFilter({ object: object || undefined })}
      />
      <SearchField
        label={t("audit.find")}
        value={search.text ?? ""}
        placeholder={t("audit.findHint")}
        onChoose={(text) => onFilter({ text: text || undefined })}
      />
      <span className="inline-flex flex-wrap items-center gap-x-4 gap-y-2">
        <Day label={t("audit.from")} value={search.from} onChoose={(from) => onFilter({ from })} />
        <Day label={t("audit.to")} value={search.to} onChoose={(to) => onFilter({ to })} />
      </span>
    </search>
  );
}

interface DayProps {
  label: string;
  value: string | undefined;
  onChoose(day: string | undefined): void;
}

function Day({ label, value, onChoose }: DayProps) {
  return (
    <label className="inline-flex items-center gap-2 text-muted">
      {label}
      <input
        type="date"
        value={value ?? ""}
        onChange={(event) => onChoose(event.target.value || undefined)}
        className="border-line-w h-7 rounded-m border-line-strong bg-raised px-2 text-body text-text"
      />
    </label>
  );
}
