-- 0002: what an end of a run may be called, and what it leaves for the next one.
--
-- `cancelled` joins the kinds of error: a run that an admin stopped did not run out of time.
-- `continue_at`: a run that ran out of time, or whose system asked to be left alone for longer than a
-- run may wait, says from when on another is to do the rest.
--
-- SQLite cannot change a CHECK, so both tables are made anew under their old names, foreign keys
-- being off meanwhile (the rows of `sync_errors` and `operations` point at the same ids as before).

CREATE TABLE new_history (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    uuid                   BLOB    NOT NULL UNIQUE CHECK (length(uuid) = 16),
    sync_direction         TEXT    NOT NULL CHECK (sync_direction IN ('bidirectional', 'source_to_target', 'target_to_source')),
    sync_status            TEXT    NOT NULL CHECK (sync_status IN ('pending', 'running', 'completed', 'failed', 'partial')),
    records_processed      INTEGER NOT NULL DEFAULT 0,
    records_succeeded      INTEGER NOT NULL DEFAULT 0,
    records_failed         INTEGER NOT NULL DEFAULT 0,
    records_skipped        INTEGER NOT NULL DEFAULT 0,
    execution_time_ms      INTEGER NOT NULL DEFAULT 0,
    error_message          TEXT,
    -- JSON arrays of at most 100 records, zstd-compressed, secrets removed.
    data_snapshot_before   BLOB,
    data_snapshot_after    BLOB,
    started_at             INTEGER NOT NULL,
    completed_at           INTEGER,
    -- Ours, beyond the plan's.
    sync_name              TEXT    NOT NULL,
    error_type             TEXT    CHECK (error_type IN ('validation', 'mapping', 'conflict', 'network', 'authentication', 'guard', 'timeout', 'uncertain', 'storage', 'cancelled')),
    run_trigger            TEXT    NOT NULL,
    option_simulate        INTEGER NOT NULL CHECK (option_simulate IN (0, 1)),
    option_full            INTEGER NOT NULL CHECK (option_full IN (0, 1)),
    option_allow_deletes   INTEGER,
    option_decisions_only  INTEGER NOT NULL CHECK (option_decisions_only IN (0, 1)),
    conflicts              INTEGER NOT NULL DEFAULT 0,
    source_created         INTEGER NOT NULL DEFAULT 0,
    target_created         INTEGER NOT NULL DEFAULT 0,
    source_updated         INTEGER NOT NULL DEFAULT 0,
    target_updated         INTEGER NOT NULL DEFAULT 0,
    source_deleted         INTEGER NOT NULL DEFAULT 0,
    target_deleted         INTEGER NOT NULL DEFAULT 0,
    plan_hash              TEXT,
    actor                  TEXT    NOT NULL,
    cancel_requested_at    INTEGER,
    -- Whether its journal may hold operations without a receipt.
    unsettled              INTEGER NOT NULL DEFAULT 0 CHECK (unsettled IN (0, 1)),
    -- It left work that is due from then on.
    continue_at            INTEGER,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT;
INSERT INTO new_history (
    id, tenant_id, sync_configuration_id, uuid, sync_direction, sync_status, records_processed,
    records_succeeded, records_failed, records_skipped, execution_time_ms, error_message,
    data_snapshot_before, data_snapshot_after, started_at, completed_at, sync_name, error_type,
    run_trigger, option_simulate, option_full, option_allow_deletes, option_decisions_only, conflicts,
    source_created, target_created, source_updated, target_updated, source_deleted, target_deleted,
    plan_hash, actor, cancel_requested_at, unsettled)
SELECT
    id, tenant_id, sync_configuration_id, uuid, sync_direction, sync_status, records_processed,
    records_succeeded, records_failed, records_skipped, execution_time_ms, error_message,
    data_snapshot_before, data_snapshot_after, started_at, completed_at, sync_name, error_type,
    run_trigger, option_simulate, option_full, option_allow_deletes, option_decisions_only, conflicts,
    source_created, target_created, source_updated, target_updated, source_deleted, target_deleted,
    plan_hash, actor, cancel_requested_at, unsettled
FROM sync_history ORDER BY id;

CREATE TABLE new_errors (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id        INTEGER NOT NULL,
    sync_history_id  INTEGER NOT NULL,
    uuid             BLOB    NOT NULL UNIQUE CHECK (length(uuid) = 16),
    record_id        TEXT,
    error_type       TEXT    NOT NULL CHECK (error_type IN ('validation', 'mapping', 'conflict', 'network', 'authentication', 'guard', 'timeout', 'uncertain', 'storage', 'cancelled')),
    error_message    TEXT    NOT NULL,
    error_details    TEXT    NOT NULL CHECK (json_valid(error_details)),
    record_data      TEXT    CHECK (json_valid(record_data)),
    retry_count      INTEGER NOT NULL DEFAULT 0,
    is_resolved      INTEGER NOT NULL DEFAULT 0 CHECK (is_resolved IN (0, 1)),
    resolved_at      INTEGER,
    -- Ours, beyond the plan's.
    side             TEXT    CHECK (side IN ('source', 'target')),
    occurred_at      INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, sync_history_id)
        REFERENCES sync_history (tenant_id, id) ON DELETE CASCADE
) STRICT;
INSERT INTO new_errors (
    id, tenant_id, sync_history_id, uuid, record_id, error_type, error_message, error_details,
    record_data, retry_count, is_resolved, resolved_at, side, occurred_at)
SELECT
    id, tenant_id, sync_history_id, uuid, record_id, error_type, error_message, error_details,
    record_data, retry_count, is_resolved, resolved_at, side, occurred_at
FROM sync_errors ORDER BY id;

-- Ids are never given twice, not even those of rows that are gone.
DELETE FROM sqlite_sequence WHERE name IN ('new_history', 'new_errors');
INSERT INTO sqlite_sequence (name, seq)
SELECT CASE name WHEN 'sync_history' THEN 'new_history' ELSE 'new_errors' END, seq
FROM sqlite_sequence WHERE name IN ('sync_history', 'sync_errors');

DROP TABLE sync_errors;
DROP TABLE sync_history;
ALTER TABLE new_history RENAME TO sync_history;
ALTER TABLE new_errors RENAME TO sync_errors;

CREATE INDEX sync_history_configuration ON sync_history (tenant_id, sync_configuration_id, id);
CREATE INDEX sync_history_status        ON sync_history (tenant_id, sync_status, id);
CREATE INDEX sync_history_started       ON sync_history (tenant_id, started_at);
CREATE INDEX sync_history_unsettled     ON sync_history (tenant_id, sync_configuration_id) WHERE unsettled = 1;
CREATE INDEX sync_history_continue      ON sync_history (tenant_id, continue_at) WHERE continue_at IS NOT NULL;
CREATE INDEX sync_errors_tenant   ON sync_errors (tenant_id, id);
CREATE INDEX sync_errors_history  ON sync_errors (tenant_id, sync_history_id, id);
CREATE INDEX sync_errors_type     ON sync_errors (tenant_id, error_type, id);
CREATE INDEX sync_errors_resolved ON sync_errors (tenant_id, is_resolved, id);
