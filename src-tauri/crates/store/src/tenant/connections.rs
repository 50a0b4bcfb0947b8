//! Connections: their settings, by name.

use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::ids::{ConnectionId, Name};
use tandem_engine::ports::store::{Actor, ConnectionRecord};

use super::audit;
use crate::fault::{Result, conflict, corrupt, is_duplicate, not_found};
use crate::keys::{At, Id, micros};

pub(crate) fn all(db: &Connection, tenant: i64) -> Result<Vec<ConnectionRecord>> {
    let mut statement = db.prepare_cached(
        "SELECT uuid, name, kind, settings, created_at, updated_at
         FROM connections WHERE tenant_id = ?1 ORDER BY name",
    )?;
    let mut rows = statement.query(params![tenant])?;
    let mut connections = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get("name")?;
        let settings: String = row.get("settings")?;
        connections.push(ConnectionRecord {
            id: ConnectionId(row.get::<_, Id>("uuid")?.0),
            name: Name::new(name).map_err(|error| corrupt("name", error.reason))?,
            kind: row.get("kind")?,
            settings: serde_json::from_str(&settings)
                .map_err(|error| corrupt("connection", error))?,
            created_at: row.get::<_, At>("created_at")?.0,
            updated_at: row.get::<_, At>("updated_at")?.0,
        });
    }
    Ok(connections)
}

pub(crate) fn put(
    db: &Connection,
    tenant: i64,
    connection: &ConnectionRecord,
    actor: &Actor,
) -> Result<()> {
    let owner: Option<i64> = db
        .query_row(
            "SELECT tenant_id FROM connections WHERE uuid = ?1",
            params![connection.id.0.as_bytes()],
            |row| row.get(0),
        )
        .optional()?;
    if owner.is_some_and(|owner| owner != tenant) {
        return Err(not_found("connection", connection.id));
    }
    db.execute(
        "INSERT INTO connections (tenant_id, uuid, name, kind, settings, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (uuid) DO UPDATE SET
             name = excluded.name, kind = excluded.kind, settings = excluded.settings,
             created_at = excluded.created_at, updated_at = excluded.updated_at
         WHERE tenant_id = excluded.tenant_id",
        params![
            tenant,
            connection.id.0.as_bytes(),
            connection.name.as_str(),
            connection.kind,
            connection.settings.to_string(),
            micros(connection.created_at),
            micros(connection.updated_at),
        ],
    )
    .map_err(|error| {
        if is_duplicate(&error) {
            conflict(format!("there is a connection {} already", connection.name))
        } else {
            error.into()
        }
    })?;
    audit::add(
        db,
        tenant,
        actor,
        if owner.is_some() {
            "connection.change"
        } else {
            "connection.create"
        },
        connection.name.as_str(),
        &serde_json::json!({ "id": connection.id, "kind": connection.kind }),
    )
}

/// A connection's key.
pub(crate) fn key(db: &Connection, tenant: i64, id: ConnectionId) -> Result<i64> {
    db.prepare_cached("SELECT id FROM connections WHERE tenant_id = ?1 AND uuid = ?2")?
        .query_row(params![tenant, id.0.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| not_found("connection", id))
}

/// A connection's name.
pub(crate) fn name(db: &Connection, tenant: i64, id: ConnectionId) -> Result<String> {
    db.prepare_cached("SELECT name FROM connections WHERE tenant_id = ?1 AND uuid = ?2")?
        .query_row(params![tenant, id.0.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| not_found("connection", id))
}
