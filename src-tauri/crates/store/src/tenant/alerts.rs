//! Alerts: what is told and what is held back, decided in the transaction of the failure; and the
//! outbox, from which each channel takes what it has not told yet.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use tandem_domain::ids::{RunId, SyncId};
use tandem_engine::ports::alerts::{
    AlertClaim, AlertDelivery, AlertKind, AlertRecord, AlertStep, CLAIM, CLAIM_BELIEVED,
    ClaimedAlert, Delivery, Failure, LONGEST_WAIT, SLOT,
};

use crate::fault::{Result, corrupt, not_found};
use crate::keys::{At, Id, SyncKey, count, limit, micros, of_word, stored, word};

/// What the end of a run means for the outbox.
pub(crate) fn step(
    db: &Connection,
    key: SyncKey,
    run: RunId,
    step: &AlertStep,
    at: DateTime<Utc>,
) -> Result<()> {
    match step {
        AlertStep::Silent => Ok(()),
        AlertStep::Failed(failure) => failed(db, key, failure, at),
        AlertStep::Works => works(db, key, run, at),
    }
}

/// What is known of a configuration's alerts.
struct State {
    failures: u64,
    alerting: bool,
    newest: i64,
    /// The last failure that anybody was told of, or of its being held back, by its number.
    told: u64,
    /// When that was, on whatever channel.
    told_at: Option<DateTime<Utc>>,
    /// Some process delivers an alert right now.
    claimed: bool,
}

impl State {
    fn read(db: &Connection, key: SyncKey, now: DateTime<Utc>) -> Result<Option<Self>> {
        Ok(db
            .prepare_cached(
                "SELECT s.failures, s.alerting, s.newest, max(t.failure_number) AS told,
                     max(t.told_at) AS told_at,
                     EXISTS (
                         SELECT 1 FROM alert_deliveries d
                         JOIN alert_outbox o ON o.tenant_id = d.tenant_id AND o.seq = d.alert_seq
                         WHERE d.tenant_id = s.tenant_id
                             AND d.claimed_until > ?3 AND d.claimed_until <= ?4
                             AND o.sync_configuration_id = s.sync_configuration_id) AS claimed
                 FROM alert_states s
                 LEFT JOIN alert_told t ON t.tenant_id = s.tenant_id
                     AND t.sync_configuration_id = s.sync_configuration_id
                 WHERE s.tenant_id = ?1 AND s.sync_configuration_id = ?2
                 GROUP BY s.tenant_id",
            )?
            .query_row(
                params![
                    key.tenant,
                    key.sync,
                    micros(now),
                    micros(now + CLAIM_BELIEVED)
                ],
                |row| {
                    Ok(Self {
                        failures: count(row.get("failures")?),
                        alerting: row.get("alerting")?,
                        newest: row.get("newest")?,
                        told: row.get::<_, Option<i64>>("told")?.map_or(0, count),
                        told_at: row.get::<_, Option<At>>("told_at")?.map(|at| at.0),
                        claimed: row.get("claimed")?,
                    })
                },
            )
            .optional()?)
    }

    /// Whether the hour's alert is told, or being told. A clock that was set back does not keep the
    /// slot for longer than it would have been.
    fn taken(&self, now: DateTime<Utc>) -> bool {
        let within = |told: DateTime<Utc>| (now - told).abs() < SLOT;
        self.claimed || self.told_at.is_some_and(within)
    }

    fn put(&self, db: &Connection, key: SyncKey) -> Result<()> {
        db.prepare_cached(
            "INSERT OR REPLACE INTO alert_states
                 (tenant_id, sync_configuration_id, failures, alerting, newest)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            key.tenant,
            key.sync,
            stored(self.failures),
            self.alerting,
            self.newest
        ])?;
        Ok(())
    }
}

/// A final failure: an alert where the slot is free, else one more held back. A failure alert that
/// nobody was told of yet becomes this one.
fn failed(db: &Connection, key: SyncKey, failure: &Failure, at: DateTime<Utc>) -> Result<()> {
    let mut state = State::read(db, key, at)?.unwrap_or(State {
        failures: 0,
        alerting: false,
        newest: 0,
        told: 0,
        told_at: None,
        claimed: false,
    });
    state.failures += 1;
    if !state.taken(at) {
        let alert = New {
            kind: AlertKind::Failure,
            run: failure.run,
            number: state.failures,
            held_back: state.failures.saturating_sub(state.told + 1),
            failure,
        };
        state.newest = if state.alerting && !is_told(db, key.tenant, state.newest)? {
            alert.replace(db, key, state.newest, at)?;
            state.newest
        } else {
            alert.insert(db, key, at)?
        };
        state.alerting = true;
    }
    state.put(db, key)
}

/// A run did its work: one notice, if an alert had been decided on.
fn works(db: &Connection, key: SyncKey, run: RunId, at: DateTime<Utc>) -> Result<()> {
    let Some(mut state) = State::read(db, key, at)?.filter(|state| state.alerting) else {
        return Ok(());
    };
    let last: String = db
        .prepare_cached("SELECT body FROM alert_outbox WHERE tenant_id = ?1 AND seq = ?2")?
        .query_row(params![key.tenant, state.newest], |row| row.get(0))?;
    let notice = New {
        kind: AlertKind::Recovery,
        run,
        number: state.failures,
        held_back: state.failures.saturating_sub(state.told),
        failure: &body(&last)?,
    };
    state.newest = notice.insert(db, key, at)?;
    state.alerting = false;
    state.put(db, key)
}

/// An alert to put into the outbox.
struct New<'a> {
    kind: AlertKind,
    run: RunId,
    number: u64,
    held_back: u64,
    failure: &'a Failure,
}

impl New<'_> {
    fn insert(&self, db: &Connection, key: SyncKey, at: DateTime<Utc>) -> Result<i64> {
        db.prepare_cached(
            "INSERT INTO alert_outbox
                 (tenant_id, sync_configuration_id, kind, run, failure_number, held_back, body,
                  created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            key.tenant,
            key.sync,
            word(&self.kind)?,
            self.run.0.as_bytes(),
            stored(self.number),
            stored(self.held_back),
            self.body()?,
            micros(at)
        ])?;
        Ok(db.last_insert_rowid())
    }

    fn replace(&self, db: &Connection, key: SyncKey, seq: i64, at: DateTime<Utc>) -> Result<()> {
        db.prepare_cached(
            "UPDATE alert_outbox SET
                 run = ?3, failure_number = ?4, held_back = ?5, body = ?6, created_at = ?7
             WHERE tenant_id = ?1 AND seq = ?2",
        )?
        .execute(params![
            key.tenant,
            seq,
            self.run.0.as_bytes(),
            stored(self.number),
            stored(self.held_back),
            self.body()?,
            micros(at)
        ])?;
        Ok(())
    }

    fn body(&self) -> Result<String> {
        serde_json::to_string(self.failure).map_err(|error| corrupt("alert", error))
    }
}

fn is_told(db: &Connection, tenant: i64, seq: i64) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM alert_deliveries
             WHERE tenant_id = ?1 AND alert_seq = ?2 AND delivered_at IS NOT NULL",
        )?
        .exists(params![tenant, seq])?)
}

pub(crate) fn page(
    db: &Connection,
    tenant: i64,
    before: Option<i64>,
    most: usize,
) -> Result<Vec<AlertRecord>> {
    let mut statement = db.prepare_cached(
        "SELECT o.*, c.uuid AS sync_uuid FROM alert_outbox o
         JOIN sync_configurations c ON c.tenant_id = o.tenant_id AND c.id = o.sync_configuration_id
         WHERE o.tenant_id = ?1 AND o.seq < ?2 ORDER BY o.seq DESC LIMIT ?3",
    )?;
    let mut rows = statement.query(params![tenant, before.unwrap_or(i64::MAX), limit(most)])?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        let mut alert = record(row)?;
        alert.deliveries = deliveries(db, tenant, alert.seq)?;
        alerts.push(alert);
    }
    Ok(alerts)
}

fn record(row: &Row<'_>) -> Result<AlertRecord> {
    Ok(AlertRecord {
        seq: row.get("seq")?,
        sync: SyncId(row.get::<_, Id>("sync_uuid")?.0),
        kind: of_word("alert kind", row.get("kind")?)?,
        failure: body(&row.get::<_, String>("body")?)?,
        run: RunId(row.get::<_, Id>("run")?.0),
        number: count(row.get("failure_number")?),
        held_back: count(row.get("held_back")?),
        at: row.get::<_, At>("created_at")?.0,
        deliveries: Vec::new(),
    })
}

fn body(text: &str) -> Result<Failure> {
    serde_json::from_str(text).map_err(|error| corrupt("alert", error))
}

fn deliveries(db: &Connection, tenant: i64, seq: i64) -> Result<Vec<AlertDelivery>> {
    let mut statement = db.prepare_cached(
        "SELECT channel, attempts, delivered_at, last_error FROM alert_deliveries
         WHERE tenant_id = ?1 AND alert_seq = ?2 ORDER BY channel",
    )?;
    let rows = statement.query_map(params![tenant, seq], |row| {
        Ok(AlertDelivery {
            channel: row.get("channel")?,
            attempts: row.get("attempts")?,
            delivered_at: row.get::<_, Option<At>>("delivered_at")?.map(|at| at.0),
            last_error: row.get("last_error")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The next alert that is due on the channel; nothing is changed.
pub(crate) fn due(
    db: &Connection,
    tenant: i64,
    claim: &AlertClaim<'_>,
) -> Result<Option<ClaimedAlert>> {
    let now = claim.now;
    let mut statement = db.prepare_cached(
        "SELECT o.*, c.uuid AS sync_uuid, t.failure_number AS told, coalesce(d.attempts, 0) AS attempts
         FROM alert_states s
         JOIN alert_outbox o ON o.tenant_id = s.tenant_id AND o.seq = s.newest
         JOIN sync_configurations c ON c.tenant_id = o.tenant_id AND c.id = o.sync_configuration_id
         LEFT JOIN alert_deliveries d
             ON d.tenant_id = o.tenant_id AND d.alert_seq = o.seq AND d.channel = :channel
         LEFT JOIN alert_told t ON t.tenant_id = s.tenant_id
             AND t.sync_configuration_id = s.sync_configuration_id AND t.channel = :channel
         WHERE s.tenant_id = :tenant AND o.seq > :after AND d.delivered_at IS NULL
             -- A moment further ahead than any wait is left by a clock that was set back.
             AND (:eager OR d.again_at IS NULL OR d.again_at <= :now OR d.again_at > :latest)
             AND (o.kind = 'recovery' OR t.told_at IS NULL OR abs(:now - t.told_at) >= :slot)
             AND (o.kind = 'failure' OR EXISTS (
                 -- Told there since the last recovery, or nowhere.
                 WITH before AS (SELECT coalesce((
                     SELECT p.failure_number FROM alert_outbox p
                     WHERE p.tenant_id = o.tenant_id
                         AND p.sync_configuration_id = o.sync_configuration_id
                         AND p.seq < o.seq AND p.kind = 'recovery'
                     ORDER BY p.seq DESC LIMIT 1), 0) AS number)
                 SELECT 1 FROM before WHERE t.failure_number > before.number OR NOT EXISTS (
                     SELECT 1 FROM alert_told a
                     WHERE a.tenant_id = s.tenant_id
                         AND a.sync_configuration_id = s.sync_configuration_id
                         AND a.failure_number > before.number)))
             AND NOT EXISTS (
                 SELECT 1 FROM alert_deliveries h
                 JOIN alert_outbox held ON held.tenant_id = h.tenant_id AND held.seq = h.alert_seq
                 WHERE h.tenant_id = s.tenant_id AND h.channel = :channel
                     AND h.claimed_until > :now AND h.claimed_until <= :believed
                     AND held.sync_configuration_id = s.sync_configuration_id)
         ORDER BY o.seq LIMIT 1",
    )?;
    let mut rows = statement.query(named_params! {
        ":tenant": tenant,
        ":channel": claim.channel,
        ":after": claim.after.unwrap_or(0),
        ":eager": claim.eager,
        ":now": micros(now),
        ":latest": micros(now + LONGEST_WAIT),
        ":believed": micros(now + CLAIM_BELIEVED),
        ":slot": SLOT.num_microseconds().unwrap_or(i64::MAX),
    })?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let mut alert = record(row)?;
    if let Some(told) = row.get::<_, Option<i64>>("told")?.map(count) {
        let own = u64::from(alert.kind == AlertKind::Failure);
        alert.held_back = alert.number.saturating_sub(told + own);
    }
    let attempts: u32 = row.get("attempts")?;
    Ok(Some(ClaimedAlert {
        alert,
        attempt: attempts.saturating_add(1),
    }))
}

/// Takes the next alert that is due on the channel.
pub(crate) fn claim(
    db: &Connection,
    tenant: i64,
    claim: &AlertClaim<'_>,
) -> Result<Option<ClaimedAlert>> {
    let Some(mut claimed) = due(db, tenant, claim)? else {
        return Ok(None);
    };
    let until = micros(claim.now + CLAIM);
    db.prepare_cached(
        "INSERT INTO alert_deliveries
             (tenant_id, alert_seq, channel, attempts, claimed_until, again_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)
         ON CONFLICT (tenant_id, alert_seq, channel) DO UPDATE SET
             attempts = excluded.attempts, claimed_until = excluded.claimed_until,
             again_at = excluded.again_at",
    )?
    .execute(params![
        tenant,
        claimed.alert.seq,
        claim.channel,
        claimed.attempt,
        until
    ])?;
    claimed.alert.deliveries = deliveries(db, tenant, claimed.alert.seq)?;
    Ok(Some(claimed))
}

pub(crate) fn settle(
    db: &Connection,
    tenant: i64,
    channel: &str,
    claimed: &ClaimedAlert,
    delivery: &Delivery,
    at: DateTime<Utc>,
) -> Result<()> {
    let seq = claimed.alert.seq;
    let Some(sync): Option<i64> = db
        .prepare_cached(
            "SELECT sync_configuration_id FROM alert_outbox WHERE tenant_id = ?1 AND seq = ?2",
        )?
        .query_row(params![tenant, seq], |row| row.get(0))
        .optional()?
    else {
        return Err(not_found("alert", seq));
    };
    match delivery {
        Delivery::Failed { why, again_at } => {
            db.prepare_cached(
                "UPDATE alert_deliveries SET claimed_until = NULL, again_at = ?5, last_error = ?6
                 WHERE tenant_id = ?1 AND alert_seq = ?2 AND channel = ?3 AND attempts = ?4
                     AND delivered_at IS NULL",
            )?
            .execute(params![
                tenant,
                seq,
                channel,
                claimed.attempt,
                micros(*again_at),
                why
            ])?;
        }
        Delivery::Told => {
            // An alert that became a newer one since its claim ran out is not told yet.
            db.prepare_cached(
                "UPDATE alert_deliveries SET
                     delivered_at = coalesce(delivered_at, ?4), claimed_until = NULL,
                     again_at = NULL, last_error = NULL
                 WHERE tenant_id = ?1 AND alert_seq = ?2 AND channel = ?3 AND EXISTS (
                     SELECT 1 FROM alert_outbox o WHERE o.tenant_id = ?1 AND o.seq = ?2
                         AND o.failure_number = ?5)",
            )?
            .execute(params![
                tenant,
                seq,
                channel,
                micros(at),
                stored(claimed.alert.number)
            ])?;
            // A notice of recovery tells how many failures were held back, but takes no slot.
            let failure = claimed.alert.kind == AlertKind::Failure;
            db.prepare_cached(
                "INSERT INTO alert_told
                     (tenant_id, sync_configuration_id, channel, failure_number, told_at)
                 VALUES (?1, ?2, ?3, ?4, CASE WHEN ?6 THEN ?5 ELSE 0 END)
                 ON CONFLICT (tenant_id, sync_configuration_id, channel) DO UPDATE SET
                     failure_number = max(failure_number, excluded.failure_number),
                     told_at = CASE WHEN ?6 THEN ?5 ELSE told_at END",
            )?
            .execute(params![
                tenant,
                sync,
                channel,
                stored(claimed.alert.number),
                micros(at),
                failure
            ])?;
        }
    }
    Ok(())
}
