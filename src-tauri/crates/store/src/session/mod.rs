//! One run's exclusive hold: lease, staging, pairing, plan, journal, receipts.
//!
//! A session has a connection of its own; what it stages and plans lives in temporary tables there
//! (`scratch`), spilled to a file, so that memory stays flat. `stage` fills them, `pairs` reads them
//! out pair by pair, `journal` and `finish` are what endures.

mod bearers;
mod by_hand;
mod earlier;
mod erase;
mod finish;
mod journal;
mod kept;
mod lease;
mod links;
mod open;
mod pairs;
mod put;
mod quarantine;
mod rebaseline;
mod reviewed;
mod scratch;
mod stage;
mod undo;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction};
use tandem_domain::ids::{Both, LinkId, OperationKey, RecordId, RunId, Side};
use tandem_domain::record::ContentHash;
use tandem_engine::ports::history::{Change, NewError, OperationKind, OperationState, RunCounts};
use tandem_engine::ports::session::{
    AcknowledgedPair, DecidedConflict, JournalPair, Journalled, PlannedPair, Renewal, RunOutcome,
    RunSession, SideProgress, StageCounts, StagedPair, StagedRecord, UndoOperation, Unsettled,
};
use tandem_engine::ports::store::StoreError;

use crate::codec::Codec;
use crate::db::Database;
use crate::fault::Result;
use crate::keys::SyncKey;
use crate::tenant::{errors, syncs};
use kept::Plan;
use scratch::{Bodies, Seen};

pub(crate) use by_hand::{leave_alone, link_by_hand, pair, pair_of, pair_page};
pub(crate) use erase::erase;
pub(crate) use lease::takeover_at;
pub(crate) use open::open;
pub(crate) use rebaseline::rebaseline;

type Answer<T> = std::result::Result<T, StoreError>;

/// What every statement of a session is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    key: SyncKey,
    /// The run inside the file.
    run: i64,
    /// The run to everybody else.
    id: RunId,
    /// The lease's.
    generation: i64,
    /// Digests of links of another epoch compare as different.
    epoch: i64,
    /// Nothing that endures may change but history.
    simulate: bool,
}

/// One run's session.
#[derive(Debug)]
pub(crate) struct Session {
    file: Arc<Database>,
    db: Connection,
    hold: Hold,
    continues: Option<RunId>,
    codec: Codec,
    /// What the first records read say.
    bodies: Bodies,
    /// Links seen by this run's listings.
    seen: Both<Seen>,
    /// Whether any link may be found by id; spares a first run 2 look-ups a record.
    has_links: bool,
    /// Whether earlier runs set records aside.
    has_set_aside: bool,
    pairs: Option<pairs::Walk>,
    /// The plan so far.
    plan: Plan,
    /// Operations journalled here and not acknowledged yet, by key: their journal rows and kinds.
    open: HashMap<OperationKey, (i64, OperationKind)>,
    /// Links as just journalled, by what an acknowledgement can leave alone.
    written: HashMap<LinkId, put::Written>,
}

impl Session {
    /// Writes that endure, under the lease.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut Parts<'_>) -> Result<T>,
    ) -> Result<T> {
        let hold = self.hold;
        let had_dictionary = self.codec.has_dictionary();
        let mut parts = Parts {
            hold,
            codec: &mut self.codec,
            bodies: &self.bodies,
            open: &mut self.open,
            closed: Vec::new(),
            written: &mut self.written,
            has_links: &mut self.has_links,
        };
        let file = Arc::clone(&self.file);
        let _turn = file.turn();
        let answer = file.write_on(&mut self.db, |db| {
            lease::check(db, &hold)?;
            work(db, &mut parts)
        });
        let closed = parts.closed;
        // What is remembered here must not outlive a transaction that was rolled back.
        if answer.is_ok() {
            for key in closed {
                self.open.remove(&key);
            }
        } else {
            self.written.clear();
            if !had_dictionary && self.codec.has_dictionary() {
                self.codec = Codec::plain()?;
            }
        }
        answer
    }
}

/// What a write needs of the session besides its connection.
struct Parts<'a> {
    hold: Hold,
    codec: &'a mut Codec,
    bodies: &'a Bodies,
    open: &'a mut HashMap<OperationKey, (i64, OperationKind)>,
    /// Of `open`, what this transaction acknowledged.
    closed: Vec<OperationKey>,
    written: &'a mut HashMap<LinkId, put::Written>,
    has_links: &'a mut bool,
}

impl RunSession for Session {
    fn run(&self) -> RunId {
        self.hold.id
    }

    fn continues(&self) -> Option<RunId> {
        self.continues
    }

    fn renew(&mut self, now: DateTime<Utc>, counts: &RunCounts) -> Answer<Renewal> {
        Ok(self.write(|db, parts| lease::renew(db, &parts.hold, now, counts))?)
    }

    fn touch(&mut self, now: DateTime<Utc>) -> Answer<Renewal> {
        Ok(self.write(|db, parts| lease::touch(db, &parts.hold, now))?)
    }

    fn progress(&self) -> Answer<Both<SideProgress>> {
        Ok(lease::check(&self.db, &self.hold)
            .and_then(|()| syncs::progress(&self.db, self.hold.key))?)
    }

    fn has_links(&self) -> bool {
        self.has_links
    }

    fn unsettled(&mut self) -> Answer<Vec<Unsettled>> {
        Ok(self.write(earlier::unsettled)?)
    }

    fn settle(&mut self, operations: &[(OperationKey, OperationState)]) -> Answer<()> {
        Ok(self.write(|db, parts| earlier::settle(db, parts, operations))?)
    }

    fn stage(&mut self, side: Side, records: &[StagedRecord]) -> Answer<StageCounts> {
        Ok(self.stage_page(side, records)?)
    }

    fn unseen(
        &mut self,
        side: Side,
        after: Option<LinkId>,
        limit: usize,
    ) -> Answer<Vec<(LinkId, RecordId)>> {
        Ok(self.unseen_links(side, after, limit)?)
    }

    fn unseen_count(&mut self, side: Side) -> Answer<(u64, u64)> {
        Ok(self.count_unseen(side)?)
    }

    fn deletes_since(&mut self, since: DateTime<Utc>) -> Answer<Both<u64>> {
        Ok(lease::check(&self.db, &self.hold)
            .and_then(|()| earlier::deletes_since(&self.db, &self.hold, since))?)
    }

    fn set_aside(
        &mut self,
        side: Side,
        after: Option<RecordId>,
        limit: usize,
    ) -> Answer<Vec<(RecordId, String)>> {
        Ok(self.set_aside_before(side, after.as_ref(), limit)?)
    }

    fn next_pairs(&mut self, limit: usize) -> Answer<Vec<StagedPair>> {
        Ok(self.walk_pairs(limit)?)
    }

    fn bearers(
        &mut self,
        side: Side,
        key: ContentHash,
        except: Option<LinkId>,
    ) -> Answer<Vec<RecordId>> {
        Ok(lease::check(&self.db, &self.hold)
            .and_then(|()| self.live_bearers(side, key, except))?)
    }

    fn unchanged_pairs(&mut self) -> Answer<u64> {
        Ok(self.count_unchanged()?)
    }

    fn quarantine(
        &mut self,
        pairs: &[StagedPair],
        errors: &[NewError],
        _now: DateTime<Utc>,
    ) -> Answer<()> {
        Ok(self.write(|db, parts| quarantine::put(db, parts, pairs, errors))?)
    }

    fn keep_plan(&mut self, pairs: Vec<PlannedPair>) -> Answer<()> {
        Ok(lease::check(&self.db, &self.hold).and_then(|()| self.plan.keep(&self.db, pairs))?)
    }

    fn next_planned(&mut self, limit: usize) -> Answer<Vec<PlannedPair>> {
        Ok(lease::check(&self.db, &self.hold).and_then(|()| self.plan.take(&self.db, limit))?)
    }

    fn journal_chunk(
        &mut self,
        pairs: &[JournalPair],
        errors: &[NewError],
        now: DateTime<Utc>,
    ) -> Answer<Vec<Journalled>> {
        Ok(self.write(|db, parts| journal::write(db, parts, pairs, errors, now))?)
    }

    fn acknowledge_chunk(
        &mut self,
        pairs: &[AcknowledgedPair],
        errors: &[NewError],
        now: DateTime<Utc>,
    ) -> Answer<()> {
        Ok(self.write(|db, parts| journal::acknowledge(db, parts, pairs, errors, now))?)
    }

    fn log_errors(&mut self, errors: &[NewError]) -> Answer<()> {
        Ok(self.write(|db, parts| errors::add(db, parts.hold.key.tenant, parts.hold.run, errors))?)
    }

    fn undo_page(
        &mut self,
        run: RunId,
        before: Option<i64>,
        limit: usize,
    ) -> Answer<Vec<UndoOperation>> {
        Ok(lease::check(&self.db, &self.hold)
            .and_then(|()| undo::page(&self.db, &self.hold, &mut self.codec, run, before, limit))?)
    }

    fn review(&mut self, simulation: RunId) -> Answer<u64> {
        Ok(lease::check(&self.db, &self.hold)
            .and_then(|()| reviewed::take_up(&self.db, &self.hold, simulation))?)
    }

    fn reviewed(&mut self, pair: &Both<Option<RecordId>>) -> Answer<Vec<Change>> {
        Ok(lease::check(&self.db, &self.hold)
            .and_then(|()| reviewed::of_pair(&self.db, &self.hold, &mut self.codec, pair))?)
    }

    fn reviewed_unmet(&mut self, after: Option<i64>, limit: usize) -> Answer<Vec<Change>> {
        Ok(lease::check(&self.db, &self.hold)
            .and_then(|()| reviewed::unmet(&self.db, &self.hold, &mut self.codec, after, limit))?)
    }

    fn made_by(&mut self, run: RunId) -> Answer<Both<u64>> {
        Ok(lease::check(&self.db, &self.hold)
            .and_then(|()| undo::made_by(&self.db, &self.hold, run))?)
    }

    fn decided(&mut self, now: DateTime<Utc>) -> Answer<Vec<DecidedConflict>> {
        Ok(self.write(|db, parts| journal::decided(db, parts, now))?)
    }

    fn fingerprint(&mut self, hash: ContentHash, now: DateTime<Utc>) -> Answer<bool> {
        Ok(self.write(|db, parts| lease::fingerprint(db, &parts.hold, hash, now))?)
    }

    fn finish(self: Box<Self>, outcome: RunOutcome) -> Answer<()> {
        Ok(self.end(&outcome)?)
    }
}
