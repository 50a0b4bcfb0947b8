import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Section } from "@/components/page";
import { ErrorState } from "@/components/states";
import {
  commandKey,
  commandMutation,
  commandQuery,
  type DesktopView,
  type SettingsView,
} from "@/ipc";
import { t } from "@/text";
import { Toggle } from "./choices";

/** Keeps a choice about this machine, and everything that shows it in step. */
export function useChange() {
  const client = useQueryClient();
  return useMutation({
    ...commandMutation("change_settings"),
    onSuccess: (now: SettingsView) => {
      client.setQueryData(commandKey("get_settings", {}), now);
      void client.invalidateQueries({ queryKey: commandKey("app_info", {}) });
    },
  });
}

/** What only a window has: nothing where the panel is in a browser. */
export function DesktopSettings() {
  const settings = useQuery(commandQuery("get_settings", {}));
  const desktop = settings.data?.desktop;
  return desktop ? (
    <Section title={t("settings.desktop")}>
      <Choices desktop={desktop} />
    </Section>
  ) : null;
}

function Choices({ desktop }: { desktop: DesktopView }) {
  const { mutate: change, error } = useChange();
  return (
    <div className="flex flex-col gap-3">
      {error ? <ErrorState inset doing={t("settings.saveFailed")} error={error} /> : null}
      <div>
        <Toggle
          checked={desktop.autostart}
          onChange={(autostart) => change({ autostart })}
          label={t("settings.autostart")}
        >
          {desktop.autostart_error !== null
            ? t("settings.autostartUnknown", { why: desktop.autostart_error })
            : t(desktop.autostart ? "settings.autostartOn" : "settings.autostartOff")}
        </Toggle>
      </div>
      <div>
        <Toggle
          checked={desktop.keep_running}
          onChange={(keep_running) => change({ keep_running })}
          label={t("settings.keepRunning")}
        >
          {t(desktop.keep_running ? "settings.keepRunningOn" : "settings.keepRunningOff")}
        </Toggle>
      </div>
      <div>
        <Toggle
          checked={desktop.compatible_rendering}
          onChange={(compatible_rendering) => change({ compatible_rendering })}
          label={t("settings.rendering")}
        >
          {t(
            desktop.drawn_in_software ? "settings.renderingSoftware" : "settings.renderingHardware",
          )}{" "}
          {desktop.compatible_rendering === desktop.drawn_compatibly
            ? desktop.drawn_compatibly
              ? t("settings.renderingNow")
              : null
            : t("settings.renderingNext")}
        </Toggle>
      </div>
    </div>
  );
}
