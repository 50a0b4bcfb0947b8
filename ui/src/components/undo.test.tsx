import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UndoProvider, useUndo } from "./undo";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const undone: string[] = [];
let undo: ReturnType<typeof useUndo>;
function Probe() {
  undo = useUndo();
  return <p>{undo.offer ? `${undo.offer.label} ${undo.secondsLeft}` : "none"}</p>;
}
const put = (label: string, ms: number) =>
  act(() => undo.put({ label, until: Date.now() + ms, undo: async () => undone.push(label) }));
const shown = () => screen.getByText(/./).textContent;

test("offers count down, end, and are taken back latest first", () => {
  render(
    <UndoProvider>
      <Probe />
    </UndoProvider>,
  );
  expect(shown()).toBe("none");
  put("first", 8_000);
  expect(shown()).toBe("first 8");
  act(() => vi.advanceTimersByTime(2_000));
  put("second", 8_000);
  expect(shown()).toBe("second 8");
  act(() => void undo.take());
  expect(undone).toEqual(["second"]);
  expect(shown()).toBe("first 6");
  act(() => vi.advanceTimersByTime(6_100));
  expect(shown()).toBe("none");
  expect(undo.take()).toBe(false);
  expect(undone).toEqual(["second"]);
});
