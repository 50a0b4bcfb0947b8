import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { load, PreferencesProvider } from "@/components/preferences";
import { connectWith } from "@/ipc";
import { SettingsScreen } from "./settings-screen";

const root = document.documentElement;
const asked: unknown[] = [];
const SETTINGS = {
  file: "/settings.toml",
  undo_seconds: 12,
  desktop: {
    autostart: false,
    autostart_error: null,
    keep_running: true,
    compatible_rendering: false,
    drawn_compatibly: false,
    drawn_in_software: true,
  },
};

beforeEach(() => {
  connectWith({
    call: async (command, args) => {
      if (command === "app_info") return { version: "1.2.3", store: "/s.db", actor: "mara" };
      if (command === "change_settings") asked.push(args);
      return SETTINGS;
    },
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

test("the undo window is the backend's, and can be chosen", async () => {
  const user = show();
  expect(await screen.findByText("12 seconds", { selector: "strong" })).toBeTruthy();
  expect(screen.getByText("/s.db")).toBeTruthy();
  expect(screen.getByText("the keys")).toBeTruthy();
  await user.selectOptions(screen.getByLabelText("Time to take a decision back"), "30 seconds");
  expect(asked.at(-1)).toEqual({ undo_seconds: 30 });
});

test.each([
  ["Start when I sign in", { autostart: true }],
  ["Keep running in the tray", { keep_running: false }],
  ["Compatible rendering", { compatible_rendering: true }],
])("%s is kept by the backend", async (label, change) => {
  const user = show();
  await user.click(await screen.findByRole("checkbox", { name: label }));
  expect(asked.at(-1)).toEqual(change);
});

test("where everything is drawn in software, that is said and the remedy offered", async () => {
  show();
  expect(await screen.findByText(/no graphics device.*three times faster/)).toBeTruthy();
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
