-- How often people chose which side, per configuration, field and pattern of the disagreement. Counts
-- only: no record and no value of one can be read out of them, so neither erasure nor retention has
-- anything to remove here. Kept in the transaction that keeps or takes back a decision.
--   pattern   which side was newer and which was empty, as words
--   took      source | target | base | custom
--   times     decisions
--   offered   of these: while a suggestion stood
--   followed  of these: which chose what was suggested
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

-- What was suggested when it was decided, per field, as JSON: a decision that is taken back is taken
-- out of the counts exactly as it went in. NULL: decided before decisions were counted.
ALTER TABLE conflict_decisions ADD COLUMN suggested TEXT;
