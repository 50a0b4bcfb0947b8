//! What taking one write back comes to: a pure function of the write, its link and what the record
//! says now.

use tandem_domain::ids::{Both, Side};
use tandem_domain::link::{Link, LinkSide, LinkState, OwedField, Seen};
use tandem_domain::plan::{ConflictChange, Decision, Intent, Observation, Observed, Reason};
use tandem_domain::record::CanonicalRecord;
use tandem_domain::value::Value;

use super::super::rules::Rules;
use crate::ports::history::{Change, FieldChange, OperationKind};
use crate::ports::session::UndoOperation;

/// What is to be written, and what is left alone and why, a sentence each.
#[derive(Debug)]
pub(super) struct Undo {
    pub(super) decision: Option<Decision>,
    pub(super) left: Vec<String>,
}

impl Undo {
    fn left(why: impl Into<String>) -> Self {
        Self {
            decision: None,
            left: vec![why.into()],
        }
    }

    const fn nothing() -> Self {
        Self {
            decision: None,
            left: Vec::new(),
        }
    }
}

/// Takes one write back.
pub(super) fn undo(rules: &Rules, operation: &UndoOperation, seen: &Both<Observation>) -> Undo {
    let change = &operation.change;
    if change.erased {
        return Undo::left("what the run wrote was erased, so that the record was left alone");
    }
    let Some(link) = operation.link.as_ref().map(|stored| &stored.link) else {
        return Undo::left("the record is not linked any more, so that it was left alone");
    };
    let half = link.sides.get(change.side).as_ref();
    let same = half.is_some_and(|half| Some(&half.id) == change.record_id.as_ref());
    if change.kind == OperationKind::Delete {
        return make_again(rules, change, link, seen);
    }
    let Some(half) = half.filter(|_| same) else {
        return Undo::left("another record took its place, so that it was left alone");
    };
    match (seen.get(change.side), change.kind) {
        (Observation::Live(now), OperationKind::Create) => {
            take_away(rules, change, link, half, now)
        }
        (Observation::Live(now), _) => put_back(rules, change, link, half, now),
        (Observation::Deleted, OperationKind::Create) => Undo::nothing(),
        (Observation::Deleted, _) => Undo::left("the record is gone, so that nothing was put back"),
        (Observation::Unchanged, _) => {
            Undo::left("what the record says now could not be read, so that it was left alone")
        }
    }
}

/// Whether the record still says what the run wrote: the value itself, or what its system made of it
/// then.
fn still_says(rules: &Rules, link: &Link, half: &LinkSide, it: &FieldChange, now: &Value) -> bool {
    let same = |a: Option<&Value>, b: Option<&Value>| match (a, b) {
        (Some(a), Some(b)) => rules.schema.same(&it.field, a, b),
        _ => false,
    };
    let agreed = link.base.as_ref().and_then(|base| base.get(&it.field));
    same(it.after.as_ref(), Some(now))
        || (same(agreed, it.after.as_ref()) && same(half.shadow.get(&it.field), Some(now)))
}

fn text(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_wire().to_string())
}

fn edited(it: &FieldChange, now: Option<&Value>) -> String {
    format!(
        "{} was left alone: the run wrote {}, it says {} now",
        it.field,
        text(it.after.as_ref()),
        text(now)
    )
}

fn put_back(rules: &Rules, change: &Change, link: &Link, half: &LinkSide, now: &Observed) -> Undo {
    let mut patch = CanonicalRecord::default();
    let mut left = Vec::new();
    let whole = half.known().with(&now.record);
    for it in &change.fields {
        let says = whole.get(&it.field);
        let Some(before) = &it.before else {
            left.push(format!(
                "{} was left alone: what it said before is not known",
                it.field
            ));
            continue;
        };
        if !rules.schema.fields.contains_key(&it.field)
            || !rules.schema.writable(change.side, &it.field)
        {
            left.push(format!(
                "{} was left alone: it is not mapped that way any more",
                it.field
            ));
            continue;
        }
        match says {
            Some(now) if rules.schema.same(&it.field, before, now) => {}
            Some(now) if still_says(rules, link, half, it, now) => {
                patch.insert(it.field.clone(), before.clone());
            }
            says => left.push(edited(it, says)),
        }
    }
    if patch.is_empty() {
        return Undo {
            decision: None,
            left,
        };
    }
    // Owed until acknowledged: a crash in between leaves a debt, which is paid or found paid, and
    // never an edit that would be carried to the other side.
    let mut next = link.clone();
    if let Some(half) = next.sides.get_mut(change.side) {
        half.version.clone_from(&now.version);
        half.updated_at = now.updated_at;
        half.owed.retain(|owed| !patch.contains(&owed.field));
        half.owed
            .extend(patch.iter().map(|(field, value)| OwedField {
                field: field.clone(),
                value: value.clone(),
                prior: link.base.as_ref().and_then(|base| base.get(field)).cloned(),
            }));
        // What others wrote meanwhile is theirs, for an ordinary run to carry over.
        let news = whole.iter().any(|(field, value)| {
            half.shadow
                .get(field)
                .is_none_or(|old| !rules.schema.same(field, value, old))
        });
        half.seen = news.then(|| Seen::Live(whole.clone()));
    }
    let intent = Intent::Update {
        id: now.id.clone(),
        patch,
        before: whole,
        if_version: now.version.clone(),
    };
    Undo {
        decision: Some(decision(change.side, next, intent)),
        left,
    }
}

fn take_away(rules: &Rules, change: &Change, link: &Link, half: &LinkSide, now: &Observed) -> Undo {
    let whole = half.known().with(&now.record);
    let left: Vec<String> = change
        .fields
        .iter()
        .filter_map(|it| match whole.get(&it.field) {
            Some(now) if still_says(rules, link, half, it, now) => None,
            None if it.after.as_ref().is_none_or(|after| *after == Value::Null) => None,
            says => Some(edited(it, says)),
        })
        .collect();
    if !left.is_empty() {
        return Undo {
            decision: None,
            left,
        };
    }
    let mut next = link.clone();
    next.state = LinkState::Excluded;
    let intent = Intent::Delete {
        id: now.id.clone(),
        before: whole,
        if_version: now.version.clone(),
    };
    Undo {
        decision: Some(decision(change.side, next, intent)),
        left,
    }
}

/// The record anew. Where its partner lives they are a pair again; where that is gone too, both are
/// left alone, or the next run would delete it once more.
fn make_again(rules: &Rules, change: &Change, link: &Link, seen: &Both<Observation>) -> Undo {
    if matches!(seen.get(change.side), Observation::Live(_)) {
        return Undo::nothing();
    }
    let fields: CanonicalRecord = change
        .fields
        .iter()
        .filter(|it| rules.schema.writable(change.side, &it.field))
        .filter_map(|it| Some((it.field.clone(), it.before.clone()?)))
        .collect();
    if fields.is_empty() {
        return Undo::left("the record was not made again: nothing is known of what it said");
    }
    let mut next = link.clone();
    *next.sides.get_mut(change.side) = None;
    next.base = Some(fields.clone());
    let other = change.side.other();
    let Some(partner) = next.sides.get_mut(other) else {
        return Undo::left("the record was not made again: it never had a partner");
    };
    partner.owed.clear();
    if let Observation::Live(now) = seen.get(other) {
        let whole = partner.known().with(&now.record);
        partner.version.clone_from(&now.version);
        partner.updated_at = now.updated_at;
        partner.seen = (whole != partner.shadow).then_some(Seen::Live(whole));
        next.state = LinkState::Unpaired;
    } else {
        partner.seen = Some(Seen::Deleted);
        next.state = LinkState::Excluded;
    }
    Undo {
        decision: Some(decision(change.side, next, Intent::Create { fields })),
        left: Vec::new(),
    }
}

fn decision(side: Side, link: Link, intent: Intent) -> Decision {
    let mut intents = Both::new(None, None);
    *intents.get_mut(side) = Some(intent);
    Decision {
        reason: Reason::RolledBack,
        link: Some(link),
        intents,
        conflict: ConflictChange::Keep,
        losers: Vec::new(),
    }
}
