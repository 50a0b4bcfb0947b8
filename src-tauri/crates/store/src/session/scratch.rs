//! A run's scratch space: temporary tables of its own connection, in a file that SQLite deletes.

use std::collections::{BTreeMap, HashMap};

use rusqlite::Connection;
use tandem_domain::ids::LinkId;
use tandem_domain::record::CanonicalRecord;

use crate::codec::{pack, unpack};
use crate::fault::{Result, corrupt};

/// Kinds of staged rows.
pub(super) const LIVE: i64 = 0;
/// A tombstone.
pub(super) const DELETED: i64 = 1;
/// There, but unusable.
pub(super) const SET_ASIDE: i64 = 2;

/// Makes the tables. `kind`: 0 live, 1 deleted, 2 set aside; `body`: the record packed (NULL: it is
/// kept in [`Bodies`]), or the reason it is set aside; `taken`: given out in a pair already.
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

/// About how many bytes of what was read stay in memory.
const IN_MEMORY: usize = 3 << 20;

/// What the first records read say, as long as that is little: a small run neither packs nor unpacks
/// them, and whoever plans them shares them with whoever read them.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// By the row's `n`. A row with a body of its own does not look here.
    kept: HashMap<i64, CanonicalRecord>,
    weight: usize,
}

impl Bodies {
    /// Whether this record is to be kept here.
    pub(super) fn has_room(&self, record: &CanonicalRecord) -> bool {
        self.weight + record.weight() <= IN_MEMORY
    }

    /// Keeps what row `n` says.
    pub(super) fn keep(&mut self, n: i64, record: &CanonicalRecord) {
        self.weight += record.weight();
        self.kept.insert(n, record.clone());
    }

    /// What row `n` says, whose own body is this.
    pub(super) fn record(&self, n: i64, body: Option<&[u8]>) -> Result<CanonicalRecord> {
        match body {
            Some(body) => unpack(body),
            None => self.kept(n).cloned(),
        }
    }

    /// The same, packed.
    pub(super) fn packed(&self, n: i64, body: Option<Vec<u8>>) -> Result<Vec<u8>> {
        match body {
            Some(body) => Ok(body),
            None => pack(self.kept(n)?),
        }
    }

    /// Whether row `n` says exactly that, byte for byte.
    pub(super) fn says(
        &self,
        n: i64,
        body: Option<&[u8]>,
        record: &CanonicalRecord,
    ) -> Result<bool> {
        match body {
            Some(body) => Ok(body == pack(record)?),
            None => Ok(self.kept(n)?.identical(record)),
        }
    }

    fn kept(&self, n: i64) -> Result<&CanonicalRecord> {
        self.kept
            .get(&n)
            .ok_or_else(|| corrupt("staged record", "it is not kept"))
    }
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
