import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { LeaveQuestion, WireEvent } from "./generated/types";
import { asCommandError, type Transport } from "./transport";

/** The window: commands by `invoke`, each with one argument named `args`; events on `tandem`. */
export const tauriTransport: Transport = {
  async call(command, args) {
    try {
      return await invoke(command, { args });
    } catch (thrown) {
      throw asCommandError(thrown);
    }
  },

  listen({ onEvent, onLive }) {
    return follow<WireEvent>("tandem", onEvent, onLive);
  },

  listenToLeaving(onAsked) {
    return follow<LeaveQuestion>("leave", onAsked, () => undefined);
  },
};

function follow<T>(
  name: string,
  onPayload: (payload: T) => void,
  onLive: (live: boolean) => void,
): () => void {
  let stopped = false;
  let unlisten: (() => void) | undefined;
  listen<T>(name, (event) => onPayload(event.payload)).then(
    (stop) => {
      if (stopped) stop();
      else {
        unlisten = stop;
        onLive(true);
      }
    },
    () => onLive(false),
  );
  return () => {
    stopped = true;
    unlisten?.();
  };
}
