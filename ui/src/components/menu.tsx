import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactNode } from "react";

interface MenuProps {
  label: string;
  trigger: ReactNode;
  children: ReactNode;
}

/** A menu behind a button. */
export function Menu({ label, trigger, children }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger
        aria-label={label}
        className="border-line-w inline-flex h-8 max-w-56 items-center gap-1.5 rounded-m border-transparent px-2 font-medium hover:bg-base-tint data-popup-open:bg-base-tint"
      >
        {trigger}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="start" className="z-50">
          <Base.Popup className="border-line-w max-h-[70vh] min-w-48 overflow-auto rounded-m border-line-strong bg-raised p-1 text-text shadow-lg outline-none">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

const ITEM =
  "flex min-h-7 cursor-pointer items-center gap-2 rounded-s px-2 py-1 outline-none select-none data-highlighted:bg-selected";

interface RadioProps {
  title: string;
  value: string;
  options: { value: string; label: string }[];
  onChoose(value: string): void;
}

/** One choice among several, inside a menu. */
export function MenuRadio({ title, value, options, onChoose }: RadioProps) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-2 py-1 text-meta font-medium text-muted">
        {title}
      </Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next: string) => onChoose(next)}>
        {options.map((option) => (
          <Base.RadioItem key={option.value} value={option.value} closeOnClick className={ITEM}>
            <span className="flex size-4 items-center">
              <Base.RadioItemIndicator>
                <Check aria-hidden="true" className="size-4" />
              </Base.RadioItemIndicator>
            </span>
            <span className="truncate">{option.label}</span>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}

interface ItemProps {
  onChoose(): void;
  children: ReactNode;
}

/** Something to do, inside a menu. */
export function MenuItem({ onChoose, children }: ItemProps) {
  return (
    <Base.Item onClick={onChoose} className={ITEM}>
      <span className="size-4" />
      {children}
    </Base.Item>
  );
}

interface CheckProps {
  checked: boolean;
  onChange(checked: boolean): void;
  children: ReactNode;
}

export function MenuCheck({ checked, onChange, children }: CheckProps) {
  return (
    <Base.CheckboxItem checked={checked} onCheckedChange={onChange} className={ITEM}>
      <span className="flex size-4 items-center">
        <Base.CheckboxItemIndicator>
          <Check aria-hidden="true" className="size-4" />
        </Base.CheckboxItemIndicator>
      </span>
      {children}
    </Base.CheckboxItem>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="my-1 h-px bg-line" />;
}
