import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { useAnnounce } from "@/components/announce";
import { followEvents } from "@/ipc";

const Context = createContext(true);

/** Listens to the backend's events as long as the panel is open. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  // True to begin with: "Reconnecting" on a panel that has only just opened would be wrong.
  const [live, setLive] = useState(true);
  const announce = useAnnounce();
  useEffect(
    () =>
      followEvents(client, {
        onLive: setLive,
        onAlert: (tenant, message) => announce(`Alert for ${tenant}: ${message}`),
      }),
    [client, announce],
  );
  return <Context value={live}>{children}</Context>;
}

export function useLive(): boolean {
  return useContext(Context);
}
