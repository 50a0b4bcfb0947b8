import { z } from "zod";

/** The filters of the audit log; they live in the address. An unknown value is dropped, not fatal. */
export const auditSearch = z.object({
  actor: z.coerce.string().optional().catch(undefined),
  /** An action such as `conflict.resolve`, or a group such as `conflict`. */
  action: z.coerce.string().optional().catch(undefined),
  object: z.coerce.string().optional().catch(undefined),
  text: z.coerce.string().optional().catch(undefined),
  /** Days, as the reader's calendar has them; both are within. */
  from: z.iso.date().optional().catch(undefined),
  to: z.iso.date().optional().catch(undefined),
});
export type AuditSearch = z.infer<typeof auditSearch>;

/** What the store is asked: days become instants in the reader's own time zone. */
export function asked({ from, to, ...words }: AuditSearch) {
  return {
    ...words,
    ...(from ? { since: midnight(from, 0) } : {}),
    ...(to ? { until: midnight(to, 1) } : {}),
  };
}

function midnight(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  // Not 24 hours later: a day may have 23 or 25.
  return new Date(year, month - 1, date + later).toISOString();
}
