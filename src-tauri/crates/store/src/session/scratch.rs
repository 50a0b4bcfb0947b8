//! A run's scratch space: temporary tables of its own connection, in a file that SQLite deletes.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tandem_domain::ids::LinkId;

use crate::fault::Result;

/// Kinds of staged rows.
pub(super) const LIVE: i64 = 0;
/// A tombstone.
pub(super) const DELETED: i64 = 1;
/// There, but unusable.
pub(super) const SET_ASIDE: i64 = 2;

/// Makes the tables. `kind`: 0 live, 1 deleted, 2 set aside; `body`: the record packed, or the
/// reason it is set aside; `taken`: given out in a pair already.
pub(super) fn create(db: &Connection) -> Result<()> {
    db.execute_batch(
        "PRAGMA temp_store = FILE;
         PRAGMA temp.cache_size = -4096;
         CREATE TABLE temp.staged (
             n INTEGER PRIMARY KEY, side INTEGER NOT NULL, record_id ANY NOT NULL, link INTEGER,
             kind INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0, version ANY, updated_at ANY,
             hash BLOB, key BLOB, body BLOB
         ) STRICT;
         CREATE UNIQUE INDEX temp.staged_id ON staged (side, record_id);
         CREATE TABLE temp.plan (n INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
         CREATE TABLE temp.recorded (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;",
    )?;
    Ok(())
}

/// A set of link ids, one bit each: 125 kB for a million.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<i64, [u64; 16]>);

impl Seen {
    const fn place(link: LinkId) -> (i64, usize, u64) {
        let low = (link.0 & 1023) as usize;
        (link.0 >> 10, low / 64, 1 << (low % 64))
    }

    /// Adds one; `false` if it was there.
    pub(super) fn insert(&mut self, link: LinkId) -> bool {
        let (block, word, bit) = Self::place(link);
        // `word` is below 16 by construction.
        match self.0.entry(block).or_default().get_mut(word) {
            Some(bits) => {
                let new = *bits & bit == 0;
                *bits |= bit;
                new
            }
            None => false,
        }
    }

    /// Whether it is there.
    pub(super) fn contains(&self, link: LinkId) -> bool {
        let (block, word, bit) = Self::place(link);
        self.0
            .get(&block)
            .and_then(|bits| bits.get(word))
            .is_some_and(|bits| bits & bit != 0)
    }
}

/// How many links either set holds.
pub(super) fn in_either(a: &Seen, b: &Seen) -> u64 {
    let both = a.0.iter().map(|(block, bits)| {
        let other = b.0.get(block).copied().unwrap_or_default();
        bits.iter()
            .zip(other)
            .map(|(a, b)| u64::from((a | b).count_ones()))
            .sum::<u64>()
    });
    let alone = b.0.iter().filter(|(block, _)| !a.0.contains_key(block));
    both.sum::<u64>()
        + alone
            .flat_map(|(_, bits)| bits.iter())
            .map(|bits| u64::from(bits.count_ones()))
            .sum::<u64>()
}
