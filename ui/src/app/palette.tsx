import { Autocomplete } from "@base-ui/react/autocomplete";
import { Search } from "lucide-react";
import { Dialog } from "@/components/dialog";

export interface PaletteItem {
  id: string;
  label: string;
  hint?: string;
  run(): void;
}
export interface PaletteGroup {
  value: string;
  items: PaletteItem[];
}

interface Props {
  open: boolean;
  onClose(): void;
  groups: PaletteGroup[];
}

/** Everything the panel can do, found by typing. */
export function Palette({ open, onClose, groups }: Props) {
  return (
    <Dialog open={open} onClose={onClose} title="Find a screen or an action" quietTitle>
      <Autocomplete.Root
        open
        inline
        items={groups}
        itemToStringValue={(item: PaletteItem) => item.label}
        autoHighlight="always"
        keepHighlight
      >
        <div className="flex items-center gap-2 border-b border-line px-4">
          <Search aria-hidden="true" className="size-4 shrink-0 text-muted" />
          <Autocomplete.Input
            aria-label="Find a screen, a sync or an action"
            placeholder="Go to, run, switch…"
            className="h-11 w-full bg-transparent text-form outline-none placeholder:text-muted"
          />
        </div>
        <Autocomplete.Empty>
          <p className="px-4 py-6 text-muted empty:hidden">Nothing here has such a name.</p>
        </Autocomplete.Empty>
        <Autocomplete.List className="min-h-0 overflow-auto p-1 empty:p-0">
          {(group: PaletteGroup) => (
            <Autocomplete.Group key={group.value} items={group.items} className="pb-1">
              <Autocomplete.GroupLabel className="px-3 py-1 text-meta font-medium text-muted">
                {group.value}
              </Autocomplete.GroupLabel>
              <Autocomplete.Collection>
                {(item: PaletteItem) => (
                  <Autocomplete.Item
                    key={item.id}
                    value={item}
                    onClick={() => {
                      onClose();
                      item.run();
                    }}
                    className="flex min-h-8 cursor-pointer items-center justify-between gap-4 rounded-s px-3 outline-none data-highlighted:bg-selected"
                  >
                    <span className="truncate">{item.label}</span>
                    {item.hint ? (
                      <span className="shrink-0 text-meta text-muted">{item.hint}</span>
                    ) : null}
                  </Autocomplete.Item>
                )}
              </Autocomplete.Collection>
            </Autocomplete.Group>
          )}
        </Autocomplete.List>
      </Autocomplete.Root>
    </Dialog>
  );
}
