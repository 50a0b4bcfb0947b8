import { type ReactNode, useState } from "react";
import { plural } from "@/components/format";
import { asCommandError, type ConflictView, useTenant } from "@/ipc";
import { loadAll } from "./api/bulk";
import { BulkDialog } from "./bulk-dialog";
import { type BulkDecision, isSimilar, type Picked } from "./model/bulk";

interface Similar {
  decision: BulkDecision;
  picked: Picked[];
}

interface Ends {
  /** It was left without a decision. */
  onClose(): void;
  onDone(): void;
}

/** Applies one conflict's decision to it and to all open ones that are like it. */
export function useSimilar(
  conflict: ConflictView,
  tell: (notice: string | null) => void,
  { onClose, onDone }: Ends,
) {
  const tenant = useTenant();
  const [similar, setSimilar] = useState<Similar | null>(null);

  const begin = async (decision: BulkDecision, revision: number) => {
    tell("Looking for similar conflicts…");
    try {
      const open = await loadAll(tenant, { sync: conflict.sync });
      const others = open.filter((each) => each.id !== conflict.id && isSimilar(conflict, each));
      if (others.length === 0) {
        tell(`No other open conflict of ${conflict.sync} is about the same.`);
        return;
      }
      tell(null);
      const picked = [{ id: conflict.id, revision }, ...others].map((each) => ({
        id: each.id,
        revision: each.revision,
      }));
      setSimilar({ decision, picked });
    } catch (error) {
      tell(`Similar conflicts could not be looked for: ${asCommandError(error).message}`);
    }
  };

  const end = (then: () => void) => () => {
    setSimilar(null);
    then();
  };
  const dialog: ReactNode = similar ? (
    <BulkDialog
      title={`This decision for ${plural(similar.picked.length, "similar conflict")}`}
      {...similar}
      onClose={end(onClose)}
      onDone={end(onDone)}
    />
  ) : null;
  return { begin, dialog, isOpen: similar !== null };
}
