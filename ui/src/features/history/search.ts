import { z } from "zod";

const STATUSES = ["pending", "running", "completed", "partial", "failed"] as const;

/** The filters of the history; they live in the address. An unknown value is dropped, not fatal. */
export const historySearch = z.object({
  sync: z.string().optional().catch(undefined),
  status: z.enum(STATUSES).optional().catch(undefined),
  /** The beginning of a run's id, a record's id, or a part of an error. */
  text: z.coerce.string().optional().catch(undefined),
  /** The stretch of time the timeline is zoomed to. */
  since: z.iso.datetime({ offset: true }).optional().catch(undefined),
  until: z.iso.datetime({ offset: true }).optional().catch(undefined),
});
export type HistorySearch = z.infer<typeof historySearch>;

export const runSearch = z.object({
  fields: z.enum(["changed", "all"]).optional().catch(undefined),
});
export type RunSearch = z.infer<typeof runSearch>;

/** Which record's history: its id on one side, and maybe just one of its fields. */
export const recordSearch = z.object({
  side: z.enum(["source", "target"]).catch("source"),
  id: z.coerce.string().catch(""),
  field: z.string().optional().catch(undefined),
});
export type RecordSearch = z.infer<typeof recordSearch>;

export const STATUS_OPTIONS = [
  { value: "", label: "All" },
  { value: "running", label: "Running" },
  { value: "completed", label: "Completed" },
  { value: "partial", label: "Partial" },
  { value: "failed", label: "Failed" },
  { value: "pending", label: "Pending" },
];
