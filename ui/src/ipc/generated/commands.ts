// Generated from Rust (src-tauri/crates/app/src/wire). Do not edit: change the types there and run
// `TANDEM_BLESS=1 cargo test -p tandem-app bindings_are_current`.

import type {
  AcceptAudit,
  AlertView,
  AppInfo,
  AppInfoArgs,
  Applied,
  ApplyItem,
  ApplyPlan,
  ApplyWorkspace,
  ArchiveSync,
  AuditExported,
  AuditNames,
  AuditVerdict,
  AuditView,
  CancelRun,
  ChangeSettings,
  CheckItem,
  ConflictSummary,
  ConflictView,
  ConflictsDecided,
  ConnectionProbe,
  ConnectionTest,
  ConnectionView,
  CreateTenant,
  DecisionsUndone,
  Done,
  DropSetAside,
  EraseRecord,
  ErrorSummary,
  ErrorView,
  ExportAudit,
  ExportWorkspace,
  Exported,
  GetConflict,
  GetError,
  GetItem,
  GetRun,
  GetSettings,
  GetSync,
  HistoryPruned,
  IsolateConnection,
  ItemChecked,
  ItemView,
  LeaveWindow,
  LinkPair,
  ListAlerts,
  ListAudit,
  ListAuditNames,
  ListConflicts,
  ListConnections,
  ListErrors,
  ListPairs,
  ListRuns,
  ListSetAside,
  ListSyncs,
  ListTenants,
  LoadSample,
  MappingProposals,
  MappingSample,
  NextTimes,
  NoteUnsaved,
  Overview,
  OverviewView,
  Page,
  PairView,
  PauseSync,
  ProbeConnection,
  ProposeMapping,
  PruneHistory,
  RebaselineSync,
  RecordChange,
  RecordErased,
  RecordHistory,
  RecordHistoryView,
  RelinkPair,
  RemoveTenant,
  ResetConnection,
  ResolveConflict,
  ResolveConflicts,
  ResolveDeleteConflict,
  ResolveError,
  RestoreValue,
  ResumeSync,
  RollbackRun,
  RunChanges,
  RunStarted,
  RunSync,
  RunView,
  SampleLoaded,
  SampleMapping,
  ScheduleTimes,
  SetAsideView,
  SettingsView,
  SyncSummary,
  SyncView,
  TenantRemoved,
  TenantView,
  TestConnection,
  UndoDecision,
  UndoDecisions,
  UnlinkPair,
  VerifyAudit,
} from "./types";

/** Every command: what it takes, what it gives. */
export interface Commands {
  app_info: { args: AppInfoArgs; reply: AppInfo };
  list_tenants: { args: ListTenants; reply: Array<TenantView> };
  create_tenant: { args: CreateTenant; reply: TenantView };
  remove_tenant: { args: RemoveTenant; reply: TenantRemoved };
  overview: { args: Overview; reply: OverviewView };
  list_connections: { args: ListConnections; reply: Array<ConnectionView> };
  test_connection: { args: TestConnection; reply: ConnectionTest };
  probe_connection: { args: ProbeConnection; reply: ConnectionProbe };
  isolate_connection: { args: IsolateConnection; reply: ConnectionView };
  reset_connection: { args: ResetConnection; reply: ConnectionView };
  list_syncs: { args: ListSyncs; reply: Array<SyncSummary> };
  get_sync: { args: GetSync; reply: SyncView };
  pause_sync: { args: PauseSync; reply: SyncView };
  resume_sync: { args: ResumeSync; reply: SyncView };
  rebaseline_sync: { args: RebaselineSync; reply: SyncView };
  run_sync: { args: RunSync; reply: RunStarted };
  rollback_run: { args: RollbackRun; reply: RunStarted };
  apply_plan: { args: ApplyPlan; reply: RunStarted };
  cancel_run: { args: CancelRun; reply: RunView };
  list_runs: { args: ListRuns; reply: Page<RunView> };
  get_run: { args: GetRun; reply: RunView };
  run_changes: { args: RunChanges; reply: Page<RecordChange> };
  record_history: { args: RecordHistory; reply: RecordHistoryView };
  list_conflicts: { args: ListConflicts; reply: Page<ConflictSummary> };
  get_conflict: { args: GetConflict; reply: ConflictView };
  resolve_conflict: { args: ResolveConflict; reply: ConflictView };
  resolve_delete_conflict: { args: ResolveDeleteConflict; reply: ConflictView };
  resolve_conflicts: { args: ResolveConflicts; reply: ConflictsDecided };
  undo_decision: { args: UndoDecision; reply: ConflictView };
  undo_decisions: { args: UndoDecisions; reply: DecisionsUndone };
  restore_value: { args: RestoreValue; reply: ConflictView };
  list_pairs: { args: ListPairs; reply: Page<PairView> };
  link_pair: { args: LinkPair; reply: PairView };
  relink_pair: { args: RelinkPair; reply: PairView };
  unlink_pair: { args: UnlinkPair; reply: PairView };
  list_set_aside: { args: ListSetAside; reply: Page<SetAsideView> };
  drop_set_aside: { args: DropSetAside; reply: PairView };
  list_errors: { args: ListErrors; reply: Page<ErrorSummary> };
  get_error: { args: GetError; reply: ErrorView };
  resolve_error: { args: ResolveError; reply: ErrorView };
  list_alerts: { args: ListAlerts; reply: Page<AlertView> };
  list_audit: { args: ListAudit; reply: Page<AuditView> };
  list_audit_names: { args: ListAuditNames; reply: AuditNames };
  export_audit: { args: ExportAudit; reply: AuditExported };
  verify_audit: { args: VerifyAudit; reply: AuditVerdict };
  accept_audit: { args: AcceptAudit; reply: AuditVerdict };
  prune_history: { args: PruneHistory; reply: HistoryPruned };
  erase_record: { args: EraseRecord; reply: RecordErased };
  apply_workspace: { args: ApplyWorkspace; reply: Applied };
  export_workspace: { args: ExportWorkspace; reply: Exported };
  get_item: { args: GetItem; reply: ItemView };
  check_item: { args: CheckItem; reply: ItemChecked };
  apply_item: { args: ApplyItem; reply: Applied };
  archive_sync: { args: ArchiveSync; reply: Done };
  propose_mapping: { args: ProposeMapping; reply: MappingProposals };
  sample_mapping: { args: SampleMapping; reply: MappingSample };
  next_times: { args: NextTimes; reply: ScheduleTimes };
  get_settings: { args: GetSettings; reply: SettingsView };
  change_settings: { args: ChangeSettings; reply: SettingsView };
  note_unsaved: { args: NoteUnsaved; reply: Done };
  leave_window: { args: LeaveWindow; reply: Done };
  load_sample: { args: LoadSample; reply: SampleLoaded };
}
