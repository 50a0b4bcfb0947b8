//! What endures of a run's work: operations before they are sent, links as agreed, receipts.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::conflict::CloseReason;
use tandem_domain::ids::LinkId;
use tandem_domain::record::CanonicalRecord;
use tandem_engine::ports::history::{
    FieldChange, NewError, OperationKind, OperationState, ParkedConflict,
};
use tandem_engine::ports::session::{
    AcknowledgedPair, ConflictStep, DecidedConflict, JournalOperation, JournalPair, Journalled,
    OperationResult,
};

use super::Parts;
use super::earlier::find_operation;
use super::links::{self, Packed};
use super::put::{Written, put_link};
use crate::fault::{Result, corrupt, misuse};
use crate::keys::{Compact, Expanded, word};
use crate::tenant::journal::{Body, kind_code, side_code, state_code as operation_code};
use crate::tenant::{conflicts, errors};

/// A run that read fewer records than this makes no dictionary: training takes as long as writing
/// some hundreds of records, and what it would save is not worth that.
const WORTH_IT: i64 = 2_000;
/// Records a dictionary is made from.
pub(super) const SAMPLES: i64 = 400;
/// Bytes of a dictionary.
pub(super) const DICTIONARY: usize = 16 << 10;
/// Links remembered between journal and acknowledgement, at most.
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
                if parts.written.len() >= REMEMBERED {
                    parts.written.clear();
                }
                parts.written.insert(link, Written::new(row));
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
    // As a rule there is none, and then no receipt can settle one.
    let uncertain = db
        .prepare_cached("SELECT 1 FROM operations WHERE tenant_id = ?1 AND state = 4 LIMIT 1")?
        .exists(params![key.tenant])?;
    for pair in pairs {
        put_link(
            db,
            parts,
            Some(pair.link_id),
            &pair.row,
            &Packed::new(&pair.row.link)?,
            None,
        )?;
        parts.written.remove(&pair.link_id);
        for result in &pair.operations {
            receipt(db, parts, pair, result, uncertain)?;
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
    uncertain: bool,
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
    if uncertain {
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
    }
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
    let mut samples: Vec<Vec<u8>> = Vec::new();
    {
        let mut find =
            db.prepare_cached("SELECT n, body FROM temp.staged WHERE kind = 0 LIMIT ?1")?;
        let mut rows = find.query(params![SAMPLES])?;
        while let Some(row) = rows.next()? {
            samples.push(parts.bodies.packed(row.get(0)?, row.get(1)?)?);
        }
    }
    samples.retain(|sample| sample.len() <= DICTIONARY);
    match zstd::dict::from_samples(&samples, DICTIONARY) {
        Ok(dictionary) => parts.codec.learn(db, parts.hold.key, &dictionary),
        // Too few, or with nothing in common: plain compression does.
        Err(error) => {
            tracing::debug!(kind = %error.kind(), "no dictionary");
            Ok(())
        }
    }
}
