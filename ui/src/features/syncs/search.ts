import { z } from "zod";

/** Filters of the mapped fields; without one, all are shown. */
export const EDIT_SHOWN = ["problems", "own_rule", "one_way"] as const;

/** Where one is in the editor of a sync. */
export const editSearch = z.object({
  tab: z.enum(["rules", "sample"]).optional().catch(undefined),
  /** What the mapped fields are searched for. */
  q: z.string().optional().catch(undefined),
  show: z.enum(EDIT_SHOWN).optional().catch(undefined),
  /** The field that is open. */
  field: z.string().optional().catch(undefined),
  /** A new sync that begins as a copy of this one. */
  copy: z.string().optional().catch(undefined),
});
export type EditSearch = z.infer<typeof editSearch>;
