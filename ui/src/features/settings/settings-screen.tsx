import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { COMMAND_KEY } from "@/components/keys";
import { Loaded } from "@/components/loaded";
import { Facts, Page, Scroll, Section } from "@/components/page";
import { DENSITIES, THEMES, usePreferences } from "@/components/preferences";
import { useMedia } from "@/components/use-wide";
import { commandQuery } from "@/ipc";
import { t } from "@/text";
import { Radios, Toggle } from "./choices";
import { DesktopSettings } from "./desktop-settings";
import { UndoSetting } from "./undo-setting";

/** How does it behave? Every choice takes effect at once and is kept on this computer. */
export function SettingsScreen({ keys }: { keys: ReactNode }) {
  const { theme, density, letterKeys, change } = usePreferences();
  return (
    <Page title={t("settings.title")} lead={t("settings.lead")}>
      <Scroll label={t("settings.title")}>
        <Section title={t("settings.appearance")}>
          <div className="flex flex-wrap gap-4">
            <Radios
              title={t("settings.colours")}
              value={theme}
              options={THEMES.map(({ value }) => ({
                value,
                label: t(`settings.themes.${value}`),
                hint: value === "contrast" ? t("settings.contrastHint") : undefined,
              }))}
              onChoose={(value) => change({ theme: value })}
            />
            <Radios
              title={t("settings.density")}
              value={density}
              options={DENSITIES.map(({ value, rowPx }) => ({
                value,
                label: t(`settings.densities.${value}`),
                hint: t("settings.pixels", { count: rowPx }),
              }))}
              onChoose={(value) => change({ density: value })}
            />
            <Motion />
          </div>
        </Section>
        <Section title={t("settings.decisions")}>
          <UndoSetting />
        </Section>
        <DesktopSettings />
        <Section title={t("settings.keys")}>
          <div className="mb-4">
            <Toggle
              checked={letterKeys}
              onChange={(checked) => change({ letterKeys: checked })}
              label={t("settings.letterKeys")}
            >
              {letterKeys
                ? t("settings.letterKeysOn")
                : t("settings.letterKeysOff", { key: COMMAND_KEY })}
            </Toggle>
          </div>
          {keys}
        </Section>
        <Section title={t("settings.about")}>
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
      <h3 className="mb-1 font-medium">{t("settings.motion")}</h3>
      <p className="font-medium">
        {t(reduced ? "settings.motionReduced" : "settings.motionShort")}
      </p>
      <p className="text-muted">{t("settings.motionWhy")}</p>
    </div>
  );
}

function About() {
  const info = useQuery(commandQuery("app_info", {}));
  const settings = useQuery(commandQuery("get_settings", {}));
  const path = (text: string) => <code className="font-mono text-mono">{text}</code>;
  const file = settings.data?.file;
  return (
    <Loaded query={info} what={t("settings.theAbout")}>
      {({ version, store, actor }) => (
        <Facts
          items={[
            [t("settings.version"), version],
            [t("settings.store"), path(store)],
            ...(file ? [[t("settings.file"), path(file)] satisfies [string, ReactNode]] : []),
            [t("settings.actor"), actor],
          ]}
        />
      )}
    </Loaded>
  );
}
