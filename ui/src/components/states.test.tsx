import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { Empty, ErrorState, Loading } from "./states";

afterEach(() => vi.useRealTimers());

test("loading shows nothing for the first 150 ms", () => {
  vi.useFakeTimers();
  render(<Loading what="the runs" />);
  act(() => vi.advanceTimersByTime(149));
  expect(screen.queryByRole("status")).toBeNull();
  act(() => vi.advanceTimersByTime(1));
  expect(screen.getByRole("status").textContent).toContain("Loading the runs");
});

test("a failure says what, why and what to do, retries, and copies its diagnostics", async () => {
  const user = userEvent.setup();
  const onRetry = vi.fn();
  const error = {
    code: "unreachable",
    message: "It is away.",
    cause: "No route.",
    fix: "Start it.",
  };
  render(<ErrorState doing="load the runs" error={error} since={0} onRetry={onRetry} />);
  const text = screen.getByRole("alert").textContent;
  for (const part of [
    "Could not load the runs",
    "It is away.",
    "No route.",
    "Start it.",
    "Since",
  ]) {
    expect(text).toContain(part);
  }
  await user.click(screen.getByRole("button", { name: "Retry" }));
  expect(onRetry).toHaveBeenCalledOnce();
  await user.click(screen.getByRole("button", { name: "Copy diagnostics" }));
  const copied = JSON.parse(await navigator.clipboard.readText());
  expect(copied).toMatchObject({ doing: "load the runs", code: "unreachable", fix: "Start it." });
  expect(screen.getByRole("button", { name: "Copied" })).toBeTruthy();
});

test("empty tells its kinds apart by icon and words", () => {
  const { container: none } = render(<Empty kind="none yet" title="Nothing has run yet" />);
  const { container: clear } = render(<Empty kind="all clear" title="Nothing is blocked" />);
  expect(none.querySelector("svg")?.outerHTML).not.toBe(clear.querySelector("svg")?.outerHTML);
});
