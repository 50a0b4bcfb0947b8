//! The decisions of admins: kept, taken back, and values that lost brought back.

use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::conflict::{CloseReason, ConflictDecision, ConflictKind, ConflictState};
use tandem_domain::ids::ConflictId;
use tandem_engine::ports::pairs::NewRestoration;
use tandem_engine::ports::store::{Actor, ConflictRecord, NewDecision, StoreError};

use super::conflicts::{close, drop_decision, key, one, park, set_state, unsettled};
use super::{Answer, audit, syncs, tallies};
use crate::codec::Codec;
use crate::fault::{Fault, Result, conflict, not_found};
use crate::keys::{SyncKey, micros, word};

/// The conflict that a decision is about, if it may be kept.
fn undecided(db: &Connection, tenant: i64, new: &NewDecision) -> Result<ConflictRecord> {
    let before = one(db, tenant, new.conflict)?;
    if before.revision != new.revision {
        return Err(conflict(format!(
            "the values have changed since you looked (revision {} is now {})",
            new.revision, before.revision
        )));
    }
    if before.state != ConflictState::Open {
        return Err(conflict(format!(
            "this conflict is {} already",
            word(&before.state)?
        )));
    }
    Ok(before)
}

/// What is one conflict's own answer; the disk and the file are about all of them.
fn own(answer: Result<ConflictRecord>) -> Result<Answer<ConflictRecord>> {
    match answer {
        Ok(conflict) => Ok(Ok(conflict)),
        Err(Fault::Store(refused @ (StoreError::NotFound { .. } | StoreError::Conflict(_)))) => {
            Ok(Err(refused))
        }
        Err(fault) => Err(fault),
    }
}

/// Keeps several decisions, each answering for itself; with `together`, all of them or none.
pub(crate) fn decide_many(
    db: &Connection,
    tenant: i64,
    decisions: &[NewDecision],
    together: bool,
    actor: &Actor,
) -> Result<Vec<Answer<ConflictRecord>>> {
    if together {
        let answers = decisions
            .iter()
            .map(|new| own(undecided(db, tenant, new)))
            .collect::<Result<Vec<_>>>()?;
        if answers.iter().any(std::result::Result::is_err) {
            return Ok(answers);
        }
    }
    decisions
        .iter()
        .map(|new| own(decide(db, tenant, new, actor)))
        .collect()
}

/// Keeps a decision.
pub(crate) fn decide(
    db: &Connection,
    tenant: i64,
    new: &NewDecision,
    actor: &Actor,
) -> Result<ConflictRecord> {
    // Everything that can be refused is refused before anything is written.
    let before = undecided(db, tenant, new)?;
    let sync = syncs::key(db, tenant, before.sync)?;
    let suggested = tallies::count(db, sync, &before, &new.decision)?;
    keep(db, tenant, new, Some(&suggested), actor)?;
    audit::add(
        db,
        tenant,
        actor,
        "conflict.resolve",
        &new.conflict.to_string(),
        &serde_json::json!({
            "sync": before.sync,
            "revision": new.revision,
            // Which way, not which values: the log is kept for good.
            "choice": match &new.decision {
                ConflictDecision::Fields(choices) => format!("{} fields", choices.len()),
                ConflictDecision::DeleteBoth => "delete both".to_owned(),
                ConflictDecision::Restore => "restore".to_owned(),
                ConflictDecision::Unlink => "unlink".to_owned(),
            },
        }),
    )?;
    one(db, tenant, new.conflict)
}

/// Brings a value back: a conflict that is decided the moment it is made.
pub(crate) fn restore(
    db: &Connection,
    tenant: i64,
    new: &NewRestoration,
    actor: &Actor,
) -> Result<ConflictRecord> {
    let linked = db
        .prepare_cached(
            "SELECT sync_configuration_id, state FROM links WHERE tenant_id = ?1 AND id = ?2",
        )?
        .query_row(params![tenant, new.link.0], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?))
        })
        .optional()?;
    let (sync, state) = linked.ok_or_else(|| not_found("pair", new.link.0))?;
    if state != 0 {
        return Err(conflict("the record is not linked any more"));
    }
    if unsettled(db, tenant, new.link)?.is_some() {
        return Err(conflict("a conflict of this record waits"));
    }
    let sync = SyncKey { tenant, sync };
    park(
        db,
        sync,
        new.run,
        new.link,
        new.conflict,
        &new.draft,
        actor.at,
    )?;
    let decision = NewDecision {
        conflict: new.conflict,
        revision: 1,
        decision: new.decision.clone(),
        note: new.note.clone(),
        not_before: new.not_before,
    };
    // Bringing a value back settles no disagreement: it is not counted.
    keep(db, tenant, &decision, None, actor)?;
    let kept = one(db, tenant, new.conflict)?;
    let fields = kept.draft.fields.iter().filter(|it| it.contested);
    audit::add(
        db,
        tenant,
        actor,
        "record.restore",
        &new.conflict.to_string(),
        &serde_json::json!({
            "sync": kept.sync,
            "from": new.run,
            "fields": fields.map(|it| it.field.as_str()).collect::<Vec<_>>(),
        }),
    )?;
    Ok(kept)
}

/// Writes a decision down; the conflict is decided from now on. `suggested`: see [`tallies::count`];
/// `None` where it is not counted.
fn keep(
    db: &Connection,
    tenant: i64,
    new: &NewDecision,
    suggested: Option<&str>,
    actor: &Actor,
) -> Result<()> {
    let (id, _) = key(db, tenant, new.conflict)?;
    db.execute(
        "INSERT OR REPLACE INTO conflict_decisions
             (tenant_id, conflict_id, decision, note, decided_by, decided_at, not_before,
              taken_by, journal_seq, suggested)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL,
                 coalesce((SELECT max(seq) FROM operations), 0), ?8)",
        params![
            tenant,
            id,
            Codec::plain()?.encode(&new.decision)?,
            new.note,
            actor.name,
            micros(actor.at),
            micros(new.not_before),
            suggested,
        ],
    )?;
    set_state(db, tenant, id, ConflictState::Decided, actor.at)
}

/// Takes a decision back that no run has begun to write.
pub(crate) fn undo(
    db: &Connection,
    tenant: i64,
    id: ConflictId,
    actor: &Actor,
) -> Result<ConflictRecord> {
    let before = one(db, tenant, id)?;
    if before.state != ConflictState::Decided {
        return Err(conflict(format!(
            "this conflict is {}, there is nothing to take back",
            word(&before.state)?
        )));
    }
    let (key, link) = key(db, tenant, id)?;
    let begun: bool = db.query_row(
        "SELECT EXISTS (
             SELECT 1 FROM conflict_decisions d JOIN leases l
                 ON l.tenant_id = d.tenant_id AND l.sync_history_id = d.taken_by
             WHERE d.tenant_id = ?1 AND d.conflict_id = ?2
         ) OR EXISTS (
             SELECT 1 FROM conflict_decisions d JOIN operations o
                 ON o.seq > d.journal_seq AND o.tenant_id = d.tenant_id AND o.link_id = ?3
                    AND (o.state < 2 OR o.state = 4)
             WHERE d.tenant_id = ?1 AND d.conflict_id = ?2
         )",
        params![tenant, key, link],
        |row| row.get(0),
    )?;
    if begun {
        return Err(conflict("this decision is being written already"));
    }
    tallies::uncount(db, tenant, &before, key)?;
    drop_decision(db, tenant, key)?;
    if before.draft.kind == ConflictKind::Restoration {
        // There was no disagreement; nothing is left to decide.
        close(db, tenant, before.link, CloseReason::TakenBack, actor.at)?;
    } else {
        set_state(db, tenant, key, ConflictState::Open, actor.at)?;
    }
    audit::add(
        db,
        tenant,
        actor,
        "conflict.undo",
        &id.to_string(),
        &serde_json::json!({ "sync": before.sync, "revision": before.revision }),
    )?;
    one(db, tenant, id)
}

/// Takes several decisions back, each answering for itself: it is checked as a whole before anything of
/// it is written.
pub(crate) fn undo_many(
    db: &Connection,
    tenant: i64,
    ids: &[ConflictId],
    actor: &Actor,
) -> Result<Vec<Answer<ConflictRecord>>> {
    ids.iter()
        .map(|id| own(undo(db, tenant, *id, actor)))
        .collect()
}
