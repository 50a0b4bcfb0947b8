-- 0004: alerts, one an hour for each configuration, delivered channel by channel.
--
-- Whether a final failure is told or held back is decided in the transaction that records it, from
-- when somebody was last told of one. Of each configuration only the newest alert is still delivered.
-- So far alerts were delivered on the desktop alone, each failure its own.

-- One row for each configuration that ever failed.
--   failures  final failures so far
--   alerting  1: a failure alert was decided on that no recovery notice has followed
--   newest    the alert that is still delivered
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

-- The last failure that a channel told of, or told to have been held back, by its number among the
-- configuration's failures; and when it last told of one (0: never, only of a recovery).
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

-- Alerts, written in the transaction of what they tell of, delivered later.
--   run             the run to look at, by uuid: an alert outlives its run's history
--   failure_number  how many failures the configuration had had by then
--   held_back       how many of these nobody had been told of before
--   body            the failure (of a recovery the last one), JSON, secrets removed
CREATE TABLE new_alert_outbox (
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

-- What became of an alert on each channel that tried it.
--   claimed_until  a process is at it until then
--   again_at       not to be tried again before then
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
    FOREIGN KEY (tenant_id, alert_seq) REFERENCES new_alert_outbox (tenant_id, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO new_alert_outbox (
    seq, tenant_id, sync_configuration_id, kind, run, failure_number, held_back, body, created_at)
SELECT
    o.seq, o.tenant_id, c.id, 'failure', unhex(replace(o.body ->> 'run', '-', '')),
    row_number() OVER (PARTITION BY c.id ORDER BY o.seq), 0, o.body, o.created_at
FROM alert_outbox o
JOIN sync_configurations c
    ON c.tenant_id = o.tenant_id AND c.uuid = unhex(replace(o.body ->> 'sync_id', '-', ''))
WHERE length(unhex(replace(o.body ->> 'run', '-', ''))) = 16
ORDER BY o.seq;

INSERT INTO alert_deliveries (tenant_id, alert_seq, channel, attempts, delivered_at)
SELECT o.tenant_id, o.seq, 'desktop', 1, o.delivered_at
FROM alert_outbox o JOIN new_alert_outbox n ON n.seq = o.seq
WHERE o.delivered_at IS NOT NULL;

INSERT INTO alert_told (tenant_id, sync_configuration_id, channel, failure_number, told_at)
SELECT n.tenant_id, n.sync_configuration_id, 'desktop', max(n.failure_number), max(d.delivered_at)
FROM new_alert_outbox n
JOIN alert_deliveries d ON d.tenant_id = n.tenant_id AND d.alert_seq = n.seq
GROUP BY n.tenant_id, n.sync_configuration_id;

INSERT INTO alert_states (tenant_id, sync_configuration_id, failures, alerting, newest)
SELECT n.tenant_id, n.sync_configuration_id, n.failure_number,
    NOT EXISTS (
        SELECT 1 FROM sync_history h
        WHERE h.tenant_id = n.tenant_id AND h.sync_configuration_id = n.sync_configuration_id
            AND h.sync_status = 'completed' AND h.option_simulate = 0
            AND h.started_at > n.created_at),
    n.seq
FROM new_alert_outbox n
WHERE n.seq IN (SELECT max(seq) FROM new_alert_outbox GROUP BY sync_configuration_id);

-- What waited to be told one by one is told at once.
UPDATE new_alert_outbox SET held_back = failure_number - 1 - coalesce((
    SELECT t.failure_number FROM alert_told t
    WHERE t.tenant_id = new_alert_outbox.tenant_id
        AND t.sync_configuration_id = new_alert_outbox.sync_configuration_id), 0)
WHERE seq IN (SELECT newest FROM alert_states)
    AND seq NOT IN (SELECT alert_seq FROM alert_deliveries);

-- Ids are never given twice, not even those of rows that are gone.
DELETE FROM sqlite_sequence WHERE name = 'new_alert_outbox';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'new_alert_outbox', seq FROM sqlite_sequence WHERE name = 'alert_outbox';

DROP TABLE alert_outbox;
ALTER TABLE new_alert_outbox RENAME TO alert_outbox;
CREATE INDEX alert_outbox_configuration ON alert_outbox (tenant_id, sync_configuration_id, seq);
CREATE INDEX alert_deliveries_claimed ON alert_deliveries (tenant_id, channel) WHERE claimed_until IS NOT NULL;
