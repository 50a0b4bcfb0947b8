import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Keys } from "@/components/button";
import { plural } from "@/components/format";
import { COMMAND_KEY } from "@/components/keys";
import { Loaded } from "@/components/loaded";
import { Facts, Page, Scroll, Section } from "@/components/page";
import { DENSITIES, THEMES, usePreferences } from "@/components/preferences";
import { useMedia } from "@/components/use-wide";
import { commandQuery } from "@/ipc";
import { Radios, Toggle } from "./choices";

/** How does it behave? Every choice takes effect at once and is kept on this computer. */
export function SettingsScreen({ keys }: { keys: ReactNode }) {
  const { theme, density, letterKeys, change } = usePreferences();
  return (
    <Page
      title="Settings"
      lead="How does it behave? Each choice takes effect at once and is kept on this computer."
    >
      <Scroll label="Settings">
        <Section title="Appearance">
          <div className="flex flex-wrap gap-4">
            <Radios
              title="Colours"
              value={theme}
              options={THEMES.map((each) => ({
                ...each,
                hint: each.value === "contrast" ? "black, white, 2 px borders" : undefined,
              }))}
              onChoose={(value) => change({ theme: value })}
            />
            <Radios
              title="Density"
              value={density}
              options={DENSITIES.map((each) => ({ ...each, hint: `${each.rowPx} px` }))}
              onChoose={(value) => change({ density: value })}
            />
            <Motion />
          </div>
        </Section>
        <Section title="Decisions">
          <UndoWindow />
        </Section>
        <Section title="Keys">
          <div className="mb-4">
            <Toggle
              checked={letterKeys}
              onChange={(checked) => change({ letterKeys: checked })}
              label="Single-letter keys"
            >
              {letterKeys
                ? "Keys such as j, 1 and g act by themselves, outside text fields."
                : `Only keys with Ctrl, Cmd or Alt act, besides the arrows, Enter, Esc and F6. ${COMMAND_KEY}+K still finds every screen.`}
            </Toggle>
          </div>
          {keys}
        </Section>
        <Section title="This Tandem">
          <About />
        </Section>
      </Scroll>
    </Page>
  );
}

function Motion() {
  const reduced = useMedia("(prefers-reduced-motion: reduce)");
  return (
    <div className="max-w-64">
      <h3 className="mb-1 font-medium">Motion</h3>
      <p className="font-medium">{reduced ? "Reduced: nothing moves" : "Short transitions"}</p>
      <p className="text-muted">
        Follows the system: turn on “reduce motion” there, and the panel keeps still.
      </p>
    </div>
  );
}

function UndoWindow() {
  const info = useQuery(commandQuery("app_info", {}));
  return (
    <Loaded query={info} what="the time to take a decision back">
      {({ undo_window_ms }) => (
        <p className="max-w-2xl">
          A decision can be taken back for{" "}
          <span className="font-semibold">{plural(undo_window_ms / 1_000, "second")}</span> with{" "}
          <Keys chord={`${COMMAND_KEY}+Z`} />; only then is it written to both systems. After that,
          roll back the run that wrote it.
        </p>
      )}
    </Loaded>
  );
}

function About() {
  const info = useQuery(commandQuery("app_info", {}));
  return (
    <Loaded query={info} what="what this Tandem is">
      {({ version, store, actor }) => (
        <Facts
          items={[
            ["Version", version],
            [
              "Store",
              <code key="store" className="font-mono text-mono">
                {store}
              </code>,
            ],
            ["You act as", actor],
          ]}
        />
      )}
    </Loaded>
  );
}
