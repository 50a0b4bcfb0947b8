//! Runs: `sync_history`, its snapshots, and the numbers for the overview.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use tandem_domain::config::SyncDirection;
use tandem_domain::ids::{Both, RunId, SyncId};
use tandem_engine::ports::history::{
    Continuation, OperationState, RunCounts, RunOptions, RunStatus, SyncHistory,
};
use tandem_engine::ports::retention::DetailsRemoved;
use tandem_engine::ports::session::RunOutcome;
use tandem_engine::ports::store::{Actor, NewRun, RunFilter, Totals};

use super::journal::state_code;
use super::{audit, syncs};
use crate::codec::{body_json, json_body};
use crate::fault::{Fault, Result, conflict, is_duplicate, not_found};
use crate::keys::{At, Id, SyncKey, count, limit, micros, of_word, stored, word};

const SELECT: &str = "
    SELECT h.*, c.uuid AS sync_uuid FROM sync_history h
    JOIN sync_configurations c ON c.tenant_id = h.tenant_id AND c.id = h.sync_configuration_id
    WHERE h.tenant_id = :tenant";

// The errors are asked once for the whole page, not once for each run.
const TEXT: &str = "
    AND (:id <> '' AND substr(hex(h.uuid), 1, length(:id)) = :id
      OR instr(lower(h.error_message), lower(:text)) > 0
      OR h.id IN (SELECT e.sync_history_id FROM sync_errors e
                  WHERE e.tenant_id = :tenant
                    AND (e.record_id = :text
                      OR instr(lower(e.error_message), lower(:text)) > 0)))";

pub(crate) fn page(db: &Connection, tenant: i64, filter: &RunFilter) -> Result<Vec<SyncHistory>> {
    let sync = match filter.sync {
        Some(id) => match syncs::key(db, tenant, id) {
            Ok(key) => Some(key.sync),
            Err(Fault::Store(_)) => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
        },
        None => None,
    };
    let before = match filter.before {
        Some(id) => key(db, tenant, id)?,
        None => i64::MAX,
    };
    let mut sql = format!("{SELECT} AND h.id < :before");
    // Conditions that are not asked for are left out, so that each question finds its index.
    let status = filter.status.as_ref().map(word).transpose()?;
    let most = limit(filter.limit);
    let mut bound: Vec<(&str, &dyn rusqlite::ToSql)> =
        vec![(":tenant", &tenant), (":before", &before), (":most", &most)];
    if let Some(sync) = &sync {
        sql.push_str(" AND h.sync_configuration_id = :sync");
        bound.push((":sync", sync));
    }
    if let Some(status) = &status {
        sql.push_str(" AND h.sync_status = :status");
        bound.push((":status", status));
    }
    if let Some(simulated) = &filter.simulated {
        sql.push_str(" AND h.option_simulate = :simulated");
        bound.push((":simulated", simulated));
    }
    let (since, until) = (filter.since.map(micros), filter.until.map(micros));
    if let Some(since) = &since {
        sql.push_str(" AND h.started_at >= :since");
        bound.push((":since", since));
    }
    if let Some(until) = &until {
        sql.push_str(" AND h.started_at < :until");
        bound.push((":until", until));
    }
    let id = filter
        .text
        .as_ref()
        .map(|text| text.to_ascii_uppercase().replace('-', ""));
    if let (Some(text), Some(id)) = (&filter.text, &id) {
        sql.push_str(TEXT);
        bound.push((":text", text));
        bound.push((":id", id));
    }
    sql.push_str(" ORDER BY h.id DESC LIMIT :most");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(bound.as_slice())?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push(record(row)?);
    }
    Ok(runs)
}

pub(crate) fn one(db: &Connection, tenant: i64, id: RunId) -> Result<SyncHistory> {
    let mut statement = db.prepare_cached(&format!("{SELECT} AND h.uuid = :uuid"))?;
    let mut rows = statement.query(named_params! {
        ":tenant": tenant,
        ":uuid": id.0.as_bytes(),
    })?;
    match rows.next()? {
        Some(row) => record(row),
        None => Err(not_found("run", id)),
    }
}

fn record(row: &Row<'_>) -> Result<SyncHistory> {
    let number = |column: &str| row.get::<_, i64>(column).map(count);
    Ok(SyncHistory {
        id: RunId(row.get::<_, Id>("uuid")?.0),
        sync: SyncId(row.get::<_, Id>("sync_uuid")?.0),
        sync_name: row.get("sync_name")?,
        direction: of_word("direction", row.get("sync_direction")?)?,
        status: of_word("status", row.get("sync_status")?)?,
        trigger: of_word("trigger", row.get("run_trigger")?)?,
        options: options(row)?,
        counts: RunCounts {
            processed: number("records_processed")?,
            succeeded: number("records_succeeded")?,
            failed: number("records_failed")?,
            skipped: number("records_skipped")?,
            conflicts: number("conflicts")?,
            created: Both::new(number("source_created")?, number("target_created")?),
            updated: Both::new(number("source_updated")?, number("target_updated")?),
            deleted: Both::new(number("source_deleted")?, number("target_deleted")?),
        },
        execution_time_ms: number("execution_time_ms")?,
        error_message: row.get("error_message")?,
        error_type: row
            .get::<_, Option<String>>("error_type")?
            .map(|text| of_word("error type", text))
            .transpose()?,
        plan_hash: row.get("plan_hash")?,
        actor: row.get("actor")?,
        started_at: row.get::<_, At>("started_at")?.0,
        completed_at: row.get::<_, Option<At>>("completed_at")?.map(|at| at.0),
        continue_at: row.get::<_, Option<At>>("continue_at")?.map(|at| at.0),
        details_removed: match row.get::<_, Option<At>>("details_removed_at")? {
            Some(at) => Some(DetailsRemoved {
                at: at.0,
                kept_days: row.get("details_kept_days")?,
            }),
            None => None,
        },
    })
}

pub(crate) fn planned(db: &Connection, tenant: i64, hash: &str) -> Result<Option<SyncHistory>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} AND h.option_simulate = 1 AND h.plan_hash = :hash ORDER BY h.id DESC LIMIT 1"
    ))?;
    let mut rows = statement.query(named_params! { ":tenant": tenant, ":hash": hash })?;
    rows.next()?.map(record).transpose()
}

pub(crate) fn continuations(db: &Connection, tenant: i64) -> Result<Vec<Continuation>> {
    let mut statement = db.prepare_cached(
        "SELECT c.uuid AS sync_uuid, h.uuid, h.continue_at FROM sync_history h
         JOIN sync_configurations c ON c.tenant_id = h.tenant_id AND c.id = h.sync_configuration_id
         WHERE h.tenant_id = ?1 AND h.continue_at IS NOT NULL AND c.archived = 0
             AND NOT EXISTS (
                 SELECT 1 FROM sync_history later
                 WHERE later.tenant_id = h.tenant_id
                     AND later.sync_configuration_id = h.sync_configuration_id AND later.id > h.id
                     AND later.option_simulate = 0 AND later.option_decisions_only = 0
                     AND later.rolls_back IS NULL AND later.applies IS NULL)
         ORDER BY h.continue_at, h.id",
    )?;
    let mut rows = statement.query(params![tenant])?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        due.push(Continuation {
            sync: SyncId(row.get::<_, Id>("sync_uuid")?.0),
            run: RunId(row.get::<_, Id>("uuid")?.0),
            at: row.get::<_, At>("continue_at")?.0,
        });
    }
    Ok(due)
}

/// The newest run that a configuration's schedule started, and when it began.
pub(crate) fn newest_scheduled(
    db: &Connection,
    key: SyncKey,
) -> Result<Option<(RunId, DateTime<Utc>)>> {
    Ok(db
        .prepare_cached(
            "SELECT uuid, started_at FROM sync_history
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND run_trigger = 'schedule'
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![key.tenant, key.sync], |row| {
            Ok((RunId(row.get::<_, Id>(0)?.0), row.get::<_, At>(1)?.0))
        })
        .optional()?)
}

/// The options a row was asked with.
pub(crate) fn options(row: &Row<'_>) -> rusqlite::Result<RunOptions> {
    Ok(RunOptions {
        simulate: row.get("option_simulate")?,
        full: row.get("option_full")?,
        allow_deletes: row
            .get::<_, Option<i64>>("option_allow_deletes")?
            .map(count),
        decisions_only: row.get("option_decisions_only")?,
        rolls_back: row
            .get::<_, Option<Id>>("rolls_back")?
            .map(|id| RunId(id.0)),
        applies: row.get::<_, Option<Id>>("applies")?.map(|id| RunId(id.0)),
    })
}

/// A run's key.
pub(crate) fn key(db: &Connection, tenant: i64, id: RunId) -> Result<i64> {
    db.prepare_cached("SELECT id FROM sync_history WHERE tenant_id = ?1 AND uuid = ?2")?
        .query_row(params![tenant, id.0.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| not_found("run", id))
}

pub(crate) fn snapshots(
    db: &Connection,
    tenant: i64,
    id: RunId,
) -> Result<Option<(serde_json::Value, serde_json::Value)>> {
    let both = db
        .prepare_cached(
            "SELECT data_snapshot_before, data_snapshot_after FROM sync_history
             WHERE tenant_id = ?1 AND uuid = ?2",
        )?
        .query_row(params![tenant, id.0.as_bytes()], |row| {
            let body = |at| row.get::<_, Option<Vec<u8>>>(at);
            Ok((body(0)?, body(1)?))
        })
        .optional()?;
    match both {
        None => Err(not_found("run", id)),
        Some((Some(before), Some(after))) => Ok(Some((body_json(&before)?, body_json(&after)?))),
        Some(_) => Ok(None),
    }
}

pub(crate) fn request_cancel(db: &Connection, tenant: i64, id: RunId, actor: &Actor) -> Result<()> {
    let run = one(db, tenant, id)?;
    if run.completed_at.is_some() {
        return Err(conflict(format!("run {id} has ended already")));
    }
    db.execute(
        "UPDATE sync_history SET cancel_requested_at = coalesce(cancel_requested_at, ?3)
         WHERE tenant_id = ?1 AND uuid = ?2",
        params![tenant, id.0.as_bytes(), micros(actor.at)],
    )?;
    audit::add(
        db,
        tenant,
        actor,
        "run.cancel",
        &run.sync_name,
        &serde_json::json!({ "run": id }),
    )
}

/// A new row, `pending`.
pub(crate) fn insert(
    db: &Connection,
    key: SyncKey,
    run: &NewRun,
    direction: SyncDirection,
    sync_name: &str,
) -> Result<i64> {
    db.prepare_cached(
        "INSERT INTO sync_history
             (tenant_id, sync_configuration_id, uuid, sync_direction, sync_status, started_at,
              sync_name, run_trigger, option_simulate, option_full, option_allow_deletes,
              option_decisions_only, actor, rolls_back, applies)
         VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        key.tenant,
        key.sync,
        run.id.0.as_bytes(),
        word(&direction)?,
        micros(run.at),
        sync_name,
        word(&run.trigger)?,
        run.options.simulate,
        run.options.full,
        run.options.allow_deletes.map(stored),
        run.options.decisions_only,
        run.actor,
        run.options.rolls_back.map(|id| *id.0.as_bytes()),
        run.options.applies.map(|id| *id.0.as_bytes()),
    ])
    .map_err(|error| {
        if is_duplicate(&error) {
            conflict(format!("there is a run {} already", run.id))
        } else {
            error.into()
        }
    })?;
    Ok(db.last_insert_rowid())
}

/// Counts of a run under way.
pub(crate) fn put_counts(db: &Connection, tenant: i64, run: i64, counts: &RunCounts) -> Result<()> {
    db.prepare_cached(
        "UPDATE sync_history SET
             records_processed = ?3, records_succeeded = ?4, records_failed = ?5,
             records_skipped = ?6, conflicts = ?7, source_created = ?8, target_created = ?9,
             source_updated = ?10, target_updated = ?11, source_deleted = ?12, target_deleted = ?13
         WHERE tenant_id = ?1 AND id = ?2",
    )?
    .execute(params![
        tenant,
        run,
        stored(counts.processed),
        stored(counts.succeeded),
        stored(counts.failed),
        stored(counts.skipped),
        stored(counts.conflicts),
        stored(counts.created.source),
        stored(counts.created.target),
        stored(counts.updated.source),
        stored(counts.updated.target),
        stored(counts.deleted.source),
        stored(counts.deleted.target),
    ])?;
    Ok(())
}

/// How a run ended. `unsettled`: its journal holds operations without a receipt.
pub(crate) fn close(
    db: &Connection,
    tenant: i64,
    run: i64,
    outcome: &RunOutcome,
    unsettled: bool,
) -> Result<()> {
    put_counts(db, tenant, run, &outcome.counts)?;
    let snapshots = match &outcome.snapshots {
        Some(both) => (
            Some(json_body(&both.before)?),
            Some(json_body(&both.after)?),
        ),
        None => (None, None),
    };
    let (error_type, error_message) = match &outcome.error {
        Some((kind, message)) => (Some(word(kind)?), Some(message)),
        None => (None, None),
    };
    db.prepare_cached(
        "UPDATE sync_history SET
             sync_status = ?3, execution_time_ms = ?4, error_type = ?5, error_message = ?6,
             plan_hash = ?7, data_snapshot_before = ?8, data_snapshot_after = ?9,
             completed_at = ?10, unsettled = ?11, continue_at = ?12
         WHERE tenant_id = ?1 AND id = ?2",
    )?
    .execute(params![
        tenant,
        run,
        word(&outcome.status)?,
        stored(outcome.execution_time_ms),
        error_type,
        error_message,
        outcome.plan_hash,
        snapshots.0,
        snapshots.1,
        micros(outcome.at),
        unsettled,
        outcome.continue_at.map(micros),
    ])?;
    Ok(())
}

/// What a run that was interrupted did, by its journal: its own counts were last written down when it
/// renewed its lease. A pair counts by the newest operation of each of its sides; one without a
/// receipt is left for the next run, hence skipped. What leaves no trace in the journal (records that
/// needed no write) counts as far as it was written down.
fn count_journal(db: &Connection, tenant: i64, run: i64) -> Result<()> {
    db.prepare_cached(
        "WITH newest AS (
             SELECT coalesce(link_id, -seq) AS pair, side, state, max(seq) FROM operations
             WHERE tenant_id = ?1 AND sync_history_id = ?2 AND state <> ?3 GROUP BY 1, 2),
         pairs AS (
             SELECT max(state IN (?4, ?5)) AS failed, max(state <> ?6) AS open
             FROM newest GROUP BY pair),
         tally AS (
             SELECT coalesce(sum(open = 0), 0) AS succeeded, coalesce(sum(failed), 0) AS failed,
                    coalesce(sum(open AND NOT failed), 0) AS skipped
             FROM pairs),
         made AS (
             SELECT sum(side = 0 AND kind = 0) AS source_created,
                    sum(side = 1 AND kind = 0) AS target_created,
                    sum(side = 0 AND kind = 1) AS source_updated,
                    sum(side = 1 AND kind = 1) AS target_updated,
                    sum(side = 0 AND kind = 2) AS source_deleted,
                    sum(side = 1 AND kind = 2) AS target_deleted
             FROM operations WHERE tenant_id = ?1 AND sync_history_id = ?2 AND state = ?6)
         UPDATE sync_history SET
             records_succeeded = max(records_succeeded, tally.succeeded),
             records_failed = max(records_failed, tally.failed),
             records_skipped = max(records_skipped, tally.skipped),
             records_processed = max(records_succeeded, tally.succeeded)
                 + max(records_failed, tally.failed) + max(records_skipped, tally.skipped),
             source_created = coalesce(made.source_created, 0),
             target_created = coalesce(made.target_created, 0),
             source_updated = coalesce(made.source_updated, 0),
             target_updated = coalesce(made.target_updated, 0),
             source_deleted = coalesce(made.source_deleted, 0),
             target_deleted = coalesce(made.target_deleted, 0)
         FROM tally, made
         WHERE sync_history.tenant_id = ?1 AND sync_history.id = ?2",
    )?
    .execute(params![
        tenant,
        run,
        state_code(OperationState::Planned),
        state_code(OperationState::Failed),
        state_code(OperationState::Uncertain),
        state_code(OperationState::Done),
    ])?;
    Ok(())
}

/// Closes a run whose process went away: failed, its journal to be settled by the next one.
pub(crate) fn interrupt(
    db: &Connection,
    tenant: i64,
    run: i64,
    at: DateTime<Utc>,
) -> Result<RunId> {
    db.prepare_cached(
        "UPDATE sync_history SET sync_status = ?3, completed_at = ?4, unsettled = 1,
             error_message = 'interrupted: its process stopped before the run ended',
             execution_time_ms = max(0, (?4 - started_at) / 1000)
         WHERE tenant_id = ?1 AND id = ?2",
    )?
    .execute(params![tenant, run, word(&RunStatus::Failed)?, micros(at)])?;
    count_journal(db, tenant, run)?;
    Ok(RunId(
        db.prepare_cached("SELECT uuid FROM sync_history WHERE tenant_id = ?1 AND id = ?2")?
            .query_row(params![tenant, run], |row| row.get::<_, Id>(0))?
            .0,
    ))
}

pub(crate) fn totals(db: &Connection, tenant: i64) -> Result<Totals> {
    let number = |sql: &str| -> Result<u64> {
        Ok(count(
            db.prepare_cached(sql)?
                .query_row(params![tenant], |row| row.get(0))?,
        ))
    };
    Ok(Totals {
        open_conflicts: number(
            "SELECT count(*) FROM conflicts WHERE tenant_id = ?1 AND state = 'open'",
        )?,
        unresolved_errors: number(
            "SELECT count(*) FROM sync_errors WHERE tenant_id = ?1 AND is_resolved = 0",
        )?,
        links: number(
            "SELECT (SELECT count(*) FROM links WHERE tenant_id = ?1 AND (state < 2 OR state = 4))
                  - (SELECT count(*) FROM links WHERE tenant_id = ?1 AND (state < 2 OR state = 4)
                     AND (source_id IS NULL OR target_id IS NULL))",
        )?,
    })
}
