//! The log of what people and admins meant, kept beside the systems: every value written is a token
//! that names its record and field, so that it can be told where it came from and what became of it.

use std::collections::BTreeSet;

use tandem_domain::conflict::{Choice, ConflictDecision, ConflictKind};
use tandem_domain::ids::{Both, FieldName, RecordId, Side};
use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::NativeChange;
use tandem_engine::ports::store::ConflictRecord;
use tandem_tests::fake::{Effect, Row, State};

use crate::operations::{Act, FIELDS, What};

/// What everybody meant.
#[derive(Debug, Default)]
pub(crate) struct Ghost {
    /// What happened, to be read when something is wrong.
    pub(crate) log: Vec<String>,
    /// Every value that a person put somewhere.
    pub(crate) written: BTreeSet<String>,
    /// Values that a person replaced, cleared or deleted where they stood.
    pub(crate) replaced: BTreeSet<String>,
    /// Values of a field that was not mapped for a while.
    pub(crate) forgotten: BTreeSet<String>,
    /// For each record that a person deleted as both sides had agreed on it, what it held.
    pub(crate) buried: Vec<BTreeSet<String>>,
    /// Values that an admin saw in a conflict when deciding it.
    pub(crate) shown: BTreeSet<String>,
    /// Names whose records an admin told us to leave alone.
    pub(crate) unlinked: BTreeSet<String>,
    /// Values that an admin made up to settle a conflict with.
    pub(crate) decided: BTreeSet<String>,
    /// What both sides agreed on when a run that met no trouble had ended.
    pub(crate) agreed: BTreeSet<BTreeSet<String>>,
    /// Records, by name, that a person deleted on a side and that we did not yet delete on the other.
    deletes: Both<BTreeSet<(String, RecordId)>>,
    /// Deletes of ours that nobody asked for.
    pub(crate) unasked: Vec<String>,
    /// Record and field that a person wrote last.
    last: (u8, u8),
    made: u32,
    choices: u64,
}

impl Ghost {
    pub(crate) fn new(choices: u64) -> Self {
        Self {
            choices,
            ..Self::default()
        }
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.log.push(text.into());
    }

    /// A value that nobody wrote before.
    pub(crate) fn token(&mut self, name: &str, field: &str) -> Value {
        self.made += 1;
        Value::Text(format!("{name}.{field}.{}", self.made))
    }

    pub(crate) fn fresh(&mut self, name: &str) -> NativeFields {
        let mut fields: NativeFields = FIELDS
            .iter()
            .map(|field| ((*field).to_owned(), self.token(name, field)))
            .collect();
        self.written
            .extend(fields.values().filter_map(text).map(str::to_owned));
        fields.insert("name".to_owned(), Value::Text(name.to_owned()));
        fields
    }

    fn below(&mut self, n: u64) -> u64 {
        self.choices = self
            .choices
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.choices >> 33) % n
    }

    /// The record and what is done to it.
    pub(crate) fn meant(&self, act: &Act) -> (u8, What) {
        match act.what {
            What::WriteThatToo => (self.last.0, What::Write(self.last.1)),
            What::WriteBeside => (self.last.0, What::Write(self.last.1 ^ 1)),
            _ => (act.name, act.what.clone()),
        }
    }

    /// A person acts; `at` gives the systems by side.
    pub(crate) fn act(&mut self, act: &Act, mut at: impl FnMut(Side, &mut dyn FnMut(&mut State))) {
        let (name, what) = self.meant(act);
        if let What::Write(field) | What::WriteBoth(field) | What::Clear(field) = what {
            self.last = (name, field);
        }
        let name = format!("n{name}");
        let (sides, value) = match &what {
            What::Write(field) => (vec![act.side], Some((*field, None))),
            What::Clear(field) => (vec![act.side], Some((*field, Some(Value::Null)))),
            What::WriteBoth(field) => {
                let token = self.token(&name, field_name(*field));
                (Side::BOTH.to_vec(), Some((*field, Some(token))))
            }
            What::WriteThatToo
            | What::WriteBeside
            | What::Touch
            | What::Delete
            | What::Create { .. } => (vec![act.side], None),
        };
        let mut elsewhere = false;
        if matches!(what, What::Create { .. }) {
            at(act.side.other(), &mut |state| {
                elsewhere = find(state, &name).is_some();
            });
        }
        for side in sides {
            at(side, &mut |state| {
                let live = find(state, &name);
                match (&what, &live) {
                    (What::Create { same_id }, None) => {
                        self.create(state, side, &name, *same_id && !elsewhere);
                    }
                    (What::Delete, Some(id)) => self.delete(state, side, &name, id),
                    (What::Touch, Some(id)) => {
                        state.lag();
                        state.touch(id, |_| ());
                    }
                    (_, Some(id)) => {
                        if let Some((field, value)) = &value {
                            let field = field_name(*field);
                            let value = value.clone().unwrap_or_else(|| self.token(&name, field));
                            self.write(state, side, id, field, value);
                        }
                    }
                    _ => {}
                }
            });
        }
    }

    fn write(&mut self, state: &mut State, side: Side, id: &RecordId, field: &str, value: Value) {
        state.lag();
        self.note(format!(
            "  person: {side} {id}.{field} = {}",
            text(&value).unwrap_or("null")
        ));
        let before = state.field(id, field);
        self.replaced
            .extend(before.as_ref().and_then(text).map(str::to_owned));
        self.written.extend(text(&value).map(str::to_owned));
        state.edit(id, field, value);
    }

    fn create(&mut self, state: &mut State, side: Side, name: &str, same_id: bool) {
        let grave = state
            .rows
            .iter()
            .find(|(_, row)| row.deleted && is_named(row, name))
            .map(|(id, _)| id.clone());
        let grave = grave.filter(|_| same_id);
        let fields = self.fresh(name);
        let id = match grave {
            Some(id) => {
                state.put(&id, fields.clone());
                self.deletes
                    .get_mut(side)
                    .remove(&(name.to_owned(), id.clone()));
                id
            }
            None => state.add(fields.clone()),
        };
        self.note(format!("  person: {side} makes {id} {}", show(&fields)));
    }

    fn delete(&mut self, state: &mut State, side: Side, name: &str, id: &RecordId) {
        state.lag();
        self.note(format!("  person: {side} deletes {id}"));
        let held: BTreeSet<String> = state
            .rows
            .get(id)
            .map(tokens)
            .into_iter()
            .flatten()
            .collect();
        self.replaced.extend(held.iter().cloned());
        if self.agreed.contains(&held) {
            self.buried.push(held);
        }
        state.delete(id);
        self.deletes
            .get_mut(side)
            .insert((name.to_owned(), id.clone()));
    }

    /// A system is put back to an earlier state: somebody did all that differs from what was there.
    pub(crate) fn recover(&mut self, state: &mut State, side: Side) {
        let before = state.rows.clone();
        state.recover();
        self.note(format!("  {side} is put back"));
        for (id, row) in before.iter().filter(|(_, row)| !row.deleted) {
            let now = state.rows.get(id).filter(|row| !row.deleted);
            let kept: BTreeSet<String> = now.map(tokens).into_iter().flatten().collect();
            let lost = tokens(row).filter(|token| !kept.contains(token));
            self.replaced.extend(lost);
            if let (None, Some(name)) = (now, name_of(row)) {
                self.deletes.get_mut(side).insert((name, id.clone()));
            }
        }
        for (id, row) in state.rows.iter().filter(|(_, row)| !row.deleted) {
            let back = before.get(id).is_none_or(|row| row.deleted);
            if let (true, Some(name)) = (back, name_of(row)) {
                self.deletes.get_mut(side).remove(&(name, id.clone()));
            }
            // Whatever was buried stands again, because somebody wanted it.
            let held: BTreeSet<String> = tokens(row).collect();
            self.buried.retain(|buried| *buried != held);
        }
    }

    /// A field is left out of the mapping: what becomes of its values is nobody's business until it
    /// is back.
    pub(crate) fn forget(&mut self, field: &str) {
        let of_field = |token: &&String| token.split('.').nth(1) == Some(field);
        let tokens: Vec<String> = self
            .written
            .iter()
            .chain(&self.decided)
            .filter(of_field)
            .cloned()
            .collect();
        self.forgotten.extend(tokens);
    }

    /// Writes of ours that landed. `standing`: names that live on the other side.
    pub(crate) fn landed(&mut self, side: Side, effects: &[Effect], standing: &BTreeSet<String>) {
        for effect in effects {
            let name = effect.before.as_ref().and_then(name_of);
            let what = match &effect.change {
                NativeChange::Create { fields } => format!("makes {}", show(fields)),
                NativeChange::Update { patch, .. } => format!("sets {}", show(patch)),
                NativeChange::Delete { .. } => "deletes it".to_owned(),
            };
            self.note(format!("  we: {side} {} {what}", effect.id));
            match (&effect.change, name) {
                (NativeChange::Create { fields }, _) => {
                    if let Some(name) = fields.get("name").and_then(text) {
                        self.answer(side, name);
                    }
                }
                (NativeChange::Delete { .. }, Some(name)) => {
                    let asked = self.answer(side.other(), &name);
                    if !asked && standing.contains(&name) {
                        self.unasked.push(format!("{side} {} ({name})", effect.id));
                    }
                }
                _ => {}
            }
        }
    }

    /// Something was done about a delete on that side; whether there was one to do something about.
    fn answer(&mut self, side: Side, name: &str) -> bool {
        let deletes = self.deletes.get_mut(side);
        let one = deletes.iter().find(|(of, _)| of == name).cloned();
        one.is_some_and(|one| deletes.remove(&one))
    }

    /// An admin decides a conflict.
    /// `standing`: names that live on each side.
    pub(crate) fn choose(
        &mut self,
        conflict: &ConflictRecord,
        standing: &Both<BTreeSet<String>>,
    ) -> ConflictDecision {
        let draft = &conflict.draft;
        let name = draft
            .fields
            .iter()
            .find(|field| field.field.as_str() == "name")
            .and_then(|field| field.source.as_ref().or(field.target.as_ref()))
            .and_then(text)
            .unwrap_or("?")
            .to_owned();
        for field in &draft.fields {
            for value in [&field.base, &field.source, &field.target] {
                self.shown
                    .extend(value.as_ref().and_then(text).map(str::to_owned));
            }
        }
        let decision = if self.below(25) == 0 {
            self.unlinked.insert(name);
            ConflictDecision::Unlink
        } else if draft.kind == ConflictKind::Delete {
            let both = Side::BOTH
                .into_iter()
                .all(|side| standing.get(side).contains(&name));
            if both || self.below(2) == 0 {
                // The admin asks for it, whatever people do elsewhere.
                for (side, seen) in [
                    (Side::Source, &draft.sides.source),
                    (Side::Target, &draft.sides.target),
                ] {
                    if let Some(seen) = seen {
                        let asked = (name.clone(), seen.id.clone());
                        self.deletes.get_mut(side).insert(asked);
                    }
                }
                ConflictDecision::DeleteBoth
            } else {
                ConflictDecision::Restore
            }
        } else {
            let contested = draft.fields.iter().filter(|field| field.contested);
            let choices = contested.map(|field| {
                let choice = match self.below(5) {
                    0 | 3 if field.source.is_some() => Choice::Source,
                    1 if field.target.is_some() => Choice::Target,
                    2 if field.base.is_some() => Choice::Base,
                    _ => {
                        let token = self.token(&name, field.field.as_str());
                        self.decided.extend(text(&token).map(str::to_owned));
                        Choice::Custom(token)
                    }
                };
                (field.field.clone(), choice)
            });
            ConflictDecision::Fields(choices.collect::<std::collections::BTreeMap<FieldName, _>>())
        };
        self.note(format!(
            "  admin: conflict r{} {decision:?}",
            conflict.revision
        ));
        decision
    }
}

pub(crate) fn field_name(field: u8) -> &'static str {
    FIELDS[usize::from(field) % FIELDS.len()]
}

pub(crate) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

pub(crate) fn name_of(row: &Row) -> Option<String> {
    row.fields.get("name").and_then(text).map(str::to_owned)
}

/// The made-up values of a record.
pub(crate) fn tokens(row: &Row) -> impl Iterator<Item = String> + '_ {
    FIELDS
        .iter()
        .filter_map(|field| row.fields.get(*field).and_then(text))
        .map(str::to_owned)
}

fn is_named(row: &Row, name: &str) -> bool {
    row.fields.get("name").and_then(text) == Some(name)
}

pub(crate) fn find(state: &State, name: &str) -> Option<RecordId> {
    state
        .rows
        .iter()
        .find(|(_, row)| !row.deleted && is_named(row, name))
        .map(|(id, _)| id.clone())
}

pub(crate) fn show(fields: &NativeFields) -> String {
    let parts: Vec<String> = fields
        .iter()
        .map(|(field, value)| format!("{field}={}", text(value).unwrap_or("null")))
        .collect();
    parts.join(" ")
}
