import { Dialog } from "@/components/dialog";
import { Scroll } from "@/components/page";
import { KeyReference } from "./key-reference";

export function Help({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Keys">
      <Scroll label="All keys" className="px-4 py-3">
        <KeyReference />
        <p className="text-muted">
          Keys without Ctrl, Cmd or Alt can be turned off in the settings.
        </p>
      </Scroll>
    </Dialog>
  );
}
