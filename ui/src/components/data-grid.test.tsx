import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { DataGrid, moveTo } from "./data-grid";

test.each<[string, boolean, number | null]>([
  ["j", true, 6],
  ["k", true, 4],
  ["j", false, null],
  ["ArrowDown", false, 6],
  ["ArrowUp", false, 4],
  ["PageDown", true, 15],
  ["PageUp", true, -5],
  ["Home", true, 0],
  ["End", true, 99],
  ["x", true, null],
])("%s (letters %s) moves from 5 to %s", (key, letters, to) => {
  expect(moveTo(key, letters, 5, 10, 100)).toBe(to);
});

const items = Array.from({ length: 10_000 }, (_, nth) => `item ${nth}`);
beforeEach(() => {
  // happy-dom lays nothing out: give the list a height, so that it has rows in view.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(360);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
});

function grid(onOpen: (item: string) => void, onEnd?: () => void) {
  return render(
    <DataGrid
      label="Things"
      columns={[{ id: "name", header: "Name", width: [10, 1], cell: (item: string) => item }]}
      items={items}
      idOf={(item) => item}
      onOpen={onOpen}
      hasMore={onEnd !== undefined}
      onEnd={onEnd}
      autoFocus
    />,
  );
}

test("of ten thousand rows only those in view exist", async () => {
  grid(() => undefined);
  await screen.findByText("item 0");
  const rows = screen.getAllByRole("row").length;
  expect(rows).toBeGreaterThan(5);
  expect(rows).toBeLessThan(60);
});

test("one row is in the tab order; j moves, Enter opens", async () => {
  const opened: string[] = [];
  grid((item) => opened.push(item));
  const user = userEvent.setup();
  await screen.findByText("item 0");
  expect(document.activeElement?.textContent).toBe("item 0");
  expect(document.querySelectorAll('[role="row"][tabindex="0"]')).toHaveLength(1);
  await user.keyboard("jjk{Enter}");
  expect(document.activeElement?.textContent).toBe("item 1");
  expect(opened).toEqual(["item 1"]);
});

test("more is asked for only near the end", () => {
  const onEnd = vi.fn();
  grid(() => undefined, onEnd);
  expect(onEnd).not.toHaveBeenCalled();
});
