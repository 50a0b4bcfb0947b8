//! What endures of a run's work: operations before they are sent, links as agreed, receipts.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::conflict::CloseReason;
use tandem_domain::ids::{LinkId, Side};
use tandem_domain::link::{Link, Seen};
use tandem_domain::record::CanonicalRecord;
use tandem_engine::ports::history::{
    FieldChange, NewError, OperationKind, OperationState, ParkedConflict,
};
use tandem_engine::ports::session::{
    AcknowledgedPair, ConflictStep, DecidedConflict, JournalOperation, JournalPair, Journalled,
    LinkRow, OperationResult,
};

use super::Parts;
use super::earlier::find_operation;
use super::links::{self, Packed, hash_columns, state_code};
use super::stage::staged_hash;
use crate::codec::pack;
use crate::fault::{Fault, Result, conflict, corrupt, is_duplicate, misuse};
use crate::keys::{Compact, Expanded, Moment, SyncKey, word};
use crate::tenant::journal::{Body, kind_code, side_code, state_code as operation_code};
use crate::tenant::{conflicts, errors};

/// A run that read fewer records than this makes no dictionary: training takes as long as writing
/// some hundreds of records, and what it would save is not worth that.
const WORTH_IT: i64 = 2_000;
/// Records a dictionary is made from.
pub(super) const SAMPLES: i64 = 400;
/// Bytes of a dictionary.
pub(super) const DICTIONARY: usize = 16 << 10;
/// Bases remembered between journal and acknowledgement, at most.
const REMEMBERED: usize = 20_000;

pub(super) fn write(
    db: &Connection,
    parts: &mut Parts<'_>,
    pairs: &[JournalPair],
    errors: &[NewError],
    now: DateTime<Utc>,
) -> Result<Vec<Journalled>> {
    learn(db, parts, pairs)?;
    let mut next: i64 = db
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'operations'")?
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let mut answers = Vec::with_capacity(pairs.len());
    for pair in pairs {
        answers.push(one(db, parts, pair, &mut next, now)?);
    }
    errors::add(db, parts.hold.key.tenant, parts.hold.run, errors)?;
    Ok(answers)
}

fn one(
    db: &Connection,
    parts: &mut Parts<'_>,
    pair: &JournalPair,
    next: &mut i64,
    now: DateTime<Utc>,
) -> Result<Journalled> {
    // A simulation leaves links alone; its operations are history only.
    let row = pair.row.as_ref().filter(|_| !parts.hold.simulate);
    let packed = row.map(|row| Packed::new(&row.link)).transpose()?;
    // A create of just what the link's base holds borrows that for its body.
    let mut bodies = Vec::with_capacity(pair.operations.len());
    let mut borrower = None;
    for operation in &pair.operations {
        *next += 1;
        let base = row.and_then(|row| row.link.base.as_ref());
        let body = if borrower.is_none() && borrows(operation, base) {
            borrower = Some(*next);
            None
        } else {
            Some(parts.codec.encode(&Body {
                fields: FieldChange::of(operation.before.as_ref(), operation.after.as_ref()),
                losers: operation.losers.clone(),
            })?)
        };
        bodies.push((*next, operation, body));
    }
    let link_id = match (row, packed, pair.link_id) {
        (Some(row), Some(packed), id) => {
            let link = put_link(db, parts, id, row, &packed, borrower)?;
            if let (Some(link), false) = (link, pair.operations.is_empty()) {
                // An acknowledgement follows.
                if parts.bases.len() >= REMEMBERED {
                    parts.bases.clear();
                }
                parts.bases.insert(link, row.link.base.clone());
            }
            link
        }
        (_, _, id) => id,
    };
    for (seq, operation, body) in bodies {
        let other_id = match (&pair.row, link_id) {
            (Some(row), _) => row
                .link
                .sides
                .get(operation.side.other())
                .as_ref()
                .map(|side| Expanded(side.id.as_str().to_owned())),
            (None, Some(link)) => {
                links::record_of(db, parts.hold.key, link, operation.side.other())?
            }
            (None, None) => None,
        };
        add_operation(
            db,
            parts,
            link_id,
            seq,
            operation,
            other_id.as_ref(),
            body.as_deref(),
        )?;
    }
    let conflict = step(db, parts, link_id, &pair.conflict, now)?;
    Ok(Journalled { link_id, conflict })
}

/// Whether an operation's changes are the link's base and nothing else, byte for byte.
fn borrows(operation: &JournalOperation, base: Option<&CanonicalRecord>) -> bool {
    match (operation.kind, &operation.after, base) {
        (OperationKind::Create, Some(made), Some(base)) if operation.losers.is_empty() => {
            made.identical(base)
        }
        _ => false,
    }
}

fn add_operation(
    db: &Connection,
    parts: &mut Parts<'_>,
    link: Option<LinkId>,
    seq: i64,
    operation: &JournalOperation,
    other_id: Option<&Expanded>,
    body: Option<&[u8]>,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO operations
             (seq, tenant_id, sync_history_id, link_id, operation_key, side, kind, state, reason,
              record_id, other_id, borrowed, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        seq,
        parts.hold.key.tenant,
        parts.hold.run,
        link.map(|link| link.0),
        operation.key.0.as_bytes(),
        side_code(operation.side),
        kind_code(operation.kind),
        operation_code(operation.state),
        word(&operation.reason)?,
        operation.record_id.as_ref().map(Compact::id),
        other_id.map(|id| Compact::new(&id.0)),
        body.is_none(),
        body,
    ])?;
    if operation.state == OperationState::Journalled {
        parts.open.insert(operation.key, (seq, operation.kind));
    }
    Ok(())
}

/// Writes a link, new or known. `borrower` is the journal row that borrows its base.
fn put_link(
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
            parts.bases.remove(&id);
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
        seen_hash(db, &row.link, Side::Source)?,
        seen_hash(db, &row.link, Side::Target)?,
    ];
    // Just journalled with the same base: that column stays as it is.
    let keep_base = match (
        borrower,
        id.and_then(|id| parts.bases.get(&id)),
        &row.link.base,
    ) {
        (None, Some(Some(known)), Some(base)) => known.identical(base),
        (None, Some(None), None) => true,
        _ => false,
    };
    let base = match &row.link.base {
        Some(base) if !keep_base => Some(parts.codec.encode(base)?),
        _ => None,
    };
    let extra = match &packed.extra {
        Some(extra) => Some(parts.codec.compress(extra)?),
        None => None,
    };
    let sql = match (id, keep_base) {
        (None, _) => {
            "INSERT INTO links
                 (tenant_id, sync_configuration_id, state, todo, flags, epoch, source_id, target_id,
                  source_version, target_version, source_updated_at, target_updated_at, source_hash,
                  target_hash, source_seen_hash, target_seen_hash, key_hash, extra, base,
                  create_operation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                     ?18, ?19, ?20)"
        }
        (Some(_), true) => {
            "UPDATE links SET state = ?3, todo = ?4, flags = ?5, epoch = ?6,
                 source_id = ?7, target_id = ?8, source_version = ?9, target_version = ?10,
                 source_updated_at = ?11, target_updated_at = ?12, source_hash = ?13,
                 target_hash = ?14, source_seen_hash = ?15, target_seen_hash = ?16, key_hash = ?17,
                 extra = ?18,
                 uncertain_create = CASE WHEN ?7 IS NULL OR ?8 IS NULL THEN uncertain_create END
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?21
                 AND ?19 IS NULL AND ?20 IS NULL"
        }
        (Some(_), false) => {
            "UPDATE links SET state = ?3, todo = ?4, flags = ?5, epoch = ?6,
                 source_id = ?7, target_id = ?8, source_version = ?9, target_version = ?10,
                 source_updated_at = ?11, target_updated_at = ?12, source_hash = ?13,
                 target_hash = ?14, source_seen_hash = ?15, target_seen_hash = ?16, key_hash = ?17,
                 extra = ?18, base = ?19,
                 create_operation =
                     CASE WHEN ?20 IS NULL AND base IS ?19 THEN create_operation ELSE ?20 END,
                 uncertain_create = CASE WHEN ?7 IS NULL OR ?8 IS NULL THEN uncertain_create END
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?21"
        }
    };
    let mut statement = db.prepare_cached(sql)?;
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
pub(super) fn seen_hash(db: &Connection, link: &Link, side: Side) -> Result<Option<[u8; 16]>> {
    match link.sides.get(side) {
        Some(half) => match &half.seen {
            Some(Seen::Live(record)) => staged_hash(db, side, &half.id, &pack(record)?),
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

fn step(
    db: &Connection,
    parts: &Parts<'_>,
    link: Option<LinkId>,
    step: &ConflictStep,
    now: DateTime<Utc>,
) -> Result<Option<ParkedConflict>> {
    let hold = parts.hold;
    let tenant = hold.key.tenant;
    if hold.simulate {
        return Ok(None);
    }
    match step {
        ConflictStep::Keep => Ok(None),
        ConflictStep::Park { id, draft } => {
            let link = link.ok_or_else(|| misuse("a conflict needs a link"))?;
            conflicts::park(db, hold.key, hold.id, link, *id, draft, now).map(Some)
        }
        ConflictStep::Close(why) => {
            if let Some(link) = link {
                conflicts::close(db, tenant, link, *why, now)?;
            }
            Ok(None)
        }
        ConflictStep::Reopen { id, draft } => {
            conflicts::reopen(db, tenant, *id, draft, now)?;
            Ok(Some(ParkedConflict {
                id: *id,
                new: false,
            }))
        }
        ConflictStep::Resolved(id) => {
            conflicts::resolved(db, tenant, *id, now)?;
            Ok(None)
        }
    }
}

pub(super) fn acknowledge(
    db: &Connection,
    parts: &mut Parts<'_>,
    pairs: &[AcknowledgedPair],
    errors: &[NewError],
    now: DateTime<Utc>,
) -> Result<()> {
    let key = parts.hold.key;
    for pair in pairs {
        put_link(
            db,
            parts,
            Some(pair.link_id),
            &pair.row,
            &Packed::new(&pair.row.link)?,
            None,
        )?;
        parts.bases.remove(&pair.link_id);
        for result in &pair.operations {
            receipt(db, parts, pair, result)?;
        }
        step(db, parts, Some(pair.link_id), &pair.conflict, now)?;
    }
    errors::add(db, key.tenant, parts.hold.run, errors)
}

fn receipt(
    db: &Connection,
    parts: &mut Parts<'_>,
    pair: &AcknowledgedPair,
    result: &OperationResult,
) -> Result<()> {
    let tenant = parts.hold.key.tenant;
    let (seq, kind) = match parts.open.get(&result.key) {
        Some(known) => {
            parts.closed.push(result.key);
            *known
        }
        None => find_operation(db, parts, result.key)?,
    };
    db.prepare_cached(
        "UPDATE operations SET state = ?3, record_id = coalesce(?4, record_id), error = ?5
         WHERE tenant_id = ?1 AND seq = ?2",
    )?
    .execute(params![
        tenant,
        seq,
        operation_code(result.state),
        result.record_id.as_ref().map(Compact::id),
        result.error,
    ])?;
    if kind != OperationKind::Create {
        return Ok(());
    }
    if result.state == OperationState::Uncertain {
        db.prepare_cached(
            "UPDATE links SET uncertain_create = ?3, todo = 1 WHERE tenant_id = ?1 AND id = ?2
                 AND (source_id IS NULL OR target_id IS NULL)",
        )?
        .execute(params![tenant, pair.link_id.0, result.key.0.as_bytes()])?;
        return Ok(());
    }
    // An uncertain create sent again under its key is settled by this answer too.
    db.prepare_cached(
        "UPDATE operations SET state = ?3, record_id = coalesce(?4, record_id)
         WHERE tenant_id = ?1 AND operation_key = ?2 AND state = 4 AND seq <> ?5",
    )?
    .execute(params![
        tenant,
        result.key.0.as_bytes(),
        operation_code(result.state),
        result.record_id.as_ref().map(Compact::id),
        seq,
    ])?;
    if result.state != OperationState::Done {
        db.prepare_cached(
            "UPDATE links SET uncertain_create = NULL
             WHERE tenant_id = ?1 AND id = ?2 AND uncertain_create = ?3",
        )?
        .execute(params![tenant, pair.link_id.0, result.key.0.as_bytes()])?;
    }
    Ok(())
}

pub(super) fn decided(
    db: &Connection,
    parts: &mut Parts<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<DecidedConflict>> {
    let hold = parts.hold;
    let mut all = Vec::new();
    for conflict in conflicts::take_up(db, hold.key, hold.run, now)? {
        let Some(stored) = links::load(db, hold.key, parts.codec, conflict.link)? else {
            // A half link whose record went away took what there was to decide with it.
            let gone = CloseReason::BothDeleted;
            conflicts::close(db, hold.key.tenant, conflict.link, gone, now)?;
            continue;
        };
        let decision = conflict
            .decision
            .ok_or_else(|| corrupt("decision", "it is missing"))?;
        all.push(DecidedConflict {
            id: conflict.id,
            draft: conflict.draft,
            decision,
            link_id: stored.id,
            link: stored.link,
            uncertain_create: stored.uncertain,
        });
    }
    Ok(all)
}

/// Makes a dictionary once a run has read enough records to be worth one.
fn learn(db: &Connection, parts: &mut Parts<'_>, pairs: &[JournalPair]) -> Result<()> {
    if parts.codec.has_dictionary() || pairs.is_empty() {
        return Ok(());
    }
    let enough = db
        .prepare_cached("SELECT 1 FROM temp.staged WHERE n = ?1")?
        .exists(params![WORTH_IT])?;
    if !enough {
        return Ok(());
    }
    let mut samples: Vec<Vec<u8>> = db
        .prepare_cached("SELECT body FROM temp.staged WHERE kind = 0 LIMIT ?1")?
        .query_map(params![SAMPLES], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    samples.retain(|sample: &Vec<u8>| sample.len() <= DICTIONARY);
    match zstd::dict::from_samples(&samples, DICTIONARY) {
        Ok(dictionary) => parts.codec.learn(db, parts.hold.key, &dictionary),
        // Too few, or with nothing in common: plain compression does.
        Err(error) => {
            tracing::debug!(kind = %error.kind(), "no dictionary");
            Ok(())
        }
    }
}
