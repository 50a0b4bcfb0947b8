import { useQuery } from "@tanstack/react-query";
import { Keys } from "@/components/button";
import { Select } from "@/components/fields";
import { COMMAND_KEY } from "@/components/keys";
import { Loaded } from "@/components/loaded";
import { ErrorState } from "@/components/states";
import { commandQuery } from "@/ipc";
import { Trans, t } from "@/text";
import { useChange } from "./desktop-settings";

const SECONDS = [0, 4, 8, 15, 30, 60, 120];

/** How long a decision can be taken back before it is written. */
export function UndoSetting() {
  const settings = useQuery(commandQuery("get_settings", {}));
  const { mutate: change, error } = useChange();
  return (
    <Loaded query={settings} what={t("settings.theUndo")}>
      {({ undo_seconds: now, file }) => (
        <div className="flex max-w-2xl flex-col items-start gap-3">
          {error ? <ErrorState inset doing={t("settings.saveFailed")} error={error} /> : null}
          <p>
            <Trans
              i18nKey="settings.undo"
              count={now}
              components={{ 1: <strong />, 2: <Keys chord={`${COMMAND_KEY}+Z`} /> }}
            />
          </p>
          {file === null ? null : (
            <Select
              label={t("settings.undoChoice")}
              value={String(now)}
              options={[...new Set([...SECONDS, now])]
                .sort((a, b) => a - b)
                .map((seconds) => ({
                  value: String(seconds),
                  label:
                    seconds === 0
                      ? t("settings.undoNone")
                      : t("settings.undoSeconds", { count: seconds }),
                }))}
              onChoose={(seconds) => change({ undo_seconds: Number(seconds) })}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}
