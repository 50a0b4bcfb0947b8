//! One write to one record, the same for single calls, bulk operations and edits from inside the process.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::fields::Fields;

use super::answer::{Outcome, Problem};
use super::collection::{Collection, Id, Shape, State};
use super::config::{Conditional, Deletes, StorefrontConfig};
use super::quirks;

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
    now_ms: i64,
    write: Write<'_>,
) -> Outcome {
    let key = write.key.filter(|_| config.idempotency);
    let print = key.map(|_| fingerprint(&write));
    if let (Some(key), Some(print)) = (key, print)
        && let Some(outcome) = collection.receipts.find(key, print)
    {
        return outcome;
    }
    let outcome = perform(config, collection, now_ms, write);
    if let (Some(key), Some(print)) = (key, print)
        && outcome.succeeded()
    {
        collection.receipts.remember(key, print, &outcome);
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
