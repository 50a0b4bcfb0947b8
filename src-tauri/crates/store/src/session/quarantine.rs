//! Pairs that cannot be planned are set aside as links, so that what was read of them is not lost
//! with the run, and the next run looks at them again.

use rusqlite::{Connection, params};
use tandem_domain::ids::Side;
use tandem_domain::ids::{Both, LinkId};
use tandem_domain::link::{Link, LinkSide, LinkState, Seen};
use tandem_domain::plan::{Observation, Observed};
use tandem_engine::ports::history::NewError;
use tandem_engine::ports::session::{LinkRow, PairProblem, StagedPair};

use super::Parts;
use super::links::{self, Packed, state_code};
use super::put::{seen_hash, try_put};
use super::stage::staged_digests;
use crate::fault::Result;
use crate::keys::{Compact, Moment};
use crate::tenant::errors;

pub(super) fn put(
    db: &Connection,
    parts: &mut Parts<'_>,
    pairs: &[StagedPair],
    new: &[NewError],
) -> Result<()> {
    if !parts.hold.simulate {
        for pair in pairs {
            let duplicate = matches!(
                pair.problem,
                Some(PairProblem::DuplicateKey { .. } | PairProblem::Unlinked { .. })
            );
            match pair.link_id {
                Some(id) => known(db, parts, id, pair, duplicate)?,
                None => unknown(db, parts, pair, duplicate)?,
            }
        }
    }
    errors::add(db, parts.hold.key.tenant, parts.hold.run, new)
}

/// A link keeps what it has; what was read now is kept beside it.
fn known(
    db: &Connection,
    parts: &mut Parts<'_>,
    id: LinkId,
    pair: &StagedPair,
    duplicate: bool,
) -> Result<()> {
    let hold = parts.hold;
    let Some(mut stored) = links::load(db, hold.key, parts.codec, id)? else {
        return Ok(());
    };
    let mut key = stored.key;
    for side in Side::BOTH {
        let Some(half) = stored.link.sides.get_mut(side) else {
            continue;
        };
        match pair.pair.sides.get(side) {
            Observation::Unchanged => {}
            Observation::Deleted => half.seen = Some(Seen::Deleted),
            Observation::Live(now) => {
                half.seen = Some(Seen::Live(now.record.clone()));
                half.version.clone_from(&now.version);
                half.updated_at = now.updated_at;
                half.ours = false;
                key = staged_digests(db, side, &now.id)?.1;
            }
        }
    }
    if duplicate {
        stored.link.state = LinkState::Quarantined;
    }
    let packed = Packed::new(&stored.link)?;
    let extra = packed
        .extra
        .map(|extra| parts.codec.compress(&extra))
        .transpose()?;
    let sides = &stored.link.sides;
    let (source, target) = (sides.source.as_ref(), sides.target.as_ref());
    // Digests of an older epoch go: were the epoch to stay, what was read now would compare as
    // different for ever, and each run would tell of it again.
    db.prepare_cached(
        "UPDATE links SET state = ?4, todo = 1, flags = ?5, source_version = ?6,
             target_version = ?7, source_updated_at = ?8, target_updated_at = ?9,
             source_hash = CASE WHEN epoch = ?14 THEN source_hash END,
             target_hash = CASE WHEN epoch = ?14 THEN target_hash END,
             source_seen_hash = coalesce(?10, CASE WHEN epoch = ?14 THEN source_seen_hash END),
             target_seen_hash = coalesce(?11, CASE WHEN epoch = ?14 THEN target_seen_hash END),
             key_hash = ?12, extra = ?13, epoch = ?14
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3",
    )?
    .execute(params![
        hold.key.tenant,
        hold.key.sync,
        id.0,
        state_code(stored.link.state),
        packed.flags,
        source.and_then(|half| Compact::version(half.version.as_ref())),
        target.and_then(|half| Compact::version(half.version.as_ref())),
        source.and_then(|half| half.updated_at.map(Moment)),
        target.and_then(|half| half.updated_at.map(Moment)),
        seen_hash(db, parts.bodies, &stored.link, Side::Source)?,
        seen_hash(db, parts.bodies, &stored.link, Side::Target)?,
        key.map(|key| key.0),
        extra,
        hold.epoch,
    ])?;
    Ok(())
}

/// A record met for the first time becomes half a link.
fn unknown(
    db: &Connection,
    parts: &mut Parts<'_>,
    pair: &StagedPair,
    duplicate: bool,
) -> Result<()> {
    for side in Side::BOTH {
        let Observation::Live(now) = pair.pair.sides.get(side) else {
            continue;
        };
        let (hash, key) = staged_digests(db, side, &now.id)?;
        let mut sides = Both::default();
        *sides.get_mut(side) = Some(half(now));
        let mut hashes = Both::default();
        *hashes.get_mut(side) = hash;
        let row = LinkRow {
            link: Link {
                state: if duplicate {
                    LinkState::Quarantined
                } else {
                    LinkState::Unpaired
                },
                base: None,
                sides,
            },
            hashes,
            key,
            todo: true,
        };
        let packed = Packed::new(&row.link)?;
        try_put(db, parts, None, &row, &packed, None)?;
    }
    Ok(())
}

fn half(now: &Observed) -> LinkSide {
    LinkSide {
        id: now.id.clone(),
        version: now.version.clone(),
        updated_at: now.updated_at,
        ours: false,
        shadow: now.record.clone(),
        seen: None,
        owed: Vec::new(),
    }
}
