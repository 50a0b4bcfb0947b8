import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { Loaded } from "@/components/loaded";
import { commandQuery, useTenant } from "@/ipc";
import { ConflictDetail } from "./conflict-detail";
import { DeleteCard } from "./delete-card";
import { useInboxOrder } from "./inbox-screen";
import { SettledConflict } from "./settled-conflict";

/** One conflict, on its own route beside the list. */
export function ConflictScreen({ id }: { id: string }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const { ids, search } = useInboxOrder();
  const conflict = useQuery(commandQuery("get_conflict", { tenant, id }));

  const open = useCallback(
    (next: string | undefined) =>
      next === undefined
        ? navigate({ to: "/t/$tenant/conflicts", params: { tenant }, search })
        : navigate({ to: "/t/$tenant/conflicts/$id", params: { tenant, id: next }, search }),
    [navigate, tenant, search],
  );
  const at = ids.indexOf(id);
  const next = ids[at + 1] ?? ids.find((each) => each !== id);
  const step = (by: 1 | -1) => {
    const other = ids[at + by];
    if (other !== undefined) void open(other);
  };
  const way = {
    onStep: step,
    onBack: () => open(undefined),
    onNext: () => open(next),
    onReopen: () => open(id),
  };

  return (
    <Loaded query={conflict} what="this conflict">
      {(data) =>
        data.state !== "open" ? (
          <SettledConflict conflict={data} {...way} />
        ) : data.kind === "delete" ? (
          <DeleteCard key={data.id} conflict={data} {...way} />
        ) : (
          <ConflictDetail key={data.id} conflict={data} {...way} />
        )
      }
    </Loaded>
  );
}

/** The ways out of an open conflict. */
export interface Ways {
  onStep(by: 1 | -1): void;
  onBack(): void;
  onNext(): void;
  onReopen(): void;
}
