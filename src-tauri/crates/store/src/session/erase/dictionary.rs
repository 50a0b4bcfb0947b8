//! Compression dictionaries are made of records: one that holds a part of an erased record is made
//! anew from others, and every body that leans on it is packed again.

use rusqlite::{Connection, params};

use super::words::Words;
use crate::codec::Codec;
use crate::fault::Result;
use crate::keys::{SyncKey, limit};
use crate::session::journal::{DICTIONARY, SAMPLES};

/// Rows packed again before the next ones are read: memory stays flat.
const BATCH: usize = 500;

/// How many bodies were packed again; none where no dictionary tells of the words.
pub(super) fn without(
    db: &Connection,
    key: SyncKey,
    codec: &mut Codec,
    words: &Words,
) -> Result<u64> {
    // The erased record has no base any more: these are of others.
    let samples = samples(db, key, codec)?;
    let parts = words.parts(&samples);
    let mut told = false;
    {
        let mut find = db.prepare(
            "SELECT body FROM dictionaries WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
        )?;
        let mut rows = find.query(params![key.tenant, key.sync])?;
        while let Some(row) = rows.next()? {
            told |= parts.are_in(&row.get::<_, Vec<u8>>(0)?);
        }
    }
    if !told {
        return Ok(0);
    }
    db.execute(
        "DELETE FROM dictionaries WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
        params![key.tenant, key.sync],
    )?;
    let mut fresh = Codec::plain()?;
    // Too few, or with nothing in common: the next large run makes one.
    if let Ok(body) = zstd::dict::from_samples(&samples, DICTIONARY) {
        fresh.learn(db, key, &body)?;
    }
    // A journal row that borrows its link's base goes on doing so: it is the same record, so the
    // trigger that would give it a copy of the old body rests meanwhile.
    let trigger: String = db.query_row(
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'links_base_changes'",
        [],
        |row| row.get(0),
    )?;
    db.execute_batch("DROP TRIGGER links_base_changes")?;
    let mut done = 0;
    for (find, change) in [
        (
            "SELECT id, base FROM links
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id > ?3 AND base IS NOT NULL
             ORDER BY id LIMIT ?4",
            "UPDATE links SET base = ?3 WHERE tenant_id = ?1 AND id = ?2",
        ),
        (
            "SELECT id, extra FROM links
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id > ?3 AND extra IS NOT NULL
             ORDER BY id LIMIT ?4",
            "UPDATE links SET extra = ?3 WHERE tenant_id = ?1 AND id = ?2",
        ),
        (
            "SELECT seq, body FROM operations
             WHERE tenant_id = ?1 AND seq > ?3 AND length(body) > 0 AND sync_history_id IN (
                 SELECT id FROM sync_history
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2)
             ORDER BY seq LIMIT ?4",
            "UPDATE operations SET body = ?3 WHERE tenant_id = ?1 AND seq = ?2",
        ),
    ] {
        done += again(db, key, find, change, codec, &mut fresh)?;
    }
    db.execute_batch(&trigger)?;
    *codec = fresh;
    Ok(done)
}

fn again(
    db: &Connection,
    key: SyncKey,
    find: &str,
    change: &str,
    old: &mut Codec,
    fresh: &mut Codec,
) -> Result<u64> {
    let (mut after, mut done) = (i64::MIN, 0);
    let mut find = db.prepare(find)?;
    let mut change = db.prepare(change)?;
    loop {
        let batch: Vec<(i64, Vec<u8>)> = find
            .query_map(params![key.tenant, key.sync, after, limit(BATCH)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let Some((last, _)) = batch.last() else {
            return Ok(done);
        };
        after = *last;
        for (id, body) in batch {
            if Codec::leans_on_a_dictionary(&body) {
                let packed = fresh.compress(&old.decompress(&body)?)?;
                change.execute(params![key.tenant, id, packed])?;
                done += 1;
            }
        }
    }
}

/// What both sides agreed on, of the newest records.
fn samples(db: &Connection, key: SyncKey, codec: &mut Codec) -> Result<Vec<Vec<u8>>> {
    let mut find = db.prepare(
        "SELECT base FROM links
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND base IS NOT NULL
         ORDER BY id DESC LIMIT ?3",
    )?;
    let mut rows = find.query(params![key.tenant, key.sync, SAMPLES])?;
    let mut samples = Vec::new();
    while let Some(row) = rows.next()? {
        let packed = codec.decompress(&row.get::<_, Vec<u8>>(0)?)?;
        if packed.len() <= DICTIONARY {
            samples.push(packed);
        }
    }
    Ok(samples)
}
