//! Circuits: one row for each connection that ever failed, read and replaced in one transaction.

use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::ids::ConnectionId;
use tandem_engine::ports::store::{Actor, CircuitRecord};

use super::{audit, connections};
use crate::fault::Result;
use crate::keys::{At, count, micros, stored};

pub(crate) fn one(db: &Connection, tenant: i64, connection: ConnectionId) -> Result<CircuitRecord> {
    let key = connections::key(db, tenant, connection)?;
    Ok(db
        .prepare_cached(
            "SELECT failures, open_until, isolated, probe_until, generation, last_error, changed_at
             FROM circuits WHERE tenant_id = ?1 AND connection_id = ?2",
        )?
        .query_row(params![tenant, key], |row| {
            Ok(CircuitRecord {
                failures: row.get("failures")?,
                open_until: row.get::<_, Option<At>>("open_until")?.map(|at| at.0),
                isolated: row.get("isolated")?,
                probe_until: row.get::<_, Option<At>>("probe_until")?.map(|at| at.0),
                generation: count(row.get("generation")?),
                last_error: row.get("last_error")?,
                changed_at: row.get::<_, Option<At>>("changed_at")?.map(|at| at.0),
            })
        })
        .optional()?
        .unwrap_or_default())
}

/// Replaces the row by what `change` makes of it, and says who did it where somebody did.
pub(crate) fn change(
    db: &Connection,
    tenant: i64,
    connection: ConnectionId,
    audit: Option<(&Actor, &str)>,
    change: &mut dyn FnMut(&CircuitRecord) -> Option<CircuitRecord>,
) -> Result<CircuitRecord> {
    let before = one(db, tenant, connection)?;
    let next = change(&before);
    if let Some(next) = &next {
        put(db, tenant, connection, next)?;
    }
    if let Some((actor, action)) = audit {
        let subject = connections::name(db, tenant, connection)?;
        let details = serde_json::json!({ "changed": next.is_some() });
        audit::add(db, tenant, actor, action, &subject, &details)?;
    }
    Ok(next.unwrap_or(before))
}

fn put(
    db: &Connection,
    tenant: i64,
    connection: ConnectionId,
    circuit: &CircuitRecord,
) -> Result<()> {
    let key = connections::key(db, tenant, connection)?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO circuits
             (tenant_id, connection_id, failures, open_until, isolated, probe_until, generation,
              last_error, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        tenant,
        key,
        circuit.failures,
        circuit.open_until.map(micros),
        circuit.isolated,
        circuit.probe_until.map(micros),
        stored(circuit.generation),
        circuit.last_error,
        circuit.changed_at.map(micros),
    ])?;
    Ok(())
}
