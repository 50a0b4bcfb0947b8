// Generated from Rust (src-tauri/crates/app/src/wire). Do not edit: change the types there and run
// `TANDEM_BLESS=1 cargo test -p tandem-app bindings_are_current`.

/** A field's value; numbers are strings, so that no digit is lost. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Takes the audit log as it is now for what ought to be there: after a backup was put back, or
 * the store was moved to another account. A row says who did, and over what.
 */
export type AcceptAudit = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * One channel's part in an alert.
 */
export type AlertDeliveryView = { 
/**
 * `desktop`, `mail`, `webhook` …
 */
channel: string, 
/**
 * When it was told there, RFC 3339.
 */
delivered_at: string | null, 
/**
 * Attempts so far.
 */
attempts: number, 
/**
 * Why the last attempt failed.
 */
last_error: string | null, };

/**
 * What administrators were told of a failure, or of its end.
 */
export type AlertView = { 
/**
 * Its number; the cursor.
 */
seq: string, 
/**
 * When it was decided, RFC 3339.
 */
at: string, 
/**
 * `failure` or `recovery`.
 */
kind: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * The run to look at.
 */
run_id: string, 
/**
 * The connection to blame, if one is.
 */
connection: string | null, 
/**
 * What happened; of a recovery what had happened before.
 */
error: string | null, 
/**
 * What to do about it.
 */
remedy: string | null, 
/**
 * How many failures before this one nobody had been told of.
 */
held_back: number, 
/**
 * What became of it on each channel that tried.
 */
deliveries: Array<AlertDeliveryView>, };

/**
 * What this Tandem is.
 */
export type AppInfo = { 
/**
 * Its version.
 */
version: string, 
/**
 * Its store: a file.
 */
store: string, 
/**
 * In whose name changes are made here.
 */
actor: string, 
/**
 * How long a decision can be taken back, milliseconds.
 */
undo_window_ms: number, 
/**
 * Whether the sample systems can be started from here.
 */
sample_available: boolean, };

/**
 * What this Tandem is.
 */
export type AppInfoArgs = Record<symbol, never>;

/**
 * What applying a workspace file did.
 */
export type Applied = { 
/**
 * Nothing was written: it was only asked.
 */
dry_run: boolean, 
/**
 * Each thing in the file's order.
 */
items: Array<AppliedItem>, 
/**
 * What could not be checked, and why.
 */
warnings: Array<string>, };

/**
 * One thing of a workspace file.
 */
export type AppliedItem = { 
/**
 * What it is.
 */
kind: ApplyKind, 
/**
 * Its name.
 */
name: string, 
/**
 * What was done.
 */
action: ApplyAction, 
/**
 * What differs, one path a line.
 */
differences: Array<string>, };

/**
 * What applying a workspace file did to one thing.
 */
export type ApplyAction = "created" | "updated" | "unchanged";

/**
 * Creates or changes one sync or connection; nothing else is touched.
 */
export type ApplyItem = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * What it is.
 */
kind: ItemKind, 
/**
 * The name of what is changed; without it, something new.
 */
name?: string, 
/**
 * The state it was read in; without it, something new.
 */
revision?: string, 
/**
 * Its text, TOML.
 */
text: string, };

/**
 * What a workspace file names.
 */
export type ApplyKind = "connection" | "sync" | "retention";

/**
 * Starts a run that sends just what a simulation planned and was reviewed, and returns at once.
 */
export type ApplyPlan = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The plan's hash: `plan_hash` of the simulation.
 */
hash: string, };

/**
 * Creates and updates what a workspace file describes; what it does not name stays.
 */
export type ApplyWorkspace = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The file's text, TOML.
 */
text: string, 
/**
 * The file's name, for error messages.
 */
file?: string, 
/**
 * The folder the file is in, as an absolute path: relative paths in the file start there.
 * Without it they are refused.
 */
folder?: string, 
/**
 * Only say what would change.
 */
dry_run: boolean, };

/**
 * Puts a sync away: it never runs again, its history stays.
 */
export type ArchiveSync = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
name: string, 
/**
 * The state it was read in.
 */
revision: string, };

/**
 * What was written of the audit log.
 */
export type AuditExported = { 
/**
 * The new file, on the machine that Tandem runs on.
 */
file: string, 
/**
 * How many rows.
 */
rows: number, };

/**
 * Whom and what the audit log tells of.
 */
export type AuditNames = { 
/**
 * All actors, sorted.
 */
actors: Array<string>, 
/**
 * All actions, sorted.
 */
actions: Array<string>, };

/**
 * Whether the audit log is whole.
 */
export type AuditVerdict = { 
/**
 * Every row is as it was written.
 */
intact: boolean, 
/**
 * The first row that is not.
 */
first_bad: string | null, 
/**
 * What is wrong there.
 */
fault: WireAuditFault | null, 
/**
 * Rows after this one are sealed under a key that is kept outside the store; `None`: nothing is
 * known of the log but what stands in the store.
 */
sealed_since: string | null, 
/**
 * Outside the store the log is known to reach this row.
 */
anchored_to: string | null, };

/**
 * A row of the audit log.
 */
export type AuditView = { 
/**
 * Its number; the cursor.
 */
seq: string, 
/**
 * When, RFC 3339.
 */
at: string, 
/**
 * Who.
 */
actor: string, 
/**
 * What was done: `conflict.resolve`, `sync.apply` …
 */
action: string, 
/**
 * To what.
 */
subject: string, 
/**
 * With which parameters.
 */
details: Json, 
/**
 * Digest over this row and the one before, hex.
 */
hash: string, };

/**
 * Asks a live run to stop at its next chunk.
 */
export type CancelRun = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The run, its whole id or the beginning of it.
 */
id: string, };

/**
 * What a write does.
 */
export type ChangeKind = "create" | "update" | "delete";

/**
 * Changes what is named; the rest stays as it is.
 */
export type ChangeSettings = { 
/**
 * Seconds in which a decision can be taken back, 0 to 120.
 */
undo_seconds?: number, 
/**
 * Whether Tandem is started when its user signs in. Only in a window.
 */
autostart?: boolean, 
/**
 * Whether closing the window leaves schedules running. Only in a window.
 */
keep_running?: boolean, 
/**
 * Whether the next window is drawn without the graphics device's buffers. Only in a window.
 */
compatible_rendering?: boolean, };

/**
 * Where a write stands.
 */
export type ChangeState = "journalled" | "done" | "failed" | "dropped" | "uncertain" | "planned";

/**
 * Checks an edited sync or connection, as a text or as a form, without saving it.
 */
export type CheckItem = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * What it is.
 */
kind: ItemKind, 
/**
 * The name of what is edited; without it, something new.
 */
name?: string, 
/**
 * Its text, TOML: one `[[syncs]]` or `[[connections]]`.
 */
text?: string, 
/**
 * Or the members of its table.
 */
value?: Json, 
/**
 * Also ask the systems, which takes as long as they do.
 */
reach: boolean, };

/**
 * A connection's circuit.
 */
export type CircuitView = "closed" | "open" | "half_open" | "isolated";

/**
 * What a test found of a collection.
 */
export type CollectionTest = { 
/**
 * Its name.
 */
name: string, 
/**
 * How many fields it has or declares.
 */
fields: number, 
/**
 * Whether these are all there are.
 */
complete: boolean, 
/**
 * Why it could not be read.
 */
error: WireError | null, };

/**
 * A collection of a connection, and what its system can do with it.
 */
export type CollectionView = { 
/**
 * Its name.
 */
name: string, 
/**
 * How changes are found: `feed`, `since` or `full`.
 */
changes: string, 
/**
 * Whether a write can be made conditional on a version. Where it cannot, a record is re-read
 * just before, and a small window remains.
 */
conditional_writes: boolean, 
/**
 * Most records written in one call.
 */
bulk: number, };

/**
 * One field of a conflict. An absent value: that side has no such record, or it was never known.
 */
export type ConflictFieldView = { 
/**
 * Its name.
 */
field: string, 
/**
 * Its type.
 */
type: WireFieldType, 
/**
 * The last agreed value.
 */
base?: Json, 
/**
 * The source's value.
 */
source?: Json, 
/**
 * The target's value.
 */
target?: Json, 
/**
 * Whether it needs a choice; others merge by themselves.
 */
contested: boolean, 
/**
 * What was chosen (also: what is kept of an earlier decision after the record changed).
 */
choice: FieldChoice | null, };

/**
 * A conflict in a list.
 */
export type ConflictSummary = { 
/**
 * Its id.
 */
id: string, 
/**
 * Goes up each time its values change.
 */
revision: number, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * What kind.
 */
kind: WireConflictKind, 
/**
 * Where it stands.
 */
state: WireConflictState, 
/**
 * What a person would call the record.
 */
label: string, 
/**
 * Why it was parked, a sentence.
 */
reason: string, 
/**
 * The source's connection, by name.
 */
source_system: string, 
/**
 * The target's connection, by name.
 */
target_system: string, 
/**
 * The record there; `null`: there is none (any more).
 */
source_record_id: string | null, 
/**
 * The record there.
 */
target_record_id: string | null, 
/**
 * The contested fields.
 */
contested: Array<string>, 
/**
 * The run that found it.
 */
run: string, 
/**
 * When it was found, RFC 3339.
 */
detected_at: string, 
/**
 * When it last changed.
 */
updated_at: string, 
/**
 * A decision is not written before then.
 */
not_before: string | null, 
/**
 * While it is open: what is suggested for its fields, those without a suggestion left out.
 */
suggestions: Array<FieldSuggestion>, };

/**
 * A conflict with everything needed to decide it.
 */
export type ConflictView = { 
/**
 * Its id.
 */
id: string, 
/**
 * Goes up each time its values change; a decision names the one it was made for.
 */
revision: number, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * What kind.
 */
kind: WireConflictKind, 
/**
 * Where it stands.
 */
state: WireConflictState, 
/**
 * What a person would call the record.
 */
label: string, 
/**
 * Why it was parked, a sentence.
 */
reason: string, 
/**
 * The source's connection, by name.
 */
source_system: string, 
/**
 * The target's connection, by name.
 */
target_system: string, 
/**
 * The record there; `null`: there is none (any more).
 */
source_record_id: string | null, 
/**
 * The record there.
 */
target_record_id: string | null, 
/**
 * When the source says its record was changed.
 */
source_updated_at: string | null, 
/**
 * When the target says its record was changed.
 */
target_updated_at: string | null, 
/**
 * Whether it was deleted at the source.
 */
source_deleted: boolean, 
/**
 * Whether it was deleted at the target.
 */
target_deleted: boolean, 
/**
 * Every mapped field, contested ones first.
 */
fields: Array<ConflictFieldView>, 
/**
 * While it is open: what is suggested for contested fields, those without one left out.
 */
suggestions: Array<FieldSuggestion>, 
/**
 * For a delete conflict: what was chosen.
 */
delete_choice: DeleteChoice | null, 
/**
 * The note of the one who decided.
 */
note: string | null, 
/**
 * Who decided.
 */
decided_by: string | null, 
/**
 * When.
 */
decided_at: string | null, 
/**
 * The decision is not written before then; until then it can be taken back.
 */
not_before: string | null, 
/**
 * Why it closed by itself, a sentence.
 */
closed: string | null, 
/**
 * The run that found it.
 */
run: string, 
/**
 * When it was found, RFC 3339.
 */
detected_at: string, 
/**
 * When it last changed.
 */
updated_at: string, };

/**
 * What became of many decisions, in the order they were asked for (by filter: newest first).
 */
export type ConflictsDecided = { 
/**
 * Nothing was kept: this is what would be.
 */
dry_run: boolean, 
/**
 * How many are decided.
 */
decided: number, 
/**
 * How many are not, for whatever reason.
 */
left: number, 
/**
 * Each.
 */
conflicts: Array<DecidedConflict>, };

/**
 * What became of a probe.
 */
export type ConnectionProbe = { 
/**
 * The connection, with its circuit as it stands now.
 */
connection: ConnectionView, 
/**
 * How long it took to answer, milliseconds.
 */
latency_ms: number | null, 
/**
 * Why it did not answer well.
 */
error: WireError | null, };

/**
 * How a connection answered.
 */
export type ConnectionTest = { 
/**
 * Whether every collection could be reached.
 */
ok: boolean, 
/**
 * What it says it is.
 */
system: string | null, 
/**
 * How long it took to answer, milliseconds.
 */
latency_ms: number | null, 
/**
 * Its clock minus ours, milliseconds.
 */
clock_offset_ms: number | null, 
/**
 * What was found of each collection.
 */
collections: Array<CollectionTest>, 
/**
 * Why it could not be reached.
 */
error: WireError | null, };

/**
 * A connection.
 */
export type ConnectionView = { 
/**
 * Its name.
 */
name: string, 
/**
 * `rest`, `postgres`, `sqlite` …
 */
kind: string, 
/**
 * Where it is, without credentials.
 */
address: string, 
/**
 * Its collections.
 */
collections: Array<CollectionView>, 
/**
 * The syncs that use it.
 */
used_by: Array<string>, 
/**
 * Its circuit.
 */
circuit: CircuitView, 
/**
 * Open until then, RFC 3339.
 */
open_until: string | null, 
/**
 * Failures in a row.
 */
failures: number, 
/**
 * What failed last.
 */
last_error: string | null, 
/**
 * When its circuit last changed.
 */
circuit_changed_at: string | null, 
/**
 * When it was created.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, };

/**
 * Creates a tenant.
 */
export type CreateTenant = { 
/**
 * Its name, unique.
 */
name: string, };

/**
 * Who decided.
 */
export type DecidedByView = { 
/**
 * About which conflict.
 */
conflict: string, 
/**
 * Who.
 */
actor: string, 
/**
 * When, RFC 3339.
 */
at: string, 
/**
 * Why.
 */
note: string | null, };

/**
 * One of several conflicts and what became of its decision.
 */
export type DecidedConflict = { 
/**
 * Its id; as it was asked for where there is none.
 */
id: string, 
/**
 * What a person would call the record; empty where there is no such conflict.
 */
label: string, 
/**
 * The sync's name; empty where there is no such conflict.
 */
sync: string, 
/**
 * The revision that this is about; `null` where there is no such conflict.
 */
revision: number | null, 
/**
 * What became of it.
 */
outcome: DecisionOutcome, 
/**
 * Why it was not decided, a sentence; `null` where it was.
 */
reason: string | null, 
/**
 * In a dry run: what each contested field would become.
 */
results?: Array<ResultingValue>, };

/**
 * What became of one of several decisions.
 */
export type DecisionOutcome = "decided" | "stale" | "already_settled" | "not_found" | "refused" | "held_back";

/**
 * What became of taking many decisions back, in the order they were asked for.
 */
export type DecisionsUndone = { 
/**
 * How many conflicts are open again.
 */
undone: number, 
/**
 * The others, each with the reason: written already, being written.
 */
left: Array<UndoRefused>, };

/**
 * What is to become of the two records of a delete conflict.
 */
export type DeleteChoice = "delete_both" | "restore" | "unlink";

/**
 * How the window behaves.
 */
export type DesktopView = { 
/**
 * Whether Tandem is started when its user signs in.
 */
autostart: boolean, 
/**
 * Why the desktop does not tell.
 */
autostart_error: string | null, 
/**
 * Whether closing the window leaves schedules running, with an icon in the tray.
 */
keep_running: boolean, 
/**
 * Whether the next window is to be drawn without the graphics device's buffers.
 */
compatible_rendering: boolean, 
/**
 * Whether this one is.
 */
drawn_compatibly: boolean, 
/**
 * Whether this machine has no graphics device, so that everything is drawn in software.
 */
drawn_in_software: boolean, };

/**
 * Nothing to say but that it was done.
 */
export type Done = Record<symbol, never>;

/**
 * Leaves a record that was set aside alone from now on, with its partner.
 */
export type DropSetAside = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Its id in the list.
 */
id: string, };

/**
 * Forgets what a record of a sync, and its partner, ever said. One of both ids is named.
 */
export type EraseRecord = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * The record's id at the source.
 */
source?: string, 
/**
 * The record's id at the target.
 */
target?: string, };

/**
 * An error in a list.
 */
export type ErrorSummary = { 
/**
 * Its id.
 */
id: string, 
/**
 * In which run.
 */
run: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * What kind: `validation`, `mapping`, `conflict`, `network`, `authentication`, `guard`,
 * `timeout`, `uncertain`, `storage`.
 */
error_type: string, 
/**
 * What happened, a sentence.
 */
message: string, 
/**
 * The record, if it is about one.
 */
record_id: string | null, 
/**
 * Where that record lives.
 */
side: WireSide | null, 
/**
 * That side's connection, by name.
 */
system: string | null, 
/**
 * How often the failing call was retried.
 */
retry_count: number, 
/**
 * When, RFC 3339.
 */
occurred_at: string, 
/**
 * Whether it is settled.
 */
resolved: boolean, 
/**
 * Since when.
 */
resolved_at: string | null, };

/**
 * An error with everything known of it, secrets removed.
 */
export type ErrorView = { 
/**
 * Why that happens, a sentence.
 */
cause: string | null, 
/**
 * What to do about it.
 */
fix: string | null, 
/**
 * Request, response, timestamps, connector and circuit state.
 */
diagnostics: Json, 
/**
 * The record.
 */
record?: Json, 
/**
 * Its id.
 */
id: string, 
/**
 * In which run.
 */
run: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * What kind: `validation`, `mapping`, `conflict`, `network`, `authentication`, `guard`,
 * `timeout`, `uncertain`, `storage`.
 */
error_type: string, 
/**
 * What happened, a sentence.
 */
message: string, 
/**
 * The record, if it is about one.
 */
record_id: string | null, 
/**
 * Where that record lives.
 */
side: WireSide | null, 
/**
 * That side's connection, by name.
 */
system: string | null, 
/**
 * How often the failing call was retried.
 */
retry_count: number, 
/**
 * When, RFC 3339.
 */
occurred_at: string, 
/**
 * Whether it is settled.
 */
resolved: boolean, 
/**
 * Since when.
 */
resolved_at: string | null, };

/**
 * Writes rows of the audit log to a new file beside the store, one JSON document a line, newest
 * first.
 */
export type ExportAudit = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Only by this actor.
 */
actor?: string, 
/**
 * Only this action, such as `conflict.resolve`, or this group, such as `conflict`.
 */
action?: string, 
/**
 * Only with this in what it was done to, whatever the case.
 */
object?: string, 
/**
 * Only with this anywhere, whatever the case.
 */
text?: string, 
/**
 * Not before this time, RFC 3339.
 */
since?: string, 
/**
 * Before this time, RFC 3339.
 */
until?: string, };

/**
 * Writes everything an admin set up as a workspace file, without secrets.
 */
export type ExportWorkspace = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * A workspace file.
 */
export type Exported = { 
/**
 * Its text, TOML.
 */
text: string, };

/**
 * A choice for one field.
 */
export type FieldChoice = { 
/**
 * Which field.
 */
field: string, 
/**
 * Where its value is taken from.
 */
take: Take, 
/**
 * With `custom`: the value, of the field's type (numbers as strings); `null` clears the field.
 */
value?: Json, };

/**
 * One field of a write.
 */
export type FieldDiff = { 
/**
 * Its name.
 */
field: string, 
/**
 * Its type.
 */
type: WireFieldType, 
/**
 * Before the write; absent: there was no record, or the field was not known.
 */
before?: Json, 
/**
 * What was (to be) written; absent for a delete.
 */
after?: Json, 
/**
 * Whether the two differ under the field's type.
 */
changed: boolean, };

/**
 * Two fields that probably mean the same.
 */
export type FieldMatch = { 
/**
 * A canonical name for both.
 */
field: string, 
/**
 * The source's, by path.
 */
source: string, 
/**
 * The target's, by path.
 */
target: string, 
/**
 * A type that both can be read as.
 */
type: WireFieldType, 
/**
 * How sure, 1 to 100.
 */
confidence: number, 
/**
 * Why.
 */
why: MatchWhy, };

/**
 * What people mostly chose before for a contested field: counts, never values.
 */
export type FieldSuggestion = { 
/**
 * Which field.
 */
field: string, 
/**
 * What is suggested; never `custom`.
 */
take: Take, 
/**
 * How often that was chosen.
 */
chosen: number, 
/**
 * Out of how many decisions about this field.
 */
of: number, 
/**
 * Whether only decisions with the same side newer and the same sides empty are counted.
 */
same_pattern: boolean, 
/**
 * Whether it is clear enough to be taken along with all strong ones.
 */
strong: boolean, 
/**
 * Decisions about this field that were made while a suggestion stood.
 */
offered: number, 
/**
 * Of these, how many followed it.
 */
followed: number, };

/**
 * One conflict.
 */
export type GetConflict = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The conflict, its whole id or the beginning of it.
 */
id: string, };

/**
 * One error, with everything known of it.
 */
export type GetError = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The error, its whole id or the beginning of it.
 */
id: string, };

/**
 * One sync or connection as it stands in a workspace file.
 */
export type GetItem = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * What it is.
 */
kind: ItemKind, 
/**
 * Its name.
 */
name: string, };

/**
 * One run.
 */
export type GetRun = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The run, its whole id or the beginning of it.
 */
id: string, };

/**
 * How this Tandem behaves on this machine.
 */
export type GetSettings = Record<symbol, never>;

/**
 * One sync configuration.
 */
export type GetSync = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
name: string, };

/**
 * What removing old history took away.
 */
export type HistoryPruned = { 
/**
 * For how many days history is kept; `null`: for good.
 */
history_days: number | null, 
/**
 * For how many days the bodies of audit rows are kept; `null`: for good.
 */
audit_days: number | null, 
/**
 * Runs that lost their details.
 */
runs: number, 
/**
 * Journal rows.
 */
changes: number, 
/**
 * Errors.
 */
errors: number, 
/**
 * Settled conflicts.
 */
conflicts: number, 
/**
 * Alerts.
 */
alerts: number, 
/**
 * Audit rows that lost their body.
 */
audit: number, };

/**
 * Shuts a connection until it is reset: nothing is sent to it.
 */
export type IsolateConnection = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The connection's name.
 */
name: string, };

/**
 * What an edited text or form comes to. Nothing was saved.
 */
export type ItemChecked = { 
/**
 * The text: as given, or as written from the form.
 */
text: string, 
/**
 * The members of its table; absent where the text cannot be read at all.
 */
value: Json | null, 
/**
 * Everything that is wrong, in the text's order. Empty: it can be applied.
 */
problems: Array<ItemProblem>, 
/**
 * What could not be checked, and what applying it brings with it.
 */
warnings: Array<string>, 
/**
 * What applying it would do; absent where there are problems.
 */
action: ApplyAction | null, 
/**
 * What differs from what is stored, one path a line.
 */
differences: Array<string>, 
/**
 * How many pairs the next run compares anew because of it.
 */
pairs_anew: number, };

/**
 * What can be edited by itself.
 */
export type ItemKind = "connection" | "sync";

/**
 * One thing that is wrong with a text.
 */
export type ItemProblem = { 
/**
 * The line, from 1; absent: the text as a whole, or another item that this one would break.
 */
line: number | null, 
/**
 * The character in that line, from 1.
 */
column: number | null, 
/**
 * Where, as a path: `syncs.people.mapping.email`.
 */
path: string, 
/**
 * What is wrong.
 */
what: string, 
/**
 * Why that cannot work; may be empty.
 */
why: string, 
/**
 * What to do, with the nearest valid name where one was probably meant.
 */
fix: string, };

/**
 * One sync or connection as it is stored.
 */
export type ItemView = { 
/**
 * What it is.
 */
kind: ItemKind, 
/**
 * Its name.
 */
name: string, 
/**
 * It alone, as it stands in a workspace file.
 */
text: string, 
/**
 * The same as a form sees it: the members of its table.
 */
value: Json, 
/**
 * Its state: given back when it is applied, so that nobody's change is overwritten unseen.
 */
revision: string, };

/**
 * What is to be done about leaving while something is not written yet.
 */
export type Leave = "asked" | "stay" | "when_written" | "now";

/**
 * What a window asks its panel before it goes.
 */
export type LeaveQuestion = { 
/**
 * Decisions that are kept and not written yet.
 */
staged: number, 
/**
 * Milliseconds until the last of them may be written.
 */
wait_ms: number, 
/**
 * Conflicts with choices in the panel that are not kept.
 */
unsaved: number, };

/**
 * What a person answered who was asked whether to leave.
 */
export type LeaveWindow = { 
/**
 * The answer.
 */
how: Leave, };

/**
 * Links two records by hand, whatever they were before: the next run compares them as if met for
 * the first time.
 */
export type LinkPair = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * The record's id at the source.
 */
source: string, 
/**
 * The record's id at the target.
 */
target: string, };

/**
 * What administrators were told of failures, newest first.
 */
export type ListAlerts = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Only older than this one: the last page's `next`.
 */
before?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * Who did what, newest first.
 */
export type ListAudit = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Only older than this row: the last page's `next`.
 */
before?: string, 
/**
 * Only by this actor.
 */
actor?: string, 
/**
 * Only this action, such as `conflict.resolve`, or this group, such as `conflict`.
 */
action?: string, 
/**
 * Only with this in what it was done to, whatever the case.
 */
object?: string, 
/**
 * Only with this anywhere, whatever the case.
 */
text?: string, 
/**
 * Not before this time, RFC 3339.
 */
since?: string, 
/**
 * Before this time, RFC 3339.
 */
until?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * Whom and what the audit log tells of.
 */
export type ListAuditNames = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * Conflicts, newest first.
 */
export type ListConflicts = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Only in this state.
 */
state?: WireConflictState, 
/**
 * Only of this sync.
 */
sync?: string, 
/**
 * Only older than this one: the last page's `next`.
 */
before?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * All connections, by name.
 */
export type ListConnections = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * Errors, newest first.
 */
export type ListErrors = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Only of this run.
 */
run?: string, 
/**
 * Only settled ones, or only those that are not.
 */
resolved?: boolean, 
/**
 * Only older than this one: the last page's `next`.
 */
before?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * Pairs of records, in the order they were met.
 */
export type ListPairs = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Only of this sync.
 */
sync?: string, 
/**
 * Only in this state.
 */
state?: WirePairState, 
/**
 * Only after this one: the last page's `next`.
 */
after?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * Runs, newest first.
 */
export type ListRuns = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Only of this sync.
 */
sync?: string, 
/**
 * Only with this status.
 */
status?: WireRunStatus, 
/**
 * Only simulations, or none of them.
 */
simulated?: boolean, 
/**
 * Only started at this time or later, as RFC 3339.
 */
since?: string, 
/**
 * Only started before this time, as RFC 3339.
 */
until?: string, 
/**
 * Only where the run's id begins with this, an error of it contains this, or an error of it
 * is of the record with this id.
 */
text?: string, 
/**
 * Only older than this run: the last page's `next`.
 */
before?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * Records that were read and not settled, by sync, side and id.
 */
export type ListSetAside = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * Only the one of this id.
 */
id?: string, 
/**
 * Only of this sync.
 */
sync?: string, 
/**
 * Only after this one: the last page's `next`.
 */
after?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * All sync configurations, by name.
 */
export type ListSyncs = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * All tenants, by name.
 */
export type ListTenants = Record<symbol, never>;

/**
 * Starts the sample systems and sets up their workspace.
 */
export type LoadSample = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * A value that was decided against; it stays here and can be put back.
 */
export type LostValue = { 
/**
 * Where it stood.
 */
side: WireSide, 
/**
 * In which field.
 */
field: string, 
/**
 * The value.
 */
value: Json, 
/**
 * What was taken instead.
 */
winner: Json, 
/**
 * Which rule decided.
 */
rule: string, };

/**
 * One mapped field.
 */
export type MappedField = { 
/**
 * The canonical field.
 */
field: string, 
/**
 * Its type.
 */
type: WireFieldType, 
/**
 * Where it comes from at the source, in words.
 */
source: string, 
/**
 * Where it comes from at the target, in words.
 */
target: string, 
/**
 * Which way it goes.
 */
direction: WireDirection, 
/**
 * What is done to it on the way, in words.
 */
transforms: Array<string>, 
/**
 * Its own conflict rule.
 */
policy: string | null, 
/**
 * Whether records are paired by it.
 */
match_key: boolean, };

/**
 * The fields of two collections, and which of them probably mean the same.
 */
export type MappingProposals = { 
/**
 * The source's fields.
 */
source: NativeFieldsView, 
/**
 * The target's.
 */
target: NativeFieldsView, 
/**
 * Proposals, the surest first. Nothing is applied.
 */
matches: Array<FieldMatch>, };

/**
 * Real records carried through a mapping.
 */
export type MappingSample = { 
/**
 * The system they are from.
 */
from: string, 
/**
 * The system they would be written to.
 */
to: string, 
/**
 * The records.
 */
records: Array<SampledRecord>, };

/**
 * What speaks for a match.
 */
export type MatchWhy = "same_name" | "same_words" | "synonyms" | "similar";

/**
 * One field as its system describes it.
 */
export type NativeFieldView = { 
/**
 * Its path.
 */
path: string, 
/**
 * Its type: `text`, `integer`, `decimal`, `float`, `boolean`, `timestamp`, `naive_timestamp`,
 * `date`, `json`, `list`, `unknown`.
 */
type: string, 
/**
 * Whether it may hold no value.
 */
nullable: boolean, 
/**
 * Whether it may be written.
 */
writable: boolean, 
/**
 * Whether it is (part of) the record's id.
 */
primary_key: boolean, };

/**
 * The fields of one collection.
 */
export type NativeFieldsView = { 
/**
 * Each field.
 */
fields: Array<NativeFieldView>, 
/**
 * Whether these are all there are.
 */
complete: boolean, };

/**
 * The next five times of a schedule.
 */
export type NextTimes = { 
/**
 * As configured: five cron fields, maybe after `CRON_TZ=ZONE`.
 */
schedule: string, };

/**
 * For how many conflicts the panel holds choices that are not kept yet.
 */
export type NoteUnsaved = { 
/**
 * So many.
 */
conflicts: number, };

/**
 * The state of everything of a tenant.
 */
export type Overview = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * The state of everything of a tenant.
 */
export type OverviewView = { 
/**
 * Conflicts waiting for a person.
 */
open_conflicts: number, 
/**
 * Errors not settled.
 */
unresolved_errors: number, 
/**
 * Linked pairs of records.
 */
links: number, 
/**
 * Every sync with its last run.
 */
syncs: Array<SyncSummary>, 
/**
 * Every connection.
 */
connections: Array<ConnectionView>, 
/**
 * Live runs.
 */
running: Array<RunView>, 
/**
 * The last 30 runs, newest first.
 */
last_runs: Array<RunView>, 
/**
 * Share of the last 30 runs that did not fail, 0 to 1; `null` when there were none.
 */
success_rate: number | null, };

/**
 * Part of a list.
 */
export type Page<T> = { 
/**
 * Its items, in the list's order.
 */
items: Array<T>, 
/**
 * The cursor (`before` or `after`) for what follows; `null` at the end.
 */
next: string | null, };

/**
 * A pair, or half of one.
 */
export type PairView = { 
/**
 * Its number.
 */
id: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * What it is now.
 */
state: WirePairState, 
/**
 * What a person would call the record.
 */
label: string, 
/**
 * The record at the source; `null`: there is none.
 */
source_record_id: string | null, 
/**
 * The record at the target; `null`: there is none.
 */
target_record_id: string | null, 
/**
 * The next run plans it, whatever is read.
 */
waiting: boolean, 
/**
 * A create was sent for it and never acknowledged.
 */
uncertain: boolean, 
/**
 * Its conflict that is open or decided.
 */
conflict: string | null, };

/**
 * Lets a sync rest: neither the schedule nor a person runs it until it is resumed.
 */
export type PauseSync = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
name: string, };

/**
 * One of several conflicts to decide.
 */
export type PickedConflict = { 
/**
 * Its whole id or the beginning of it.
 */
id: string, 
/**
 * The revision that was looked at; an older one is refused. Without it: as it is now.
 */
revision?: number, };

/**
 * Reaches a connection once, read-only, though its circuit be open: an answer closes it, a
 * failure opens it for five more minutes.
 */
export type ProbeConnection = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The connection's name.
 */
name: string, };

/**
 * The fields of two collections, and which of them probably mean the same.
 */
export type ProposeMapping = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The source's connection, by name.
 */
source_connection: string, 
/**
 * The collection there.
 */
source_collection: string, 
/**
 * The target's connection, by name.
 */
target_connection: string, 
/**
 * The collection there.
 */
target_collection: string, 
/**
 * Fields of the source that are mapped already, by path.
 */
mapped_source: Array<string>, 
/**
 * Fields of the target that are mapped already, by path.
 */
mapped_target: Array<string>, };

/**
 * Removes what the tenant's retention no longer keeps.
 */
export type PruneHistory = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * Forgets what a sync's two sides agreed on, after a system was moved or replaced: pairs stay, and
 * the next run compares each as if met for the first time.
 */
export type RebaselineSync = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
name: string, };

/**
 * One write to one record of one system.
 */
export type RecordChange = { 
/**
 * Its place in the journal; the cursor.
 */
seq: string, 
/**
 * The side written.
 */
side: WireSide, 
/**
 * That side's connection, by name.
 */
system: string, 
/**
 * What it does.
 */
kind: ChangeKind, 
/**
 * Where it stands.
 */
state: ChangeState, 
/**
 * The record written; `null` for a create that was not acknowledged.
 */
record_id: string | null, 
/**
 * The record on the other side.
 */
other_id: string | null, 
/**
 * What a person would call the record.
 */
label: string | null, 
/**
 * Why it was planned, a word: `one_sided`, `merged`, `new` …
 */
reason: string, 
/**
 * Why it failed.
 */
error: string | null, 
/**
 * Field by field.
 */
fields: Array<FieldDiff>, 
/**
 * Whether a rollback can take it back.
 */
reversible: WireReversible, 
/**
 * What a rollback would lose, or why it cannot.
 */
irreversible?: string, 
/**
 * Values that were decided against.
 */
losers: Array<LostValue>, };

/**
 * Where a record was forgotten.
 */
export type RecordErased = { 
/**
 * It is one of a pair (or half of one) whose ids stay: the next run compares it anew.
 */
paired: boolean, 
/**
 * Journal rows that lost what they wrote.
 */
changes: number, 
/**
 * Runs whose snapshots showed it.
 */
snapshots: number, 
/**
 * Errors about it that lost their text.
 */
errors: number, 
/**
 * Conflicts about it, removed.
 */
conflicts: number, 
/**
 * Of these, decided and not carried out.
 */
decisions: number, 
/**
 * Notes on why it was set aside.
 */
set_aside: number, 
/**
 * Other texts that quoted it.
 */
texts: number, 
/**
 * Audit rows that lost their body.
 */
audit: number, 
/**
 * Audit rows that tell of it and are too old to lose their body.
 */
audit_kept: number, };

/**
 * One write of a record's history.
 */
export type RecordEventView = { 
/**
 * The write.
 */
change: RecordChange, 
/**
 * The run that made it.
 */
run_id: string, 
/**
 * When that run began, RFC 3339.
 */
at: string, 
/**
 * What started that run.
 */
trigger: WireTrigger, 
/**
 * Who started it.
 */
actor: string, 
/**
 * The decision it carried out, if any.
 */
decided: DecidedByView | null, 
/**
 * What it wrote was erased.
 */
erased: boolean, };

/**
 * What was ever written to a record and its partner, newest first. One of both ids is named.
 */
export type RecordHistory = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * The record's id at the source.
 */
source?: string, 
/**
 * The record's id at the target.
 */
target?: string, 
/**
 * Only what set this field, or decided about it.
 */
field?: string, 
/**
 * Only before this one: the last page's `next`.
 */
before?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * The history of a record and its partner.
 */
export type RecordHistoryView = { 
/**
 * The pair as it is now.
 */
pair: PairView, 
/**
 * The source's connection, by name.
 */
source_system: string, 
/**
 * The target's connection, by name.
 */
target_system: string, 
/**
 * The sync's fields, by name.
 */
fields: Array<string>, 
/**
 * What was written, newest first.
 */
events: Page<RecordEventView>, 
/**
 * How long what runs wrote is kept, days; `null`: for good. What is older is not in the list.
 */
kept_days: number | null, };

/**
 * Links the two records of a pair anew that was unlinked, or whose delete was left alone.
 */
export type RelinkPair = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The pair's number, or the id of one of its conflicts.
 */
id: string, };

/**
 * Removes a tenant with everything of it, after its workspace file and its audit log were
 * written to a folder.
 */
export type RemoveTenant = { 
/**
 * Its name.
 */
name: string, 
/**
 * A new folder for both, as an absolute path; without it one beside the store.
 */
export_to?: string, 
/**
 * Nothing is to be written; it is gone for good.
 */
no_export: boolean, };

/**
 * Closes a connection's circuit, whatever opened or isolated it.
 */
export type ResetConnection = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The connection's name.
 */
name: string, };

/**
 * Decides a conflict field by field. Kept at once, written after the undo window.
 */
export type ResolveConflict = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The conflict, its whole id or the beginning of it.
 */
id: string, 
/**
 * The revision that was looked at; an older one is refused.
 */
revision: number, 
/**
 * One choice for each contested field.
 */
choices: Array<FieldChoice>, 
/**
 * Why.
 */
note?: string, };

/**
 * Decides many conflicts alike, each answering for itself. Kept at once, written after the undo
 * window. Either `take` and `choices` (conflicts about fields) or `choice` (about deletes).
 */
export type ResolveConflicts = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * These; without them every open one that fits `sync`, `contested` and the kind of decision.
 */
ids?: Array<PickedConflict>, 
/**
 * Only of this sync.
 */
sync?: string, 
/**
 * Only where this field is contested.
 */
contested?: string, 
/**
 * What each contested field takes that `choices` does not name; not `custom`.
 */
take?: Take, 
/**
 * What these fields take, wherever they are contested.
 */
choices: Array<FieldChoice>, 
/**
 * What is to become of the two records.
 */
choice?: DeleteChoice, 
/**
 * All or nothing: one that is refused keeps the others from being decided.
 */
together: boolean, 
/**
 * Only say what would be decided.
 */
dry_run: boolean, 
/**
 * Why.
 */
note?: string, };

/**
 * Decides a delete conflict.
 */
export type ResolveDeleteConflict = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The conflict, its whole id or the beginning of it.
 */
id: string, 
/**
 * The revision that was looked at; an older one is refused.
 */
revision: number, 
/**
 * What is to become of the two records.
 */
choice: DeleteChoice, 
/**
 * Why.
 */
note?: string, };

/**
 * Marks an error as settled.
 */
export type ResolveError = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The error, its whole id or the beginning of it.
 */
id: string, };

/**
 * Keeps a value that a rule or a person decided against to be brought back to both systems: a
 * decision like any other. One of both ids is named.
 */
export type RestoreValue = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * The record's id at the source.
 */
source?: string, 
/**
 * The record's id at the target.
 */
target?: string, 
/**
 * The field.
 */
field: string, 
/**
 * The run or the conflict in which the value lost: its whole id or the beginning of it.
 */
from: string, 
/**
 * Where the value stood, if both sides' lost.
 */
lost_on?: WireSide, 
/**
 * Why.
 */
note?: string, };

/**
 * A contested field and the value it would take in both systems.
 */
export type ResultingValue = { 
/**
 * The field.
 */
field: string, 
/**
 * The source's value now; `null` also where there is none.
 */
source: Json, 
/**
 * The target's value now.
 */
target: Json, 
/**
 * What both would take.
 */
result: Json, };

/**
 * Ends a sync's rest.
 */
export type ResumeSync = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
name: string, };

/**
 * Starts a run that takes back what an earlier one wrote, and returns at once.
 */
export type RollbackRun = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The run to take back: its id or the beginning of it.
 */
id: string, 
/**
 * Only plan it; write nothing.
 */
simulate: boolean, 
/**
 * The exact number of deletes that a guard refused and that is confirmed hereby.
 */
allow_deletes?: number, };

/**
 * What a run wrote (or, simulated, would write), in order.
 */
export type RunChanges = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The run, its whole id or the beginning of it.
 */
id: string, 
/**
 * Only what does this.
 */
kind?: ChangeKind, 
/**
 * Only after this one: the last page's `next`.
 */
after?: string, 
/**
 * At most so many, 1 to 1,000.
 */
limit: number, };

/**
 * When a run's journal, snapshots and errors went.
 */
export type RunDetailsRemoved = { 
/**
 * When, RFC 3339.
 */
at: string, 
/**
 * The retention that removed them, in days.
 */
kept_days: number, };

/**
 * How far a live run is.
 */
export type RunProgress = { 
/**
 * Where it is.
 */
phase: WirePhase, 
/**
 * Records dealt with in this phase.
 */
done: number, 
/**
 * Records in this phase, when known.
 */
total: number | null, 
/**
 * Records a second in this phase, once it can be told.
 */
rate_per_second: number | null, 
/**
 * What is left of this phase takes at least so many seconds …
 */
remaining_low_s: number | null, 
/**
 * … and at most so many.
 */
remaining_high_s: number | null, 
/**
 * Records dealt with so far.
 */
processed: number, 
/**
 * Written or settled so far.
 */
succeeded: number, 
/**
 * Failed so far.
 */
failed: number, 
/**
 * Skipped so far.
 */
skipped: number, 
/**
 * Conflicts parked so far.
 */
conflicts: number, };

/**
 * A run that was started or joined.
 */
export type RunStarted = { 
/**
 * Its id.
 */
run_id: string, 
/**
 * It was live already, with the same options.
 */
joined: boolean, };

/**
 * Starts a run (or joins the one that is live with the same options) and returns at once.
 */
export type RunSync = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
name: string, 
/**
 * Stop after the plan; write nothing.
 */
simulate: boolean, 
/**
 * List everything on both sides instead of what changed.
 */
full: boolean, 
/**
 * The exact number of deletes that a guard refused and that is confirmed hereby.
 */
allow_deletes?: number, };

/**
 * One run.
 */
export type RunView = { 
/**
 * Its id.
 */
id: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * The source's connection, by name.
 */
source_system: string, 
/**
 * The target's connection, by name.
 */
target_system: string, 
/**
 * Which sides it may write.
 */
direction: WireDirection, 
/**
 * How it stands.
 */
status: WireRunStatus, 
/**
 * Whether it stops after the plan and writes nothing.
 */
simulated: boolean, 
/**
 * Whether it listed everything.
 */
full: boolean, 
/**
 * Whether it only carries out decisions.
 */
decisions_only: boolean, 
/**
 * The run it takes back.
 */
rolls_back?: string, 
/**
 * The simulation whose plan it applies.
 */
applies?: string, 
/**
 * What started it.
 */
trigger: WireTrigger, 
/**
 * Who started it.
 */
actor: string, 
/**
 * When it began, RFC 3339.
 */
started_at: string, 
/**
 * When it ended.
 */
finished_at: string | null, 
/**
 * How long it took (or, live, has taken so far), milliseconds.
 */
execution_time_ms: number, 
/**
 * Records (pairs) dealt with: `succeeded + failed + skipped`.
 */
processed: number, 
/**
 * Written or settled.
 */
succeeded: number, 
/**
 * Set aside with an error.
 */
failed: number, 
/**
 * Nothing to do, parked, or left for later.
 */
skipped: number, 
/**
 * Conflicts newly parked by this run.
 */
conflicts: number, 
/**
 * Records created.
 */
created: SideCounts, 
/**
 * Records updated.
 */
updated: SideCounts, 
/**
 * Records deleted.
 */
deleted: SideCounts, 
/**
 * Share of the records dealt with that did not fail, 0 to 1; `null` when there were none.
 */
success_rate: number | null, 
/**
 * Why it failed.
 */
error: WireError | null, 
/**
 * The digest over all its decisions.
 */
plan_hash: string | null, 
/**
 * It left work that is due from then on, RFC 3339; the next run of its sync does it.
 */
continue_at?: string, 
/**
 * What it wrote and what failed is not kept any more.
 */
details_removed?: RunDetailsRemoved, 
/**
 * A person asked to cancel it, and it has not stopped yet.
 */
cancelling: boolean, 
/**
 * How far it is, while it is live in this process.
 */
progress: RunProgress | null, };

/**
 * The sample workspace is set up.
 */
export type SampleLoaded = { 
/**
 * Its syncs, by name.
 */
syncs: Array<string>, 
/**
 * The sample systems and where they are.
 */
systems: Array<SampleSystem>, };

/**
 * Carries a few real records of one side through a mapping, read-only.
 */
export type SampleMapping = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The mapping of this sync.
 */
name?: string, 
/**
 * Or of this text: one `[[syncs]]`.
 */
text?: string, 
/**
 * From which side.
 */
side: WireSide, 
/**
 * At most so many, 1 to 5.
 */
limit: number, };

/**
 * How carrying a field went.
 */
export type SampleOutcome = "same" | "missing" | "not_written" | "refused";

/**
 * What a validation rule says.
 */
export type SampleProblem = { 
/**
 * The native field; absent: the record as a whole.
 */
field: string | null, 
/**
 * What is wrong.
 */
message: string, 
/**
 * What to do.
 */
fix: string, };

/**
 * A sample system.
 */
export type SampleSystem = { 
/**
 * Its name.
 */
name: string, 
/**
 * Where it is.
 */
address: string, };

/**
 * One field carried through.
 */
export type SampledField = { 
/**
 * The canonical field.
 */
field: string, 
/**
 * The native value; absent where it is made from several, or the record lacks it.
 */
native: Json | null, 
/**
 * What it is read as.
 */
canonical: Json | null, 
/**
 * What the other side would be written.
 */
written: Json | null, 
/**
 * How it went.
 */
outcome: SampleOutcome, 
/**
 * Why it was refused.
 */
why: string | null, 
/**
 * What to do about that.
 */
fix: string | null, };

/**
 * One record carried through.
 */
export type SampledRecord = { 
/**
 * Its id.
 */
id: string, 
/**
 * What the sync's validation rules say of it.
 */
problems: Array<SampleProblem>, 
/**
 * Field by field, by canonical name.
 */
fields: Array<SampledField>, };

/**
 * When a schedule comes next.
 */
export type ScheduleTimes = { 
/**
 * The next five, RFC 3339.
 */
times: Array<string>, 
/**
 * The time zone it is meant in.
 */
zone: string, };

/**
 * A record that was read and not settled.
 */
export type SetAsideView = { 
/**
 * What names it in commands: its sync, side and id.
 */
id: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * Where it lives.
 */
side: WireSide, 
/**
 * That side's connection, by name.
 */
system: string, 
/**
 * Its id there.
 */
record_id: string, 
/**
 * Why, in a word.
 */
why: WireSetAside, 
/**
 * Why, a sentence.
 */
reason: string, };

/**
 * How this Tandem behaves on this machine, for this user.
 */
export type SettingsView = { 
/**
 * The file that choices are kept in; `null`: they cannot be kept here.
 */
file: string | null, 
/**
 * Seconds in which a decision can be taken back before it is written.
 */
undo_seconds: number, 
/**
 * The window's; `null` where the panel is in a browser.
 */
desktop: DesktopView | null, };

/**
 * One number for each side.
 */
export type SideCounts = { 
/**
 * The source's.
 */
source: number, 
/**
 * The target's.
 */
target: number, };

/**
 * A sync in a list.
 */
export type SyncSummary = { 
/**
 * Its name.
 */
name: string, 
/**
 * The source's connection, by name.
 */
source_system: string, 
/**
 * The collection there.
 */
source_collection: string, 
/**
 * The target's connection, by name.
 */
target_system: string, 
/**
 * The collection there.
 */
target_collection: string, 
/**
 * Which sides are written.
 */
direction: WireDirection, 
/**
 * Who wins a contested field unless the field has its own rule.
 */
policy: string, 
/**
 * Whether it rests.
 */
paused: boolean, 
/**
 * Conflicts of this sync waiting for a person.
 */
open_conflicts: number, 
/**
 * Its newest run.
 */
last_run: RunView | null, 
/**
 * When the schedule runs it next, RFC 3339; `null`: only when asked.
 */
next_run_at: string | null, };

/**
 * A sync with its mapping and policies.
 */
export type SyncView = { 
/**
 * What maps to what.
 */
fields: Array<MappedField>, 
/**
 * The fields by which records are paired that have no link yet.
 */
match_key: Array<string>, 
/**
 * What a delete on one side means for the other.
 */
delete_policy: string, 
/**
 * Where one side deleted what the other edited.
 */
delete_conflict_policy: string, 
/**
 * Where two records are paired for the first time and differ.
 */
first_sync_policy: string, 
/**
 * One-way syncs: whether the receiving side's own changes are put back.
 */
enforce: boolean, 
/**
 * When it runs by itself, as configured.
 */
schedule: string | null, 
/**
 * The whole configuration as it stands in a workspace file.
 */
toml: string, 
/**
 * When it was created.
 */
created_at: string, 
/**
 * When it was last changed.
 */
updated_at: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The source's connection, by name.
 */
source_system: string, 
/**
 * The collection there.
 */
source_collection: string, 
/**
 * The target's connection, by name.
 */
target_system: string, 
/**
 * The collection there.
 */
target_collection: string, 
/**
 * Which sides are written.
 */
direction: WireDirection, 
/**
 * Who wins a contested field unless the field has its own rule.
 */
policy: string, 
/**
 * Whether it rests.
 */
paused: boolean, 
/**
 * Conflicts of this sync waiting for a person.
 */
open_conflicts: number, 
/**
 * Its newest run.
 */
last_run: RunView | null, 
/**
 * When the schedule runs it next, RFC 3339; `null`: only when asked.
 */
next_run_at: string | null, };

/**
 * Where a field's value is taken from.
 */
export type Take = "source" | "target" | "base" | "custom";

/**
 * A tenant is gone.
 */
export type TenantRemoved = { 
/**
 * The folder its workspace file and its audit log were written to before.
 */
exported: string | null, };

/**
 * A tenant.
 */
export type TenantView = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its name, unique.
 */
name: string, 
/**
 * When it was created, RFC 3339.
 */
created_at: string, };

/**
 * Reaches a connection once, read-only.
 */
export type TestConnection = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The connection's name.
 */
name: string, };

/**
 * Takes a decision back that has not begun to be written.
 */
export type UndoDecision = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The conflict, its whole id or the beginning of it.
 */
id: string, };

/**
 * Takes many decisions back that have not begun to be written, each answering for itself.
 */
export type UndoDecisions = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The conflicts, their whole ids or the beginnings of them.
 */
ids: Array<string>, };

/**
 * A decision that could not be taken back.
 */
export type UndoRefused = { 
/**
 * The conflict, as it was asked for.
 */
id: string, 
/**
 * Why, a sentence.
 */
reason: string, };

/**
 * Leaves both records of a pair alone from now on.
 */
export type UnlinkPair = { 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The pair's number, or the id of one of its conflicts.
 */
id: string, };

/**
 * Checks that no row of the audit log was changed.
 */
export type VerifyAudit = { 
/**
 * The tenant's name.
 */
tenant: string, };

/**
 * What is wrong with an audit log.
 */
export type WireAuditFault = "changed" | "missing" | "unsealed" | "replaced";

/**
 * What kind of disagreement.
 */
export type WireConflictKind = "update" | "delete" | "pairing";

/**
 * Where a conflict stands.
 */
export type WireConflictState = "open" | "decided" | "resolved" | "closed";

/**
 * Which sides a sync writes.
 */
export type WireDirection = "bidirectional" | "source_to_target" | "target_to_source";

/**
 * A refusal or failure, without secrets.
 */
export type WireError = { 
/**
 * A stable word for programs: `not_found`, `unreachable`, `invalid_workspace` …
 */
code: string, 
/**
 * What happened, a sentence.
 */
message: string, 
/**
 * Why, a sentence or several lines.
 */
cause: string | null, 
/**
 * What to do about it.
 */
fix: string | null, };

/**
 * One thing that happened. A face shows only its own tenant's.
 */
export type WireEvent = { "type": "run_started", 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The run.
 */
run: string, 
/**
 * The sync's name.
 */
sync: string, } | { "type": "run_progress", 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The run.
 */
run: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * How far it is.
 */
progress: RunProgress, } | { "type": "run_finished", 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The run.
 */
run: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * How.
 */
status: WireRunStatus, 
/**
 * Why it failed.
 */
error: WireError | null, } | { "type": "conflict_detected", 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The conflict.
 */
conflict: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * The run that found it.
 */
run: string, } | { "type": "conflict_changed", 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The conflict.
 */
conflict: string, } | { "type": "error_logged", 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The run.
 */
run: string, } | { "type": "alert_raised", 
/**
 * The tenant's name.
 */
tenant: string, 
/**
 * The sync's name.
 */
sync: string, 
/**
 * The run that failed.
 */
run: string, 
/**
 * What happened.
 */
message: string, } | { "type": "workspace_changed", 
/**
 * The tenant's name.
 */
tenant: string, } | { "type": "tenants_changed", 
/**
 * That tenant's name.
 */
tenant: string, };

/**
 * The declared type of a field.
 */
export type WireFieldType = "text" | "integer" | "decimal" | "boolean" | "timestamp" | "date" | "json" | "list" | "reference";

/**
 * What a pair is now.
 */
export type WirePairState = "active" | "unpaired" | "closed" | "excluded" | "quarantined";

/**
 * Where a live run is.
 */
export type WirePhase = "prepare" | "read" | "plan" | "apply" | "finalize";

/**
 * Whether a rollback can take a write back.
 */
export type WireReversible = "full" | "partly" | "no";

/**
 * How a run stands.
 */
export type WireRunStatus = "pending" | "running" | "completed" | "partial" | "failed";

/**
 * Why a record is not settled.
 */
export type WireSetAside = "unusable" | "quarantined" | "uncertain" | "deferred";

/**
 * A role in a sync.
 */
export type WireSide = "source" | "target";

/**
 * What started a run.
 */
export type WireTrigger = "manual" | "schedule" | "decision" | "rollback";
