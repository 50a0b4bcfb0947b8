import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Loaded } from "@/components/loaded";
import { Empty } from "@/components/states";
import { commandQuery, type FieldMatch, useTenant } from "@/ipc";
import { t } from "@/text";
import { addField, longField, type Members, rows, side, textAt } from "./model/value";

interface Props {
  value: Members;
  onClose(): void;
  onChange(value: Members): void;
}

/** Which fields of both systems probably mean the same: looked at first, then added by hand. */
export function Proposals({ value, onClose, onChange }: Props) {
  const tenant = useTenant();
  const announce = useAnnounce();
  const mapped = (at: "source" | "target") =>
    rows(value).map(({ name }) => textAt(side(longField(value, name)[at]), "path") || name);
  const found = useQuery(
    commandQuery("propose_mapping", {
      tenant,
      source_connection: textAt(value, "source", "connection"),
      source_collection: textAt(value, "source", "collection"),
      target_connection: textAt(value, "target", "connection"),
      target_collection: textAt(value, "target", "collection"),
      mapped_source: mapped("source"),
      mapped_target: mapped("target"),
    }),
  );
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const add = (matches: FieldMatch[]) => {
    const wanted = matches.filter(({ source }) => !left.has(source));
    onChange(wanted.reduce(addField, value));
    announce(t("syncs.edit.added", { count: wanted.length }));
    onClose();
  };
  return (
    <Dialog open wide onClose={onClose} title={t("syncs.edit.proposals")}>
      <Loaded query={found} what={t("syncs.edit.theProposals")}>
        {({ matches }) =>
          matches.length === 0 ? (
            <Empty kind="none yet" title={t("syncs.edit.noProposal")}>
              {t("syncs.edit.noProposalWhy")}
            </Empty>
          ) : (
            <>
              <div className="min-h-0 overflow-auto px-4 py-2">
                <table className="w-full border-collapse">
                  <thead className="text-meta text-muted">
                    <tr>
                      {[
                        t("syncs.edit.take"),
                        t("syncs.source"),
                        t("syncs.target"),
                        t("syncs.type"),
                        t("syncs.edit.sure"),
                        t("syncs.edit.because"),
                      ].map((head) => (
                        <th key={head} scope="col" className="px-2 py-1 text-start font-medium">
                          {head}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {matches.map((match) => (
                      <tr key={match.source} className="border-t border-line">
                        <td className="px-2 py-1.5">
                          <input
                            type="checkbox"
                            className="size-4"
                            aria-label={t("syncs.edit.takeNamed", { name: match.source })}
                            checked={!left.has(match.source)}
                            onChange={() => setLeft(toggled(left, match.source))}
                          />
                        </td>
                        <td className="px-2 py-1.5 font-mono text-mono text-source">
                          {match.source}
                        </td>
                        <td className="px-2 py-1.5 font-mono text-mono text-target">
                          {match.target}
                        </td>
                        <td className="px-2 py-1.5">{match.type}</td>
                        <td className="px-2 py-1.5 text-end">
                          {t("syncs.edit.percent", { count: match.confidence })}
                        </td>
                        <td className="px-2 py-1.5 text-muted">{t(`syncs.why.${match.why}`)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <div className="flex justify-end gap-2 border-t border-line px-4 py-3">
                <Button onClick={onClose}>{t("syncs.edit.cancel")}</Button>
                <Button look="primary" onClick={() => add(matches)}>
                  {t("syncs.edit.add", {
                    count: matches.filter(({ source }) => !left.has(source)).length,
                  })}
                </Button>
              </div>
            </>
          )
        }
      </Loaded>
    </Dialog>
  );
}

function toggled(all: ReadonlySet<string>, one: string): ReadonlySet<string> {
  const next = new Set(all);
  if (!next.delete(one)) next.add(one);
  return next;
}
