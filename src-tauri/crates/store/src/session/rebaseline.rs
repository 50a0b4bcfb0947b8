//! Forgetting what was agreed (case 34): links keep their pairs, not their base.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use tandem_domain::link::LinkState;

use super::lease;
use super::links::{self, Packed, Stored, state_code};
use crate::codec::Codec;
use crate::fault::{Result, conflict};
use crate::keys::{SyncKey, limit};

/// Links rewritten before the next ones are read: memory stays flat.
const BATCH: usize = 500;

/// Re-baselines every link that has both its records; how many that were. Those of another state
/// than active or quarantined were settled by a person and stay so.
pub(crate) fn rebaseline(db: &Connection, key: SyncKey, now: DateTime<Utc>) -> Result<u64> {
    if lease::read(db, key)?.is_some_and(|lease| lease.holder.is_some() && now < lease.expires) {
        return Err(conflict(
            "a run of this sync is live; wait for its end or cancel it",
        ));
    }
    let mut codec = Codec::load(db, key)?;
    let (mut after, mut done) = (i64::MIN, 0);
    loop {
        let batch: Vec<Stored> = {
            let mut find = db.prepare_cached(&format!(
                "SELECT {} FROM main.links
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id > ?3
                     AND state IN (?4, ?5) AND source_id IS NOT NULL AND target_id IS NOT NULL
                 ORDER BY id LIMIT ?6",
                links::COLUMNS
            ))?;
            let mut rows = find.query(params![
                key.tenant,
                key.sync,
                after,
                state_code(LinkState::Active),
                state_code(LinkState::Quarantined),
                limit(BATCH),
            ])?;
            let mut batch = Vec::new();
            while let Some(row) = rows.next()? {
                batch.push(links::stored(row, &mut codec)?);
            }
            batch
        };
        let Some(last) = batch.last() else {
            return Ok(done);
        };
        after = last.id.0;
        for stored in batch {
            forget(db, key, &mut codec, &stored)?;
            done += 1;
        }
    }
}

/// The digests stay as they are: the configuration's epoch is about to move past them.
fn forget(db: &Connection, key: SyncKey, codec: &mut Codec, stored: &Stored) -> Result<()> {
    let link = stored.link.rebaselined();
    let packed = Packed::new(&link)?;
    let extra = packed
        .extra
        .map(|extra| codec.compress(&extra))
        .transpose()?;
    db.prepare_cached(
        "UPDATE links SET todo = 1, flags = ?4, extra = ?5, base = NULL, create_operation = NULL,
             source_seen_hash = NULL, target_seen_hash = NULL
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3",
    )?
    .execute(params![
        key.tenant,
        key.sync,
        stored.id.0,
        packed.flags,
        extra,
    ])?;
    Ok(())
}
