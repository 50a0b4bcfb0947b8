import { z } from "zod";

/** Which errors: those still unresolved, unless asked otherwise; of one run, or of all. */
export const errorsSearch = z.object({
  run: z.string().optional().catch(undefined),
  view: z.enum(["unresolved", "resolved", "all"]).optional().catch(undefined),
});
export type ErrorsSearch = z.infer<typeof errorsSearch>;
