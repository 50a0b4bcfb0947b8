//! The handle behind the counter: faults, delay, clock, counters, a person's edits, and dumps for independent checkers.
//!
//! The same is offered over HTTP by the routes of `control_routes`, for a storefront in another process.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Map, Value};

use crate::error::SandboxError;
use crate::fields::Fields;

use super::answer::Outcome;
use super::collection::{Id, State};
use super::faults::Fault;
use super::shared::Shared;
use super::stats::Stats;
use super::write::{Expect, Op, Write, fields_of, perform, shape};

/// A handle to one storefront from inside the process. Clones share it.
#[derive(Debug, Clone)]
pub struct Control(Arc<Shared>);

impl Control {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// The storefront's own time, skew included: milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.0.now_ms()
    }

    /// Delays every answer by so many milliseconds.
    pub fn set_latency_ms(&self, ms: u64) {
        self.0.latency_ms.store(ms, Ordering::SeqCst);
    }

    /// Sets the storefront's clock off: its `Date` header and `updated_at` are `ms` ahead of its clock.
    pub fn set_clock_offset_ms(&self, ms: i64) {
        self.0.clock_offset_ms.store(ms, Ordering::SeqCst);
    }

    /// Asks for a fault.
    pub fn inject(&self, fault: Fault) {
        self.0.faults().add(fault);
    }

    /// Forgets all faults still waiting.
    pub fn clear_faults(&self) {
        self.0.faults().clear();
    }

    /// The faults still waiting.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.0.faults().waiting()
    }

    /// What has been asked of the storefront so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.stats().clone()
    }

    /// Sets all counters to zero.
    pub fn reset_stats(&self) {
        *self.0.stats() = Stats::default();
    }

    /// Live records in a collection.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`].
    pub fn count(&self, collection: &str) -> Result<usize, SandboxError> {
        self.0.with(collection, |c| c.live())
    }

    /// All records as the interface shows them, by id; those flagged as deleted included, tombstones not.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`].
    pub fn records(&self, collection: &str) -> Result<Vec<Map<String, Value>>, SandboxError> {
        let shape = shape(&self.0.config);
        self.0.with(collection, |c| {
            let mut line = String::new();
            c.by_id(None)
                .filter_map(|(id, record)| {
                    line.clear();
                    record.write_json(id, shape, &mut line);
                    serde_json::from_str(&line).ok()
                })
                .collect()
        })
    }

    /// One record as the interface shows it; `None` where there is none.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`].
    pub fn record(
        &self,
        collection: &str,
        id: &str,
    ) -> Result<Option<Map<String, Value>>, SandboxError> {
        let shape = shape(&self.0.config);
        self.0.with(collection, |c| {
            let (id, record) = c.get(id)?;
            let mut line = String::new();
            record.write_json(id, shape, &mut line);
            serde_json::from_str(&line).ok()
        })
    }

    /// The id of the first record whose field holds this text; `None` where there is none.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`].
    pub fn find(
        &self,
        collection: &str,
        field: &str,
        value: &str,
    ) -> Result<Option<String>, SandboxError> {
        self.0.with(collection, |c| match c.indexed(field, value) {
            Some(ids) => ids.first().map(ToString::to_string),
            None => c.by_id(None).find_map(|(id, record)| {
                let fields = record.fields();
                let found = fields.get(field).and_then(crate::fields::text_of)?;
                (found == value).then(|| id.to_string())
            }),
        })
    }

    /// A person adds a record; returns its id. The storefront's own rules and quirks apply, as in all edits here.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`], [`SandboxError::Refused`].
    pub fn insert(
        &self,
        collection: &str,
        record: &Map<String, Value>,
    ) -> Result<String, SandboxError> {
        let outcome = self.person(collection, Op::Create, None, fields_of(record))?;
        Ok(outcome.id.map(|id| id.to_string()).unwrap_or_default())
    }

    /// A person changes the fields named.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`], [`SandboxError::NoRecord`], [`SandboxError::Refused`].
    pub fn edit(
        &self,
        collection: &str,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Result<(), SandboxError> {
        self.person(collection, Op::Patch, Some(id), fields_of(patch))
            .map(drop)
    }

    /// A person deletes a record.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`], [`SandboxError::NoRecord`].
    pub fn delete(&self, collection: &str, id: &str) -> Result<(), SandboxError> {
        self.person(collection, Op::Delete, Some(id), Fields::default())
            .map(drop)
    }

    /// Gives a record a new version and time without changing any field.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`], [`SandboxError::NoRecord`].
    pub fn touch(&self, collection: &str, id: &str) -> Result<(), SandboxError> {
        let now = self.now_ms();
        let touched = self.0.with(collection, |c| {
            let (id, record) = c.get(id)?;
            let (id, record) = (Arc::clone(id), record.clone());
            c.put(&id, record.version + 1, now, record.state, record.body);
            Some(())
        })?;
        touched.ok_or_else(|| no_record(collection, id))
    }

    /// A number over the fields of all live records, whatever their ids and order: equal contents give equal digests.
    /// Numbers count by value, so `1.50` equals `1.5`. Fields named in `except` are left out.
    ///
    /// # Errors
    /// [`SandboxError::NoCollection`].
    pub fn digest(&self, collection: &str, except: &[&str]) -> Result<u64, SandboxError> {
        self.0.with(collection, |c| {
            let live = c
                .by_id(None)
                .filter(|(_, record)| record.state == State::Live);
            live.fold(0_u64, |sum, (_, record)| {
                sum.wrapping_add(content_hash(&record.fields(), except))
            })
        })
    }

    /// Stores many records at once, past all rules; each body is the JSON object of the record's fields.
    pub(crate) fn fill(
        &self,
        collection: &str,
        bodies: impl Iterator<Item = String>,
    ) -> Result<usize, SandboxError> {
        let now = self.now_ms();
        self.0.with(collection, |c| {
            let before = c.live();
            for body in bodies {
                let id = c.next_id();
                c.put(&id, 1, now, State::Live, body.into());
            }
            c.live() - before
        })
    }

    /// Patches all live records for which `edit` gives a patch, dated `at_ms`; returns how many.
    pub(crate) fn rewrite(
        &self,
        collection: &str,
        at_ms: i64,
        edit: impl Fn(&Fields<'_>) -> Option<Fields<'static>>,
    ) -> Result<usize, SandboxError> {
        self.0.with(collection, |c| {
            let edits: Vec<(Id, u64, String)> = c
                .by_id(None)
                .filter(|(_, record)| record.state == State::Live)
                .filter_map(|(id, record)| {
                    let before = record.fields();
                    let patch = edit(&before)?;
                    Some((
                        Arc::clone(id),
                        record.version + 1,
                        patch.over(before).to_json(),
                    ))
                })
                .collect();
            for (id, version, body) in &edits {
                c.put(id, *version, at_ms, State::Live, body.as_str().into());
            }
            edits.len()
        })
    }

    fn person(
        &self,
        collection: &str,
        op: Op,
        id: Option<&str>,
        fields: Fields<'_>,
    ) -> Result<Outcome, SandboxError> {
        let now = self.now_ms();
        let write = Write {
            op,
            id,
            expect: Expect::Any,
            key: None,
            fields,
        };
        let outcome = self
            .0
            .with(collection, |c| perform(&self.0.config, c, now, write))?;
        match &outcome.error {
            None => Ok(outcome),
            Some(_) if outcome.status == 404 => Err(no_record(collection, id.unwrap_or_default())),
            Some(problem) => Err(SandboxError::Refused {
                status: outcome.status,
                message: problem.message.clone(),
            }),
        }
    }
}

fn no_record(collection: &str, id: &str) -> SandboxError {
    SandboxError::NoRecord {
        system: "the storefront",
        collection: collection.to_owned(),
        key: id.to_owned(),
    }
}

fn content_hash(fields: &Fields<'_>, except: &[&str]) -> u64 {
    let values: BTreeMap<&str, String> = fields
        .iter()
        .filter(|(name, _)| !except.contains(name))
        .map(|(name, json)| {
            let number = json.parse::<rust_decimal::Decimal>().ok();
            (
                name,
                number.map_or_else(|| json.to_owned(), |n| n.normalize().to_string()),
            )
        })
        .collect();
    let mut hasher = DefaultHasher::new();
    values.hash(&mut hasher);
    hasher.finish()
}
