//! The records of one collection and the orders they are found by: id, (time, id), change sequence, field value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::clock::iso_ms;
use crate::fields::{Fields, push_text, text_of};

use super::answer::Receipts;
use super::config::CollectionConfig;

pub(crate) type Id = Arc<str>;

/// Whether a record is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    /// Flagged as deleted, still readable.
    Flagged,
    /// Deleted; only its tombstone is left.
    Gone,
}

/// One record; `body` is the JSON object of its own fields, ready to be served.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) version: u64,
    pub(crate) updated_ms: i64,
    pub(crate) seq: u64,
    pub(crate) state: State,
    pub(crate) body: Box<str>,
}

/// Which of the storefront's own members an answer shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) version: bool,
    pub(crate) deleted: bool,
    pub(crate) seq: bool,
}

impl Record {
    /// Appends `{"id":…,"version":…,"updated_at":…,<fields>}`.
    pub(crate) fn write_json(&self, id: &str, shape: Shape, out: &mut String) {
        out.push_str("{\"id\":");
        push_text(out, id);
        if shape.version {
            out.push_str(",\"version\":");
            out.push_str(&self.version.to_string());
        }
        out.push_str(",\"updated_at\":\"");
        out.push_str(&iso_ms(self.updated_ms));
        out.push('"');
        if shape.deleted {
            out.push_str(if self.state == State::Live {
                ",\"deleted\":false"
            } else {
                ",\"deleted\":true"
            });
        }
        if shape.seq {
            out.push_str(",\"seq\":");
            out.push_str(&self.seq.to_string());
        }
        let fields = self.body.strip_prefix('{').unwrap_or_default();
        if fields.len() > 1 {
            out.push(',');
            out.push_str(fields);
        } else {
            out.push('}');
        }
    }

    pub(crate) fn fields(&self) -> Fields<'_> {
        // The body was written by `Fields::to_json`; an empty object is what is left of a deleted record.
        Fields::parse(&self.body).unwrap_or_default()
    }
}

/// All records of one kind.
#[derive(Debug)]
pub(crate) struct Collection {
    pub(crate) config: CollectionConfig,
    records: BTreeMap<Id, Record>,
    by_updated: BTreeSet<(i64, Id)>,
    by_seq: BTreeMap<u64, Id>,
    /// Field, then value as text, then the ids that hold it.
    indexes: BTreeMap<String, BTreeMap<String, BTreeSet<Id>>>,
    prefix: String,
    made: u64,
    seq: u64,
    live: usize,
    marks: BTreeMap<usize, Id>,
    pub(crate) receipts: Receipts,
}

impl Collection {
    pub(crate) fn new(config: CollectionConfig) -> Self {
        let indexes = config
            .unique
            .iter()
            .chain(&config.indexed)
            .map(|f| (f.clone(), BTreeMap::new()))
            .collect();
        let prefix = config.name.chars().take(3).collect();
        Self {
            config,
            records: BTreeMap::new(),
            by_updated: BTreeSet::new(),
            by_seq: BTreeMap::new(),
            indexes,
            prefix,
            made: 0,
            seq: 0,
            live: 0,
            marks: BTreeMap::new(),
            receipts: Receipts::default(),
        }
    }

    /// The next id the storefront gives: `cus-0000001`, `cus-0000002` …
    pub(crate) fn next_id(&mut self) -> Id {
        self.made += 1;
        format!("{}-{:07}", self.prefix, self.made).into()
    }

    pub(crate) fn get(&self, id: &str) -> Option<(&Id, &Record)> {
        self.records
            .get_key_value(id)
            .filter(|(_, r)| r.state != State::Gone)
    }

    /// The sequence number of the latest change.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// Stores a record under the next sequence number and keeps every order in step.
    pub(crate) fn put(
        &mut self,
        id: &Id,
        version: u64,
        updated_ms: i64,
        state: State,
        body: Box<str>,
    ) {
        self.seq += 1;
        let record = Record {
            version,
            updated_ms,
            seq: self.seq,
            state,
            body,
        };
        self.index(id, &record, true);
        let was_live = match self.records.insert(Arc::clone(id), record) {
            Some(old) => {
                self.index(id, &old, false);
                if state != State::Gone && old.updated_ms != updated_ms || state == State::Gone {
                    self.by_updated.remove(&(old.updated_ms, Arc::clone(id)));
                }
                self.by_seq.remove(&old.seq);
                old.state == State::Live
            }
            None => false,
        };
        if state != State::Gone {
            self.by_updated.insert((updated_ms, Arc::clone(id)));
        }
        self.by_seq.insert(self.seq, Arc::clone(id));
        match (was_live, state == State::Live) {
            (false, true) => self.live += 1,
            (true, false) => self.live -= 1,
            _ => return,
        }
        // Offsets have moved.
        self.marks.clear();
    }

    fn index(&mut self, id: &Id, record: &Record, add: bool) {
        if self.indexes.is_empty() || record.state == State::Gone {
            return;
        }
        let fields = record.fields();
        for (field, values) in &mut self.indexes {
            let Some(value) = fields.get(field).and_then(index_value) else {
                continue;
            };
            if add {
                values.entry(value).or_default().insert(Arc::clone(id));
                continue;
            }
            let now = self.records.get(id);
            if now.is_some_and(|now| {
                now.fields().get(field).and_then(index_value).as_ref() == Some(&value)
            }) {
                continue;
            }
            if let Some(ids) = values.get_mut(&value) {
                ids.remove(id);
                if ids.is_empty() {
                    values.remove(&value);
                }
            }
        }
    }

    /// The ids whose indexed `field` is `value`; `None` where the field has no index.
    pub(crate) fn indexed(&self, field: &str, value: &str) -> Option<Vec<Id>> {
        let values = self.indexes.get(field)?;
        Some(
            values
                .get(value)
                .map(|ids| ids.iter().cloned().collect())
                .unwrap_or_default(),
        )
    }

    /// Another live record that already holds one of this record's unique values: its field and id.
    pub(crate) fn taken(&self, own: Option<&str>, fields: &Fields<'_>) -> Option<(String, Id)> {
        for field in &self.config.unique {
            let Some(value) = fields.get(field).and_then(index_value) else {
                continue;
            };
            let holders = self
                .indexes
                .get(field)
                .and_then(|values| values.get(&value));
            let other = holders.into_iter().flatten().find(|id| {
                own != Some(id.as_ref())
                    && self
                        .records
                        .get(*id)
                        .is_some_and(|r| r.state == State::Live)
            });
            if let Some(id) = other {
                return Some((field.clone(), Arc::clone(id)));
            }
        }
        None
    }

    /// Records by id, after `after`; tombstones left out.
    pub(crate) fn by_id<'s>(
        &'s self,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'s Id, &'s Record)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.records
            .range::<str, _>((from, Unbounded))
            .filter(|(_, r)| r.state != State::Gone)
    }

    /// Records by (time, id): from `since` on, or after `after`.
    pub(crate) fn by_updated(
        &self,
        since: i64,
        after: Option<(i64, &str)>,
    ) -> impl Iterator<Item = (&Id, &Record)> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let from = match after {
            Some((ms, id)) => Excluded((ms, Id::from(id))),
            None => Included((since, Id::from(""))),
        };
        self.by_updated
            .range((from, Unbounded))
            .filter_map(|(_, id)| self.records.get_key_value(id))
    }

    /// Records and tombstones in the order of their latest change, after sequence number `since`.
    pub(crate) fn changes(&self, since: u64) -> impl Iterator<Item = (&Id, &Record)> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.by_seq
            .range((Excluded(since), Unbounded))
            .filter_map(|(_, id)| self.records.get_key_value(id))
    }

    /// The nearest remembered place at or before `offset` among live records: its offset and the id before it.
    pub(crate) fn mark_before(&self, offset: usize) -> (usize, Option<Id>) {
        self.marks
            .range(..=offset)
            .next_back()
            .map_or((0, None), |(at, id)| (*at, Some(Arc::clone(id))))
    }

    /// Remembers that the live record before `offset` is `id`, so that deep pages need no walk from the start.
    pub(crate) fn mark(&mut self, offset: usize, id: Id) {
        if offset >= self.mark_before(offset).0 + 50 {
            self.marks.insert(offset, id);
        }
    }
}

/// How a value is found again: a string by its text, anything else by its JSON; null not at all.
fn index_value(json: &str) -> Option<String> {
    if json == "null" {
        return None;
    }
    Some(text_of(json).map_or_else(|| json.to_owned(), std::borrow::Cow::into_owned))
}
