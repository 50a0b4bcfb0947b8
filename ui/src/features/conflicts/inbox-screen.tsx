import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import { createContext, type ReactNode, useContext, useRef } from "react";
import { Button } from "@/components/button";
import { type Column, DataGrid } from "@/components/data-grid";
import { Select } from "@/components/fields";
import { humanise, plural } from "@/components/format";
import { ListDetail } from "@/components/list-detail";
import { Page } from "@/components/page";
import { Empty, ErrorState, Loading } from "@/components/states";
import { Ago } from "@/components/time";
import { type ConflictSummary, commandQuery, useTenant } from "@/ipc";
import { t } from "@/text";
import { useInbox } from "./api/inbox";
import { BulkBar, useBulkKeys } from "./bulk-bar";
import { GroupsList, narrowingWords } from "./groups-list";
import { KindBadge } from "./kind";
import { evidence, suggestedText } from "./model/suggestion";
import { nameOf } from "./name";
import { type ConflictsSearch, isNarrowed } from "./search";
import { useSelection } from "./use-selection";

const RECORD: Column<ConflictSummary> = {
  id: "record",
  header: "Record",
  width: [8, 1.4],
  cell: (item) => <span className="font-medium">{nameOf(item)}</span>,
};
const WHAT: Column<ConflictSummary> = {
  id: "what",
  header: "Contested",
  width: [9, 1.2],
  cell: (item) => <span title={contestedText(item)}>{contestedText(item)}</span>,
};
const SUGGESTION: Column<ConflictSummary> = {
  id: "suggestion",
  header: t("conflicts.suggestion"),
  width: [7, 0.8],
  cell: (item) => (
    <span
      className="text-muted"
      title={item.suggestions.map((it) => evidence(it, item)).join("; ")}
    >
      {suggestedText(item)}
    </span>
  ),
};
const AGE: Column<ConflictSummary> = {
  id: "age",
  header: "Found",
  width: [6.5, 0],
  cell: (item) => <Ago at={item.detected_at} />,
};
const WIDE: Column<ConflictSummary>[] = [
  RECORD,
  { id: "sync", header: "Sync", width: [8, 1], cell: (item) => item.sync },
  { id: "kind", header: "Kind", width: [9.5, 0], cell: (item) => <KindBadge kind={item.kind} /> },
  WHAT,
  SUGGESTION,
  AGE,
];
const NARROW = [RECORD, AGE];

const VIEWS = [
  { value: "open", label: "Open" },
  { value: "decided", label: "Being applied" },
  { value: "resolved", label: "Resolved" },
];

const GROUPINGS = [
  { value: "", label: "Nothing" },
  { value: "sync", label: "Sync" },
  { value: "field", label: "Field" },
  { value: "signature", label: "Same fields" },
];
/** Takes every filter but the view away. */
const NOTHING: Partial<ConflictsSearch> = {
  sync: undefined,
  by: undefined,
  field: undefined,
  fields: undefined,
  kind: undefined,
};

function contestedText(item: ConflictSummary): string {
  if (item.kind === "delete") return "deleted or changed";
  return item.contested.map(humanise).join(", ");
}

/** The order of the inbox, for going on to the next conflict from within one. */
export interface Inbox {
  /** Ids in the order of the list. */
  ids: readonly string[];
  search: ConflictsSearch;
}
const InboxContext = createContext<Inbox>({ ids: [], search: {} });
export function useInboxOrder(): Inbox {
  return useContext(InboxContext);
}

interface Props {
  search: ConflictsSearch;
  openId: string | undefined;
  /** The open conflict, from its own route. */
  detail: ReactNode;
}

/** What needs a decision: the list, and the one that is open beside it. */
export function InboxScreen({ search, openId, detail }: Props) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const inbox = useInbox(search);
  const syncs = useQuery(commandQuery("list_syncs", { tenant }));
  const items = inbox.items ?? [];
  const state = search.state ?? "open";
  const chosen = useSelection(items, inbox.hasMore, search);
  const more = inbox.hasMore;
  const list = useRef<HTMLDivElement>(null);
  // What had the focus may be gone with the selection: the list takes it back.
  const letGo = () => {
    chosen.clear();
    requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>("[role=row][tabindex='0']")?.focus(),
    );
  };
  const keys = useBulkKeys(chosen.selected, letGo);
  const filter = (change: Partial<ConflictsSearch>) =>
    navigate({ to: "/t/$tenant/conflicts", params: { tenant }, search: { ...search, ...change } });

  return (
    <InboxContext value={{ ids: items.map((item) => item.id), search }}>
      <Page
        title="Conflicts"
        quietWhenNarrow={openId !== undefined}
        lead={inbox.items ? lead(items.length, more, state) : "What needs my decision?"}
        actions={
          <div data-filter="" className="flex flex-wrap items-center gap-3">
            <Select
              label="View"
              value={state}
              options={VIEWS}
              onChoose={(view) =>
                filter({ state: view === "open" ? undefined : (view as ConflictsSearch["state"]) })
              }
            />
            <Select
              label="Sync"
              value={search.sync ?? ""}
              options={[
                { value: "", label: "All" },
                ...(syncs.data ?? []).map(({ name }) => ({ value: name, label: name })),
              ]}
              onChoose={(sync) => filter({ sync: sync || undefined })}
            />
            <Select
              label="Group by"
              value={search.by ?? ""}
              options={GROUPINGS}
              onChoose={(by) =>
                filter({ ...NOTHING, by: (by || undefined) as ConflictsSearch["by"] })
              }
            />
            {isNarrowed(search) ? (
              <Button
                icon={<X aria-hidden="true" className="size-4" />}
                onClick={() => filter(NOTHING)}
              >
                Only {narrowingWords(search)}
              </Button>
            ) : null}
          </div>
        }
      >
        <ListDetail
          hasDetail={openId !== undefined}
          detailLabel="Open conflict"
          detail={detail}
          list={
            <>
              {inbox.error ? (
                <ErrorState
                  inset
                  doing="load the conflicts"
                  error={inbox.error}
                  since={inbox.since}
                  onRetry={inbox.refetch}
                />
              ) : null}
              {inbox.items === undefined && !inbox.error ? (
                <Loading what="the conflicts" rows={10} />
              ) : null}
              {inbox.items && items.length === 0 ? (
                <NoConflicts search={search} clear={() => filter(NOTHING)} />
              ) : null}
              {items.length > 0 && search.by !== undefined ? (
                <GroupsList
                  items={items}
                  by={search.by}
                  onOpen={(group) => filter({ by: undefined, ...group })}
                />
              ) : null}
              {items.length > 0 && search.by === undefined ? (
                // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up here from the list.
                <div ref={list} onKeyDown={keys.onKeyDown} className="flex min-h-0 flex-1 flex-col">
                  <DataGrid
                    label="Conflicts"
                    columns={openId === undefined ? WIDE : NARROW}
                    items={items}
                    idOf={(item) => item.id}
                    openId={openId}
                    onOpen={(item) =>
                      navigate({
                        to: "/t/$tenant/conflicts/$id",
                        params: { tenant, id: item.id },
                        search,
                      })
                    }
                    hasMore={more}
                    loadingMore={inbox.loadingMore}
                    onEnd={() => (inbox.loadingMore ? undefined : inbox.more())}
                    autoFocus={openId === undefined}
                    selection={state === "open" ? chosen.selection : undefined}
                  />
                  {chosen.selected.length > 0 ? (
                    <BulkBar
                      selected={chosen.selected}
                      bulk={keys.bulk}
                      total={more ? "" : String(items.length)}
                      onAll={chosen.selectAll}
                      begin={keys.begin}
                      end={keys.end}
                      clear={letGo}
                    />
                  ) : null}
                </div>
              ) : null}
            </>
          }
        />
      </Page>
    </InboxContext>
  );
}

function NoConflicts({ search, clear }: { search: ConflictsSearch; clear(): void }) {
  if (search.sync !== undefined || isNarrowed(search)) {
    const what = [search.sync, narrowingWords(search)].filter((word) => word).join(", ");
    return (
      <Empty
        kind="none match"
        title={`No conflict of ${what} in this view`}
        action={<Button onClick={clear}>Show all</Button>}
      />
    );
  }
  if (search.state === "decided") {
    return (
      <Empty kind="none yet" title="No decision is waiting to be written">
        A decision waits 8 seconds, so that it can be taken back, and is then written to both
        systems.
      </Empty>
    );
  }
  if (search.state === "resolved") {
    return (
      <Empty kind="none yet" title="No conflict has been resolved yet">
        Decisions that have reached both systems are listed here.
      </Empty>
    );
  }
  return (
    <Empty kind="all clear" title="No conflict needs a decision">
      When both systems change the same field of a record in different ways, it waits here for you.
    </Empty>
  );
}

function lead(count: number, more: boolean, state: string): string {
  const words: Record<string, string> = {
    open: "to decide",
    decided: "being applied",
    resolved: "resolved",
  };
  const text = `${plural(count, "conflict")} ${words[state] ?? ""}`;
  return more ? `More than ${text}` : text;
}
