//! `sync_errors`: what went wrong, with full diagnostics, until somebody marks it as settled.

use rusqlite::{Connection, Row, named_params, params};
use tandem_domain::ids::{ErrorId, RecordId, RunId, SyncId};
use tandem_engine::ports::history::{NewError, SyncError};
use tandem_engine::ports::store::{Actor, ErrorFilter};

use super::{audit, runs};
use crate::fault::{Fault, Result, corrupt, not_found};
use crate::keys::{At, Id, limit, micros, of_word, word};

const SELECT: &str = "
    SELECT e.*, h.uuid AS run_uuid, c.uuid AS sync_uuid FROM sync_errors e
    JOIN sync_history h ON h.tenant_id = e.tenant_id AND h.id = e.sync_history_id
    JOIN sync_configurations c ON c.tenant_id = h.tenant_id AND c.id = h.sync_configuration_id
    WHERE e.tenant_id = :tenant";

pub(crate) fn page(db: &Connection, tenant: i64, filter: &ErrorFilter) -> Result<Vec<SyncError>> {
    let run = match filter.run {
        Some(id) => match runs::key(db, tenant, id) {
            Ok(key) => Some(key),
            Err(Fault::Store(_)) => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
        },
        None => None,
    };
    let before = match filter.before {
        Some(id) => key(db, tenant, id)?,
        None => i64::MAX,
    };
    let mut sql = format!("{SELECT} AND e.id < :before");
    let most = limit(filter.limit);
    let mut bound: Vec<(&str, &dyn rusqlite::ToSql)> =
        vec![(":tenant", &tenant), (":before", &before), (":most", &most)];
    if let Some(run) = &run {
        sql.push_str(" AND e.sync_history_id = :run");
        bound.push((":run", run));
    }
    if let Some(resolved) = &filter.resolved {
        sql.push_str(" AND e.is_resolved = :resolved");
        bound.push((":resolved", resolved));
    }
    sql.push_str(" ORDER BY e.id DESC LIMIT :most");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(bound.as_slice())?;
    let mut errors = Vec::new();
    while let Some(row) = rows.next()? {
        errors.push(record(row)?);
    }
    Ok(errors)
}

pub(crate) fn one(db: &Connection, tenant: i64, id: ErrorId) -> Result<SyncError> {
    let mut statement = db.prepare_cached(&format!("{SELECT} AND e.uuid = :uuid"))?;
    let mut rows = statement.query(named_params! {
        ":tenant": tenant,
        ":uuid": id.0.as_bytes(),
    })?;
    match rows.next()? {
        Some(row) => record(row),
        None => Err(not_found("error", id)),
    }
}

fn key(db: &Connection, tenant: i64, id: ErrorId) -> Result<i64> {
    use rusqlite::OptionalExtension;
    db.prepare_cached("SELECT id FROM sync_errors WHERE tenant_id = ?1 AND uuid = ?2")?
        .query_row(params![tenant, id.0.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| not_found("error", id))
}

fn record(row: &Row<'_>) -> Result<SyncError> {
    let json = |text: String| {
        serde_json::from_str::<serde_json::Value>(&text)
            .map_err(|error| corrupt("error details", error))
    };
    Ok(SyncError {
        error: NewError {
            id: ErrorId(row.get::<_, Id>("uuid")?.0),
            record_id: row
                .get::<_, Option<String>>("record_id")?
                .map(|id| RecordId::new(id).map_err(|error| corrupt("record id", error.reason)))
                .transpose()?,
            side: row
                .get::<_, Option<String>>("side")?
                .map(|text| of_word("side", text))
                .transpose()?,
            error_type: of_word("error type", row.get("error_type")?)?,
            message: row.get("error_message")?,
            details: json(row.get("error_details")?)?,
            record_data: row
                .get::<_, Option<String>>("record_data")?
                .map(json)
                .transpose()?,
            retry_count: row.get("retry_count")?,
            at: row.get::<_, At>("occurred_at")?.0,
        },
        run: RunId(row.get::<_, Id>("run_uuid")?.0),
        sync: SyncId(row.get::<_, Id>("sync_uuid")?.0),
        is_resolved: row.get("is_resolved")?,
        resolved_at: row.get::<_, Option<At>>("resolved_at")?.map(|at| at.0),
    })
}

/// Logs errors of a run, within the caller's transaction.
pub(crate) fn add(db: &Connection, tenant: i64, run: i64, errors: &[NewError]) -> Result<()> {
    for error in errors {
        db.prepare_cached(
            "INSERT INTO sync_errors
                 (tenant_id, sync_history_id, uuid, record_id, side, error_type, error_message,
                  error_details, record_data, retry_count, occurred_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            tenant,
            run,
            error.id.0.as_bytes(),
            error.record_id.as_ref().map(RecordId::as_str),
            error.side.map(tandem_domain::ids::Side::as_str),
            word(&error.error_type)?,
            error.message,
            error.details.to_string(),
            error.record_data.as_ref().map(ToString::to_string),
            error.retry_count,
            micros(error.at),
        ])?;
    }
    Ok(())
}

pub(crate) fn resolve(db: &Connection, tenant: i64, id: ErrorId, actor: &Actor) -> Result<()> {
    let before = one(db, tenant, id)?;
    if before.is_resolved {
        return Ok(());
    }
    db.execute(
        "UPDATE sync_errors SET is_resolved = 1, resolved_at = ?3
         WHERE tenant_id = ?1 AND uuid = ?2",
        params![tenant, id.0.as_bytes(), micros(actor.at)],
    )?;
    audit::add(
        db,
        tenant,
        actor,
        "error.resolve",
        &id.to_string(),
        &serde_json::json!({ "run": before.run }),
    )
}
