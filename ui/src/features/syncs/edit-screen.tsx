import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker, useNavigate } from "@tanstack/react-router";
import { Archive, Save } from "lucide-react";
import { useRef, useState } from "react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Loaded } from "@/components/loaded";
import { Page } from "@/components/page";
import { SideBySide } from "@/components/side-by-side";
import { ErrorState } from "@/components/states";
import { useUnsaved } from "@/components/unsaved";
import { useDraft } from "@/components/use-draft";
import { asCommandError, call, commandMutation, commandQuery, invalidate, useTenant } from "@/ipc";
import { t } from "@/text";
import { MappingEditor } from "./mapping-editor";
import { type Members, members, put, textAt } from "./model/value";
import { RulesForm } from "./rules-form";
import { Sample } from "./sample";
import type { EditSearch } from "./search";

interface Props {
  /** Absent: a new one, maybe a copy. */
  name?: string;
  search: EditSearch;
  onSearch(change: Partial<EditSearch>): void;
}

const FRESH: Members = {
  name: "",
  direction: "bidirectional",
  source: { connection: "", collection: "" },
  target: { connection: "", collection: "" },
  conflict: { default: "manual" },
  mapping: {},
};

/** A sync as a form and, beside it, as the text of a workspace file. */
export function EditSync({ name, search, onSearch }: Props) {
  const tenant = useTenant();
  const from = name ?? search.copy;
  const item = useQuery({
    ...commandQuery("get_item", { tenant, kind: "sync", name: from ?? "" }),
    enabled: from !== undefined,
    // What is edited stays what it was read as; saving tells whether somebody was faster.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (from === undefined)
    return <Editor start={FRESH} text="" search={search} onSearch={onSearch} />;
  return (
    <Loaded query={item} what={t("syncs.edit.theSync", { name: from })}>
      {(found) =>
        name === undefined ? (
          <Editor
            start={put(members(found.value), ["name"], t("syncs.edit.copyOf", { name: from }))}
            text=""
            search={search}
            onSearch={onSearch}
          />
        ) : (
          <Editor
            key={found.revision}
            stored={{ name, revision: found.revision }}
            start={members(found.value)}
            text={found.text}
            search={search}
            onSearch={onSearch}
          />
        )
      }
    </Loaded>
  );
}

interface EditorProps {
  stored?: { name: string; revision: string };
  start: Members;
  /** The text it was read as; of a new one it is made from the form. */
  text: string;
  search: EditSearch;
  onSearch(change: Partial<EditSearch>): void;
}

const TABS = ["mapping", "rules", "sample"] as const;

function Editor({ stored, start, text, search, onSearch }: EditorProps) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const client = useQueryClient();
  const announce = useAnnounce();
  const done = useRef(false);
  const draft = useDraft({
    text,
    value: start,
    check: async (edit, whole) => {
      const asked = "text" in edit ? { text: edit.text } : { value: edit.value };
      const answer = await call("check_item", {
        tenant,
        kind: "sync",
        ...(stored ? { name: stored.name } : {}),
        ...asked,
        reach: whole,
      });
      return { ...answer, value: answer.value === null ? null : members(answer.value) };
    },
  });
  const changed = draft.changed || stored === undefined;
  useUnsaved(`sync ${stored?.name ?? ""}`, changed);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      changed && !done.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => changed && !done.current,
    withResolver: true,
  });
  const gone = async (to: string | null, words: string) => {
    done.current = true;
    announce(words);
    await invalidate(client, tenant, ["list_syncs", "get_sync", "get_item", "overview"]);
    return to === null
      ? navigate({ to: "/t/$tenant/syncs", params: { tenant } })
      : navigate({ to: "/t/$tenant/syncs/$name", params: { tenant, name: to } });
  };
  const save = useMutation({
    mutationFn: async () =>
      call("apply_item", {
        tenant,
        kind: "sync",
        ...(stored ?? {}),
        text: await draft.settled(),
      }),
    onSuccess: ({ items }) => {
      const name = items[0]?.name ?? "";
      return gone(name, t("syncs.edit.saved", { name }));
    },
  });
  const archive = useMutation({
    ...commandMutation("archive_sync"),
    onSuccess: () => gone(null, t("syncs.edit.archived", { name: stored?.name ?? "" })),
  });
  const [asking, setAsking] = useState(false);
  const problems = draft.answer?.problems ?? [];
  const tab = search.tab ?? "mapping";
  const error = save.error ?? archive.error ?? draft.failed;
  return (
    <Page
      title={stored ? t("syncs.edit.title", { name: stored.name }) : t("syncs.edit.new")}
      lead={
        draft.checking
          ? t("syncs.edit.checking")
          : t(changed ? "syncs.edit.unsaved" : "syncs.edit.asSaved")
      }
      actions={
        <>
          {stored ? (
            <Button
              look="danger"
              onClick={() => setAsking(true)}
              icon={<Archive aria-hidden="true" className="size-4" />}
            >
              {t("syncs.edit.archive")}
            </Button>
          ) : null}
          <Button
            look="primary"
            aria-disabled={save.isPending || !changed}
            onClick={() => (save.isPending || !changed ? undefined : save.mutate())}
            icon={<Save aria-hidden="true" className="size-4" />}
          >
            {t("syncs.edit.save")}
          </Button>
        </>
      }
    >
      {error ? (
        <ErrorState inset doing={t("syncs.edit.doing")} error={asCommandError(error)} />
      ) : null}
      <SideBySide
        what={textAt(draft.value, "name") || t("syncs.edit.new")}
        text={draft.text}
        onType={draft.editText}
        problems={problems}
        warnings={draft.answer?.warnings ?? []}
        form={
          <>
            <nav
              aria-label={t("syncs.edit.parts")}
              className="flex gap-1 border-b border-line px-4 py-1"
            >
              {TABS.map((one) => (
                <Button
                  key={one}
                  look={one === tab ? "plain" : "quiet"}
                  aria-current={one === tab ? "page" : undefined}
                  onClick={() => onSearch({ tab: one === "mapping" ? undefined : one })}
                >
                  {t(`syncs.edit.tab.${one}`)}
                </Button>
              ))}
            </nav>
            {tab === "mapping" ? (
              <MappingEditor
                value={draft.value}
                problems={problems}
                search={search}
                onSearch={onSearch}
                onChange={draft.editValue}
              />
            ) : tab === "rules" ? (
              <RulesForm value={draft.value} isNew={!stored} onChange={draft.editValue} />
            ) : (
              <Sample text={draft.text} />
            )}
          </>
        }
      />
      <Ask
        open={asking && stored !== undefined}
        title={t("syncs.edit.archiveTitle", { name: stored?.name ?? "" })}
        words={t("syncs.edit.archiveWhy")}
        yes={t("syncs.edit.archive")}
        onYes={() => {
          setAsking(false);
          if (stored) archive.mutate({ tenant, ...stored });
        }}
        onNo={() => setAsking(false)}
      />
      <Ask
        open={blocker.status === "blocked"}
        title={t("syncs.edit.leaveTitle")}
        words={t("syncs.edit.leaveWhy")}
        yes={t("syncs.edit.leave")}
        onYes={() => blocker.proceed?.()}
        onNo={() => blocker.reset?.()}
      />
    </Page>
  );
}

interface AskProps {
  open: boolean;
  title: string;
  words: string;
  yes: string;
  onYes(): void;
  onNo(): void;
}

function Ask({ open, title, words, yes, onYes, onNo }: AskProps) {
  const stay = useRef<HTMLButtonElement>(null);
  return (
    <Dialog open={open} onClose={onNo} title={title} initialFocus={stay}>
      <p className="px-4 py-3">{words}</p>
      <div className="flex justify-end gap-2 border-t border-line px-4 py-3">
        <Button ref={stay} onClick={onNo}>
          {t("syncs.edit.stay")}
        </Button>
        <Button look="danger" onClick={onYes}>
          {yes}
        </Button>
      </div>
    </Dialog>
  );
}
