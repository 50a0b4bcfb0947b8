import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { load, PreferencesProvider } from "@/components/preferences";
import { connectWith } from "@/ipc";
import { SettingsScreen } from "./settings-screen";

const root = document.documentElement;

beforeEach(() => {
  connectWith({
    call: async () => ({ version: "1.2.3", store: "/s.db", actor: "mara", undo_window_ms: 12_000 }),
    listen: () => () => undefined,
  });
});

function show() {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <PreferencesProvider>
        <SettingsScreen keys={<p>the keys</p>} />
      </PreferencesProvider>
    </QueryClientProvider>,
  );
  return userEvent.setup();
}

test.each([
  ["Light", { theme: "light" }, { theme: "light", contrast: "normal" }],
  ["Dark", { theme: "dark" }, { theme: "dark", contrast: "normal" }],
  ["High contrast", { theme: "contrast" }, { contrast: "more" }],
  ["Compact rows", { density: "compact" }, { density: "compact" }],
  ["Tall rows", { density: "comfortable" }, { density: "comfortable" }],
])("%s takes effect at once and is kept", async (label, kept, put) => {
  const user = show();
  await user.click(screen.getByRole("radio", { name: new RegExp(`^${label}`) }));
  expect(load()).toMatchObject(kept);
  expect(root.dataset).toMatchObject(put);
});

test("as the system leaves the theme to it", async () => {
  const user = show();
  await user.click(screen.getByRole("radio", { name: "Dark" }));
  await user.click(screen.getByRole("radio", { name: "As the system" }));
  expect([root.dataset.theme, load().theme]).toEqual([undefined, "system"]);
});

test("single-letter keys are turned off with the space bar, and say what is left", async () => {
  const user = show();
  const toggle = screen.getByRole<HTMLInputElement>("checkbox", { name: "Single-letter keys" });
  expect(toggle.checked).toBe(true);
  toggle.focus();
  await user.keyboard(" ");
  expect([toggle.checked, load().letterKeys]).toEqual([false, false]);
  expect(screen.getByText(/Only keys with Ctrl/)).toBeTruthy();
});

test("the undo window is the backend's", async () => {
  show();
  expect(await screen.findByText("12 seconds")).toBeTruthy();
  expect(screen.getByText("/s.db")).toBeTruthy();
  expect(screen.getByText("the keys")).toBeTruthy();
});

test.each([
  ["nothing", null, {}],
  ["no JSON", "{", {}],
  ["a theme nobody knows", '{"theme":"sepia","density":"compact"}', { density: "compact" }],
  ["a wrong type", '{"letterKeys":"no"}', {}],
  ["a list", "[]", {}],
])("threat: stored preferences that are %s do not break the panel", (_, stored, kept) => {
  if (stored !== null) localStorage.setItem("tandem.preferences", stored);
  expect(load()).toEqual({ theme: "system", density: "normal", letterKeys: true, ...kept });
});
