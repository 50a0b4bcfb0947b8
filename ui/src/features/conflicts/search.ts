import { z } from "zod";

/** The views of the inbox; without one, what is open. */
export const conflictsSearch = z.object({
  state: z.enum(["open", "decided", "resolved", "closed"]).optional().catch(undefined),
  sync: z.string().optional().catch(undefined),
});
export type ConflictsSearch = z.infer<typeof conflictsSearch>;
