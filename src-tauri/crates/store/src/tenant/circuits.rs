//! Circuits: one row for each connection that ever failed, replaced only by who read it last.

use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::ids::ConnectionId;
use tandem_engine::ports::store::CircuitRecord;

use super::connections;
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

pub(crate) fn put(
    db: &Connection,
    tenant: i64,
    connection: ConnectionId,
    circuit: &CircuitRecord,
    expected: u64,
) -> Result<bool> {
    if one(db, tenant, connection)?.generation != expected {
        return Ok(false);
    }
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
    Ok(true)
}
