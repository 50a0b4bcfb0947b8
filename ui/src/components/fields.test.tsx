import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SearchField } from "./fields";

const onChoose = vi.fn();
beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  onChoose.mockReset();
});

const field = (value: string) => (
  <SearchField label="Find" value={value} placeholder="" onChoose={onChoose} />
);
const box = () => screen.getByRole<HTMLInputElement>("searchbox", { name: "Find" });
const type = (value: string) => fireEvent.change(box(), { target: { value } });
const rest = () => act(() => vi.advanceTimersByTime(250));

test("it tells once typing rests, without the spaces around", () => {
  render(field(""));
  type(" n");
  act(() => vi.advanceTimersByTime(249));
  type(" no ");
  act(() => vi.advanceTimersByTime(249));
  expect(onChoose).not.toHaveBeenCalled();
  rest();
  rest();
  expect(onChoose.mock.calls).toEqual([["no"]]);
});

test("Enter tells at once, and only once", () => {
  render(field(""));
  type("a");
  fireEvent.keyDown(box(), { key: "Enter" });
  rest();
  expect(onChoose.mock.calls).toEqual([["a"]]);
});

test("its own word coming back does not undo what was typed meanwhile", () => {
  const { rerender } = render(field(""));
  type("no ");
  rest();
  type("no e");
  rerender(field("no"));
  expect(box().value).toBe("no e");
});

test("cleared from elsewhere, it is empty and tells nothing", () => {
  const { rerender } = render(field("abc"));
  rerender(field(""));
  rest();
  expect([box().value, onChoose.mock.calls]).toEqual(["", []]);
});
