//! Writing one link: all of it when it is new, and of a known one no more than has changed. An index
//! is gone through for each of its columns that is set, even to what it holds.

use std::sync::OnceLock;

use rusqlite::{Connection, params};
use tandem_domain::ids::{LinkId, RecordId, Side};
use tandem_domain::link::{Link, LinkState, Seen};
use tandem_domain::record::{CanonicalRecord, ContentHash};
use tandem_engine::ports::session::LinkRow;

use super::Parts;
use super::links::{Packed, hash_columns, state_code};
use super::scratch::Bodies;
use super::stage::staged_hash;
use crate::fault::{Fault, Result, conflict, is_duplicate, misuse};
use crate::keys::{Compact, Moment, SyncKey};

const INSERT: &str = "INSERT INTO links
         (tenant_id, sync_configuration_id, state, todo, flags, epoch, source_id, target_id,
          source_version, target_version, source_updated_at, target_updated_at, source_hash,
          target_hash, source_seen_hash, target_seen_hash, key_hash, extra, base, create_operation)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
             ?20)";

/// What this session wrote of a link when it journalled its operations, to leave alone what is still
/// so when they are acknowledged.
#[derive(Debug)]
pub(super) struct Written {
    base: Option<CanonicalRecord>,
    source: Option<RecordId>,
    target: Option<RecordId>,
    key: Option<ContentHash>,
    state: LinkState,
}

impl Written {
    pub(super) fn new(row: &LinkRow) -> Self {
        let id = |side| {
            row.link
                .sides
                .get(side)
                .as_ref()
                .map(|half| half.id.clone())
        };
        Self {
            base: row.link.base.clone(),
            source: id(Side::Source),
            target: id(Side::Target),
            key: row.key,
            state: row.link.state,
        }
    }

    fn same(&self, row: &LinkRow) -> Same {
        let id = |side| row.link.sides.get(side).as_ref().map(|half| &half.id);
        Same {
            base: match (&self.base, &row.link.base) {
                (Some(known), Some(base)) => known.identical(base),
                (None, None) => true,
                _ => false,
            },
            source: self.source.as_ref() == id(Side::Source),
            target: self.target.as_ref() == id(Side::Target),
            key: self.key == row.key,
            state: self.state == row.link.state,
        }
    }
}

/// Which of the columns that cost most to write need not be.
#[derive(Debug, Clone, Copy, Default)]
struct Same {
    base: bool,
    source: bool,
    target: bool,
    key: bool,
    state: bool,
}

impl Same {
    /// The statement that writes the others.
    fn update(self) -> &'static str {
        static ALL: [OnceLock<String>; 32] = [const { OnceLock::new() }; 32];
        let columns = [self.base, self.source, self.target, self.key, self.state];
        let at = columns
            .into_iter()
            .fold(0, |at, same| at << 1 | usize::from(same));
        // `at` has five bits.
        ALL.get(at)
            .map_or("", |one| one.get_or_init(|| self.written()))
    }

    fn written(self) -> String {
        let changed: String = [
            (self.state, "state = ?3, "),
            (self.source, "source_id = ?7, "),
            (self.target, "target_id = ?8, "),
            (self.key, "key_hash = ?17, "),
            (
                self.base,
                "base = ?19, create_operation =
                     CASE WHEN ?20 IS NULL AND base IS ?19 THEN create_operation ELSE ?20 END, ",
            ),
        ]
        .into_iter()
        .filter_map(|(same, column)| (!same).then_some(column))
        .collect();
        format!(
            "UPDATE links SET {changed} todo = ?4, flags = ?5, epoch = ?6, source_version = ?9,
                 target_version = ?10, source_updated_at = ?11, target_updated_at = ?12,
                 source_hash = ?13, target_hash = ?14, source_seen_hash = ?15,
                 target_seen_hash = ?16, extra = ?18,
                 uncertain_create = CASE WHEN ?7 IS NULL OR ?8 IS NULL THEN uncertain_create END
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?21"
        )
    }
}

/// Writes a link, new or known. `borrower` is the journal row that borrows its base.
pub(super) fn put_link(
    db: &Connection,
    parts: &mut Parts<'_>,
    id: Option<LinkId>,
    row: &LinkRow,
    packed: &Packed,
    borrower: Option<i64>,
) -> Result<Option<LinkId>> {
    let key = parts.hold.key;
    let sides = &row.link.sides;
    if sides.source.is_none() && sides.target.is_none() {
        if let Some(id) = id {
            remove_link(db, key, id)?;
            parts.written.remove(&id);
        }
        // Its operations stay: history tells of links that are gone.
        return Ok(None);
    }
    match try_put(db, parts, id, row, packed, borrower) {
        Err(Fault::Sql(error)) if is_duplicate(&error) => {
            // A half link that found its other half in another row becomes part of this one.
            absorb(db, key, id, row)?;
            try_put(db, parts, id, row, packed, borrower).map_err(|fault| match fault {
                Fault::Sql(error) if is_duplicate(&error) => {
                    conflict("a record of this link belongs to another one")
                }
                fault => fault,
            })
        }
        done => done,
    }
    .map(Some)
}

pub(super) fn try_put(
    db: &Connection,
    parts: &mut Parts<'_>,
    id: Option<LinkId>,
    row: &LinkRow,
    packed: &Packed,
    borrower: Option<i64>,
) -> Result<LinkId> {
    let hold = parts.hold;
    let sides = &row.link.sides;
    let (source, target) = (sides.source.as_ref(), sides.target.as_ref());
    let (source_hash, target_hash) = hash_columns(row);
    let seen = [
        seen_hash(db, parts.bodies, &row.link, Side::Source)?,
        seen_hash(db, parts.bodies, &row.link, Side::Target)?,
    ];
    let same = match (borrower, id.and_then(|id| parts.written.get(&id))) {
        (None, Some(written)) => written.same(row),
        _ => Same::default(),
    };
    let base = match &row.link.base {
        Some(base) if !same.base => Some(parts.codec.encode(base)?),
        _ => None,
    };
    let extra = match &packed.extra {
        Some(extra) => Some(parts.codec.compress(extra)?),
        None => None,
    };
    let mut statement = match id {
        None => db.prepare_cached(INSERT)?,
        Some(_) => db.prepare_cached(same.update())?,
    };
    let values: [&dyn rusqlite::ToSql; 20] = [
        &hold.key.tenant,
        &hold.key.sync,
        &state_code(row.link.state),
        &row.todo,
        &packed.flags,
        &hold.epoch,
        &source.map(|side| Compact::id(&side.id)),
        &target.map(|side| Compact::id(&side.id)),
        &source.and_then(|side| Compact::version(side.version.as_ref())),
        &target.and_then(|side| Compact::version(side.version.as_ref())),
        &source.and_then(|side| side.updated_at.map(Moment)),
        &target.and_then(|side| side.updated_at.map(Moment)),
        &source_hash,
        &target_hash,
        &seen[0],
        &seen[1],
        &row.key.map(|key| key.0),
        &extra,
        &base,
        &borrower,
    ];
    let id = match id {
        None => {
            statement.execute(&values[..])?;
            LinkId(db.last_insert_rowid())
        }
        Some(id) => {
            let mut all = values.to_vec();
            all.push(&id.0);
            if statement.execute(&all[..])? == 0 {
                return Err(misuse("there is no such link to write"));
            }
            id
        }
    };
    *parts.has_links = true;
    Ok(id)
}

/// The digest of what a link has seen beyond its shadow, where this run read just that.
pub(super) fn seen_hash(
    db: &Connection,
    bodies: &Bodies,
    link: &Link,
    side: Side,
) -> Result<Option<[u8; 16]>> {
    match link.sides.get(side) {
        Some(half) => match &half.seen {
            Some(Seen::Live(record)) => staged_hash(db, bodies, side, &half.id, record),
            _ => Ok(None),
        },
        None => Ok(None),
    }
}

fn remove_link(db: &Connection, key: SyncKey, id: LinkId) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM links WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3",
    )?
    .execute(params![key.tenant, key.sync, id.0])?;
    Ok(())
}

fn absorb(db: &Connection, key: SyncKey, id: Option<LinkId>, row: &LinkRow) -> Result<()> {
    for side in Side::BOTH {
        let Some(half) = row.link.sides.get(side) else {
            continue;
        };
        let sql = match side {
            Side::Source => {
                "DELETE FROM links WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                     AND source_id = ?3 AND target_id IS NULL AND id IS NOT ?4
                     AND (state < 2 OR state = 4)"
            }
            Side::Target => {
                "DELETE FROM links WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                     AND target_id = ?3 AND source_id IS NULL AND id IS NOT ?4
                     AND (state < 2 OR state = 4)"
            }
        };
        db.prepare_cached(sql)?.execute(params![
            key.tenant,
            key.sync,
            Compact::id(&half.id),
            id.map(|id| id.0)
        ])?;
    }
    Ok(())
}
