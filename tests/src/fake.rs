//! A system that we own: records in memory, with versions, times of change, a change feed, quirks
//! and faults, all scripted by the test.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot set up its world must stop"
)]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tandem_domain::collection::CollectionSchema;
use tandem_domain::ids::{OperationKey, RecordId, Version};
use tandem_domain::record::{NativeBody, NativeFields, NativeRecord};
use tandem_domain::value::Value;
use tandem_engine::ports::Clock;
use tandem_engine::ports::connector::{
    Applied, Capabilities, ChangeDetection, Connector, ConnectorError, Cursor, ErrorClass, Fetched,
    Health, ListRequest, NativeChange, Page, PageToken, Receipt, WritableConnector, WriteOperation,
    WriteOutcome,
};

/// One stored record.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its fields.
    pub fields: NativeFields,
    /// Goes up with each change.
    pub version: u64,
    /// When it changed, on this system's clock.
    pub updated_at: Option<DateTime<Utc>>,
    /// Where in the feed its last change stands.
    pub seq: u64,
    /// A tombstone.
    pub deleted: bool,
}

/// A call as a script sees it.
#[derive(Debug, Clone)]
pub enum Call {
    /// A page of a listing.
    List {
        /// Whether it is the first.
        first: bool,
        /// Whether only changes were asked for.
        since: bool,
    },
    /// Records by id.
    Get(Vec<RecordId>),
    /// A look-up by a field's value.
    Find,
    /// Writes.
    Write(Vec<WriteOperation>),
    /// A health check.
    Check,
}

/// What a script makes of a call.
pub enum Reaction {
    /// Answer it.
    Answer,
    /// Fail without effect.
    Fail(ConnectorError),
    /// Have the effect, but lose the answer.
    ApplyThenFail(ConnectorError),
    /// Refuse these operations of a write, by position.
    Reject(Vec<usize>),
    /// Never answer: without effect, or after it.
    Hang {
        /// Whether the call has its effect first.
        applied: bool,
    },
    /// Answer only once this is told.
    Hold {
        /// What releases it.
        told: Arc<tokio::sync::Notify>,
        /// Whether the call has its effect, before it is held.
        applied: bool,
        /// Whether the answer is a failure.
        failure: Option<ConnectorError>,
    },
    /// List something else than what is there.
    Distort(Distortion),
}

/// How a listing differs from what the system holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distortion {
    /// No record and no cursor, as if that were all.
    Empty,
    /// The page lacks its last record and tells no cursor.
    Short,
    /// The page holds its first record twice.
    Doubled,
    /// The page is in another order.
    Reordered,
    /// A page behind the first lacks the record that a deletion before it moved across the boundary.
    Shifted,
    /// From a replica that has not yet heard of what people did since anybody else looked.
    Stale,
}

/// A write that landed, as the system saw it.
#[derive(Debug, Clone)]
pub struct Effect {
    /// Under which key.
    pub key: OperationKey,
    /// What was asked for.
    pub change: NativeChange,
    /// The record it made or changed.
    pub id: RecordId,
    /// The record before; `None` for a create.
    pub before: Option<Row>,
}

/// What a replica still shows.
#[derive(Debug, Clone)]
struct Replica {
    rows: BTreeMap<RecordId, Row>,
    seq: u64,
}

type Script = Box<dyn FnMut(&Call, &mut State) -> Reaction + Send>;

/// What the system holds and does.
pub struct State {
    /// Its records.
    pub rows: BTreeMap<RecordId, Row>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Records a page.
    pub page_size: usize,
    /// Its clock minus the test's.
    pub skew: TimeDelta,
    /// Whether `updated_at` and the clock offset are told.
    pub tells_time: bool,
    /// What it makes of every value written (trim, round …).
    pub normalise: Option<fn(&mut NativeFields)>,
    /// Fields that every record made here has, null where no value is given.
    pub columns: Vec<&'static str>,
    /// What the catalogue says.
    pub schema: CollectionSchema,
    /// Whether fresh credentials are to be had, or how asking for them fails.
    pub renews: Result<bool, ErrorClass>,
    /// Whose data it says it is.
    pub identity: Option<String>,
    /// Answers to `get` that are "forbidden".
    pub forbidden: Vec<RecordId>,
    /// A field whose text no two live records may share; a create that would is refused.
    pub unique: Option<&'static str>,
    /// Listings show only records with this text in this field.
    pub filter: Option<(&'static str, &'static str)>,
    /// Calls of each kind so far: list, get, write, operations written.
    pub counts: Counts,
    /// Every write that landed, in order.
    pub effects: Vec<Effect>,
    replica: Option<Replica>,
    backup: Option<BTreeMap<RecordId, Row>>,
    keys: HashMap<OperationKey, RecordId>,
    seq: u64,
    next_id: u64,
    prefix: &'static str,
    now: DateTime<Utc>,
}

/// Calls so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pages listed.
    pub lists: usize,
    /// Reads by id.
    pub gets: usize,
    /// Look-ups by a field.
    pub finds: usize,
    /// Write calls.
    pub writes: usize,
    /// Operations that took effect.
    pub effects: usize,
    /// Health checks.
    pub checks: usize,
    /// Times that fresh credentials were asked for.
    pub refreshes: usize,
}

/// The system.
pub struct FakeSystem {
    state: Mutex<State>,
    script: Mutex<Option<Script>>,
    clock: Arc<dyn Clock>,
}

/// A failed call.
#[must_use]
pub fn fault(class: ErrorClass) -> ConnectorError {
    let applied = match class {
        ErrorClass::Timeout | ErrorClass::Transient => Applied::Maybe,
        _ => Applied::No,
    };
    ConnectorError {
        applied,
        ..ConnectorError::new(class, format!("scripted {class:?}"))
    }
}

/// Text fields from pairs.
#[must_use]
pub fn fields(pairs: &[(&str, &str)]) -> NativeFields {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned())))
        .collect()
}

impl FakeSystem {
    /// An empty system with conditional writes, echoing answers, a change feed and bulk writes;
    /// its ids begin with `prefix`.
    #[must_use]
    pub fn new(prefix: &'static str, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        Self {
            state: Mutex::new(State {
                rows: BTreeMap::new(),
                capabilities: Capabilities {
                    changes: ChangeDetection::Feed,
                    conditional_writes: true,
                    idempotent_creates: false,
                    writes_echo: true,
                    bulk: 10,
                    in_flight: 2,
                    lookup: Vec::new(),
                    filtered: false,
                },
                page_size: 5,
                skew: TimeDelta::zero(),
                tells_time: true,
                normalise: None,
                columns: Vec::new(),
                schema: CollectionSchema::default(),
                renews: Ok(false),
                identity: None,
                forbidden: Vec::new(),
                unique: None,
                filter: None,
                counts: Counts::default(),
                effects: Vec::new(),
                replica: None,
                backup: None,
                keys: HashMap::new(),
                seq: 0,
                next_id: 1,
                prefix,
                now,
            }),
            script: Mutex::new(None),
            clock,
        }
    }

    /// Everything it holds and does, to look at or to change.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = self.clock.now();
        state
    }

    /// From now on every call goes past this script.
    pub fn script(&self, script: impl FnMut(&Call, &mut State) -> Reaction + Send + 'static) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(script));
    }

    /// No script any more.
    pub fn unscript(&self) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn react(&self, call: &Call, state: &mut State) -> Reaction {
        self.script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
            .map_or(Reaction::Answer, |script| script(call, state))
    }
}

impl State {
    /// A person makes a record; its id.
    pub fn add(&mut self, fields: NativeFields) -> RecordId {
        let id =
            RecordId::new(format!("{}{}", self.prefix, self.next_id)).expect("prefix and number");
        self.next_id += 1;
        self.put(&id, fields);
        id
    }

    /// From now on a replica may lag behind what is there at this moment, until somebody looks.
    pub fn lag(&mut self) {
        if self.replica.is_none() {
            self.replica = Some(Replica {
                rows: self.rows.clone(),
                seq: self.seq,
            });
        }
    }

    /// Keeps a copy of everything.
    pub fn back_up(&mut self) {
        self.backup = Some(self.rows.clone());
    }

    /// Puts the kept copy back: what changed since is as it was then, time included; what was made
    /// since is gone. Each such change has a version of its own, and the feed tells of it. Nothing
    /// without a copy.
    pub fn recover(&mut self) {
        let Some(backup) = self.backup.clone() else {
            return;
        };
        self.replica = None;
        for (id, now) in std::mem::take(&mut self.rows) {
            let mut row = match backup.get(&id) {
                Some(then) if then.version == now.version => now,
                Some(then) => Row {
                    seq: 0,
                    version: now.version + 1,
                    ..then.clone()
                },
                None if now.deleted => now,
                None => Row {
                    seq: 0,
                    version: now.version + 1,
                    deleted: true,
                    ..now
                },
            };
            if row.seq == 0 {
                self.seq += 1;
                row.seq = self.seq;
            }
            self.rows.insert(id, row);
        }
    }

    /// Whether another live record has that value in the field that is to be unique.
    #[must_use]
    pub fn taken(&self, fields: &NativeFields) -> bool {
        self.unique.is_some_and(|field| {
            self.rows
                .values()
                .any(|row| !row.deleted && row.fields.get(field) == fields.get(field))
        })
    }

    /// A person makes or replaces a record under this id. No replica lags behind that: one that
    /// hides a new record would make anybody create it twice.
    pub fn put(&mut self, id: &RecordId, fields: NativeFields) {
        self.replica = None;
        self.seq += 1;
        let version = self.rows.get(id).map_or(0, |row| row.version) + 1;
        let row = Row {
            fields,
            version,
            updated_at: self.stamp(),
            seq: self.seq,
            deleted: false,
        };
        self.rows.insert(id.clone(), row);
    }

    /// A person edits one field.
    pub fn edit(&mut self, id: &RecordId, field: &str, value: impl Into<Edit>) {
        let Edit(value) = value.into();
        self.touch(id, |row| {
            row.fields.insert(field.to_owned(), value);
        });
    }

    /// A person deletes a record.
    pub fn delete(&mut self, id: &RecordId) {
        self.touch(id, |row| row.deleted = true);
    }

    /// Changes nothing but version, time and place in the feed.
    pub fn touch(&mut self, id: &RecordId, change: impl FnOnce(&mut Row)) {
        self.seq += 1;
        let (seq, stamp) = (self.seq, self.stamp());
        let row = self.rows.get_mut(id).expect("a record of this system");
        change(row);
        row.version += 1;
        row.seq = seq;
        row.updated_at = stamp;
    }

    /// A live record's field as JSON text; `None`: no such record or field.
    #[must_use]
    pub fn field(&self, id: &RecordId, field: &str) -> Option<Value> {
        self.rows
            .get(id)
            .filter(|row| !row.deleted)
            .and_then(|row| row.fields.get(field))
            .cloned()
    }

    /// Live records by one field's text, with another field's text.
    #[must_use]
    pub fn live(&self) -> BTreeMap<RecordId, NativeFields> {
        self.rows
            .iter()
            .filter(|(_, row)| !row.deleted)
            .map(|(id, row)| (id.clone(), row.fields.clone()))
            .collect()
    }

    fn stamp(&self) -> Option<DateTime<Utc>> {
        self.tells_time.then(|| self.now + self.skew)
    }

    fn native(&self, id: &RecordId, row: &Row) -> NativeRecord {
        let version = Version::new(row.version.to_string()).expect("a number");
        NativeRecord {
            id: id.clone(),
            version: self.capabilities.conditional_writes.then_some(version),
            updated_at: row.updated_at,
            body: if row.deleted {
                NativeBody::Deleted
            } else {
                NativeBody::Live {
                    fields: row.fields.clone(),
                    complete: true,
                }
            },
        }
    }

    fn distorted(&mut self, request: &ListRequest, how: Distortion) -> Page {
        let mut page = match (how, &self.replica) {
            (Distortion::Stale, Some(replica)) => self.page_of(&replica.rows, replica.seq, request),
            _ => self.fresh(request),
        };
        match how {
            Distortion::Empty => {
                page.records.clear();
                page.next = None;
                page.cursor = None;
            }
            Distortion::Short => {
                page.records.pop();
                page.cursor = None;
            }
            Distortion::Shifted if request.page.is_some() && !page.records.is_empty() => {
                page.records.remove(0);
                page.cursor = None;
            }
            Distortion::Doubled => page.records.extend(page.records.first().cloned()),
            Distortion::Reordered => page.records.reverse(),
            Distortion::Shifted | Distortion::Stale => {}
        }
        page
    }

    fn fresh(&mut self, request: &ListRequest) -> Page {
        self.replica = None;
        self.page_of(&self.rows, self.seq, request)
    }

    fn page_of(&self, rows: &BTreeMap<RecordId, Row>, seq: u64, request: &ListRequest) -> Page {
        let from: u64 = request
            .page
            .as_ref()
            .and_then(|token| token.0.parse().ok())
            .unwrap_or(0);
        let since: Option<u64> = request
            .since
            .as_ref()
            .and_then(|cursor| cursor.0.parse().ok());
        // Listed in the order of the feed, each record once, at its latest change: stable under
        // concurrent change, and nothing that existed throughout is missed.
        let mut rows: Vec<(&RecordId, &Row)> = rows
            .iter()
            .filter(|(_, row)| row.seq > from && since.is_none_or(|since| row.seq >= since))
            .filter(|(_, row)| {
                since.is_some() && self.capabilities.changes == ChangeDetection::Feed
                    || !row.deleted
            })
            .filter(|(_, row)| row.deleted || self.shows(row))
            .collect();
        rows.sort_by_key(|(_, row)| row.seq);
        let more = rows.len() > self.page_size;
        rows.truncate(self.page_size);
        let last = rows.last().map(|(_, row)| row.seq);
        Page {
            records: rows.iter().map(|(id, row)| self.native(id, row)).collect(),
            unreadable: Vec::new(),
            next: last.filter(|_| more).map(|seq| PageToken(seq.to_string())),
            cursor: (self.capabilities.changes != ChangeDetection::Full)
                .then(|| Cursor(seq.to_string())),
            clock_offset_ms: self.tells_time.then(|| self.skew.num_milliseconds()),
        }
    }

    fn shows(&self, row: &Row) -> bool {
        self.filter.is_none_or(|(field, value)| {
            row.fields.get(field) == Some(&Value::Text(value.to_owned()))
        })
    }

    fn carry_out(&mut self, operation: &WriteOperation) -> WriteOutcome {
        self.replica = None;
        let before = match &operation.change {
            NativeChange::Create { .. } => None,
            NativeChange::Update { id, .. } | NativeChange::Delete { id, .. } => {
                self.rows.get(id).cloned()
            }
        };
        let id = match &operation.change {
            NativeChange::Create { fields } => {
                let known = self
                    .capabilities
                    .idempotent_creates
                    .then(|| self.keys.get(&operation.key))
                    .flatten();
                match known.cloned() {
                    Some(id) => id,
                    None if self.taken(fields) => {
                        let why = "another record has that value";
                        return WriteOutcome::Rejected(ConnectorError::new(
                            ErrorClass::Rejected,
                            why,
                        ));
                    }
                    None => {
                        let mut fields = self.normalised(NativeFields::clone(fields));
                        for column in &self.columns {
                            fields.entry((*column).to_owned()).or_insert(Value::Null);
                        }
                        let id = self.add(fields);
                        self.keys.insert(operation.key, id.clone());
                        id
                    }
                }
            }
            NativeChange::Update {
                id,
                patch,
                if_version,
            } => match self.may_write(id, if_version.as_ref()) {
                Some(refusal) => return refusal,
                None => {
                    let patch = self.normalised(NativeFields::clone(patch));
                    self.touch(id, |row| row.fields.extend(patch));
                    id.clone()
                }
            },
            NativeChange::Delete { id, if_version } => {
                match self.may_write(id, if_version.as_ref()) {
                    Some(refusal) => return refusal,
                    None => {
                        self.delete(id);
                        id.clone()
                    }
                }
            }
        };
        self.counts.effects += 1;
        self.effects.push(Effect {
            key: operation.key,
            change: operation.change.clone(),
            id: id.clone(),
            before,
        });
        let Some(row) = self.rows.get(&id) else {
            return WriteOutcome::Gone;
        };
        let native = self.native(&id, row);
        WriteOutcome::Done(Receipt {
            version: native.version,
            updated_at: native.updated_at,
            record: match native.body {
                NativeBody::Live { fields, .. } if self.capabilities.writes_echo => Some(fields),
                NativeBody::Live { .. } | NativeBody::Deleted => None,
            },
            id,
        })
    }

    fn may_write(&self, id: &RecordId, if_version: Option<&Version>) -> Option<WriteOutcome> {
        let Some(row) = self.rows.get(id).filter(|row| !row.deleted) else {
            return Some(WriteOutcome::Gone);
        };
        let stale = if_version.is_some_and(|version| version.as_str() != row.version.to_string());
        stale.then_some(WriteOutcome::VersionConflict)
    }

    fn normalised(&self, mut fields: NativeFields) -> NativeFields {
        if let Some(normalise) = self.normalise {
            normalise(&mut fields);
        }
        fields
    }
}

/// A value for [`State::edit`].
pub struct Edit(Value);

impl From<&str> for Edit {
    fn from(text: &str) -> Self {
        Self(Value::Text(text.to_owned()))
    }
}

impl From<i64> for Edit {
    fn from(number: i64) -> Self {
        Self(Value::Number(number.into()))
    }
}

impl From<Value> for Edit {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl FakeSystem {
    /// Answers a call as the script wants it. Nothing is held while it waits.
    async fn answer<T>(
        &self,
        count: impl Fn(&mut State) + Send,
        call: &Call,
        answer: impl Fn(&mut State, &Reaction) -> T + Send,
    ) -> Result<T, ConnectorError> {
        let (reaction, answer) = {
            let mut state = self.state();
            count(&mut state);
            let reaction = self.react(call, &mut state);
            let effect = !matches!(
                reaction,
                Reaction::Fail(_)
                    | Reaction::Hang { applied: false }
                    | Reaction::Hold { applied: false, .. }
            );
            let answer = effect.then(|| answer(&mut state, &reaction));
            (reaction, answer)
        };
        match (reaction, answer) {
            (Reaction::Fail(error) | Reaction::ApplyThenFail(error), _) => Err(error),
            (Reaction::Hold { told, failure, .. }, answer) => {
                told.notified().await;
                match (failure, answer) {
                    (None, Some(answer)) => Ok(answer),
                    (failure, _) => Err(failure.unwrap_or_else(|| fault(ErrorClass::Timeout))),
                }
            }
            (Reaction::Answer | Reaction::Reject(_) | Reaction::Distort(_), Some(answer)) => {
                Ok(answer)
            }
            (_, _) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Connector for FakeSystem {
    fn capabilities(&self) -> Capabilities {
        let state = self.state();
        Capabilities {
            filtered: state.filter.is_some(),
            ..state.capabilities.clone()
        }
    }

    async fn check(&self) -> Result<Health, ConnectorError> {
        let health = |_: &mut State, _: &Reaction| Health {
            system: "fake".into(),
            identity: None,
            clock_offset_ms: None,
            latency_ms: 0,
        };
        self.answer(|state| state.counts.checks += 1, &Call::Check, health)
            .await
    }

    async fn refresh_credentials(&self) -> Result<bool, ConnectorError> {
        let mut state = self.state();
        state.counts.refreshes += 1;
        state.renews.map_err(fault)
    }

    async fn identity(&self) -> Result<Option<String>, ConnectorError> {
        Ok(self.state().identity.clone())
    }

    async fn describe(&self) -> Result<CollectionSchema, ConnectorError> {
        Ok(self.state().schema.clone())
    }

    async fn list(&self, request: &ListRequest) -> Result<Page, ConnectorError> {
        let call = Call::List {
            first: request.page.is_none(),
            since: request.since.is_some(),
        };
        let page = |state: &mut State, reaction: &Reaction| match reaction {
            Reaction::Distort(how) => state.distorted(request, *how),
            _ => state.fresh(request),
        };
        self.answer(|state| state.counts.lists += 1, &call, page)
            .await
    }

    async fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        let fetched = |state: &mut State, _: &Reaction| {
            state.replica = None;
            ids.iter()
                .map(|id| match state.rows.get(id) {
                    _ if state.forbidden.contains(id) => Fetched::Unknown("403".into()),
                    Some(row) if !row.deleted => Fetched::Found(state.native(id, row)),
                    Some(_) | None => Fetched::Gone,
                })
                .collect()
        };
        let call = Call::Get(ids.to_vec());
        self.answer(|state| state.counts.gets += 1, &call, fetched)
            .await
    }

    async fn find(&self, field: &str, value: &str) -> Result<Vec<NativeRecord>, ConnectorError> {
        let wanted = Value::Text(value.to_owned());
        let found = |state: &mut State, _: &Reaction| {
            state
                .rows
                .iter()
                .filter(|(_, row)| !row.deleted && row.fields.get(field) == Some(&wanted))
                .map(|(id, row)| state.native(id, row))
                .collect()
        };
        self.answer(|state| state.counts.finds += 1, &Call::Find, found)
            .await
    }
}

#[async_trait]
impl WritableConnector for FakeSystem {
    async fn write(
        &self,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, ConnectorError> {
        let outcomes = |state: &mut State, reaction: &Reaction| {
            let rejected = |at: usize| match reaction {
                Reaction::Reject(positions) => positions.contains(&at),
                _ => false,
            };
            operations
                .iter()
                .enumerate()
                .map(|(at, operation)| {
                    if rejected(at) {
                        WriteOutcome::Rejected(ConnectorError::new(
                            ErrorClass::Rejected,
                            "scripted refusal",
                        ))
                    } else {
                        state.carry_out(operation)
                    }
                })
                .collect()
        };
        let call = Call::Write(operations.to_vec());
        self.answer(|state| state.counts.writes += 1, &call, outcomes)
            .await
    }

    fn as_read_only(&self) -> &dyn Connector {
        self
    }
}
