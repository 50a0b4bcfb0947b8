//! Conflicts through their revisions; what admins decide of them is in `decisions`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use tandem_domain::conflict::{
    CloseReason, ConflictDecision, ConflictDraft, ConflictField, ConflictKind, ConflictState,
};
use tandem_domain::ids::{ConflictId, FieldName, LinkId, RunId, Side, SyncId};
use tandem_engine::ports::history::ParkedConflict;
use tandem_engine::ports::store::{ConflictFilter, ConflictRecord};

use super::syncs;
use crate::codec::{Codec, pack};
use crate::fault::{Fault, Result, corrupt, not_found};
use crate::keys::{At, Id, SyncKey, limit, micros, of_word, word};

const SELECT: &str = "
    SELECT k.*, c.uuid AS sync_uuid, c.name AS sync_name,
           d.decision, d.note, d.decided_by, d.decided_at, d.not_before
    FROM conflicts k
    JOIN sync_configurations c ON c.tenant_id = k.tenant_id AND c.id = k.sync_configuration_id
    LEFT JOIN conflict_decisions d ON d.tenant_id = k.tenant_id AND d.conflict_id = k.id
    WHERE k.tenant_id = :tenant";

pub(crate) fn page(
    db: &Connection,
    tenant: i64,
    filter: &ConflictFilter,
) -> Result<Vec<ConflictRecord>> {
    let sync = match filter.sync {
        Some(id) => match syncs::key(db, tenant, id) {
            Ok(key) => Some(key.sync),
            Err(Fault::Store(_)) => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
        },
        None => None,
    };
    let before = match filter.before {
        Some(id) => key(db, tenant, id)?.0,
        None => i64::MAX,
    };
    let mut sql = format!("{SELECT} AND k.id < :before");
    let state = filter.state.as_ref().map(word).transpose()?;
    let most = limit(filter.limit);
    let mut bound: Vec<(&str, &dyn rusqlite::ToSql)> =
        vec![(":tenant", &tenant), (":before", &before), (":most", &most)];
    if let Some(sync) = &sync {
        sql.push_str(" AND k.sync_configuration_id = :sync");
        bound.push((":sync", sync));
    }
    if let Some(state) = &state {
        sql.push_str(" AND k.state = :state");
        bound.push((":state", state));
    }
    sql.push_str(" ORDER BY k.id DESC LIMIT :most");
    let mut codec = Codec::plain()?;
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(bound.as_slice())?;
    let mut conflicts = Vec::new();
    while let Some(row) = rows.next()? {
        conflicts.push(record(row, &mut codec)?);
    }
    Ok(conflicts)
}

pub(crate) fn one(db: &Connection, tenant: i64, id: ConflictId) -> Result<ConflictRecord> {
    let mut statement = db.prepare_cached(&format!("{SELECT} AND k.uuid = :uuid"))?;
    let mut rows = statement.query(named_params! {
        ":tenant": tenant,
        ":uuid": id.0.as_bytes(),
    })?;
    match rows.next()? {
        Some(row) => record(row, &mut Codec::plain()?),
        None => Err(not_found("conflict", id)),
    }
}

fn record(row: &Row<'_>, codec: &mut Codec) -> Result<ConflictRecord> {
    let draft: Vec<u8> = row.get("draft")?;
    let decision: Option<Vec<u8>> = row.get("decision")?;
    let time = |column: &str| -> rusqlite::Result<Option<DateTime<Utc>>> {
        Ok(row.get::<_, Option<At>>(column)?.map(|at| at.0))
    };
    Ok(ConflictRecord {
        id: ConflictId(row.get::<_, Id>("uuid")?.0),
        sync: SyncId(row.get::<_, Id>("sync_uuid")?.0),
        sync_name: row.get("sync_name")?,
        link: LinkId(row.get("link_id")?),
        revision: row.get("revision")?,
        state: of_word("conflict state", row.get("state")?)?,
        draft: codec.decode(&draft)?,
        decision: decision.map(|body| codec.decode(&body)).transpose()?,
        note: row.get("note")?,
        decided_by: row.get("decided_by")?,
        decided_at: time("decided_at")?,
        not_before: time("not_before")?,
        closed: row
            .get::<_, Option<String>>("close_reason")?
            .map(|text| of_word("close reason", text))
            .transpose()?,
        run: RunId(row.get::<_, Id>("found_by")?.0),
        created_at: row.get::<_, At>("created_at")?.0,
        updated_at: row.get::<_, At>("updated_at")?.0,
    })
}

/// A conflict's key and its link's.
pub(super) fn key(db: &Connection, tenant: i64, id: ConflictId) -> Result<(i64, i64)> {
    db.prepare_cached("SELECT id, link_id FROM conflicts WHERE tenant_id = ?1 AND uuid = ?2")?
        .query_row(params![tenant, id.0.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?
        .ok_or_else(|| not_found("conflict", id))
}

/// The decision is for other values than there are now, or is taken back.
pub(super) fn drop_decision(db: &Connection, tenant: i64, key: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM conflict_decisions WHERE tenant_id = ?1 AND conflict_id = ?2")?
        .execute(params![tenant, key])?;
    Ok(())
}

pub(super) fn set_state(
    db: &Connection,
    tenant: i64,
    key: i64,
    state: ConflictState,
    at: DateTime<Utc>,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE conflicts SET state = ?3, updated_at = ?4 WHERE tenant_id = ?1 AND id = ?2",
    )?
    .execute(params![tenant, key, word(&state)?, micros(at)])?;
    Ok(())
}

/// The unsettled (open or decided) conflict of a link.
pub(crate) fn unsettled(
    db: &Connection,
    tenant: i64,
    link: LinkId,
) -> Result<Option<(i64, ConflictId)>> {
    Ok(db
        .prepare_cached(
            "SELECT id, uuid FROM conflicts
             WHERE tenant_id = ?1 AND link_id = ?2 AND state IN ('open', 'decided')",
        )?
        .query_row(params![tenant, link.0], |row| {
            Ok((row.get(0)?, ConflictId(row.get::<_, Id>(1)?.0)))
        })
        .optional()?)
}

/// Whether a link has an unsettled conflict.
pub(crate) fn is_unsettled(db: &Connection, tenant: i64, link: LinkId) -> Result<bool> {
    Ok(unsettled(db, tenant, link)?.is_some())
}

/// Opens a conflict, or refreshes the link's unsettled one.
pub(crate) fn park(
    db: &Connection,
    key: SyncKey,
    run: RunId,
    link: LinkId,
    id: ConflictId,
    draft: &ConflictDraft,
    at: DateTime<Utc>,
) -> Result<ParkedConflict> {
    if let Some((row, known)) = unsettled(db, key.tenant, link)? {
        refresh(db, key.tenant, row, known, draft, at)?;
        return Ok(ParkedConflict {
            id: known,
            new: false,
        });
    }
    db.prepare_cached(
        "INSERT INTO conflicts
             (tenant_id, sync_configuration_id, uuid, link_id, found_by, revision, state, draft,
              created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, 'open', ?6, ?7, ?7)",
    )?
    .execute(params![
        key.tenant,
        key.sync,
        id.0.as_bytes(),
        link.0,
        run.0.as_bytes(),
        Codec::plain()?.encode(draft)?,
        micros(at),
    ])?;
    Ok(ParkedConflict { id, new: true })
}

/// Brings a conflict up to date. The same values again change neither its revision nor what was
/// decided; fresh ones open it anew, choices for fields that did not move are kept.
fn refresh(
    db: &Connection,
    tenant: i64,
    row: i64,
    id: ConflictId,
    draft: &ConflictDraft,
    at: DateTime<Utc>,
) -> Result<()> {
    let before = one(db, tenant, id)?;
    let body = Codec::plain()?.encode(draft)?;
    if same_values(&before.draft, draft)? {
        // Versions or times may have moved; what a person sees and decides has not.
        db.prepare_cached("UPDATE conflicts SET draft = ?3 WHERE tenant_id = ?1 AND id = ?2")?
            .execute(params![tenant, row, body])?;
        return Ok(());
    }
    db.prepare_cached(
        "UPDATE conflicts SET draft = ?3, revision = revision + 1, state = 'open', updated_at = ?4
         WHERE tenant_id = ?1 AND id = ?2",
    )?
    .execute(params![tenant, row, body, micros(at)])?;
    match kept(before.decision, &before.draft, draft)? {
        Some(decision) => {
            db.prepare_cached(
                "UPDATE conflict_decisions SET decision = ?3, taken_by = NULL
                 WHERE tenant_id = ?1 AND conflict_id = ?2",
            )?
            .execute(params![tenant, row, Codec::plain()?.encode(&decision)?])?;
        }
        None => drop_decision(db, tenant, row)?,
    }
    Ok(())
}

/// Whether a person would see the same. Byte for byte: `1.0` for `1` is the same value, but a
/// refresh then costs nothing either.
fn same_values(a: &ConflictDraft, b: &ConflictDraft) -> Result<bool> {
    let seen = |draft: &ConflictDraft, side: Side| {
        draft
            .sides
            .get(side)
            .as_ref()
            .map(|side| (side.id.clone(), side.deleted))
    };
    Ok(a.kind == b.kind
        && Side::BOTH
            .into_iter()
            .all(|side| seen(a, side) == seen(b, side))
        && pack(&a.fields)? == pack(&b.fields)?)
}

/// The choices that still mean what they meant.
fn kept(
    decision: Option<ConflictDecision>,
    before: &ConflictDraft,
    after: &ConflictDraft,
) -> Result<Option<ConflictDecision>> {
    let Some(ConflictDecision::Fields(choices)) = decision else {
        return Ok(None);
    };
    if before.kind != after.kind {
        return Ok(None);
    }
    let field = |draft: &ConflictDraft, name: &FieldName| -> Result<Option<Vec<u8>>> {
        draft
            .fields
            .iter()
            .find(|field: &&ConflictField| field.field == *name && field.contested)
            .map(pack)
            .transpose()
    };
    let mut still = BTreeMap::new();
    for (name, choice) in choices {
        let now = field(after, &name)?;
        if now.is_some() && now == field(before, &name)? {
            still.insert(name, choice);
        }
    }
    Ok((!still.is_empty()).then_some(ConflictDecision::Fields(still)))
}

/// A decided conflict met fresh values: open again.
pub(crate) fn reopen(
    db: &Connection,
    tenant: i64,
    id: ConflictId,
    draft: &ConflictDraft,
    at: DateTime<Utc>,
) -> Result<()> {
    let (row, _) = key(db, tenant, id)?;
    let before = one(db, tenant, id)?;
    refresh(db, tenant, row, id, draft, at)?;
    if same_values(&before.draft, draft)? {
        // Asked to reopen, it reopens, even if what moved is not among the values shown.
        db.prepare_cached(
            "UPDATE conflicts SET revision = revision + 1, state = 'open', updated_at = ?3
             WHERE tenant_id = ?1 AND id = ?2",
        )?
        .execute(params![tenant, row, micros(at)])?;
    }
    Ok(())
}

/// Closes the link's unsettled conflict, if there is one. A value that is to be brought back waits for
/// its turn, even while the sides agree.
pub(crate) fn close(
    db: &Connection,
    tenant: i64,
    link: LinkId,
    why: CloseReason,
    at: DateTime<Utc>,
) -> Result<()> {
    if let Some((row, id)) = unsettled(db, tenant, link)? {
        if matches!(why, CloseReason::SidesAgree | CloseReason::PolicyDecided)
            && waits_to_be_restored(db, tenant, id)?
        {
            return Ok(());
        }
        db.prepare_cached(
            "UPDATE conflicts SET state = 'closed', close_reason = ?3, updated_at = ?4
             WHERE tenant_id = ?1 AND id = ?2",
        )?
        .execute(params![tenant, row, word(&why)?, micros(at)])?;
    }
    Ok(())
}

fn waits_to_be_restored(db: &Connection, tenant: i64, id: ConflictId) -> Result<bool> {
    let it = one(db, tenant, id)?;
    Ok(it.state == ConflictState::Decided && it.draft.kind == ConflictKind::Restoration)
}

/// A decision is carried out.
pub(crate) fn resolved(
    db: &Connection,
    tenant: i64,
    id: ConflictId,
    at: DateTime<Utc>,
) -> Result<()> {
    let (row, _) = key(db, tenant, id)?;
    set_state(db, tenant, row, ConflictState::Resolved, at)
}

/// Decided conflicts of a configuration whose undo window has passed, with their rows; `run` takes
/// them up, so that they cannot be taken back while it lives.
pub(crate) fn take_up(
    db: &Connection,
    key: SyncKey,
    run: i64,
    now: DateTime<Utc>,
) -> Result<Vec<ConflictRecord>> {
    db.prepare_cached(
        "UPDATE conflict_decisions SET taken_by = ?3
         WHERE tenant_id = ?1 AND not_before <= ?4 AND conflict_id IN (
             SELECT id FROM conflicts
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND state = 'decided')",
    )?
    .execute(params![key.tenant, key.sync, run, micros(now)])?;
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} AND k.sync_configuration_id = :sync AND k.state = 'decided'
             AND d.not_before <= :now ORDER BY k.id"
    ))?;
    let mut rows = statement.query(named_params! {
        ":tenant": key.tenant,
        ":sync": key.sync,
        ":now": micros(now),
    })?;
    let mut codec = Codec::plain()?;
    let mut conflicts = Vec::new();
    while let Some(row) = rows.next()? {
        let conflict = record(row, &mut codec)?;
        if conflict.decision.is_none() {
            return Err(corrupt("decision", "it is missing"));
        }
        conflicts.push(conflict);
    }
    Ok(conflicts)
}
