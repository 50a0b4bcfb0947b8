//! Everything of one tenant: a module for each family of tables, and the port's one door to them.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod circuits;
pub(crate) mod conflicts;
pub(crate) mod connections;
mod decisions;
pub(crate) mod errors;
pub(crate) mod journal;
pub(crate) mod record_history;
pub(crate) mod retention;
pub(crate) mod runs;
mod set_aside;
pub(crate) mod syncs;
mod tallies;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tandem_domain::ids::{
    Both, ConflictId, ConnectionId, ErrorId, LinkId, RecordId, RunId, Side, SyncId, TenantId,
};
use tandem_domain::suggestion::Tally;
use tandem_engine::failpoints::{Point, reach};
use tandem_engine::ports::alerts::{AlertClaim, AlertRecord, ClaimedAlert, Delivery};
use tandem_engine::ports::history::{
    Change, Continuation, OperationKind, RecordEvent, RecordHistoryFilter, SyncError, SyncHistory,
};
use tandem_engine::ports::pairs::{
    NewRestoration, PairFilter, PairRecord, SetAsideFilter, SetAsideRecord,
};
use tandem_engine::ports::retention::{Erased, Erasure, Pruned, Retention};
use tandem_engine::ports::session::SideProgress;
use tandem_engine::ports::store::{
    Actor, AuditEntry, AuditFilter, AuditNames, AuditVerdict, CircuitRecord, CircuitStore,
    ConflictFilter, ConflictRecord, ConnectionRecord, ErrorFilter, NewDecision, NewRun, RunFilter,
    RunOpening, StoreError, SyncRecord, TenantStore, Totals,
};

use crate::db::Database;
use crate::fault::{Result, not_found};
use crate::session;

type Answer<T> = std::result::Result<T, StoreError>;

/// One tenant's view of the file. Its key is looked up once; keys are never given twice, so a
/// removed tenant's view stays empty.
#[derive(Debug)]
pub(crate) struct SqliteTenant {
    db: Arc<Database>,
    id: TenantId,
    key: OnceLock<i64>,
}

impl SqliteTenant {
    pub(crate) const fn new(db: Arc<Database>, id: TenantId) -> Self {
        Self {
            db,
            id,
            key: OnceLock::new(),
        }
    }

    fn key(&self, db: &Connection) -> Result<Option<i64>> {
        if let Some(key) = self.key.get() {
            return Ok(Some(*key));
        }
        let key = db
            .prepare_cached("SELECT id FROM tenants WHERE uuid = ?1")?
            .query_row(params![self.id.0.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(key.map(|key| *self.key.get_or_init(|| key)))
    }

    /// Lists: a tenant that does not exist has none.
    fn list<T: Default>(&self, work: impl FnOnce(&Connection, i64) -> Result<T>) -> Answer<T> {
        Ok(self.db.read(|db| match self.key(db)? {
            Some(key) => work(db, key),
            None => Ok(T::default()),
        })?)
    }

    /// One thing: a tenant that does not exist has none.
    fn one<T>(&self, work: impl FnOnce(&Connection, i64) -> Result<T>) -> Answer<T> {
        Ok(self.db.read(|db| match self.key(db)? {
            Some(key) => work(db, key),
            None => Err(not_found("tenant", self.id)),
        })?)
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>, i64) -> Result<T>) -> Answer<T> {
        Ok(self.db.write(|db| match self.key(db)? {
            Some(key) => work(db, key),
            None => Err(not_found("tenant", self.id)),
        })?)
    }
}

impl CircuitStore for SqliteTenant {
    fn circuit(&self, connection: ConnectionId) -> Answer<CircuitRecord> {
        self.one(|db, tenant| circuits::one(db, tenant, connection))
    }

    fn change_circuit(
        &self,
        connection: ConnectionId,
        audit: Option<(&Actor, &str)>,
        change: &mut dyn FnMut(&CircuitRecord) -> Option<CircuitRecord>,
    ) -> Answer<CircuitRecord> {
        self.write(|db, tenant| circuits::change(db, tenant, connection, audit, change))
    }
}

impl TenantStore for SqliteTenant {
    fn id(&self) -> TenantId {
        self.id
    }

    fn connections(&self) -> Answer<Vec<ConnectionRecord>> {
        self.list(connections::all)
    }

    fn syncs(&self) -> Answer<Vec<SyncRecord>> {
        self.list(syncs::all)
    }

    fn sync(&self, id: SyncId) -> Answer<SyncRecord> {
        self.one(|db, tenant| syncs::one(db, tenant, id))
    }

    fn put_workspace(
        &self,
        connections: &[ConnectionRecord],
        syncs: &[SyncRecord],
        retention: Option<&Retention>,
        actor: &Actor,
    ) -> Answer<()> {
        reach(Point::Configuring);
        let stored = self.write(|db, tenant| {
            for connection in connections {
                connections::put(db, tenant, connection, actor)?;
            }
            for sync in syncs {
                syncs::put(db, tenant, sync, actor)?;
            }
            if let Some(retention) = retention {
                retention::put(db, tenant, retention, actor)?;
            }
            Ok(())
        });
        reach(Point::Configured);
        stored
    }

    fn rebaseline(&self, sync: SyncId, actor: &Actor) -> Answer<u64> {
        self.write(|db, tenant| {
            let key = syncs::key(db, tenant, sync)?;
            let links = session::rebaseline(db, key, actor.at)?;
            syncs::rebaselined(db, key, sync, links, actor)?;
            Ok(links)
        })
    }

    fn side_progress(&self, sync: SyncId) -> Answer<Both<SideProgress>> {
        self.one(|db, tenant| {
            let key = syncs::key(db, tenant, sync)?;
            syncs::progress(db, key)
        })
    }

    fn retention(&self) -> Answer<Retention> {
        self.list(retention::get)
    }

    fn prune(&self, now: DateTime<Utc>, rows: usize) -> Answer<Pruned> {
        // Mostly there is nothing to do, which no writer has to wait for.
        if !self.list(|db, tenant| retention::due(db, tenant, now))? {
            return Ok(Pruned::default());
        }
        Ok(self.db.overwrite(|db| match self.key(db)? {
            Some(tenant) => retention::prune(db, tenant, now, rows),
            None => Err(not_found("tenant", self.id)),
        })?)
    }

    fn erase_record(&self, erasure: &Erasure, actor: &Actor) -> Answer<Erased> {
        let erased = self.db.overwrite(|db| match self.key(db)? {
            Some(tenant) => session::erase(db, tenant, erasure, actor),
            None => Err(not_found("tenant", self.id)),
        })?;
        // What earlier versions of its rows left between the others, and in the log.
        self.db.sweep()?;
        Ok(erased)
    }

    fn open_run(&self, run: &NewRun) -> Answer<RunOpening> {
        session::open(&self.db, run, |db| {
            self.key(db)?.ok_or_else(|| not_found("tenant", self.id))
        })
        .map_err(Into::into)
    }

    fn request_cancel(&self, id: RunId, actor: &Actor) -> Answer<()> {
        self.write(|db, tenant| runs::request_cancel(db, tenant, id, actor))
    }

    fn runs(&self, filter: &RunFilter) -> Answer<Vec<SyncHistory>> {
        self.list(|db, tenant| runs::page(db, tenant, filter))
    }

    fn run(&self, id: RunId) -> Answer<SyncHistory> {
        self.one(|db, tenant| runs::one(db, tenant, id))
    }

    fn planned(&self, hash: &str) -> Answer<Option<SyncHistory>> {
        self.list(|db, tenant| runs::planned(db, tenant, hash))
    }

    fn continuations(&self) -> Answer<Vec<Continuation>> {
        self.list(runs::continuations)
    }

    fn takeover_at(&self, sync: SyncId) -> Answer<Option<DateTime<Utc>>> {
        self.one(|db, tenant| session::takeover_at(db, syncs::key(db, tenant, sync)?))
    }

    fn last_scheduled(&self, sync: SyncId) -> Answer<Option<DateTime<Utc>>> {
        self.one(|db, tenant| {
            let key = syncs::key(db, tenant, sync)?;
            Ok(runs::newest_scheduled(db, key)?.map(|(_, at)| at))
        })
    }

    fn changes(
        &self,
        run: RunId,
        kind: Option<OperationKind>,
        after: Option<i64>,
        limit: usize,
    ) -> Answer<Vec<Change>> {
        self.one(|db, tenant| journal::changes(db, tenant, run, kind, after, limit))
    }

    fn snapshots(&self, run: RunId) -> Answer<Option<(serde_json::Value, serde_json::Value)>> {
        self.one(|db, tenant| runs::snapshots(db, tenant, run))
    }

    fn conflicts(&self, filter: &ConflictFilter) -> Answer<Vec<ConflictRecord>> {
        self.list(|db, tenant| conflicts::page(db, tenant, filter))
    }

    fn conflict(&self, id: ConflictId) -> Answer<ConflictRecord> {
        self.one(|db, tenant| conflicts::one(db, tenant, id))
    }

    fn decide(&self, decision: &NewDecision, actor: &Actor) -> Answer<ConflictRecord> {
        reach(Point::Deciding);
        let decided = self.write(|db, tenant| decisions::decide(db, tenant, decision, actor));
        reach(Point::Decided);
        decided
    }

    fn decide_many(
        &self,
        decisions: &[NewDecision],
        together: bool,
        actor: &Actor,
    ) -> Answer<Vec<Answer<ConflictRecord>>> {
        reach(Point::Deciding);
        let decided =
            self.write(|db, tenant| decisions::decide_many(db, tenant, decisions, together, actor));
        reach(Point::Decided);
        decided
    }

    fn tallies(&self, sync: SyncId) -> Answer<Vec<Tally>> {
        self.one(|db, tenant| tallies::tallies(db, syncs::key(db, tenant, sync)?, None))
    }

    fn undo_decision(&self, id: ConflictId, actor: &Actor) -> Answer<ConflictRecord> {
        self.write(|db, tenant| decisions::undo(db, tenant, id, actor))
    }

    fn undo_decisions(
        &self,
        ids: &[ConflictId],
        actor: &Actor,
    ) -> Answer<Vec<Answer<ConflictRecord>>> {
        self.write(|db, tenant| decisions::undo_many(db, tenant, ids, actor))
    }

    fn restore(&self, new: &NewRestoration, actor: &Actor) -> Answer<ConflictRecord> {
        reach(Point::Deciding);
        let decided = self.write(|db, tenant| decisions::restore(db, tenant, new, actor));
        reach(Point::Decided);
        decided
    }

    fn pairs(&self, filter: &PairFilter) -> Answer<Vec<PairRecord>> {
        self.list(|db, tenant| session::pair_page(db, tenant, filter))
    }

    fn pair(&self, id: LinkId) -> Answer<PairRecord> {
        self.one(|db, tenant| session::pair(db, tenant, id))
    }

    fn pair_of(&self, sync: SyncId, side: Side, record: &RecordId) -> Answer<PairRecord> {
        self.one(|db, tenant| session::pair_of(db, tenant, sync, side, record))
    }

    fn changes_of(&self, run: RunId, pair: LinkId) -> Answer<Vec<Change>> {
        self.one(|db, tenant| journal::changes_of(db, tenant, run, pair))
    }

    fn record_history(
        &self,
        pair: LinkId,
        filter: &RecordHistoryFilter,
    ) -> Answer<Vec<RecordEvent>> {
        self.one(|db, tenant| record_history::page(db, tenant, pair, filter))
    }

    fn link_by_hand(
        &self,
        sync: SyncId,
        records: &Both<RecordId>,
        actor: &Actor,
    ) -> Answer<PairRecord> {
        self.write(|db, tenant| session::link_by_hand(db, tenant, sync, records, actor))
    }

    fn leave_alone(
        &self,
        sync: SyncId,
        side: Side,
        record: &RecordId,
        actor: &Actor,
    ) -> Answer<PairRecord> {
        self.write(|db, tenant| session::leave_alone(db, tenant, sync, side, record, actor))
    }

    fn set_aside(&self, filter: &SetAsideFilter) -> Answer<Vec<SetAsideRecord>> {
        self.list(|db, tenant| set_aside::page(db, tenant, filter))
    }

    fn errors(&self, filter: &ErrorFilter) -> Answer<Vec<SyncError>> {
        self.list(|db, tenant| errors::page(db, tenant, filter))
    }

    fn error(&self, id: ErrorId) -> Answer<SyncError> {
        self.one(|db, tenant| errors::one(db, tenant, id))
    }

    fn resolve_error(&self, id: ErrorId, actor: &Actor) -> Answer<()> {
        self.write(|db, tenant| errors::resolve(db, tenant, id, actor))
    }

    fn find_audit(&self, filter: &AuditFilter) -> Answer<Vec<AuditEntry>> {
        self.list(|db, tenant| audit::page(db, tenant, filter))
    }

    fn audit_names(&self) -> Answer<AuditNames> {
        self.list(audit::names)
    }

    fn add_audit(
        &self,
        actor: &Actor,
        action: &str,
        subject: &str,
        details: serde_json::Value,
    ) -> Answer<()> {
        self.write(|db, tenant| audit::add(db, tenant, actor, action, subject, &details))
    }

    fn verify_audit(&self) -> Answer<AuditVerdict> {
        let anchor = self.db.anchor();
        // First the anchor, then the log, which only grows.
        let known = self.list(|_, tenant| anchor.known(tenant))?;
        self.list(|db, tenant| audit::verify(db, tenant, anchor, known))
    }

    fn accept_audit(&self, actor: &Actor, details: serde_json::Value) -> Answer<()> {
        self.add_audit(actor, "audit.accept", "audit log", details)?;
        let anchor = self.db.anchor();
        self.one(|db, tenant| anchor.accept(tenant, audit::head(db, tenant)?))
    }

    fn alerts(&self, before: Option<i64>, limit: usize) -> Answer<Vec<AlertRecord>> {
        self.list(|db, tenant| alerts::page(db, tenant, before, limit))
    }

    fn claim_alert(&self, claim: &AlertClaim<'_>) -> Answer<Option<ClaimedAlert>> {
        // Mostly there is nothing to do, which no writer has to wait for.
        if self
            .list(|db, tenant| alerts::due(db, tenant, claim))?
            .is_none()
        {
            return Ok(None);
        }
        self.write(|db, tenant| alerts::claim(db, tenant, claim))
    }

    fn settle_alert(
        &self,
        channel: &str,
        claimed: &ClaimedAlert,
        delivery: &Delivery,
        at: DateTime<Utc>,
    ) -> Answer<()> {
        self.write(|db, tenant| alerts::settle(db, tenant, channel, claimed, delivery, at))
    }

    fn totals(&self) -> Answer<Totals> {
        self.list(runs::totals)
    }
}
