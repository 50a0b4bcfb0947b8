import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode, RefObject } from "react";

interface Props {
  open: boolean;
  onClose(): void;
  title: string;
  /** Hide the title from view; it still names the dialog. */
  quietTitle?: boolean;
  /** For a list with columns. */
  wide?: boolean;
  initialFocus?: RefObject<HTMLElement | null>;
  children: ReactNode;
}

/** A modal dialog: focus goes in, stays in, and comes back to where it was; Esc closes. */
export function Dialog(props: Props) {
  const { open, onClose, title, quietTitle, wide, initialFocus, children } = props;
  return (
    <Base.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <Base.Popup
          initialFocus={initialFocus}
          className={`border-line-w fixed top-[12vh] left-1/2 z-50 flex max-h-[76vh] -translate-x-1/2 flex-col overflow-hidden rounded-l border-line-strong bg-raised text-text shadow-xl outline-none ${wide ? "w-[min(64rem,calc(100vw-2rem))]" : "w-[min(40rem,calc(100vw-2rem))]"}`}
        >
          <Base.Title
            className={
              quietTitle ? "sr-only" : "border-b border-line px-4 py-3 text-section font-semibold"
            }
          >
            {title}
          </Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
