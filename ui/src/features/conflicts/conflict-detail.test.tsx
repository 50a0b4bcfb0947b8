import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { AnnounceProvider } from "@/components/announce";
import { UndoProvider, useUndo } from "@/components/undo";
import { CommandError, type ConflictView, connectWith, TenantProvider } from "@/ipc";
import { ConflictDetail } from "./conflict-detail";
import { DeleteCard } from "./delete-card";
import { testConflict, testField } from "./model/test-conflict";

const calls: { command: string; args: unknown }[] = [];
let refusal: CommandError | null;
let user: UserEvent;
let undo: ReturnType<typeof useUndo>;
const ways = { onStep: vi.fn(), onBack: vi.fn(), onNext: vi.fn(), onReopen: vi.fn() };

beforeEach(() => {
  calls.length = 0;
  refusal = null;
  for (const way of Object.values(ways)) way.mockReset();
  user = userEvent.setup();
  connectWith({
    call: async (command, args) => {
      calls.push({ command, args });
      if (refusal && command.startsWith("resolve")) throw refusal;
      if (command === "app_info") return { undo_window_ms: 8_000 };
      return testConflict({ state: command === "undo_decision" ? "open" : "decided" });
    },
    listen: () => () => undefined,
  });
});

function UndoProbe() {
  undo = useUndo();
  return null;
}

function show(conflict: ConflictView) {
  const Screen = conflict.kind === "delete" ? DeleteCard : ConflictDetail;
  const tree = (shown: ConflictView) => (
    <QueryClientProvider client={client}>
      <TenantProvider tenant="acme">
        <AnnounceProvider>
          <UndoProvider>
            <UndoProbe />
            <Screen conflict={shown} {...ways} />
          </UndoProvider>
        </AnnounceProvider>
      </TenantProvider>
    </QueryClientProvider>
  );
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const { rerender } = render(tree(conflict));
  return (next: ConflictView) => rerender(tree(next));
}

const sent = (command: string) => calls.find((call) => call.command === command)?.args;
const row = (field: string) => screen.getByRole("row", { name: new RegExp(`^${field} `) });
const focusedField = () => (document.activeElement as HTMLInputElement).name.replace("choice-", "");

describe("by keyboard alone", () => {
  test("five fields are decided in six chords and sent with their revision", async () => {
    show(testConflict());
    expect(focusedField()).toBe("a");
    const chords = ["1", "2", "3", "1", "2", "{Control>}{Enter}{/Control}"];
    for (const chord of chords) await user.keyboard(chord);
    expect(chords).toHaveLength(6);
    await waitFor(() => expect(ways.onNext).toHaveBeenCalledOnce());
    expect(sent("resolve_conflict")).toEqual({
      tenant: "acme",
      id: "c1",
      revision: 1,
      choices: [
        { field: "a", take: "source" },
        { field: "b", take: "target" },
        { field: "c", take: "base" },
        { field: "d", take: "source" },
        { field: "e", take: "target" },
      ],
    });
  });

  test("one column for all takes two chords", async () => {
    show(testConflict());
    await user.keyboard("{Shift>}1{/Shift}{Control>}{Enter}{/Control}");
    await waitFor(() => expect(ways.onNext).toHaveBeenCalledOnce());
    const { choices } = sent("resolve_conflict") as { choices: { take: string }[] };
    expect(choices.map(({ take }) => take)).toEqual(Array(5).fill("source"));
  });

  test("j, k and 0 move and clear; the result says what it would be", async () => {
    show(testConflict());
    await user.keyboard("jj2");
    expect(within(row("c")).getByText("from Ostara")).toBeTruthy();
    expect(focusedField()).toBe("d");
    await user.keyboard("k0");
    expect(within(row("c")).getByText("Undecided")).toBeTruthy();
  });

  test("a custom value is checked against its type, then taken", async () => {
    const field = { ...testField("price", "1.00", "2.00", "3.00"), type: "decimal" as const };
    show(testConflict({ fields: [field] }));
    await user.keyboard("4");
    const editor = screen.getByLabelText("Your value for price");
    expect(document.activeElement).toBe(editor);
    await user.clear(editor);
    await user.type(editor, "2,5{Enter}");
    expect(screen.getByText(/Write a number with a point/)).toBeTruthy();
    await user.clear(editor);
    await user.type(editor, "2.50{Enter}");
    expect(within(row("price")).getByText("your value")).toBeTruthy();
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() =>
      expect(sent("resolve_conflict")).toMatchObject({
        choices: [{ field: "price", take: "custom", value: "2.50" }],
      }),
    );
  });

  test("a note goes along, and keys are text while it is written", async () => {
    show(testConflict({ fields: [testField("a", "b", "s", "t")] }));
    await user.keyboard("1n");
    await user.keyboard("asked 2 people");
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() =>
      expect(sent("resolve_conflict")).toMatchObject({
        note: "asked 2 people",
        choices: [{ field: "a", take: "source" }],
      }),
    );
  });

  test("[ ] and Esc leave", async () => {
    show(testConflict());
    await user.keyboard("[[");
    await user.keyboard("]");
    await user.keyboard("{Escape}");
    expect(ways.onStep.mock.calls).toEqual([[-1], [1]]);
    expect(ways.onBack).toHaveBeenCalledOnce();
  });
});

test("nothing is sent while a field is undecided; the screen says so and goes there", async () => {
  show(testConflict());
  await user.keyboard("1{Control>}{Enter}{/Control}");
  expect(screen.getByText("4 fields are still undecided.")).toBeTruthy();
  expect(focusedField()).toBe("b");
  expect(sent("resolve_conflict")).toBeUndefined();
});

test("each row is one radio group with the systems' own names", async () => {
  show(testConflict());
  const radios = within(row("a")).getAllByRole("radio");
  expect(new Set(radios.map((radio) => (radio as HTMLInputElement).name)).size).toBe(1);
  expect(within(row("a")).getByRole("radio", { name: "a: take the value of Lumen" })).toBeTruthy();
  await user.click(within(row("a")).getByRole("radio", { name: "a: take the value of Ostara" }));
  expect(radios.filter((radio) => (radio as HTMLInputElement).checked)).toHaveLength(1);
});

test("a record that changes meanwhile keeps the other choices and shows old and new", async () => {
  const refresh = show(testConflict());
  await user.keyboard("11");
  refresh(
    testConflict({
      revision: 2,
      fields: testConflict().fields.map((field) =>
        field.field === "a" ? { ...field, source: "a newest" } : field,
      ),
    }),
  );
  expect(screen.getByText("Changed meanwhile: look again")).toBeTruthy();
  expect(within(row("a")).getByText("Undecided")).toBeTruthy();
  expect(within(row("b")).getByText("from Lumen")).toBeTruthy();
  await user.keyboard("{Shift>}2{/Shift}{Control>}{Enter}{/Control}");
  expect(screen.getByText(/1 field has changed since you opened/)).toBeTruthy();
  expect(sent("resolve_conflict")).toBeUndefined();
  await user.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(sent("resolve_conflict")).toMatchObject({ revision: 2 }));
});

test("the very field being decided changes: it asks to be looked at, whatever has the focus", async () => {
  const refresh = show(testConflict({ fields: [testField("a", "old", "mine", "yours")] }));
  await user.keyboard("2");
  refresh(testConflict({ revision: 2, fields: [testField("a", "old", "newest", "yours")] }));
  expect(focusedField()).toBe("a");
  expect(screen.getByText("Changed meanwhile: look again")).toBeTruthy();
  expect(within(row("a")).getByText("Undecided")).toBeTruthy();
  act(() => (document.activeElement as HTMLElement).blur());
  act(() => screen.getByRole<HTMLInputElement>("radio", { name: /a: take the base/ }).focus());
  expect(screen.getByText("Changed meanwhile: look again")).toBeTruthy();
  await user.keyboard("1");
  expect(screen.queryByText("Changed meanwhile: look again")).toBeNull();
  await user.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(sent("resolve_conflict")).toMatchObject({ revision: 2 }));
});

test("a refusal is shown with its remedy and keeps the choices", async () => {
  refusal = new CommandError({
    code: "stale",
    message: "The record changed.",
    cause: null,
    fix: "Look at the new values.",
  });
  show(testConflict());
  await user.keyboard("{Shift>}1{/Shift}{Control>}{Enter}{/Control}");
  expect(await screen.findByText("Look at the new values.")).toBeTruthy();
  expect(ways.onNext).not.toHaveBeenCalled();
  expect(within(row("e")).getByText("from Lumen")).toBeTruthy();
});

test("a decision can be taken back, and opens again", async () => {
  show(testConflict());
  await user.keyboard("{Shift>}1{/Shift}{Control>}{Enter}{/Control}");
  await waitFor(() => expect(undo.offer?.label).toBe("Resolved Ada Lovelace"));
  act(() => void undo.take());
  await waitFor(() => expect(ways.onReopen).toHaveBeenCalledOnce());
  expect(sent("undo_decision")).toEqual({ tenant: "acme", id: "c1" });
});

test("two records paired for the first time have no base to take", async () => {
  show(testConflict({ kind: "pairing", fields: [testField("a", undefined, "s", "t")] }));
  expect(screen.queryByText(/Base/)).toBeNull();
  await user.keyboard("3");
  expect(screen.getByText("a has no base value to take.")).toBeTruthy();
  expect(within(row("a")).getByText("Undecided")).toBeTruthy();
});

describe("deleted here, changed there", () => {
  const gone = () => testConflict({ kind: "delete", source_deleted: true, source_record_id: null });

  test("is a choice of three, in words about these systems", async () => {
    show(gone());
    expect(screen.getAllByRole("radio")).toHaveLength(3);
    expect(screen.getByText(/Restore it in Lumen/)).toBeTruthy();
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(screen.getByText("Choose one of the three outcomes first.")).toBeTruthy();
    await user.keyboard("2{Control>}{Enter}{/Control}");
    await waitFor(() =>
      expect(sent("resolve_delete_conflict")).toEqual({
        tenant: "acme",
        id: "c1",
        revision: 1,
        choice: "restore",
      }),
    );
  });

  test("a change meanwhile resets the choice", async () => {
    const refresh = show(gone());
    await user.keyboard("1");
    refresh({ ...gone(), revision: 2 });
    expect(screen.getByText(/The record changed meanwhile/)).toBeTruthy();
    expect(screen.getAllByRole("radio").some((radio) => (radio as HTMLInputElement).checked)).toBe(
      false,
    );
  });
});
