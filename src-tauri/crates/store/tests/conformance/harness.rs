//! What every case stands on: a store with one tenant and one configuration, and short ways to say
//! records and links.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration as StdDuration;

use async_trait::async_trait;
use chrono::{DateTime, Duration, TimeZone, Utc};
use tandem_domain::config::SyncConfiguration;
use tandem_domain::ids::{
    Both, ConflictId, ErrorId, FieldName, LinkId, Name, OperationKey, RecordId, RunId, Side,
    SyncId, TenantId, Version,
};
use tandem_domain::link::{Link, LinkSide, LinkState};
use tandem_domain::plan::{Observation, Reason};
use tandem_domain::record::{CanonicalRecord, ContentHash};
use tandem_domain::value::Value;
use tandem_engine::ports::alerts::AlertStep;
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::history::{
    ErrorType, NewError, OperationKind, OperationState, RunCounts, RunOptions, RunStatus,
    RunTrigger,
};
use tandem_engine::ports::session::{
    AcknowledgedPair, ConflictStep, JournalOperation, JournalPair, LinkRow, OperationResult,
    RunOutcome, RunSession, StagedBody, StagedPair, StagedRecord,
};
use tandem_engine::ports::store::{
    Actor, NewRun, RunOpening, Store, SyncRecord, Tenant, TenantStore,
};
use uuid::Uuid;

/// One place where a store lives; opening it twice is two processes.
pub(crate) trait Harness {
    fn open(&self) -> Arc<dyn Store>;
}

/// A clock that stands still; the port is told the time with each call.
pub(crate) struct StillClock;

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        start()
    }
    fn monotonic(&self) -> StdDuration {
        StdDuration::ZERO
    }
    async fn sleep(&self, _: StdDuration) {}
}

pub(crate) fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 9, 0, 0).unwrap()
}

/// A store with one tenant and one configuration, and the time.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tenant: Arc<dyn TenantStore>,
    pub(crate) sync: SyncId,
    now: Cell<DateTime<Utc>>,
    ids: Cell<u128>,
}

impl World {
    pub(crate) fn new(harness: &dyn Harness) -> Self {
        Self::with(harness.open(), "acme", 1)
    }

    /// Another tenant with a configuration of its own in the same store.
    pub(crate) fn with(store: Arc<dyn Store>, name: &str, seed: u128) -> Self {
        let ids = Cell::new(seed << 64);
        let next = || {
            ids.set(ids.get() + 1);
            Uuid::from_u128(ids.get())
        };
        let tenant = TenantId(next());
        let sync = SyncId(next());
        store
            .create_tenant(
                &Tenant {
                    id: tenant,
                    name: Name::new(name).unwrap(),
                    created_at: start(),
                },
                &actor(start()),
            )
            .unwrap();
        let tenant = store.tenant(tenant);
        tenant
            .put_sync(&sync_record(sync, "customers"), &actor(start()))
            .unwrap();
        Self {
            store,
            tenant,
            sync,
            now: Cell::new(start()),
            ids,
        }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.ids.set(self.ids.get() + 1);
        Uuid::from_u128(self.ids.get())
    }

    pub(crate) fn key(&self) -> OperationKey {
        OperationKey(self.id())
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now.get()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.now.set(self.now.get() + Duration::seconds(seconds));
    }

    pub(crate) fn actor(&self) -> Actor {
        actor(self.now())
    }

    pub(crate) fn new_run(&self, options: RunOptions) -> NewRun {
        NewRun {
            id: RunId(self.id()),
            sync: self.sync,
            trigger: RunTrigger::Manual,
            options,
            actor: "ann".into(),
            at: self.now(),
            unless_since: None,
        }
    }

    pub(crate) fn try_open(&self, options: RunOptions) -> RunOpening {
        self.tenant.open_run(&self.new_run(options)).unwrap()
    }

    pub(crate) fn open(&self) -> Box<dyn RunSession> {
        opened(self.try_open(RunOptions::default()))
    }

    pub(crate) fn finish(&self, session: Box<dyn RunSession>) {
        session.finish(self.outcome(RunStatus::Completed)).unwrap();
    }

    pub(crate) fn outcome(&self, status: RunStatus) -> RunOutcome {
        RunOutcome {
            status,
            counts: RunCounts::default(),
            execution_time_ms: 12,
            error: None,
            plan_hash: None,
            snapshots: None,
            progress: Both::new(None, None),
            continue_at: None,
            alert: AlertStep::Silent,
            at: self.now(),
        }
    }

    /// Whole links, agreed on both sides, each side's id made from one word: `s-word`, `t-word`.
    pub(crate) fn link(&self, words: &[&str]) -> Vec<LinkId> {
        let mut session = self.open();
        let ids = words
            .iter()
            .map(|word| put_row(self, session.as_mut(), None, whole(word)))
            .collect();
        self.finish(session);
        ids
    }

    /// What a run that stages just this plans.
    pub(crate) fn pairs_of(
        &self,
        source: &[StagedRecord],
        target: &[StagedRecord],
    ) -> (Box<dyn RunSession>, Vec<StagedPair>) {
        let mut session = self.open();
        session.stage(Side::Source, source).unwrap();
        session.stage(Side::Target, target).unwrap();
        let pairs = all_pairs(session.as_mut());
        (session, pairs)
    }
}

pub(crate) fn actor(at: DateTime<Utc>) -> Actor {
    Actor {
        name: "ann".into(),
        at,
    }
}

pub(crate) fn sync_record(id: SyncId, name: &str) -> SyncRecord {
    let config: SyncConfiguration = serde_json::from_value(serde_json::json!({
        "name": name,
        "source": { "connection": "shop", "collection": "customers" },
        "target": { "connection": "erp", "collection": "customers" },
        "match_key": ["email"],
        "mapping": { "email": "text", "name": "text" },
    }))
    .unwrap();
    SyncRecord {
        id,
        config,
        archived: false,
        created_at: start(),
        updated_at: start(),
    }
}

pub(crate) fn opened(opening: RunOpening) -> Box<dyn RunSession> {
    match opening {
        RunOpening::Opened(session) => session,
        RunOpening::Joined(id) => panic!("joined {id}"),
        RunOpening::Busy(id) => panic!("busy with {id}"),
        RunOpening::WaitUntil(at) => panic!("wait until {at}"),
    }
}

pub(crate) fn all_pairs(session: &mut dyn RunSession) -> Vec<StagedPair> {
    let mut all = Vec::new();
    loop {
        let pairs = session.next_pairs(2).unwrap();
        assert!(pairs.len() <= 2);
        if pairs.is_empty() {
            return all;
        }
        all.extend(pairs);
    }
}

pub(crate) fn rid(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

pub(crate) fn version(text: &str) -> Option<Version> {
    Some(Version::new(text).unwrap())
}

pub(crate) fn field(name: &str) -> FieldName {
    FieldName::new(name).unwrap()
}

pub(crate) fn text(value: &str) -> Value {
    Value::Text(value.into())
}

/// A record with these text fields.
pub(crate) fn record(fields: &[(&str, &str)]) -> CanonicalRecord {
    fields
        .iter()
        .map(|(name, value)| (field(name), text(value)))
        .collect()
}

/// A digest that is as good as any other for the store.
pub(crate) fn digest(of: &impl std::fmt::Debug) -> ContentHash {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, format!("{of:?}")).hash(&mut hasher);
        hasher.finish().to_be_bytes()
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&half(0));
    bytes[8..].copy_from_slice(&half(1));
    ContentHash(bytes)
}

/// The digest of a record's match key: its `email`.
pub(crate) fn key_of(record: &CanonicalRecord) -> Option<ContentHash> {
    record.get(&field("email")).map(digest)
}

pub(crate) fn live(id: &str, fields: &[(&str, &str)]) -> StagedRecord {
    let record = record(fields);
    StagedRecord {
        id: rid(id),
        version: version("1"),
        updated_at: Some(start()),
        body: StagedBody::Live {
            hash: digest(&record),
            key: key_of(&record),
            record,
        },
    }
}

/// A record that a person named `word` would have.
pub(crate) fn person(id: &str, word: &str) -> StagedRecord {
    live(id, &[("email", word), ("name", word)])
}

pub(crate) fn gone(id: &str) -> StagedRecord {
    StagedRecord {
        id: rid(id),
        version: None,
        updated_at: None,
        body: StagedBody::Deleted,
    }
}

pub(crate) fn unusable(id: &str) -> StagedRecord {
    StagedRecord {
        id: rid(id),
        version: None,
        updated_at: None,
        body: StagedBody::SetAside {
            reason: "no email".into(),
        },
    }
}

pub(crate) fn side(id: &str, shadow: &CanonicalRecord) -> LinkSide {
    LinkSide {
        id: rid(id),
        version: version("1"),
        updated_at: Some(start()),
        ours: false,
        shadow: shadow.clone(),
        seen: None,
        owed: Vec::new(),
    }
}

/// The row of a link whose two sides and base are one record.
pub(crate) fn whole(word: &str) -> LinkRow {
    let record = record(&[("email", word), ("name", word)]);
    row(
        Link {
            state: LinkState::Active,
            base: Some(record.clone()),
            sides: Both::new(
                Some(side(&format!("s-{word}"), &record)),
                Some(side(&format!("t-{word}"), &record)),
            ),
        },
        false,
    )
}

/// The row of half a link.
pub(crate) fn half(which: Side, id: &str, word: &str) -> LinkRow {
    let record = record(&[("email", word), ("name", word)]);
    let mut sides = Both::new(None, None);
    *sides.get_mut(which) = Some(side(id, &record));
    row(
        Link {
            state: LinkState::Unpaired,
            base: None,
            sides,
        },
        false,
    )
}

/// A link with what the store indexes of it.
pub(crate) fn row(link: Link, todo: bool) -> LinkRow {
    let hash = |side: Side| {
        link.sides
            .get(side)
            .as_ref()
            .map(|half| digest(&half.shadow))
    };
    let key = Side::BOTH
        .into_iter()
        .find_map(|side| link.sides.get(side).as_ref())
        .and_then(|half| key_of(&half.shadow));
    LinkRow {
        hashes: Both::new(hash(Side::Source), hash(Side::Target)),
        key,
        todo,
        link,
    }
}

pub(crate) fn journal_pair(link_id: Option<LinkId>, row: Option<LinkRow>) -> JournalPair {
    JournalPair {
        link_id,
        row,
        operations: Vec::new(),
        conflict: ConflictStep::Keep,
    }
}

/// Writes a row without sending anything.
pub(crate) fn put_row(
    world: &World,
    session: &mut dyn RunSession,
    link_id: Option<LinkId>,
    row: LinkRow,
) -> LinkId {
    session
        .journal_chunk(&[journal_pair(link_id, Some(row))], &[], world.now())
        .unwrap()[0]
        .link_id
        .unwrap()
}

pub(crate) fn create(key: OperationKey, side: Side, record: &CanonicalRecord) -> JournalOperation {
    JournalOperation {
        key,
        side,
        kind: OperationKind::Create,
        record_id: None,
        before: None,
        after: Some(record.clone()),
        losers: Vec::new(),
        reason: Reason::New,
        state: OperationState::Journalled,
    }
}

pub(crate) fn update(
    key: OperationKey,
    side: Side,
    id: &str,
    from: &str,
    to: &str,
) -> JournalOperation {
    JournalOperation {
        key,
        side,
        kind: OperationKind::Update,
        record_id: Some(rid(id)),
        before: Some(CanonicalRecord::from([(field("name"), text(from))])),
        after: Some(CanonicalRecord::from([(field("name"), text(to))])),
        losers: Vec::new(),
        reason: Reason::OneSided,
        state: OperationState::Journalled,
    }
}

pub(crate) fn done(key: OperationKey, id: &str) -> OperationResult {
    OperationResult {
        key,
        state: OperationState::Done,
        record_id: Some(rid(id)),
        error: None,
    }
}

pub(crate) fn acknowledged(
    link_id: LinkId,
    row: LinkRow,
    operations: Vec<OperationResult>,
) -> AcknowledgedPair {
    AcknowledgedPair {
        link_id,
        row,
        operations,
        conflict: ConflictStep::Keep,
    }
}

pub(crate) fn error(world: &World, id: &str) -> NewError {
    NewError {
        id: ErrorId(world.id()),
        record_id: Some(rid(id)),
        side: Some(Side::Source),
        error_type: ErrorType::Validation,
        message: "no email".into(),
        details: serde_json::json!({ "rule": "required" }),
        record_data: Some(serde_json::json!({ "name": "x" })),
        retry_count: 2,
        at: world.now(),
    }
}

pub(crate) fn conflict_id(world: &World) -> ConflictId {
    ConflictId(world.id())
}

/// The id that a pair's side shows, if it was read live.
pub(crate) fn seen_id(pair: &StagedPair, side: Side) -> Option<String> {
    match pair.pair.sides.get(side) {
        Observation::Live(seen) => Some(seen.id.to_string()),
        _ => None,
    }
}

/// Pairs as (source id, target id) of what was read, for short assertions.
pub(crate) fn ids(pairs: &[StagedPair]) -> Vec<(Option<String>, Option<String>)> {
    pairs
        .iter()
        .map(|pair| (seen_id(pair, Side::Source), seen_id(pair, Side::Target)))
        .collect()
}

pub(crate) fn some(source: &str, target: &str) -> (Option<String>, Option<String>) {
    let id = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    (id(source), id(target))
}
