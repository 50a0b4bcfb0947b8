import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { PreferencesProvider } from "@/components/preferences";
import type { ConflictSummary } from "@/ipc";
import { useBulkKeys } from "./bulk-bar";
import { testConflict } from "./model/test-conflict";

const { fields: _fields, ...rest } = testConflict();
const SELECTED: ConflictSummary[] = [{ ...rest, contested: ["phone"] }];

afterEach(() => localStorage.clear());

function Keys({ clear }: { clear(): void }) {
  const { bulk, onKeyDown } = useBulkKeys(SELECTED, clear);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up here from the list.
    <div onKeyDown={onKeyDown}>
      <button type="button">row</button>
      <p>{bulk?.offer.words ?? "nothing"}</p>
    </div>
  );
}

test.each([
  [true, "2", "Take Ostara"],
  [true, "4", "nothing"],
  [false, "2", "nothing"],
])("letter keys %s: %s decides %s, and Esc lets go all the same", (letterKeys, key, words) => {
  localStorage.setItem("tandem.preferences", JSON.stringify({ letterKeys }));
  const clear = vi.fn();
  render(
    <PreferencesProvider>
      <Keys clear={clear} />
    </PreferencesProvider>,
  );
  fireEvent.keyDown(screen.getByText("row"), { key: "Escape", code: "Escape" });
  expect(clear).toHaveBeenCalledOnce();
  fireEvent.keyDown(screen.getByText("row"), { key, code: `Digit${key}` });
  expect(screen.getByText(words)).toBeTruthy();
});
