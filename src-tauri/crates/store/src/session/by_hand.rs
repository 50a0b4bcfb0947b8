//! Pairs as administrators see them, and what of them is changed by hand: two records linked anew, a
//! record left alone.

use rusqlite::{Connection, OptionalExtension, named_params, params};
use tandem_domain::conflict::CloseReason;
use tandem_domain::ids::{Both, LinkId, RecordId, Side, SyncId};
use tandem_domain::link::LinkState;
use tandem_engine::ports::pairs::{PairFilter, PairRecord};
use tandem_engine::ports::store::Actor;

use super::lease;
use super::links::{self, Stored, state_code};
use crate::codec::Codec;
use crate::fault::{Fault, Result, conflict, not_found};
use crate::keys::{Compact, Id, SyncKey, limit, micros};
use crate::tenant::{audit, conflicts, syncs};

pub(crate) fn pair_page(
    db: &Connection,
    tenant: i64,
    filter: &PairFilter,
) -> Result<Vec<PairRecord>> {
    let wanted: Vec<(SyncId, SyncKey)> = match filter.sync {
        Some(id) => match syncs::key(db, tenant, id) {
            Ok(key) => vec![(id, key)],
            // A list of nothing.
            Err(Fault::Store(_)) => Vec::new(),
            Err(fault) => return Err(fault),
        },
        None => every_sync(db, tenant)?,
    };
    let after = filter.after.map_or(i64::MIN, |link| link.0);
    let mut found: Vec<PairRecord> = Vec::new();
    for (sync, key) in wanted {
        let mut codec = Codec::load(db, key)?;
        let mut statement = db.prepare_cached(&format!(
            "SELECT {} FROM main.links
             WHERE tenant_id = :tenant AND sync_configuration_id = :sync AND id > :after
                 AND (:state IS NULL OR state = :state)
             ORDER BY id LIMIT :most",
            links::COLUMNS
        ))?;
        let mut rows = statement.query(named_params! {
            ":tenant": key.tenant,
            ":sync": key.sync,
            ":after": after,
            ":state": filter.state.map(state_code),
            ":most": limit(filter.limit),
        })?;
        while let Some(row) = rows.next()? {
            found.push(shown(db, key, sync, links::stored(row, &mut codec)?)?);
        }
    }
    found.sort_by_key(|pair| pair.id);
    found.truncate(filter.limit);
    Ok(found)
}

fn every_sync(db: &Connection, tenant: i64) -> Result<Vec<(SyncId, SyncKey)>> {
    let mut statement =
        db.prepare_cached("SELECT uuid, id FROM sync_configurations WHERE tenant_id = ?1")?;
    let rows = statement.query_map(params![tenant], |row| {
        Ok((
            SyncId(row.get::<_, Id>(0)?.0),
            SyncKey {
                tenant,
                sync: row.get(1)?,
            },
        ))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn shown(db: &Connection, key: SyncKey, sync: SyncId, stored: Stored) -> Result<PairRecord> {
    Ok(PairRecord {
        id: stored.id,
        sync,
        todo: stored.todo,
        conflict: conflicts::unsettled(db, key.tenant, stored.id)?.map(|(_, id)| id),
        uncertain: stored.uncertain.is_some(),
        link: stored.link,
    })
}

pub(crate) fn pair(db: &Connection, tenant: i64, id: LinkId) -> Result<PairRecord> {
    let of: Option<(Id, i64)> = db
        .prepare_cached(
            "SELECT c.uuid, c.id FROM main.links l JOIN sync_configurations c
                 ON c.tenant_id = l.tenant_id AND c.id = l.sync_configuration_id
             WHERE l.tenant_id = ?1 AND l.id = ?2",
        )?
        .query_row(params![tenant, id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (sync, key) = of
        .map(|(sync, key)| (SyncId(sync.0), SyncKey { tenant, sync: key }))
        .ok_or_else(|| not_found("pair", id.0))?;
    let mut codec = Codec::load(db, key)?;
    let stored = links::load(db, key, &mut codec, id)?.ok_or_else(|| not_found("pair", id.0))?;
    shown(db, key, sync, stored)
}

pub(crate) fn pair_of(
    db: &Connection,
    tenant: i64,
    sync: SyncId,
    side: Side,
    record: &RecordId,
) -> Result<PairRecord> {
    let key = syncs::key(db, tenant, sync)?;
    let mut codec = Codec::load(db, key)?;
    let stored = links::of_record(db, key, &mut codec, side, record)?
        .ok_or_else(|| not_found("record", record))?;
    shown(db, key, sync, stored)
}

/// Links two records; whatever held them before lets them go.
pub(crate) fn link_by_hand(
    db: &Connection,
    tenant: i64,
    sync: SyncId,
    records: &Both<RecordId>,
    actor: &Actor,
) -> Result<PairRecord> {
    let key = syncs::key(db, tenant, sync)?;
    lease::without_run(db, key, actor)?;
    let mut codec = Codec::load(db, key)?;
    let mut held = Both::new(None, None);
    for side in Side::BOTH {
        let record = records.get(side);
        *held.get_mut(side) = links::of_record(db, key, &mut codec, side, record)?;
    }
    for side in Side::BOTH {
        let Some(stored) = held.get(side) else {
            continue;
        };
        let partner = stored.link.sides.get(side.other()).as_ref();
        if let (LinkState::Active, Some(partner)) = (stored.link.state, partner) {
            return Err(conflict(if partner.id == *records.get(side.other()) {
                "these two records are linked already".to_owned()
            } else {
                format!(
                    "the {side}'s {} is linked with {} already; unlink them first",
                    records.get(side),
                    partner.id
                )
            }));
        }
    }
    let same = matches!(
        (&held.source, &held.target),
        (Some(source), Some(target)) if source.id == target.id
    );
    let id = if let (true, Some(stored)) = (same, &held.source) {
        stored.id
    } else {
        for side in Side::BOTH {
            if let Some(stored) = held.get(side) {
                let_go(db, key, stored, side, actor)?;
            }
        }
        db.execute(
            "INSERT INTO links
                 (tenant_id, sync_configuration_id, state, todo, source_id, target_id)
             VALUES (?1, ?2, ?3, 1, ?4, ?5)",
            params![
                key.tenant,
                key.sync,
                state_code(LinkState::Active),
                Compact::id(&records.source),
                Compact::id(&records.target),
            ],
        )?;
        LinkId(db.last_insert_rowid())
    };
    conflicts::close(db, tenant, id, CloseReason::ByHand, actor.at)?;
    links::forget(db, key, id, LinkState::Active, true)?;
    for side in Side::BOTH {
        read_anew(db, key, side, records.get(side), actor)?;
    }
    note(db, key, actor, "pair.link", sync, records)?;
    pair(db, tenant, id)
}

/// Takes a record out of what held it. A partner that is left behind stays as it was, alone.
fn let_go(db: &Connection, key: SyncKey, stored: &Stored, side: Side, actor: &Actor) -> Result<()> {
    conflicts::close(db, key.tenant, stored.id, CloseReason::ByHand, actor.at)?;
    let Some(left) = stored.link.sides.get(side.other()) else {
        db.execute(
            "DELETE FROM links WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3",
            params![key.tenant, key.sync, stored.id.0],
        )?;
        return Ok(());
    };
    let column = links::id_column(side);
    db.execute(
        &format!(
            "UPDATE links SET {column} = NULL
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3"
        ),
        params![key.tenant, key.sync, stored.id.0],
    )?;
    let waits = matches!(
        stored.link.state,
        LinkState::Quarantined | LinkState::Unpaired | LinkState::Active
    );
    links::forget(db, key, stored.id, stored.link.state, waits)?;
    if waits {
        read_anew(db, key, side.other(), &left.id, actor)?;
    }
    Ok(())
}

/// The next run reads it by id.
fn read_anew(
    db: &Connection,
    key: SyncKey,
    side: Side,
    record: &RecordId,
    actor: &Actor,
) -> Result<()> {
    db.execute(
        "INSERT OR REPLACE INTO set_aside
             (tenant_id, sync_configuration_id, side, record_id, reason, since)
         VALUES (?1, ?2, ?3, ?4, 'it was linked by hand; it is read anew', ?5)",
        params![
            key.tenant,
            key.sync,
            side.as_str(),
            record.as_str(),
            micros(actor.at)
        ],
    )?;
    Ok(())
}

/// Leaves a record alone, with its partner.
pub(crate) fn leave_alone(
    db: &Connection,
    tenant: i64,
    sync: SyncId,
    side: Side,
    record: &RecordId,
    actor: &Actor,
) -> Result<PairRecord> {
    let key = syncs::key(db, tenant, sync)?;
    lease::without_run(db, key, actor)?;
    let mut codec = Codec::load(db, key)?;
    let mut records = Both::new(None, None);
    *records.get_mut(side) = Some(record.clone());
    let id = match links::of_record(db, key, &mut codec, side, record)? {
        Some(stored) => {
            match stored.link.state {
                LinkState::Excluded => return Err(conflict("this record is left alone already")),
                LinkState::Closed => {
                    return Err(conflict(
                        "both records are deleted; nothing is to be left alone",
                    ));
                }
                LinkState::Active | LinkState::Unpaired | LinkState::Quarantined => {}
            }
            for side in Side::BOTH {
                if let Some(half) = stored.link.sides.get(side) {
                    *records.get_mut(side) = Some(half.id.clone());
                }
            }
            db.execute(
                "UPDATE links SET state = ?4, todo = 0
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3",
                params![
                    key.tenant,
                    key.sync,
                    stored.id.0,
                    state_code(LinkState::Excluded)
                ],
            )?;
            stored.id
        }
        None => alone(db, key, side, record)?,
    };
    conflicts::close(db, tenant, id, CloseReason::ByHand, actor.at)?;
    for side in Side::BOTH {
        if let Some(record) = records.get(side) {
            db.execute(
                "DELETE FROM set_aside WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                     AND side = ?3 AND record_id = ?4",
                params![key.tenant, key.sync, side.as_str(), record.as_str()],
            )?;
        }
    }
    note(db, key, actor, "pair.unlink", sync, &records)?;
    pair(db, tenant, id)
}

/// A record that was set aside before it had a link gets one that says to leave it alone.
fn alone(db: &Connection, key: SyncKey, side: Side, record: &RecordId) -> Result<LinkId> {
    let known = db
        .prepare_cached(
            "SELECT 1 FROM set_aside WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                 AND side = ?3 AND record_id = ?4",
        )?
        .exists(params![
            key.tenant,
            key.sync,
            side.as_str(),
            record.as_str()
        ])?;
    if !known {
        return Err(not_found("record", record));
    }
    let column = links::id_column(side);
    db.execute(
        &format!(
            "INSERT INTO links (tenant_id, sync_configuration_id, state, todo, {column})
             VALUES (?1, ?2, ?3, 0, ?4)"
        ),
        params![
            key.tenant,
            key.sync,
            state_code(LinkState::Excluded),
            Compact::id(record)
        ],
    )?;
    Ok(LinkId(db.last_insert_rowid()))
}

fn note(
    db: &Connection,
    key: SyncKey,
    actor: &Actor,
    action: &str,
    sync: SyncId,
    records: &impl serde::Serialize,
) -> Result<()> {
    audit::add(
        db,
        key.tenant,
        actor,
        action,
        &sync.to_string(),
        &serde_json::json!({ "records": records }),
    )
}
