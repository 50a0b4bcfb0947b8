//! One write to one record, the same for single calls, bulk operations and edits from inside the process.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::fields::Fields;

use super::collection::{Collection, Id, Record, Shape, State};
use super::config::{Conditional, Deletes, StorefrontConfig};
use super::quirks;

/// How many answers to idempotency keys are remembered; the oldest are forgotten first.
const REMEMBERED_KEYS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Create,
    /// Replaces only the fields named.
    Patch,
    /// Replaces all fields.
    Put,
    Delete,
}

/// Which version a write was planned from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expect {
    Any,
    /// One of these; empty never matches.
    OneOf(Vec<u64>),
}

#[derive(Debug)]
pub(crate) struct Write<'a> {
    pub(crate) op: Op,
    pub(crate) id: Option<&'a str>,
    pub(crate) expect: Expect,
    pub(crate) key: Option<&'a str>,
    pub(crate) fields: Fields<'a>,
}

/// Why a request was refused; serialised as the `error` member of the answer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
}

/// The answer to one write. `record` is the record's JSON: as written, or as it stands where the write was refused for its version.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "id_text")]
    pub(crate) id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Problem>,
    #[serde(skip)]
    pub(crate) version: Option<u64>,
}

fn id_text<S: serde::Serializer>(id: &Option<Id>, serializer: S) -> Result<S::Ok, S::Error> {
    id.as_deref().serialize(serializer)
}

impl Outcome {
    pub(crate) fn refused(status: u16, code: &'static str, message: String) -> Self {
        Self {
            status,
            id: None,
            record: None,
            error: Some(Problem {
                code,
                message,
                field: None,
            }),
            version: None,
        }
    }

    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn with_record(status: u16, id: &Id, record: &Record, shape: Shape) -> Self {
        let mut json = String::with_capacity(record.body.len() + 96);
        record.write_json(id, shape, &mut json);
        Self {
            status,
            id: Some(Arc::clone(id)),
            // Always valid JSON: stored bodies come from a parsed object.
            record: RawValue::from_string(json).ok(),
            error: None,
            version: Some(record.version),
        }
    }
}

/// Answers by collection and key, so that a repeated request gets its first answer and changes nothing.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    answers: HashMap<(String, String), (u64, Outcome)>,
    order: VecDeque<(String, String)>,
}

impl Receipts {
    fn find(&self, collection: &str, key: &str, print: u64) -> Option<Outcome> {
        let (first, outcome) = self.answers.get(&(collection.to_owned(), key.to_owned()))?;
        if *first == print {
            return Some(outcome.clone());
        }
        let message = format!("the key {key:?} was used before for another request");
        Some(Outcome::refused(422, "key_reused", message))
    }

    fn remember(&mut self, collection: &str, key: &str, print: u64, outcome: &Outcome) {
        let name = (collection.to_owned(), key.to_owned());
        if self
            .answers
            .insert(name.clone(), (print, outcome.clone()))
            .is_none()
        {
            self.order.push_back(name);
        }
        if self.order.len() > REMEMBERED_KEYS
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
    }
}

/// The members that answers carry for records of this storefront.
pub(crate) fn shape(config: &StorefrontConfig) -> Shape {
    Shape {
        version: config.version_field,
        deleted: config.deletes == Deletes::SoftFlag,
        seq: false,
    }
}

/// Applies one write; refused writes change nothing and their keys may be used again.
pub(crate) fn apply(
    config: &StorefrontConfig,
    collection: &mut Collection,
    receipts: &mut Receipts,
    now_ms: i64,
    write: Write<'_>,
) -> Outcome {
    let key = write.key.filter(|_| config.idempotency);
    let print = key.map(|_| fingerprint(&write));
    if let (Some(key), Some(print)) = (key, print)
        && let Some(outcome) = receipts.find(&collection.config.name, key, print)
    {
        return outcome;
    }
    let outcome = perform(config, collection, now_ms, write);
    if let (Some(key), Some(print)) = (key, print)
        && outcome.succeeded()
    {
        receipts.remember(&collection.config.name, key, print, &outcome);
    }
    outcome
}

fn fingerprint(write: &Write<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (write.op, write.id).hash(&mut hasher);
    for field in write.fields.iter() {
        field.hash(&mut hasher);
    }
    hasher.finish()
}

pub(crate) fn perform(
    config: &StorefrontConfig,
    collection: &mut Collection,
    now_ms: i64,
    write: Write<'_>,
) -> Outcome {
    let Write {
        op,
        id,
        mut expect,
        mut fields,
        ..
    } = write;
    fields.remove("id");
    fields.remove("updated_at");
    let sent_version = fields.remove("version");
    if config.conditional == Conditional::VersionField
        && let Some(version) = sent_version
    {
        expect = Expect::OneOf(version.parse().ok().into_iter().collect());
    }
    let flag = if config.deletes == Deletes::SoftFlag {
        fields.remove("deleted")
    } else {
        None
    };
    let flag = flag.as_deref().map(|json| {
        if json == "true" {
            State::Flagged
        } else {
            State::Live
        }
    });
    quirks::normalise(&collection.config, &mut fields);

    let Some(id) = id.filter(|_| op != Op::Create) else {
        if op != Op::Create {
            return Outcome::refused(400, "no_id", "this operation needs an id".into());
        }
        quirks::compute(collection.config.computed.as_ref(), &mut fields);
        if let Some(refusal) = refusal(collection, None, &fields) {
            return refusal;
        }
        let id = collection.next_id();
        collection.put(
            &id,
            1,
            now_ms,
            flag.unwrap_or(State::Live),
            fields.to_json().into(),
        );
        return answer(config, collection, &id, 201);
    };

    let Some((id, record)) = collection.get(id) else {
        return Outcome::refused(
            404,
            "not_found",
            format!("{} has no record {id:?}", collection.config.name),
        );
    };
    let id = Arc::clone(id);
    if let Expect::OneOf(versions) = &expect
        && config.conditional != Conditional::None
        && !versions.contains(&record.version)
    {
        let status = if config.conditional == Conditional::IfMatch {
            412
        } else {
            409
        };
        let mut outcome = Outcome::with_record(status, &id, record, shape(config));
        let message = format!("the record is at version {}", record.version);
        outcome.error = Some(Problem {
            code: "version_conflict",
            message,
            field: None,
        });
        return outcome;
    }
    let (version, state, before) = (record.version + 1, record.state, record.body.clone());
    if op == Op::Delete {
        return match config.deletes {
            Deletes::Hard => {
                collection.put(&id, version, now_ms, State::Gone, Box::from("{}"));
                Outcome {
                    status: 204,
                    id: Some(id),
                    record: None,
                    error: None,
                    version: Some(version),
                }
            }
            Deletes::SoftFlag => {
                if state == State::Live || config.noop_counts {
                    collection.put(&id, version, now_ms, State::Flagged, before);
                }
                answer(config, collection, &id, 200)
            }
        };
    }
    let mut fields = if op == Op::Patch {
        fields.over(Fields::parse(&before).unwrap_or_default())
    } else {
        fields
    };
    quirks::compute(collection.config.computed.as_ref(), &mut fields);
    if let Some(refusal) = refusal(collection, Some(&id), &fields) {
        return refusal;
    }
    let after = fields.to_json();
    let next_state = flag.unwrap_or(state);
    if *after != *before || next_state != state || config.noop_counts {
        collection.put(&id, version, now_ms, next_state, after.into());
    }
    answer(config, collection, &id, 200)
}

fn answer(config: &StorefrontConfig, collection: &Collection, id: &Id, status: u16) -> Outcome {
    match collection.get(id) {
        Some((id, record)) => Outcome::with_record(status, id, record, shape(config)),
        None => Outcome::refused(404, "not_found", format!("no record {id:?}")),
    }
}

fn refusal(collection: &Collection, own: Option<&str>, fields: &Fields<'_>) -> Option<Outcome> {
    if let Some(problem) = quirks::broken_rule(&collection.config, fields) {
        return Some(Outcome {
            status: 422,
            id: own.map(Id::from),
            record: None,
            error: Some(problem),
            version: None,
        });
    }
    let (field, holder) = collection.taken(own, fields)?;
    let problem = Problem {
        code: "duplicate",
        message: format!("{field} is already used by {holder}"),
        field: Some(field),
    };
    Some(Outcome {
        status: 409,
        id: own.map(Id::from),
        record: None,
        error: Some(problem),
        version: None,
    })
}

/// Reads `If-Match`: quoted versions, weak or not, or `*`. What is no version of ours matches nothing.
pub(crate) fn expect_from_header(header: Option<&str>) -> Expect {
    match header.map(str::trim) {
        None | Some("*") => Expect::Any,
        Some(list) => Expect::OneOf(
            list.split(',')
                .filter_map(|tag| {
                    tag.trim()
                        .trim_start_matches("W/")
                        .trim_matches('"')
                        .parse()
                        .ok()
                })
                .collect(),
        ),
    }
}

/// Owned fields, for edits made from inside the process.
pub(crate) fn fields_of(map: &serde_json::Map<String, serde_json::Value>) -> Fields<'static> {
    let mut fields = Fields::default();
    for (name, value) in map {
        fields.set(Cow::Owned(name.clone()), Cow::Owned(value.to_string()));
    }
    fields
}
