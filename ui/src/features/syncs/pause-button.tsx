import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CirclePause, CirclePlay } from "lucide-react";
import { useAnnounce } from "@/components/announce";
import { Button } from "@/components/button";
import { commandKey, commandMutation, invalidate, type SyncView, useTenant } from "@/ipc";
import { t } from "@/text";

/** Lets a sync rest, or ends its rest. */
export function PauseButton({ sync }: { sync: SyncView }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const announce = useAnnounce();
  const change = useMutation({
    ...commandMutation(sync.paused ? "resume_sync" : "pause_sync"),
    onSuccess: (changed) => {
      client.setQueryData(commandKey("get_sync", { tenant, name: changed.name }), changed);
      announce(t(changed.paused ? "syncs.paused" : "syncs.resumed", { name: changed.name }));
      return invalidate(client, tenant, ["list_syncs", "overview", "list_audit"]);
    },
    onError: (refusal) => announce(t("syncs.unchanged", { why: refusal.message })),
  });
  const Icon = sync.paused ? CirclePlay : CirclePause;
  return (
    <Button
      aria-disabled={change.isPending}
      onClick={() => (change.isPending ? undefined : change.mutate({ tenant, name: sync.name }))}
      icon={<Icon aria-hidden="true" className="size-4" />}
    >
      {t(sync.paused ? "syncs.resume" : "syncs.pause")}
    </Button>
  );
}
