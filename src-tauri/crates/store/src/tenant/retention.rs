//! Removing what is older than an admin wants kept, in steps that keep no run waiting for long.
//!
//! A run is marked before the first row of its journal goes, so that nobody takes half of it for all
//! of it, and is finished by later steps, whoever makes them.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::ids::RunId;
use tandem_engine::ports::retention::{Pruned, Retention};
use tandem_engine::ports::store::Actor;

use super::audit;
use crate::fault::{Result, conflict, corrupt};
use crate::keys::{At, count, limit, micros};

pub(crate) fn get(db: &Connection, tenant: i64) -> Result<Retention> {
    let days = db
        .prepare_cached("SELECT history_days, audit_days FROM retention WHERE tenant_id = ?1")?
        .query_row(params![tenant], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match days {
        None => Ok(Retention::default()),
        Some((history, audit)) => {
            Retention::new(history, audit).map_err(|error| corrupt("retention", error))
        }
    }
}

pub(crate) fn put(
    db: &Connection,
    tenant: i64,
    retention: &Retention,
    actor: &Actor,
) -> Result<()> {
    db.execute(
        "INSERT OR REPLACE INTO retention (tenant_id, history_days, audit_days)
         VALUES (?1, ?2, ?3)",
        params![tenant, retention.history_days(), retention.audit_days()],
    )?;
    audit::add(
        db,
        tenant,
        actor,
        "retention.change",
        "history",
        &serde_json::json!(retention),
    )
}

/// The next run to be rid of its details, of tenant `?1` and ended before `?2`. Passed over as long
/// as they may be needed: its journal is not settled, its lease not given back, a rollback of it or a run
/// that applies it not ended, a decision made before it ended not carried out, a create of it not known to have landed.
const NEXT: &str = "
    SELECT h.id FROM sync_history h
    WHERE h.tenant_id = ?1 AND h.details_removed_at IS NULL AND h.completed_at < ?2
        AND h.unsettled = 0
        AND NOT EXISTS (
            SELECT 1 FROM leases l WHERE l.tenant_id = h.tenant_id
                AND l.sync_configuration_id = h.sync_configuration_id AND l.sync_history_id = h.id)
        AND NOT EXISTS (
            SELECT 1 FROM sync_history r WHERE r.tenant_id = h.tenant_id
                AND (r.sync_status = 'pending' OR r.sync_status = 'running')
                AND (r.rolls_back = h.uuid OR r.applies = h.uuid))
        AND NOT EXISTS (
            SELECT 1 FROM conflicts k JOIN conflict_decisions d
                ON d.tenant_id = k.tenant_id AND d.conflict_id = k.id
            WHERE k.tenant_id = h.tenant_id AND k.state = 'decided'
                AND k.sync_configuration_id = h.sync_configuration_id
                AND d.decided_at <= h.completed_at)
        AND NOT EXISTS (
            SELECT 1 FROM operations o INDEXED BY operations_uncertain
                JOIN links l ON l.id = o.link_id AND l.tenant_id = o.tenant_id
            WHERE o.tenant_id = h.tenant_id AND o.state = 4 AND o.sync_history_id = h.id
                AND l.uncertain_create = o.operation_key)
    ORDER BY h.completed_at LIMIT 1";

/// How much one step may still do.
struct Budget {
    left: usize,
}

impl Budget {
    fn spend(&mut self, rows: usize) -> u64 {
        self.left = self.left.saturating_sub(rows);
        rows as u64
    }
}

/// Whether a step would find anything; a look that no writer waits for.
pub(crate) fn due(db: &Connection, tenant: i64, now: DateTime<Utc>) -> Result<bool> {
    let kept = get(db, tenant)?;
    if let Some(before) = cutoff(kept.history_days(), now) {
        let any = |sql: &str| -> Result<bool> {
            Ok(db.prepare_cached(sql)?.exists(params![tenant, before])?)
        };
        if removing(db, tenant)?.is_some()
            || any(NEXT)?
            || any(&format!("{SETTLED_CONFLICTS} LIMIT 1"))?
            || any(&format!("{TOLD_ALERTS} LIMIT 1"))?
        {
            return Ok(true);
        }
    }
    match cutoff(kept.audit_days(), now) {
        Some(before) => audit::any_body_before(db, tenant, before),
        None => Ok(false),
    }
}

/// One step: about `rows` rows.
pub(crate) fn prune(
    db: &Connection,
    tenant: i64,
    now: DateTime<Utc>,
    rows: usize,
) -> Result<Pruned> {
    let kept = get(db, tenant)?;
    let mut budget = Budget { left: rows };
    let mut done = Pruned::default();
    if let (Some(days), Some(before)) = (kept.history_days(), cutoff(kept.history_days(), now)) {
        while budget.left > 0 {
            let Some(run) = next(db, tenant, now, days, before)? else {
                break;
            };
            details(db, tenant, run, &mut budget, &mut done)?;
        }
        done.conflicts = remove(
            db,
            tenant,
            before,
            "conflicts",
            "id",
            SETTLED_CONFLICTS,
            &mut budget,
        )?;
        done.alerts = remove(
            db,
            tenant,
            before,
            "alert_outbox",
            "seq",
            TOLD_ALERTS,
            &mut budget,
        )?;
    }
    if let Some(before) = cutoff(kept.audit_days(), now) {
        let gone = audit::destroy_bodies_before(db, tenant, before, limit(budget.left))?;
        done.audit = budget.spend(gone);
    }
    done.more = budget.left == 0;
    Ok(done)
}

/// Decisions go with the conflict they settled.
const SETTLED_CONFLICTS: &str = "
    SELECT id FROM conflicts
    WHERE tenant_id = ?1 AND updated_at < ?2 AND (state = 'resolved' OR state = 'closed')";

/// A configuration's newest alert may still have to be told, however old it is.
const TOLD_ALERTS: &str = "
    SELECT seq FROM alert_outbox
    WHERE tenant_id = ?1 AND created_at < ?2
        AND seq NOT IN (SELECT newest FROM alert_states WHERE tenant_id = ?1)";

fn cutoff(days: Option<u32>, now: DateTime<Utc>) -> Option<i64> {
    days.and_then(|days| Retention::before(days, now))
        .map(micros)
}

fn removing(db: &Connection, tenant: i64) -> Result<Option<i64>> {
    Ok(db
        .prepare_cached(
            "SELECT id FROM sync_history WHERE tenant_id = ?1 AND removing = 1 ORDER BY id LIMIT 1",
        )?
        .query_row(params![tenant], |row| row.get(0))
        .optional()?)
}

/// A run whose details are being removed, or the next one, marked.
fn next(
    db: &Connection,
    tenant: i64,
    now: DateTime<Utc>,
    days: u32,
    before: i64,
) -> Result<Option<i64>> {
    if let Some(run) = removing(db, tenant)? {
        return Ok(Some(run));
    }
    let next: Option<i64> = db
        .prepare_cached(NEXT)?
        .query_row(params![tenant, before], |row| row.get(0))
        .optional()?;
    if let Some(run) = next {
        db.prepare_cached(
            "UPDATE sync_history SET details_removed_at = ?3, details_kept_days = ?4, removing = 1,
                 data_snapshot_before = NULL, data_snapshot_after = NULL
             WHERE tenant_id = ?1 AND id = ?2",
        )?
        .execute(params![tenant, run, micros(now), days])?;
    }
    Ok(next)
}

/// Removes a run's journal and errors as far as the budget goes.
fn details(
    db: &Connection,
    tenant: i64,
    run: i64,
    budget: &mut Budget,
    done: &mut Pruned,
) -> Result<()> {
    for (table, column, total) in [
        ("operations", "seq", &mut done.changes),
        ("sync_errors", "id", &mut done.errors),
    ] {
        let gone = db
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE tenant_id = ?1 AND {column} IN (
                     SELECT {column} FROM {table} WHERE tenant_id = ?1 AND sync_history_id = ?2
                     LIMIT ?3)"
            ))?
            .execute(params![tenant, run, limit(budget.left)])?;
        *total += budget.spend(gone);
    }
    if budget.left > 0 {
        db.prepare_cached("UPDATE sync_history SET removing = 0 WHERE tenant_id = ?1 AND id = ?2")?
            .execute(params![tenant, run])?;
        done.runs += budget.spend(1);
    }
    Ok(())
}

fn remove(
    db: &Connection,
    tenant: i64,
    before: i64,
    table: &str,
    column: &str,
    which: &str,
    budget: &mut Budget,
) -> Result<u64> {
    let gone = db
        .prepare_cached(&format!(
            "DELETE FROM {table} WHERE tenant_id = ?1 AND {column} IN ({which} LIMIT ?3)"
        ))?
        .execute(params![tenant, before, limit(budget.left)])?;
    Ok(budget.spend(gone))
}

/// Refuses a run whose journal is gone, in the transaction that would rely on it.
pub(crate) fn check_detailed(db: &Connection, tenant: i64, run: RunId) -> Result<()> {
    let removed: Option<(Option<At>, Option<i64>)> = db
        .prepare_cached(
            "SELECT details_removed_at, details_kept_days FROM sync_history
             WHERE tenant_id = ?1 AND uuid = ?2",
        )?
        .query_row(params![tenant, run.0.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match removed {
        Some((Some(at), days)) => Err(conflict(format!(
            "run {run} cannot be taken back: its details were removed on {} by the retention of {} days",
            at.0.format("%Y-%m-%d"),
            count(days.unwrap_or(0))
        ))),
        _ => Ok(()),
    }
}
