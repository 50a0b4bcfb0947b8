//! The plan of a run between planning and applying. A small one stays in memory, where its pairs
//! share their records with each other; what is beyond goes to a temporary table, a row for each
//! batch, so that memory does not grow with the number of records.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::link::Link;
use tandem_domain::plan::Observation;
use tandem_domain::record::CanonicalRecord;
use tandem_engine::ports::session::PlannedPair;

use crate::codec::{pack, unpack};
use crate::fault::{Result, corrupt, misuse};

/// About how many bytes of a plan stay in memory.
const IN_MEMORY: usize = 4 << 20;
/// No batch of a plan is larger unpacked (bytes).
const LARGEST_BATCH: usize = 1 << 30;

/// Planned pairs in order.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The first ones; after all are taken, what is left of the last row read.
    ready: VecDeque<PlannedPair>,
    /// About how many bytes were kept in memory.
    weight: usize,
    /// Whether the table is in use: from then on everything goes there.
    spilled: bool,
    /// The last row read.
    at: i64,
}

impl Plan {
    /// Keeps pairs behind those kept before.
    pub(super) fn keep(&mut self, db: &Connection, pairs: Vec<PlannedPair>) -> Result<()> {
        if pairs.is_empty() {
            return Ok(());
        }
        if !self.spilled {
            self.weight += pairs.iter().map(weight).sum::<usize>();
            if self.weight <= IN_MEMORY {
                self.ready.extend(pairs);
                return Ok(());
            }
            self.spilled = true;
        }
        // Pairs of one batch compress well together.
        let body = zstd::bulk::compress(&pack(&pairs)?, 1).map_err(|_| misuse("zstd failed"))?;
        db.prepare_cached("INSERT INTO temp.plan (body) VALUES (?1)")?
            .execute(params![body])?;
        Ok(())
    }

    /// The next pairs, each once.
    pub(super) fn take(&mut self, db: &Connection, limit: usize) -> Result<Vec<PlannedPair>> {
        let mut pairs = Vec::with_capacity(limit.min(1_000));
        while pairs.len() < limit {
            if let Some(pair) = self.ready.pop_front() {
                pairs.push(pair);
                continue;
            }
            if !self.spilled {
                self.weight = 0;
                break;
            }
            let next: Option<(i64, Vec<u8>)> = db
                .prepare_cached("SELECT n, body FROM temp.plan WHERE n > ?1 ORDER BY n LIMIT 1")?
                .query_row(params![self.at], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((n, body)) = next else { break };
            let size = zstd::zstd_safe::get_frame_content_size(&body)
                .ok()
                .flatten()
                .and_then(|size| usize::try_from(size).ok())
                .filter(|size| *size <= LARGEST_BATCH)
                .ok_or_else(|| corrupt("plan", "its frame tells no size"))?;
            let packed = zstd::bulk::decompress(&body, size)
                .map_err(|error| corrupt("plan", error.kind()))?;
            self.at = n;
            self.ready = unpack::<Vec<PlannedPair>>(&packed)?.into();
        }
        Ok(pairs)
    }
}

/// About how many bytes a pair takes: its link and what was read. What the decision holds is mostly
/// shared with these.
fn weight(pair: &PlannedPair) -> usize {
    let link = |link: &Link| {
        let base = link.base.as_ref().map_or(0, CanonicalRecord::weight);
        let halves = [&link.sides.source, &link.sides.target];
        let seen = halves
            .into_iter()
            .flatten()
            .map(|half| half.shadow.weight());
        base + seen.sum::<usize>()
    };
    let seen = |seen: &Observation| match seen {
        Observation::Live(seen) => seen.record.weight(),
        Observation::Unchanged | Observation::Deleted => 0,
    };
    1_024
        + pair.pair.link.as_ref().map_or(0, link)
        + seen(&pair.pair.sides.source)
        + seen(&pair.pair.sides.target)
}
