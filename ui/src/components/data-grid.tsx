import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from "react";
import { hasCommand, isTyping } from "./keys";
import { usePreferences } from "./preferences";

export interface Column<T> {
  id: string;
  header: string;
  /** Least width in rem, and the share of what is left over; 0 keeps the column at its width. */
  width: [least: number, share: number];
  align?: "end";
  /** The header names the column for screen readers only. */
  quiet?: boolean;
  cell(item: T): ReactNode;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  items: readonly T[];
  idOf(item: T): string;
  onOpen(item: T): void;
  /** The item of the active row, whenever that is another one. */
  onActive?: (item: T) => void;
  /** The item shown beside the list, if any. */
  openId?: string | undefined;
  /** Bring this item into view and make it the active row, whenever it changes. */
  revealId?: string | undefined;
  hasMore?: boolean;
  loadingMore?: boolean;
  onEnd?: () => void;
  dimmed?: boolean;
  /** Focus the first (or the open) row when the list appears. */
  autoFocus?: boolean;
  /** Rows can be selected: by their boxes, `x`, and Shift with j/k or the arrows. */
  selection?: Selection<T> | undefined;
}

export interface Selection<T> {
  ids: ReadonlySet<string>;
  onChange(ids: ReadonlySet<string>): void;
  /** Ctrl/Cmd+A: all there are, loaded or not. */
  onAll?: (() => void) | undefined;
  /** What the box of an item is called; `null`: it cannot be selected. */
  nameOf(item: T): string | null;
}

const OVERSCAN = 12;
const LOAD_AHEAD = 20;
const GAP_REM = 1;
const PADDING_REM = 2 - GAP_REM;

// Which row was opened last in each list, so that coming back lands on it again.
const lastOpened = new Map<string, string>();

/**
 * A list of any length: only the rows in view exist. One row is in the tab order; j/k, arrows,
 * Home/End and Page keys move it, Enter opens it.
 */
export function DataGrid<T>(props: Props<T>) {
  const { label, items, idOf, openId, hasMore = false, onEnd, autoFocus, selection } = props;
  const columns = selection ? [boxes(idOf, selection), ...props.columns] : props.columns;
  const { rowPx, letterKeys } = usePreferences();
  const scroller = useRef<HTMLDivElement>(null);
  // Who is typing a filter goes on typing when the list appears.
  const wantsFocus = useRef((autoFocus ?? false) && !isTyping(document.activeElement));
  const [active, setActive] = useState(() => {
    const last = lastOpened.get(label);
    return Math.max(0, last === undefined ? 0 : items.findIndex((item) => idOf(item) === last));
  });
  const current = Math.min(active, Math.max(0, items.length - 1));

  const onOpen = (item: T) => {
    lastOpened.set(label, idOf(item));
    props.onOpen(item);
  };

  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    getItemKey: (index) => {
      const item = items[index];
      return item ? idOf(item) : index;
    },
  });
  const rows = virtualizer.getVirtualItems();
  const lastIndex = rows.at(-1)?.index ?? 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the list appears.
  useEffect(() => {
    if (current > 0) virtualizer.scrollToIndex(current, { align: "center" });
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new row height re-measures all rows.
  useEffect(() => virtualizer.measure(), [rowPx, virtualizer]);

  useEffect(() => {
    if (hasMore && lastIndex >= items.length - LOAD_AHEAD) onEnd?.();
  }, [hasMore, lastIndex, items.length, onEnd]);

  // Follow what is open beside the list, e.g. after "resolve and next".
  useEffect(() => {
    const index = openId ? items.findIndex((item) => idOf(item) === openId) : -1;
    if (index >= 0) setActive(index);
  }, [openId, items, idOf]);

  // The row that has the focus may go, with its item: the list keeps the focus then.
  const held = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other items are what takes a row away.
  useEffect(() => {
    if (held.current && document.activeElement === document.body) wantsFocus.current = true;
  }, [items]);

  // Rows outside the view do not exist: scroll first, focus when the row has appeared.
  useEffect(() => {
    if (!wantsFocus.current || rows.length === 0) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${current}"]`);
    if (row) {
      row.focus({ preventScroll: true });
      wantsFocus.current = false;
    }
  }, [current, rows]);

  const go = (index: number) => {
    const next = Math.max(0, Math.min(items.length - 1, index));
    wantsFocus.current = true;
    setActive(next);
    virtualizer.scrollToIndex(next);
    if (next === current) {
      scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus();
    }
  };

  const { revealId, onActive } = props;
  const here = items[current];
  useEffect(() => {
    if (here) onActive?.(here);
  }, [here, onActive]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new wish moves the list.
  useEffect(() => {
    const index = revealId ? items.findIndex((item) => idOf(item) === revealId) : -1;
    if (index >= 0) go(index);
  }, [revealId]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (selection?.onAll && hasCommand(event) && event.key === "a" && !isTyping(event.target)) {
      event.preventDefault();
      selection.onAll();
      return;
    }
    if (isTyping(event.target) || hasCommand(event) || event.altKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowPx) - 1);
    if (selection && here) {
      const by = extendBy(event, letterKeys);
      if (by !== null || (letterKeys && event.key === "x")) {
        event.preventDefault();
        const other = by === null ? undefined : items[current + by];
        const add = [here, other].filter((item) => item !== undefined);
        select(
          selection,
          add.filter((item) => selection.nameOf(item) !== null).map(idOf),
          by !== null,
        );
        if (by !== null) go(current + by);
        return;
      }
    }
    const target = moveTo(event.key, letterKeys, current, page, items.length);
    if (target !== null) {
      event.preventDefault();
      go(target);
    } else if (event.key === "Enter") {
      const item = items[current];
      if (item && event.target instanceof HTMLElement && event.target.dataset.index) {
        event.preventDefault();
        onOpen(item);
      }
    }
  };

  // The heading and every row are grids of their own: the same tracks and the same least width
  // keep their columns in line.
  const tracks: CSSProperties = {
    gridTemplateColumns: columns
      .map(
        ({ width: [least, share] }) =>
          `minmax(${least}rem, ${share > 0 ? `${share}fr` : `${least}rem`})`,
      )
      .join(" "),
    minWidth: `${columns.reduce((sum, { width }) => sum + width[0] + GAP_REM, PADDING_REM)}rem`,
  };

  // A virtualised, keyboard-driven grid is no <table>: its rows are placed by transform.
  return (
    <div
      role="grid"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : items.length + 1}
      aria-colcount={columns.length}
      aria-busy={props.dimmed || undefined}
      aria-multiselectable={selection ? true : undefined}
      onKeyDown={onKeyDown}
      onFocus={() => {
        held.current = true;
      }}
      onBlur={(event) => {
        held.current = event.relatedTarget === null;
      }}
      className={`flex min-h-0 flex-1 flex-col ${props.dimmed ? "dimmed" : ""}`}
    >
      <div ref={scroller} className="min-h-0 flex-1 overflow-auto">
        <div
          role="row"
          aria-rowindex={1}
          tabIndex={-1}
          style={tracks}
          className="sticky top-0 z-10 grid gap-x-4 border-b border-line bg-surface px-4 text-meta font-medium text-muted"
        >
          {columns.map((column) => (
            <div
              key={column.id}
              role="columnheader"
              tabIndex={-1}
              className={`truncate py-1.5 ${column.align === "end" ? "text-end" : ""}`}
            >
              <span className={column.quiet ? "sr-only" : undefined}>{column.header}</span>
            </div>
          ))}
        </div>
        <div
          role="rowgroup"
          className="relative"
          style={{ height: virtualizer.getTotalSize(), minWidth: tracks.minWidth }}
        >
          {rows.map((row) => {
            const item = items[row.index];
            if (!item) return null;
            const open = openId !== undefined && idOf(item) === openId;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles Enter for its rows.
              <div
                key={row.key}
                role="row"
                data-index={row.index}
                aria-rowindex={row.index + 2}
                aria-selected={selection ? selection.ids.has(idOf(item)) : open}
                aria-current={open || undefined}
                tabIndex={row.index === current ? 0 : -1}
                onClick={() => {
                  setActive(row.index);
                  onOpen(item);
                }}
                onFocus={() => setActive(row.index)}
                style={{ ...tracks, height: row.size, transform: `translateY(${row.start}px)` }}
                className={`absolute inset-x-0 top-0 grid cursor-pointer items-center gap-x-4 border-b border-line px-4 -outline-offset-2 ${open ? "bg-selected" : "hover:bg-surface"}`}
              >
                {columns.map((column) => (
                  <div
                    key={column.id}
                    role="gridcell"
                    tabIndex={-1}
                    className={`min-w-0 truncate ${column.align === "end" ? "text-end" : ""}`}
                  >
                    {column.cell(item)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
        {props.loadingMore ? (
          <p role="status" className="px-4 py-2 text-muted">
            Loading more…
          </p>
        ) : null}
      </div>
    </div>
  );
}

/** The first column of a list whose rows can be selected. */
function boxes<T>(idOf: (item: T) => string, selection: Selection<T>): Column<T> {
  return {
    id: "selected",
    header: "Selected",
    quiet: true,
    width: [1.5, 0],
    cell: (item) => {
      const name = selection.nameOf(item);
      if (name === null) return null;
      return (
        // The row opens on a click; its box only selects.
        // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: keeps a click from the row.
        <span onClick={(event) => event.stopPropagation()} className="-m-1 flex size-6 p-1">
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={name}
            checked={selection.ids.has(idOf(item))}
            onChange={() => select(selection, [idOf(item)], false)}
            className="size-4 cursor-pointer accent-text"
          />
        </span>
      );
    },
  };
}

/** Adds ids to the selection, or else takes in those that are out and puts out those that are in. */
function select<T>(selection: Selection<T>, ids: readonly string[], adds: boolean): void {
  const next = new Set(selection.ids);
  for (const id of ids) {
    if (adds || !next.has(id)) next.add(id);
    else next.delete(id);
  }
  selection.onChange(next);
}

/** Which way a key extends the selection; null when it does not. */
export function extendBy(
  event: { key: string; shiftKey: boolean },
  letterKeys: boolean,
): 1 | -1 | null {
  if (!event.shiftKey) return null;
  if (event.key === "ArrowDown" || (letterKeys && event.key === "J")) return 1;
  if (event.key === "ArrowUp" || (letterKeys && event.key === "K")) return -1;
  return null;
}

/** Where a key moves the active row; null when it is no movement key. */
export function moveTo(
  key: string,
  letterKeys: boolean,
  current: number,
  page: number,
  count: number,
): number | null {
  if (key === "ArrowDown" || (letterKeys && key === "j")) return current + 1;
  if (key === "ArrowUp" || (letterKeys && key === "k")) return current - 1;
  if (key === "PageDown") return current + page;
  if (key === "PageUp") return current - page;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}
