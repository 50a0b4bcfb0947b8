//! Forgetting one record: every copy of its values is destroyed, in one transaction, wherever a sync
//! keeps any.
//!
//! The pair of ids stays, so that the record is not made once more, and nothing is deleted because
//! of it: its link has no base and no shadow any more, and both records are read by id in the next
//! run and compared as if met for the first time, or found deleted. Journal rows stay as what was
//! done, without what was written.

mod dictionary;
mod traces;
mod words;

use rusqlite::{Connection, params};
use tandem_domain::ids::{Both, RecordId, Side};
use tandem_domain::link::LinkState;
use tandem_engine::ports::retention::{Erased, Erasure};
use tandem_engine::ports::store::Actor;

use super::lease;
use super::links::{self, Stored};
use crate::codec::Codec;
use crate::fault::{Result, not_found};
use crate::keys::{SyncKey, micros};
use crate::tenant::{audit, syncs};
use traces::Traces;
use words::Words;

/// What stands for a text that told of the record.
const ERASED: &str = "(erased)";

pub(crate) fn erase(
    db: &Connection,
    tenant: i64,
    erasure: &Erasure,
    actor: &Actor,
) -> Result<Erased> {
    let key = syncs::key(db, tenant, erasure.sync)?;
    let name = syncs::one(db, tenant, erasure.sync)?.config.name;
    // A run holds the record in memory and would write it down again.
    lease::without_run(db, key, actor)?;
    let mut codec = Codec::load(db, key)?;
    let link = links::of_record(db, key, &mut codec, erasure.side, &erasure.record)?;
    let mut ids = Both::new(None, None);
    *ids.get_mut(erasure.side) = Some(erasure.record.clone());
    if let Some(stored) = &link {
        for side in Side::BOTH {
            if let Some(half) = stored.link.sides.get(side) {
                *ids.get_mut(side) = Some(half.id.clone());
            }
        }
    }
    let mut traces = Traces {
        db,
        key,
        link: link.as_ref().map(|stored| stored.id),
        ids: &ids,
        words: Words::default(),
    };
    if let Some(stored) = &link {
        traces.words.of_link(&stored.link);
    }
    let mut done = Erased {
        link: link.is_some(),
        ..Erased::default()
    };
    // The journal before the link: a create's row that borrows the base must not be given a copy.
    done.changes = traces.journal(&mut codec)?;
    done.snapshots = traces.snapshots()?;
    (done.conflicts, done.decisions) = traces.conflicts()?;
    done.errors = traces.errors()?;
    done.set_aside = set_aside(db, key, &ids, link.as_ref(), actor)?;
    if let Some(stored) = &link {
        // Only ids and state stay. A pair that takes part in runs is planned by the next one.
        let state = stored.link.state;
        links::forget(db, key, stored.id, state, takes_part(state))?;
    }
    if done == Erased::default() {
        return Err(not_found("record", &erasure.record));
    }
    // Texts of others that quote it; by now it is known what there is to quote.
    done.texts = traces.texts()?;
    (done.audit, done.audit_kept) = audit::destroy_bodies(db, tenant, |text| {
        Side::BOTH.into_iter().any(|side| traces.is(side, text)) || traces.words.in_text(text)
    })?;
    done.repacked = dictionary::without(db, key, &mut codec, &traces.words)?;
    audit::add(
        db,
        tenant,
        actor,
        "record.erase",
        name.as_str(),
        // Which one it was is among what is forgotten.
        &serde_json::json!({ "sync": erasure.sync, "side": erasure.side, "erased": done }),
    )?;
    Ok(done)
}

const fn takes_part(state: LinkState) -> bool {
    match state {
        LinkState::Active | LinkState::Unpaired | LinkState::Quarantined => true,
        LinkState::Closed | LinkState::Excluded => false,
    }
}

/// Why a record was set aside may quote it. Records whose link takes part in runs join those set
/// aside: they are read by id before the link is planned, so that no plan is made of nothing.
fn set_aside(
    db: &Connection,
    key: SyncKey,
    ids: &Both<Option<RecordId>>,
    link: Option<&Stored>,
    actor: &Actor,
) -> Result<u64> {
    const REASON: &str = "what was known of it was erased; it is read anew";
    let mut quoted = 0;
    for side in Side::BOTH {
        let Some(id) = ids.get(side) else { continue };
        quoted += db.execute(
            "UPDATE set_aside SET reason = ?5
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND side = ?3 AND record_id = ?4",
            params![key.tenant, key.sync, side.as_str(), id.as_str(), REASON],
        )? as u64;
        if link.is_some_and(|stored| takes_part(stored.link.state)) {
            db.execute(
                "INSERT OR IGNORE INTO set_aside
                     (tenant_id, sync_configuration_id, side, record_id, reason, since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    key.tenant,
                    key.sync,
                    side.as_str(),
                    id.as_str(),
                    REASON,
                    micros(actor.at)
                ],
            )?;
        }
    }
    Ok(quoted)
}
