-- 0006: what is kept for how long, and what can be forgotten.
--
-- Of an old run the row stays, with its counts; its journal, snapshots and errors go. The body of an
-- audit row can go too: from now on the chain covers a salted digest of it, which stays. Rows from
-- before (their `body_hash` is NULL) are covered whole and stay whole.

-- What an admin set; no row or NULL: kept for good.
CREATE TABLE retention (
    tenant_id     INTEGER PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    history_days  INTEGER CHECK (history_days > 0),
    audit_days    INTEGER CHECK (audit_days > 0)
) STRICT;

--   details_removed_at  when journal, snapshots and errors went (or began to)
--   details_kept_days   the retention that removed them
--   removing            1: some of them are still there
ALTER TABLE sync_history ADD COLUMN details_removed_at INTEGER;
ALTER TABLE sync_history ADD COLUMN details_kept_days INTEGER;
ALTER TABLE sync_history ADD COLUMN removing INTEGER NOT NULL DEFAULT 0 CHECK (removing = 0 OR removing = 1);
CREATE INDEX sync_history_detailed ON sync_history (tenant_id, completed_at) WHERE details_removed_at IS NULL;
CREATE INDEX sync_history_removing ON sync_history (tenant_id) WHERE removing = 1;

CREATE INDEX conflicts_settled ON conflicts (tenant_id, updated_at) WHERE state = 'resolved' OR state = 'closed';

--   body_hash  digest of subject and details under the salt; what the chain covers
--   salt       NULL with a body_hash: the body was destroyed
ALTER TABLE audit_log ADD COLUMN body_hash BLOB CHECK (length(body_hash) = 32);
ALTER TABLE audit_log ADD COLUMN salt BLOB CHECK (length(salt) = 16);
