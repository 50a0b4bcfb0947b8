import type { ReactNode } from "react";
import { Group, Panel, Separator } from "react-resizable-panels";
import { useWide } from "./use-wide";

interface Props {
  list: ReactNode;
  detail: ReactNode;
  /** What the detail is, for the regions F6 goes through. */
  detailLabel: string;
  hasDetail: boolean;
}

/** A list and what is open from it: side by side, resizable; one at a time when narrow. */
export function ListDetail({ list, detail, detailLabel, hasDetail }: Props) {
  const wide = useWide(1100);
  const left = <div className="flex h-full min-h-0 flex-col">{list}</div>;
  const right = (
    <section
      data-region=""
      tabIndex={-1}
      aria-label={detailLabel}
      className="flex h-full min-h-0 flex-col outline-none"
    >
      {detail}
    </section>
  );
  if (!hasDetail) return <div className="min-h-0 flex-1">{left}</div>;
  if (!wide) return <div className="min-h-0 flex-1">{right}</div>;
  return (
    <Group className="min-h-0 flex-1" orientation="horizontal">
      <Panel defaultSize="27%" minSize="16%">
        {left}
      </Panel>
      <Separator
        aria-label="Resize the list"
        className="w-1 bg-line -outline-offset-2 hover:bg-line-strong data-[separator=active]:bg-line-strong data-[separator=focus]:bg-line-strong"
      />
      <Panel minSize="40%">{right}</Panel>
    </Group>
  );
}
