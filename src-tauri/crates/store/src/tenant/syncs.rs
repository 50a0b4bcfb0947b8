//! Sync configurations, and what is remembered of each side between runs.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use tandem_domain::config::BESIDE_THE_POINT;
use tandem_domain::ids::{Both, Side, SyncId};
use tandem_engine::ports::connector::Cursor;
use tandem_engine::ports::session::SideProgress;
use tandem_engine::ports::store::{Actor, SyncRecord};

use super::audit;
use crate::fault::{Result, conflict, corrupt, is_duplicate, not_found};
use crate::keys::{At, Id, SyncKey, micros};

const COLUMNS: &str = "uuid, configuration, archived, created_at, updated_at";

pub(crate) fn all(db: &Connection, tenant: i64) -> Result<Vec<SyncRecord>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sync_configurations
         WHERE tenant_id = ?1 AND archived = 0 ORDER BY name"
    ))?;
    let mut rows = statement.query(params![tenant])?;
    let mut syncs = Vec::new();
    while let Some(row) = rows.next()? {
        syncs.push(record(row)?);
    }
    Ok(syncs)
}

pub(crate) fn one(db: &Connection, tenant: i64, id: SyncId) -> Result<SyncRecord> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sync_configurations WHERE tenant_id = ?1 AND uuid = ?2"
    ))?;
    let mut rows = statement.query(params![tenant, id.0.as_bytes()])?;
    match rows.next()? {
        Some(row) => record(row),
        None => Err(not_found("sync", id)),
    }
}

fn record(row: &Row<'_>) -> Result<SyncRecord> {
    let configuration: String = row.get("configuration")?;
    Ok(SyncRecord {
        id: SyncId(row.get::<_, Id>("uuid")?.0),
        config: serde_json::from_str(&configuration)
            .map_err(|error| corrupt("sync configuration", error))?,
        archived: row.get("archived")?,
        created_at: row.get::<_, At>("created_at")?.0,
        updated_at: row.get::<_, At>("updated_at")?.0,
    })
}

/// A configuration's key.
pub(crate) fn key(db: &Connection, tenant: i64, id: SyncId) -> Result<SyncKey> {
    db.prepare_cached("SELECT id FROM sync_configurations WHERE tenant_id = ?1 AND uuid = ?2")?
        .query_row(params![tenant, id.0.as_bytes()], |row| row.get(0))
        .optional()?
        .map(|sync| SyncKey { tenant, sync })
        .ok_or_else(|| not_found("sync", id))
}

pub(crate) fn put(db: &Connection, tenant: i64, sync: &SyncRecord, actor: &Actor) -> Result<()> {
    let after =
        serde_json::to_value(&sync.config).map_err(|error| corrupt("sync configuration", error))?;
    let before: Option<(i64, i64, String)> = db
        .query_row(
            "SELECT tenant_id, id, configuration FROM sync_configurations WHERE uuid = ?1",
            params![sync.id.0.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    if before.as_ref().is_some_and(|(owner, ..)| *owner != tenant) {
        return Err(not_found("sync", sync.id));
    }
    let name_taken = |error: rusqlite::Error| {
        if is_duplicate(&error) {
            conflict(format!("there is a sync {} already", sync.config.name))
        } else {
            error.into()
        }
    };
    let name = sync.config.name.as_str();
    let (action, compare) = if let Some((_, key, before)) = before {
        db.execute(
            "UPDATE sync_configurations
             SET name = ?3, configuration = ?4, archived = ?5, created_at = ?6, updated_at = ?7
             WHERE tenant_id = ?1 AND id = ?2",
            params![
                tenant,
                key,
                name,
                after.to_string(),
                sync.archived,
                micros(sync.created_at),
                micros(sync.updated_at)
            ],
        )
        .map_err(name_taken)?;
        let before: Value =
            serde_json::from_str(&before).map_err(|error| corrupt("sync configuration", error))?;
        let compare = to_the_point(before) != to_the_point(after);
        if compare {
            compare_in_full(db, SyncKey { tenant, sync: key })?;
        }
        ("sync.change", compare)
    } else {
        db.execute(
            "INSERT INTO sync_configurations
                 (tenant_id, uuid, name, configuration, archived, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                tenant,
                sync.id.0.as_bytes(),
                name,
                after.to_string(),
                sync.archived,
                micros(sync.created_at),
                micros(sync.updated_at)
            ],
        )
        .map_err(name_taken)?;
        ("sync.create", false)
    };
    audit::add(
        db,
        tenant,
        actor,
        action,
        name,
        &serde_json::json!({ "id": sync.id, "archived": sync.archived, "compare_in_full": compare }),
    )
}

fn to_the_point(mut configuration: Value) -> Value {
    if let Value::Object(parts) = &mut configuration {
        for part in BESIDE_THE_POINT {
            parts.remove(part);
        }
    }
    configuration
}

/// Digests of an older epoch compare as different, and a listing without a cursor brings everything.
fn compare_in_full(db: &Connection, key: SyncKey) -> Result<()> {
    db.execute(
        "UPDATE sync_configurations SET epoch = epoch + 1 WHERE tenant_id = ?1 AND id = ?2",
        params![key.tenant, key.sync],
    )?;
    db.execute(
        "UPDATE side_progress SET cursor = NULL
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
        params![key.tenant, key.sync],
    )?;
    Ok(())
}

/// Both sides are listed in full by the next run, and taken as the systems they are then.
pub(crate) fn rebaselined(
    db: &Connection,
    key: SyncKey,
    id: SyncId,
    links: u64,
    actor: &Actor,
) -> Result<()> {
    compare_in_full(db, key)?;
    db.execute(
        "UPDATE side_progress SET identity = NULL
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
        params![key.tenant, key.sync],
    )?;
    let name = one(db, key.tenant, id)?.config.name;
    audit::add(
        db,
        key.tenant,
        actor,
        "sync.rebaseline",
        name.as_str(),
        &serde_json::json!({ "id": id, "links": links }),
    )
}

pub(crate) fn progress(db: &Connection, key: SyncKey) -> Result<Both<SideProgress>> {
    let mut both = Both::<SideProgress>::default();
    let mut statement = db.prepare_cached(
        "SELECT side, cursor, identity, listed, listed_at FROM side_progress
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
    )?;
    let mut rows = statement.query(params![key.tenant, key.sync])?;
    while let Some(row) = rows.next()? {
        let side: String = row.get("side")?;
        let side = if side == Side::Source.as_str() {
            Side::Source
        } else {
            Side::Target
        };
        *both.get_mut(side) = SideProgress {
            cursor: row.get::<_, Option<String>>("cursor")?.map(Cursor),
            identity: row.get("identity")?,
            listed: row.get("listed")?,
            listed_at: row.get::<_, Option<At>>("listed_at")?.map(|at| at.0),
        };
    }
    Ok(both)
}

pub(crate) fn put_progress(
    db: &Connection,
    key: SyncKey,
    side: Side,
    progress: &SideProgress,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO side_progress
             (tenant_id, sync_configuration_id, side, cursor, identity, listed, listed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (tenant_id, sync_configuration_id, side) DO UPDATE SET
             cursor = excluded.cursor, identity = excluded.identity,
             listed = excluded.listed, listed_at = excluded.listed_at",
    )?
    .execute(params![
        key.tenant,
        key.sync,
        side.as_str(),
        progress.cursor.as_ref().map(|cursor| &cursor.0),
        progress.identity,
        progress.listed,
        progress.listed_at.map(micros),
    ])?;
    Ok(())
}
