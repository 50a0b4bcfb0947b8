import { Keys } from "@/components/button";
import { COMMAND_KEY } from "@/components/keys";
import { SCREENS } from "./screens";

const GROUPS: { title: string; keys: [string, string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      [`${COMMAND_KEY}+K`, "Find a screen, a sync or an action"],
      ["/", "Go to the filter"],
      ["?", "Show this help"],
      [`${COMMAND_KEY}+Z`, "Take back the last decision, within 8 seconds"],
      ["F6", "Next region; with Shift, the previous one"],
      ["Esc", "Close, or go back to the list"],
    ],
  },
  {
    title: "In a list",
    keys: [
      ["j k", "Next and previous row"],
      ["Enter", "Open the row"],
      ["x", "Select the row (conflicts, previews)"],
      ["Shift+J Shift+K", "Extend the selection down and up"],
      [`${COMMAND_KEY}+A`, "Select all of the view (conflicts)"],
      ["1 2 3", "Decide all selected conflicts: source, target, base"],
    ],
  },
  {
    title: "In a conflict",
    keys: [
      ["1", "Take the source's value, then go to the next undecided field"],
      ["2", "Take the target's value, then go to the next undecided field"],
      ["3", "Take the base value, then go to the next undecided field"],
      ["4 e", "Enter another value"],
      ["0", "Make the field undecided again"],
      ["Shift+1", "Fill all undecided fields from the source; again: overwrite all"],
      ["Shift+2", "The same from the target"],
      ["Shift+3", "The same from the base"],
      ["a", "Accept the suggestion for the field"],
      ["Shift+A", "Accept all clear suggestions for undecided fields"],
      ["b", "Apply the decision to similar conflicts"],
      ["n", "Write a note"],
      ["[ ]", "Previous and next conflict"],
      [`${COMMAND_KEY}+Enter`, "Resolve, and open the next conflict"],
    ],
  },
  { title: "Go to", keys: SCREENS.map((screen) => [`g ${screen.key}`, screen.name]) },
];

/** Every key there is, and what it does. */
export function KeyReference() {
  return (
    <div className="columns-[22rem] gap-12">
      {GROUPS.map((group) => (
        <section key={group.title} className="mb-4 break-inside-avoid">
          <h3 className="mb-1 font-semibold">{group.title}</h3>
          <dl className="grid grid-cols-[7rem_1fr] gap-y-1">
            {group.keys.map(([chord, what]) => (
              <div key={chord} className="contents">
                <dt>
                  <Keys chord={chord} />
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
