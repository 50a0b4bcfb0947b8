/** What a person would call the record of a conflict; failing that, its id. */
export function nameOf(item: {
  id: string;
  label: string;
  source_record_id: string | null;
  target_record_id: string | null;
}): string {
  return item.label || item.source_record_id || item.target_record_id || `Conflict ${item.id}`;
}
