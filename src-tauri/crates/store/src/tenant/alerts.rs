//! The alert outbox.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use crate::fault::{Result, corrupt, not_found};
use crate::keys::{limit, micros};

pub(crate) fn pending(
    db: &Connection,
    tenant: i64,
    most: usize,
) -> Result<Vec<(i64, serde_json::Value)>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, body FROM alert_outbox
         WHERE tenant_id = ?1 AND delivered_at IS NULL ORDER BY seq LIMIT ?2",
    )?;
    let mut rows = statement.query(params![tenant, limit(most)])?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get("body")?;
        alerts.push((
            row.get("seq")?,
            serde_json::from_str(&body).map_err(|error| corrupt("alert", error))?,
        ));
    }
    Ok(alerts)
}

pub(crate) fn add(
    db: &Connection,
    tenant: i64,
    body: &serde_json::Value,
    at: DateTime<Utc>,
) -> Result<()> {
    db.execute(
        "INSERT INTO alert_outbox (tenant_id, body, created_at) VALUES (?1, ?2, ?3)",
        params![tenant, body.to_string(), micros(at)],
    )?;
    Ok(())
}

pub(crate) fn delivered(db: &Connection, tenant: i64, seq: i64, at: DateTime<Utc>) -> Result<()> {
    let found = db.execute(
        "UPDATE alert_outbox SET delivered_at = coalesce(delivered_at, ?3)
         WHERE tenant_id = ?1 AND seq = ?2",
        params![tenant, seq, micros(at)],
    )?;
    if found == 0 {
        return Err(not_found("alert", seq));
    }
    Ok(())
}
