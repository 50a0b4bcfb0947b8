//! Two scripted systems, one configuration, the real engine and the real store between them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot set up its world must stop"
)]

use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use tandem_domain::conflict::{Choice, ConflictDecision, ConflictState};
use tandem_domain::ids::{Both, ConnectionId, FieldName, Name, RecordId, Side, SyncId, TenantId};
use tandem_domain::record::NativeFields;
use tandem_domain::redaction::Redactor;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::WritableConnector;
use tandem_engine::ports::events::Event;
use tandem_engine::ports::history::{RunOptions, RunTrigger, SyncError, SyncHistory};
use tandem_engine::ports::store::{
    Actor, CircuitRecord, ConflictFilter, ConflictRecord, ConnectionRecord, ErrorFilter,
    NewDecision, SyncRecord, Tenant, TenantStore,
};
use tandem_engine::ports::{Clock, Events, Ids, Store};
use tandem_engine::run::{Opened, SyncJob, SyncService};

use crate::clock::{TestClock, TestIds};
use crate::fake::{Counts, FakeSystem, State};

/// Everything a test needs.
pub struct World {
    /// The source system.
    pub source: Arc<FakeSystem>,
    /// The target system.
    pub target: Arc<FakeSystem>,
    /// The tenant's store.
    pub store: Arc<dyn TenantStore>,
    /// The wall clock.
    pub clock: Arc<TestClock>,
    /// What was published.
    pub events: Arc<Recorder>,
    whole: Arc<dyn Store>,
    sync: SyncRecord,
    connections: Both<ConnectionRecord>,
    service: SyncService,
    stand_ins: Both<Option<Arc<dyn WritableConnector>>>,
    folder: Arc<tempfile::TempDir>,
}

/// Hears of events.
pub type Hook = Box<dyn FnMut(&Event) + Send>;

/// Keeps every event.
#[derive(Default)]
pub struct Recorder {
    events: Mutex<Vec<Event>>,
    hook: Mutex<Option<Hook>>,
}

impl Recorder {
    /// All so far.
    pub fn all(&self) -> Vec<Event> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Recorder {
    /// From now on this hears of every event first; `None`: nobody does.
    pub fn hook(&self, hook: Option<Hook>) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = hook;
    }
}

impl Events for Recorder {
    fn publish(&self, event: Event) {
        let mut hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hook) = hook.as_mut() {
            hook(&event);
        }
        drop(hook);
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
    }
}

/// The configuration most cases start from: text fields `name`, `x`, `y`, a number `n`, the match
/// key `name`; everything else at its default. Overridden key by key.
#[must_use]
pub fn config(overrides: serde_json::Value) -> serde_json::Value {
    let mut config = serde_json::json!({
        "name": "contacts",
        "source": { "connection": "alpha", "collection": "people" },
        "target": { "connection": "beta", "collection": "people" },
        "match_key": ["name"],
        "mapping": { "name": "text", "x": "text", "y": "text", "n": "decimal" },
    });
    if let (Some(config), serde_json::Value::Object(overrides)) =
        (config.as_object_mut(), overrides)
    {
        config.extend(overrides);
    }
    config
}

impl World {
    /// A world with the default configuration and these overrides.
    #[must_use]
    pub fn new(overrides: serde_json::Value) -> Self {
        Self::on(tempfile::tempdir().expect("a temporary folder"), overrides)
    }

    /// The same, its store in a folder that the caller chose.
    #[must_use]
    pub fn on(folder: tempfile::TempDir, overrides: serde_json::Value) -> Self {
        let clock = Arc::new(TestClock::new());
        let store = open_store(folder.path(), &clock);
        let ids = TestIds::default();
        Self::of_tenant("acme", Arc::new(folder), store, clock, ids, overrides)
    }

    /// Another tenant of the same store and process, with systems, clock and ids of its own; all of
    /// its names are this one's.
    #[must_use]
    pub fn beside(&self, tenant: &str, overrides: serde_json::Value) -> Self {
        Self::of_tenant(
            tenant,
            Arc::clone(&self.folder),
            Arc::clone(&self.whole),
            Arc::new(TestClock::new()),
            TestIds::starting_at(1 << 32),
            overrides,
        )
    }

    fn of_tenant(
        tenant: &str,
        folder: Arc<tempfile::TempDir>,
        store: Arc<dyn Store>,
        clock: Arc<TestClock>,
        ids: TestIds,
        overrides: serde_json::Value,
    ) -> Self {
        let ids = Arc::new(ids);
        let tenant = Tenant {
            id: TenantId(ids.next()),
            name: Name::new(tenant).expect("a name"),
            created_at: clock.now(),
        };
        let events = Arc::new(Recorder::default());
        let connection = |name: &str| ConnectionRecord {
            id: ConnectionId(ids.next()),
            name: Name::new(name).expect("a name"),
            kind: "fake".into(),
            settings: serde_json::json!({}),
            created_at: clock.now(),
            updated_at: clock.now(),
        };
        let connections = Both::new(connection("alpha"), connection("beta"));
        let sync = SyncRecord {
            id: SyncId(ids.next()),
            config: serde_json::from_value(config(overrides)).expect("a configuration"),
            archived: false,
            created_at: clock.now(),
            updated_at: clock.now(),
        };
        let actor = Actor {
            name: "test".into(),
            at: clock.now(),
        };
        store.create_tenant(&tenant, &actor).expect("a tenant");
        let tenant_store = store.tenant(tenant.id);
        for side in Side::BOTH {
            tenant_store
                .put_connection(connections.get(side), &actor)
                .expect("a connection");
        }
        tenant_store.put_sync(&sync, &actor).expect("a sync");
        let service = SyncService::new(
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&ids) as Arc<dyn Ids>,
            Arc::clone(&events) as Arc<dyn Events>,
        );
        Self {
            source: Arc::new(FakeSystem::new("s", Arc::clone(&clock) as Arc<dyn Clock>)),
            target: Arc::new(FakeSystem::new("t", Arc::clone(&clock) as Arc<dyn Clock>)),
            store: tenant_store,
            whole: store,
            clock,
            events,
            sync,
            connections,
            service,
            stand_ins: Both::new(None, None),
            folder,
        }
    }

    /// From now on this is one side's system instead of the scripted one.
    pub fn stand_in(&mut self, side: Side, connector: Arc<dyn WritableConnector>) {
        *self.stand_ins.get_mut(side) = Some(connector);
    }

    fn connector(&self, side: Side) -> Arc<dyn WritableConnector> {
        self.stand_ins
            .get(side)
            .clone()
            .unwrap_or_else(|| Arc::clone(self.side(side)) as Arc<dyn WritableConnector>)
    }

    /// One side's circuit as stored.
    #[must_use]
    pub fn circuit(&self, side: Side) -> CircuitRecord {
        self.store
            .circuit(self.connections.get(side).id)
            .expect("a circuit")
    }

    /// One side's system.
    #[must_use]
    pub fn side(&self, side: Side) -> &Arc<FakeSystem> {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// Changes both systems' state alike.
    pub fn both(&self, change: impl Fn(&mut State)) {
        change(&mut self.source.state());
        change(&mut self.target.state());
    }

    /// Replaces the configuration.
    pub fn reconfigure(&mut self, overrides: serde_json::Value) {
        self.sync.config = serde_json::from_value(config(overrides)).expect("a configuration");
        self.sync.updated_at = self.clock.now();
        self.store
            .put_sync(&self.sync, &self.actor())
            .expect("a sync");
    }

    /// What a process that starts after a crash holds: the same file, a new store.
    pub fn restart(&mut self) {
        self.store = self.another_store();
    }

    /// The same file as another process opens it.
    #[must_use]
    pub fn another_store(&self) -> Arc<dyn TenantStore> {
        open_store(self.folder.path(), &self.clock).tenant(self.store.id())
    }

    /// The whole store, with all its tenants.
    #[must_use]
    pub fn whole_store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.whole)
    }

    /// The configuration.
    #[must_use]
    pub const fn sync(&self) -> &SyncRecord {
        &self.sync
    }

    /// Opens a run.
    pub async fn open(&self, options: RunOptions) -> Opened {
        self.open_on(&self.store, options).await
    }

    /// Opens a run over a store of the caller's own: another process's.
    pub async fn open_on(&self, store: &Arc<dyn TenantStore>, options: RunOptions) -> Opened {
        self.open_sync(store, self.sync.clone(), options).await
    }

    /// Opens a run of another configuration of the same two systems, in this process.
    pub async fn open_another(&self, id: SyncId, name: &str) -> Opened {
        let mut sync = self.sync.clone();
        sync.id = id;
        sync.config.name = Name::new(name).expect("a name");
        let actor = Actor {
            name: "test".into(),
            at: self.clock.now(),
        };
        self.store.put_sync(&sync, &actor).expect("a sync");
        self.open_sync(&self.store, sync, RunOptions::default())
            .await
    }

    async fn open_sync(
        &self,
        store: &Arc<dyn TenantStore>,
        sync: SyncRecord,
        options: RunOptions,
    ) -> Opened {
        let job = SyncJob {
            tenant: Arc::clone(store),
            sync,
            connections: self.connections.clone(),
            connectors: Both::new(self.connector(Side::Source), self.connector(Side::Target)),
            redactor: Redactor::new([], ["hunter2-secret"]).into(),
        };
        self.service
            .open(job, options, RunTrigger::Manual, "test")
            .await
            .expect("a run that opens")
    }

    /// Runs a sync with options.
    pub async fn run_with(&self, options: RunOptions) -> SyncHistory {
        match self.open(options).await {
            Opened::Ready(run) => run.execute().await.expect("a run whose end is recorded"),
            Opened::Joined(run) | Opened::Busy(run) => panic!("run {run} is in the way"),
            Opened::WaitUntil(at) => panic!("wait until {at}"),
        }
    }

    /// Runs a sync; time moves on by a minute first, so that edits before and after it differ.
    pub async fn run(&self) -> SyncHistory {
        self.clock.advance(TimeDelta::minutes(1));
        let history = self.run_adding_up(RunOptions::default()).await;
        self.clock.advance(TimeDelta::minutes(1));
        history
    }

    /// Runs a sync with options; its counts have to add up.
    pub async fn run_adding_up(&self, options: RunOptions) -> SyncHistory {
        let history = self.run_with(options).await;
        let counts = history.counts;
        assert_eq!(
            counts.processed,
            counts.succeeded + counts.failed + counts.skipped,
            "{history:?}"
        );
        history
    }

    /// Runs and returns how many operations took effect on (source, target).
    pub async fn run_counting(&self) -> (SyncHistory, usize, usize) {
        let before = self.effects();
        let history = self.run().await;
        let after = self.effects();
        (history, after.0 - before.0, after.1 - before.1)
    }

    /// Operations that took effect so far.
    #[must_use]
    pub fn effects(&self) -> (usize, usize) {
        (
            self.counts(Side::Source).effects,
            self.counts(Side::Target).effects,
        )
    }

    /// Calls so far.
    #[must_use]
    pub fn counts(&self, side: Side) -> Counts {
        self.side(side).state().counts
    }

    /// Case 35: after any scenario, the second idle run writes nothing.
    pub async fn assert_idle(&self) {
        self.run().await;
        let (history, source, target) = self.run_counting().await;
        assert_eq!(
            (source, target),
            (0, 0),
            "an idle run wrote something: {history:?}"
        );
    }

    /// Adds the same record to both systems; their ids.
    pub fn seed(&self, fields: &NativeFields) -> (RecordId, RecordId) {
        self.seed_unlike(fields, fields)
    }

    /// Adds a record to each system; their ids.
    pub fn seed_unlike(
        &self,
        source: &NativeFields,
        target: &NativeFields,
    ) -> (RecordId, RecordId) {
        (
            self.source.state().add(source.clone()),
            self.target.state().add(target.clone()),
        )
    }

    /// A live field as text (numbers as digits); `None` when record or field are gone.
    #[must_use]
    pub fn text(&self, side: Side, id: &RecordId, field: &str) -> Option<String> {
        self.side(side)
            .state()
            .field(id, field)
            .map(|value| match value {
                Value::Text(text) => text,
                Value::Number(number) => number.normalize().to_string(),
                Value::Null => "null".into(),
                other => format!("{other:?}"),
            })
    }

    /// The partner of a record, found by its name.
    #[must_use]
    pub fn by_name(&self, side: Side, name: &str) -> Vec<RecordId> {
        let wanted = Value::Text(name.to_owned());
        let live = self.side(side).state().live();
        live.into_iter()
            .filter(|(_, fields)| fields.get("name") == Some(&wanted))
            .map(|(id, _)| id)
            .collect()
    }

    /// Open conflicts.
    #[must_use]
    pub fn conflicts(&self) -> Vec<ConflictRecord> {
        let filter = ConflictFilter {
            state: Some(ConflictState::Open),
            limit: 1000,
            ..ConflictFilter::default()
        };
        self.store.conflicts(&filter).expect("conflicts")
    }

    /// All error rows.
    #[must_use]
    pub fn errors(&self) -> Vec<SyncError> {
        self.store
            .errors(&ErrorFilter {
                limit: 1000,
                ..ErrorFilter::default()
            })
            .expect("errors")
    }

    /// Decides a conflict, field by field.
    pub fn decide(&self, conflict: &ConflictRecord, choices: &[(&str, Choice)]) {
        let fields = choices
            .iter()
            .map(|(field, choice)| (FieldName::new(field).expect("a field"), choice.clone()))
            .collect();
        self.decide_with(conflict, ConflictDecision::Fields(fields));
    }

    /// Decides a conflict.
    pub fn decide_with(&self, conflict: &ConflictRecord, decision: ConflictDecision) {
        let decision = NewDecision {
            conflict: conflict.id,
            revision: conflict.revision,
            decision,
            note: None,
            not_before: self.clock.now(),
        };
        self.store
            .decide(&decision, &self.actor())
            .expect("a decision that is kept");
    }

    /// The test as an actor.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            name: "test".into(),
            at: self.clock.now(),
        }
    }
}

fn open_store(folder: &std::path::Path, clock: &Arc<TestClock>) -> Arc<dyn Store> {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let opened =
        tandem_store::SqliteStore::open(folder.join("tandem.db"), &clock).expect("a store");
    Arc::new(opened.store)
}
