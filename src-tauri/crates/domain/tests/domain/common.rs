//! Short ways to write down records, links, pairs and policies.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use tandem_domain::acknowledge;
use tandem_domain::config::SyncConfiguration;
use tandem_domain::conflict::ConflictDraft;
use tandem_domain::ids::{Both, FieldName, RecordId, Side, Version};
use tandem_domain::link::{Link, LinkSide, LinkState};
use tandem_domain::plan::{
    Acknowledged, Clocks, ConflictChange, Decision, Intent, Observation, Observed, Pair,
};
use tandem_domain::policy::Policy;
use tandem_domain::record::CanonicalRecord;
use tandem_domain::value::Value;

pub(crate) fn field(name: &str) -> FieldName {
    FieldName::new(name).unwrap()
}

/// `x=1 y=null name="Ada"` as a record.
pub(crate) fn rec(text: &str) -> CanonicalRecord {
    text.split_whitespace()
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap();
            (field(name), Value::from_json_text(value).unwrap())
        })
        .collect()
}

/// A record as `x=1 y=null`.
pub(crate) fn show(record: &CanonicalRecord) -> String {
    record
        .iter()
        .map(|(name, value)| format!("{name}={}", value.to_json_text()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Noon of a day, plus minutes.
pub(crate) fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2025-06-15T12:00:00Z")
        .unwrap()
        .with_timezone(&Utc)
        + Duration::minutes(minutes)
}

/// The time of planning: an hour past noon.
pub(crate) fn now() -> DateTime<Utc> {
    at(60)
}

pub(crate) fn clocks() -> Clocks {
    Clocks {
        offset: Both::new(Duration::zero(), Duration::zero()),
        tolerance: Duration::seconds(2),
    }
}

/// A configuration of the decimal fields x, y, z and the text `name`, with `changes` laid over.
pub(crate) fn configuration(changes: serde_json::Value) -> SyncConfiguration {
    let mut config = json!({
        "name": "contacts",
        "source": {"connection": "shop", "collection": "customers"},
        "target": {"connection": "erp", "collection": "parties"},
        "mapping": {"x": "decimal", "y": "decimal", "z": "decimal", "name": "text"},
        "match_key": ["name"],
    });
    let (serde_json::Value::Object(into), serde_json::Value::Object(from)) = (&mut config, changes)
    else {
        panic!("a table of changes");
    };
    into.extend(from);
    serde_json::from_value(config).unwrap()
}

pub(crate) fn policy(changes: serde_json::Value) -> Policy {
    Policy::new(&configuration(changes), clocks())
}

pub(crate) fn version(text: &str) -> Option<Version> {
    Some(Version::new(text).unwrap())
}

pub(crate) fn half(id: &str, shadow: &str) -> LinkSide {
    LinkSide {
        id: RecordId::new(id).unwrap(),
        version: version("v1"),
        updated_at: Some(at(0)),
        ours: false,
        shadow: rec(shadow),
        seen: None,
        owed: Vec::new(),
    }
}

/// A link on which both sides agreed.
pub(crate) fn linked(base: &str) -> Link {
    Link {
        state: LinkState::Active,
        base: Some(rec(base)),
        sides: Both::new(Some(half("s1", base)), Some(half("t1", base))),
    }
}

/// What a side says, as `x=2`, `deleted`, or nothing (`-`); `@5` at the end: changed five minutes
/// past noon.
pub(crate) fn says(id: &str, text: &str) -> Observation {
    match text {
        "-" => Observation::Unchanged,
        "deleted" => Observation::Deleted,
        live => {
            let (fields, minutes) = match live.rsplit_once('@') {
                Some((fields, minutes)) => (fields, minutes.parse().unwrap()),
                None => (live, 30),
            };
            Observation::Live(Observed {
                id: RecordId::new(id).unwrap(),
                record: rec(fields),
                version: version("v2"),
                updated_at: Some(at(minutes)),
            })
        }
    }
}

pub(crate) fn pair(link: Option<Link>, source: &str, target: &str) -> Pair {
    Pair {
        link,
        sides: Both::new(says("s1", source), says("t1", target)),
        conflict_open: false,
    }
}

/// The write to a side, as `create x=1`, `patch x=1`, `delete` or `-`.
pub(crate) fn write(decision: &Decision, side: Side) -> String {
    match decision.intents.get(side) {
        None => "-".to_owned(),
        Some(Intent::Create { fields }) => format!("create {}", show(fields)),
        Some(Intent::Update { patch, .. }) => format!("patch {}", show(patch)),
        Some(Intent::Delete { .. }) => "delete".to_owned(),
    }
}

pub(crate) fn writes(decision: &Decision) -> (String, String) {
    (write(decision, Side::Source), write(decision, Side::Target))
}

/// The parked conflict's contested fields as `x: base/source/target`.
pub(crate) fn contested(draft: &ConflictDraft) -> String {
    let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_json_text);
    draft
        .fields
        .iter()
        .filter(|it| it.contested)
        .map(|it| {
            format!(
                "{}: {}/{}/{}",
                it.field,
                text(&it.base),
                text(&it.source),
                text(&it.target)
            )
        })
        .collect::<Vec<_>>()
        .join(", ")
}

pub(crate) fn draft(decision: &Decision) -> &ConflictDraft {
    match &decision.conflict {
        ConflictChange::Park(draft) => draft,
        other => panic!("not parked: {other:?}"),
    }
}

/// The link once the write to `side` is acknowledged; the server answers with `answer` (`-`: only
/// that it was accepted).
pub(crate) fn acked(
    link: &Link,
    decision: &Decision,
    side: Side,
    answer: &str,
    policy: &Policy,
) -> Link {
    let intent = decision.intents.get(side).as_ref().expect("a write");
    let id = match intent {
        Intent::Create { .. } if side == Side::Source => RecordId::new("s1").unwrap(),
        Intent::Create { .. } => RecordId::new("t1").unwrap(),
        Intent::Update { id, .. } | Intent::Delete { id, .. } => id.clone(),
    };
    let receipt = Acknowledged {
        id,
        version: version("v3"),
        updated_at: Some(at(61)),
        record: (answer != "-").then(|| rec(answer)),
    };
    acknowledge(link, side, intent, &receipt, &policy.schema)
}

/// The link that a decision leaves in the store.
pub(crate) fn stored(before: Option<&Link>, decision: &Decision) -> Option<Link> {
    decision.link.clone().or_else(|| before.cloned())
}

/// Carries out every write of a decision; servers hold what was sent.
pub(crate) fn carried_out(
    before: Option<&Link>,
    decision: &Decision,
    policy: &Policy,
) -> Option<Link> {
    let mut link = stored(before, decision)?;
    for side in Side::BOTH {
        if decision.intents.get(side).is_some() {
            link = acked(&link, decision, side, "-", policy);
        }
    }
    Some(link)
}

/// The agreed record of a link.
pub(crate) fn base(link: &Link) -> String {
    link.base.as_ref().map_or("none".to_owned(), show)
}

/// What a side is owed, by field.
pub(crate) fn owed(link: &Link, side: Side) -> BTreeMap<String, String> {
    link.sides
        .get(side)
        .iter()
        .flat_map(|half| &half.owed)
        .map(|it| (it.field.to_string(), it.value.to_json_text()))
        .collect()
}
