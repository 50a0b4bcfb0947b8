-- version 12
CREATE INDEX alert_deliveries_claimed ON alert_deliveries (tenant_id, channel) WHERE claimed_until IS NOT NULL;
CREATE INDEX alert_outbox_configuration ON alert_outbox (tenant_id, sync_configuration_id, seq);
CREATE INDEX audit_log_action ON audit_log (tenant_id, action, seq);
CREATE INDEX audit_log_actor ON audit_log (tenant_id, actor, seq);
CREATE INDEX conflicts_configuration ON conflicts (tenant_id, sync_configuration_id, id);
CREATE INDEX conflicts_link ON conflicts (tenant_id, link_id);
CREATE INDEX conflicts_settled ON conflicts (tenant_id, updated_at) WHERE state = 'resolved' OR state = 'closed';
CREATE INDEX conflicts_state         ON conflicts (tenant_id, state, id);
CREATE UNIQUE INDEX conflicts_unsettled ON conflicts (tenant_id, link_id) WHERE state IN ('open', 'decided');
CREATE INDEX links_key  ON links (tenant_id, sync_configuration_id, key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX links_live ON links (tenant_id, sync_configuration_id, id, state) WHERE state < 2 OR state = 4;
CREATE INDEX links_open ON links (tenant_id, sync_configuration_id, todo) WHERE todo = 1 OR (source_id IS NULL OR target_id IS NULL);
CREATE UNIQUE INDEX links_source ON links (tenant_id, sync_configuration_id, source_id) WHERE source_id IS NOT NULL;
CREATE UNIQUE INDEX links_target ON links (tenant_id, sync_configuration_id, target_id) WHERE target_id IS NOT NULL;
CREATE INDEX operations_history   ON operations (tenant_id, sync_history_id);
CREATE INDEX operations_link ON operations (tenant_id, link_id, seq)
    WHERE body IS NOT NULL AND state <> 5;
CREATE INDEX operations_uncertain ON operations (tenant_id, operation_key) WHERE state = 4;
CREATE UNIQUE INDEX sync_configurations_name ON sync_configurations (tenant_id, name) WHERE archived = 0;
CREATE INDEX sync_errors_history  ON sync_errors (tenant_id, sync_history_id, id);
CREATE INDEX sync_errors_resolved ON sync_errors (tenant_id, is_resolved, id);
CREATE INDEX sync_errors_tenant   ON sync_errors (tenant_id, id);
CREATE INDEX sync_errors_type     ON sync_errors (tenant_id, error_type, id);
CREATE INDEX sync_history_configuration ON sync_history (tenant_id, sync_configuration_id, id);
CREATE INDEX sync_history_continue      ON sync_history (tenant_id, continue_at) WHERE continue_at IS NOT NULL;
CREATE INDEX sync_history_detailed ON sync_history (tenant_id, completed_at) WHERE details_removed_at IS NULL;
CREATE INDEX sync_history_plans ON sync_history (tenant_id, plan_hash) WHERE option_simulate = 1;
CREATE INDEX sync_history_removing ON sync_history (tenant_id) WHERE removing = 1;
CREATE INDEX sync_history_started       ON sync_history (tenant_id, started_at);
CREATE INDEX sync_history_status        ON sync_history (tenant_id, sync_status, id);
CREATE INDEX sync_history_unsettled     ON sync_history (tenant_id, sync_configuration_id) WHERE unsettled = 1;
CREATE TABLE alert_deliveries (
    tenant_id      INTEGER NOT NULL,
    alert_seq      INTEGER NOT NULL,
    channel        TEXT    NOT NULL,
    attempts       INTEGER NOT NULL,
    claimed_until  INTEGER,
    again_at       INTEGER,
    delivered_at   INTEGER,
    last_error     TEXT,
    PRIMARY KEY (tenant_id, alert_seq, channel),
    FOREIGN KEY (tenant_id, alert_seq) REFERENCES "alert_outbox" (tenant_id, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE "alert_outbox" (
    seq                    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    kind                   TEXT    NOT NULL CHECK (kind = 'failure' OR kind = 'recovery'),
    run                    BLOB    NOT NULL CHECK (length(run) = 16),
    failure_number         INTEGER NOT NULL,
    held_back              INTEGER NOT NULL,
    body                   TEXT    NOT NULL CHECK (json_valid(body)),
    created_at             INTEGER NOT NULL,
    UNIQUE (tenant_id, seq),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE alert_states (
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    failures               INTEGER NOT NULL,
    alerting               INTEGER NOT NULL CHECK (alerting IN (0, 1)),
    newest                 INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, sync_configuration_id),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_told (
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    channel                TEXT    NOT NULL,
    failure_number         INTEGER NOT NULL,
    told_at                INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, sync_configuration_id, channel),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_heads (
    tenant_id  INTEGER PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    hash       BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TABLE audit_log (
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    details    TEXT    NOT NULL,
    hash       BLOB    NOT NULL CHECK (length(hash) = 32), body_hash BLOB CHECK (length(body_hash) = 32), salt BLOB CHECK (length(salt) = 16), seal BLOB CHECK (length(seal) = 32),
    PRIMARY KEY (tenant_id, seq)
) STRICT;
CREATE TABLE circuits (
    tenant_id      INTEGER NOT NULL,
    connection_id  INTEGER NOT NULL,
    failures       INTEGER NOT NULL,
    open_until     INTEGER,
    isolated       INTEGER NOT NULL CHECK (isolated IN (0, 1)),
    probe_until    INTEGER,
    generation     INTEGER NOT NULL,
    last_error     TEXT,
    changed_at     INTEGER,
    PRIMARY KEY (tenant_id, connection_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE conflict_decisions (
    tenant_id    INTEGER NOT NULL,
    conflict_id  INTEGER NOT NULL,
    decision     BLOB    NOT NULL,
    note         TEXT,
    decided_by   TEXT    NOT NULL,
    decided_at   INTEGER NOT NULL,
    not_before   INTEGER NOT NULL,
    -- The run that took it up; while that run lives the decision cannot be taken back.
    taken_by     INTEGER,
    -- The journal as it stood: a later write to the link means that carrying out has begun.
    journal_seq  INTEGER NOT NULL, suggested TEXT,
    PRIMARY KEY (tenant_id, conflict_id),
    FOREIGN KEY (tenant_id, conflict_id) REFERENCES conflicts (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE conflicts (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    uuid                   BLOB    NOT NULL UNIQUE CHECK (length(uuid) = 16),
    link_id                INTEGER NOT NULL,
    -- The run that found it, by uuid: a conflict outlives its run's history.
    found_by               BLOB    NOT NULL CHECK (length(found_by) = 16),
    revision               INTEGER NOT NULL,
    state                  TEXT    NOT NULL CHECK (state IN ('open', 'decided', 'resolved', 'closed')),
    draft                  BLOB    NOT NULL,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    close_reason           TEXT,
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE,
    UNIQUE (tenant_id, id)
) STRICT;
CREATE TABLE connections (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    uuid        BLOB    NOT NULL UNIQUE CHECK (length(uuid) = 16),
    name        TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    -- The connectors' own description, JSON; secrets only by reference.
    settings    TEXT    NOT NULL CHECK (json_valid(settings)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;
CREATE TABLE decision_tallies (
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    field                  TEXT    NOT NULL,
    pattern                TEXT    NOT NULL,
    took                   TEXT    NOT NULL CHECK (took IN ('source', 'target', 'base', 'custom')),
    times                  INTEGER NOT NULL CHECK (times >= 0),
    offered                INTEGER NOT NULL CHECK (offered >= 0),
    followed               INTEGER NOT NULL CHECK (followed >= 0),
    PRIMARY KEY (tenant_id, sync_configuration_id, field, pattern, took),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE dictionaries (
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    id                     INTEGER NOT NULL,
    body                   BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, sync_configuration_id, id),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE fingerprints (
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    hash                   BLOB    NOT NULL CHECK (length(hash) = 16),
    recorded_at            INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, sync_configuration_id, hash),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE leases (
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    generation             INTEGER NOT NULL,
    sync_history_id        INTEGER,
    expires_at             INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, sync_configuration_id),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE "links" (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    state                  INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    todo                   INTEGER NOT NULL CHECK (todo IN (0, 1)),
    flags                  INTEGER NOT NULL DEFAULT 0,
    epoch                  INTEGER NOT NULL DEFAULT 0,
    source_id              ANY,
    target_id              ANY,
    source_version         ANY,
    target_version         ANY,
    source_updated_at      ANY,
    target_updated_at      ANY,
    source_hash            BLOB CHECK (length(source_hash) = 16),
    target_hash            BLOB CHECK (length(target_hash) = 0 OR length(target_hash) = 16),
    source_seen_hash       BLOB CHECK (length(source_seen_hash) = 16),
    target_seen_hash       BLOB CHECK (length(target_seen_hash) = 16),
    key_hash               BLOB CHECK (length(key_hash) = 16),
    uncertain_create       BLOB CHECK (length(uncertain_create) = 16),
    create_operation       INTEGER,
    base                   BLOB,
    extra                  BLOB,
    CHECK (source_id IS NOT NULL OR target_id IS NOT NULL),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE "operations" (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id        INTEGER NOT NULL,
    sync_history_id  INTEGER NOT NULL,
    link_id          INTEGER,
    operation_key    BLOB    NOT NULL CHECK (length(operation_key) = 16),
    side             INTEGER NOT NULL CHECK (side IN (0, 1)),
    kind             INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    state            INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),
    reason           TEXT    NOT NULL,
    record_id        ANY,
    other_id         ANY,
    error            TEXT,
    borrowed         INTEGER NOT NULL DEFAULT 0 CHECK (borrowed IN (0, 1)),
    body             BLOB,
    FOREIGN KEY (tenant_id, sync_history_id)
        REFERENCES sync_history (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE retention (
    tenant_id     INTEGER PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    history_days  INTEGER CHECK (history_days > 0),
    audit_days    INTEGER CHECK (audit_days > 0)
) STRICT;
CREATE TABLE set_aside (
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    side                   TEXT    NOT NULL CHECK (side IN ('source', 'target')),
    record_id              TEXT    NOT NULL,
    reason                 TEXT    NOT NULL,
    since                  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, sync_configuration_id, side, record_id),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE side_progress (
    tenant_id              INTEGER NOT NULL,
    sync_configuration_id  INTEGER NOT NULL,
    side                   TEXT    NOT NULL CHECK (side IN ('source', 'target')),
    cursor                 TEXT,
    identity               TEXT,
    listed                 INTEGER NOT NULL CHECK (listed IN (0, 1)),
    listed_at              INTEGER,
    PRIMARY KEY (tenant_id, sync_configuration_id, side),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE sync_configurations (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id      INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    uuid           BLOB    NOT NULL UNIQUE CHECK (length(uuid) = 16),
    name           TEXT    NOT NULL,
    -- The whole configuration, its field mapping included: the one source of truth.
    configuration  TEXT    NOT NULL CHECK (json_valid(configuration)),
    archived       INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
    -- Goes up when mapping, key or filter change: digests of an older epoch compare as different.
    epoch          INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    UNIQUE (tenant_id, id)
) STRICT;
CREATE TABLE "sync_errors" (
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
CREATE TABLE "sync_history" (
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
    continue_at            INTEGER, rolls_back BLOB CHECK (length(rolls_back) = 16), details_removed_at INTEGER, details_kept_days INTEGER, removing INTEGER NOT NULL DEFAULT 0 CHECK (removing = 0 OR removing = 1), applies BLOB CHECK (length(applies) = 16),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, sync_configuration_id)
        REFERENCES sync_configurations (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE TABLE tenants (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        BLOB    NOT NULL UNIQUE CHECK (length(uuid) = 16),
    name        TEXT    NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE TRIGGER links_base_changes BEFORE UPDATE OF base, create_operation ON links
WHEN OLD.create_operation IS NOT NULL
    AND (NEW.base IS NOT OLD.base OR NEW.create_operation IS NOT OLD.create_operation)
BEGIN
    UPDATE operations SET body = OLD.base WHERE seq = OLD.create_operation AND tenant_id = OLD.tenant_id AND body IS NULL;
END;
CREATE TRIGGER links_base_goes BEFORE DELETE ON links
WHEN OLD.create_operation IS NOT NULL
BEGIN
    UPDATE operations SET body = OLD.base WHERE seq = OLD.create_operation AND tenant_id = OLD.tenant_id AND body IS NULL;
END;
