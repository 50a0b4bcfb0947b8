import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@/components/button";
import { Select } from "@/components/fields";
import { Scroll } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { Status } from "@/components/status";
import { commandMutation, type Json, type MappingSample, useTenant, type WireSide } from "@/ipc";
import { t } from "@/text";

/** Real records carried through the mapping as it is edited now. Nothing is written. */
export function Sample({ text }: { text: string }) {
  const tenant = useTenant();
  const [side, setSide] = useState<WireSide>("source");
  const read = useMutation(commandMutation("sample_mapping"));
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
        <Select
          label={t("syncs.sample.from")}
          value={side}
          options={(["source", "target"] as const).map((one) => ({
            value: one,
            label: t(`syncs.${one}`),
          }))}
          onChoose={(one) => setSide(one === "target" ? "target" : "source")}
        />
        <Button
          aria-disabled={read.isPending}
          onClick={() =>
            read.isPending ? undefined : read.mutate({ tenant, text, side, limit: 5 })
          }
        >
          {t("syncs.sample.read")}
        </Button>
        <span className="text-muted">{t("syncs.sample.hint")}</span>
      </div>
      <Scroll label={t("syncs.sample.title")}>
        {read.error ? <ErrorState doing={t("syncs.sample.doing")} error={read.error} /> : null}
        {read.isPending ? <Loading what={t("syncs.sample.records")} /> : null}
        {read.data ? <Records sample={read.data} /> : null}
      </Scroll>
    </div>
  );
}

function Records({ sample }: { sample: MappingSample }) {
  if (sample.records.length === 0) {
    return <Empty kind="none yet" title={t("syncs.sample.none", { from: sample.from })} />;
  }
  return sample.records.map((record) => (
    <section key={record.id} className="mb-6">
      <h3 className="mb-1 font-mono text-mono font-semibold">{record.id}</h3>
      {record.problems.map((problem) => (
        <p key={`${problem.field}${problem.message}`} className="text-failed">
          {problem.message} {problem.fix}
        </p>
      ))}
      <table className="w-full border-collapse">
        <thead className="text-meta text-muted">
          <tr>
            {[
              t("syncs.field"),
              sample.from,
              t("syncs.sample.readAs"),
              sample.to,
              t("syncs.sample.result"),
            ].map((head, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: fixed columns; both systems may share a name.
              <th key={index} scope="col" className="px-2 py-1 text-start font-medium">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {record.fields.map((field) => (
            <tr key={field.field} className="border-t border-line align-top">
              <th scope="row" className="px-2 py-1 text-start font-medium">
                {field.field}
              </th>
              <td className="px-2 py-1 font-mono text-mono wrap-anywhere">{said(field.native)}</td>
              <td className="px-2 py-1 font-mono text-mono wrap-anywhere">
                {said(field.canonical)}
              </td>
              <td className="px-2 py-1 font-mono text-mono wrap-anywhere">{said(field.written)}</td>
              <td className="px-2 py-1">
                {field.outcome === "refused" ? (
                  <>
                    <Status status="failed" word={t("syncs.sample.refused")} />
                    <p>{field.why}</p>
                    <p>{field.fix}</p>
                  </>
                ) : field.outcome === "same" ? (
                  <Status status="completed" word={t("syncs.sample.same")} />
                ) : (
                  <span className="text-muted">{t(`syncs.sample.${field.outcome}`)}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  ));
}

function said(json: Json | null): string {
  if (json === null) return "–";
  return typeof json === "string" ? json : JSON.stringify(json);
}
