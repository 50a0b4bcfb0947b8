//! The three-way merge of two live records, field by field.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::field_type::FieldType;
use crate::ids::{Both, FieldName, Side};
use crate::link::OwedField;
use crate::plan::Loser;
use crate::policy::Policy;
use crate::record::CanonicalRecord;
use crate::schema::FieldSpec;
use crate::standing::Live;
use crate::strategy::{Claim, Contested, Resolution};
use crate::value::Value;

/// The rule named where an admin decided.
pub(crate) const DECISION: &str = "decision";
/// The rule named where a one-way sync put its receiving side back.
pub(crate) const ENFORCE: &str = "enforce";

/// What merging two records comes to.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) base: CanonicalRecord,
    pub(crate) shadows: Both<CanonicalRecord>,
    pub(crate) owed: Both<Vec<OwedField>>,
    pub(crate) patches: Both<CanonicalRecord>,
    pub(crate) losers: Vec<Loser>,
    /// Contested fields that nobody could settle, and why. If there are any, nothing else counts.
    pub(crate) undecided: BTreeMap<FieldName, String>,
    /// For a field that is contested against something else than the base, what that is.
    pub(crate) priors: BTreeMap<FieldName, Option<Value>>,
    /// What each side wants of each field (what it is owed, where it stands as before).
    pub(crate) wanted: Both<CanonicalRecord>,
    /// Sides whose change was passed on.
    pub(crate) passed: BTreeSet<Side>,
    pub(crate) same_change: bool,
    pub(crate) resolved: bool,
    pub(crate) drift: bool,
    pub(crate) enforced: bool,
}

/// One side's part in one field.
struct Part<'a> {
    now: Option<&'a Value>,
    shadow: Option<&'a Value>,
    owed: Option<&'a OwedField>,
    /// What this side wants: what it is owed if it stands as before, else what it says.
    wanted: Option<&'a Value>,
    /// A change that was not incorporated.
    changed: bool,
    /// Owed, and it stands as before.
    pending: bool,
}

impl Part<'_> {
    /// Owed, but it moved on by itself: contested against the base from before.
    fn reopened(&self) -> bool {
        self.owed.is_some() && self.changed
    }
}

/// A merge in progress.
pub(crate) struct Merge<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) now: DateTime<Utc>,
    /// The last agreed record; empty: never agreed.
    pub(crate) base: &'a CanonicalRecord,
    pub(crate) sides: Both<&'a Live>,
    /// What an admin decided, by field.
    pub(crate) decided: &'a BTreeMap<FieldName, Value>,
}

impl<'a> Merge<'a> {
    pub(crate) fn run(&self) -> Merged {
        let mut out = Merged {
            base: self.base.clone(),
            shadows: Both::new(
                self.sides.source.shadow.clone(),
                self.sides.target.shadow.clone(),
            ),
            ..Merged::default()
        };
        for (field, spec) in &self.policy.schema.fields {
            self.field(field, spec, &mut out);
        }
        // What is owed of a field that is mapped no more stays owed until it is mapped again.
        for side in Side::BOTH {
            let mapped = &self.policy.schema.fields;
            let unmapped = |owed: &&OwedField| !mapped.contains_key(&owed.field);
            let kept = self.sides.get(side).owed.iter().filter(unmapped).cloned();
            out.owed.get_mut(side).extend(kept);
        }
        out
    }

    fn part(&self, side: Side, field: &FieldName, ty: &FieldType) -> Part<'a> {
        let live: &'a Live = self.sides.get(side);
        let (now, shadow) = (live.now.get(field), live.shadow.get(field));
        let other = self.sides.get(side.other());
        let both_carry = other.now.get(field).is_some();
        let other_known = other.shadow.get(field).is_some();
        let same = |a: Option<&Value>, b: &Value| a.is_some_and(|a| ty.same(a, b));
        let owed = live.owed.iter().find(|it| it.field == *field);
        let moved = match (now, shadow) {
            (None, _) => false,
            (Some(now), Some(shadow)) => !ty.same(now, shadow),
            // Nothing was ever known of this field on either side: where both carry it, whatever
            // they say is news, null included.
            (Some(_), None) if both_carry && self.base.get(field).is_none() && !other_known => true,
            (Some(now), None) => *now != Value::Null,
        };
        match owed {
            // Received after all.
            Some(owed) if same(now, &owed.value) => Part {
                now,
                shadow,
                owed: None,
                wanted: now,
                changed: false,
                pending: false,
            },
            Some(owed) if !moved => Part {
                now,
                shadow,
                owed: Some(owed),
                wanted: Some(&owed.value),
                changed: false,
                pending: true,
            },
            owed => Part {
                now,
                shadow,
                owed,
                wanted: now,
                changed: moved,
                pending: false,
            },
        }
    }

    fn field(&self, field: &'a FieldName, spec: &'a FieldSpec, out: &mut Merged) {
        let ty = &spec.ty;
        let parts = Both::new(
            self.part(Side::Source, field, ty),
            self.part(Side::Target, field, ty),
        );
        for side in Side::BOTH {
            let part = parts.get(side);
            if let Some(wanted) = part.wanted {
                out.wanted
                    .get_mut(side)
                    .insert(field.clone(), wanted.clone());
            }
            // A debt that was received after all, or a null where nothing was known, needs no
            // agreement to be incorporated.
            if let (Some(now), false, false) = (part.now, part.changed, part.pending) {
                let received = part.owed.is_none()
                    && self
                        .sides
                        .get(side)
                        .owed
                        .iter()
                        .any(|it| it.field == *field);
                if received || part.shadow.is_none() {
                    out.shadows.get_mut(side).insert(field.clone(), now.clone());
                }
            }
        }
        let equal = match (parts.source.wanted, parts.target.wanted) {
            (Some(source), Some(target)) => ty.same(source, target),
            _ => false,
        };
        let base = self.base.get(field);

        if let Some(value) = self.decided.get(field) {
            self.agree(field, ty, &parts, value.clone(), Some(DECISION), out);
            return;
        }
        match (parts.source.changed, parts.target.changed) {
            (false, false) => self.pay(field, &parts, out),
            (true, true) if equal => {
                out.same_change = true;
                let value = parts.source.now.cloned().unwrap_or(Value::Null);
                self.agree(field, ty, &parts, value, None, out);
            }
            (true, true) => self.contest(field, ty, &parts, base, out),
            (source, _) => {
                let side = if source { Side::Source } else { Side::Target };
                let (part, other) = (parts.get(side), parts.get(side.other()));
                let strategy = self.policy.conflicts.strategy_for(field, base.is_some());
                let adds_up = strategy.name() == "sum_deltas" && other.pending;
                let value = part.now.cloned().unwrap_or(Value::Null);
                let there = equal || !needs(other, ty, &value);
                if there {
                    out.same_change = true;
                } else if part.reopened() || adds_up {
                    self.contest(field, ty, &parts, base, out);
                    return;
                }
                if !there {
                    if !self.policy.writable(side.other(), field) {
                        self.stray(side, field, &parts, out);
                        return;
                    }
                    out.passed.insert(side);
                }
                self.agree(field, ty, &parts, value, None, out);
            }
        }
    }

    /// Whether `value` is there already, or may be written there.
    fn lands(
        &self,
        side: Side,
        field: &FieldName,
        ty: &FieldType,
        parts: &Both<Part<'_>>,
        value: &Value,
    ) -> bool {
        !needs(parts.get(side), ty, value) || self.policy.writable(side, field)
    }

    /// Pays what is still owed.
    fn pay(&self, field: &FieldName, parts: &Both<Part<'_>>, out: &mut Merged) {
        for side in Side::BOTH {
            let Some(owed) = parts.get(side).owed else {
                continue;
            };
            out.owed.get_mut(side).push(owed.clone());
            if self.policy.writable(side, field) {
                out.patches
                    .get_mut(side)
                    .insert(field.clone(), owed.value.clone());
            } else {
                out.drift = true;
            }
        }
    }

    /// A change that may not be passed on: left alone, or put back where that is enforced. Neither
    /// advances a shadow.
    fn stray(&self, side: Side, field: &FieldName, parts: &Both<Part<'_>>, out: &mut Merged) {
        keep_owed(parts, out);
        let part = parts.get(side);
        let due = parts
            .get(side.other())
            .wanted
            .or_else(|| self.base.get(field));
        match (part.now, due) {
            (Some(now), Some(due))
                if self.policy.enforces(side) && self.policy.writable(side, field) =>
            {
                out.enforced = true;
                out.patches.get_mut(side).insert(field.clone(), due.clone());
                out.losers.push(Loser {
                    side,
                    field: field.clone(),
                    value: now.clone(),
                    winner: due.clone(),
                    rule: ENFORCE.to_owned(),
                });
            }
            _ => out.drift = true,
        }
    }

    /// Asks the policy.
    fn contest(
        &self,
        field: &'a FieldName,
        ty: &'a FieldType,
        parts: &Both<Part<'a>>,
        base: Option<&'a Value>,
        out: &mut Merged,
    ) {
        let reopened = Side::BOTH
            .into_iter()
            .map(|side| parts.get(side))
            .find(|part| part.reopened())
            .and_then(|part| part.owed);
        let strategy = self.policy.conflicts.strategy_for(field, base.is_some());
        // Sums start from what was agreed, debts included; everything else from before the debt.
        let sums = strategy.name() == "sum_deltas";
        let against = match reopened {
            Some(owed) if !sums => owed.prior.as_ref(),
            _ => base,
        };
        if reopened.is_some() && !sums {
            out.priors.insert(field.clone(), against.cloned());
        }
        let null = &Value::Null;
        let claim = |side: Side| {
            let (part, live) = (parts.get(side), self.sides.get(side));
            let value = if sums && !part.changed {
                part.shadow.or(part.now)
            } else {
                part.wanted.or(base)
            };
            Claim {
                value: value.unwrap_or(null),
                shadow: part.shadow,
                updated_at: live.updated_at,
                ours: live.ours,
            }
        };
        let contested = Contested {
            field,
            ty,
            base: against,
            sides: Both::new(claim(Side::Source), claim(Side::Target)),
            clocks: &self.policy.clocks,
            now: self.now,
        };
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is(crate::planted::Bug::BothChangedIsOneSided) {
            let value = contested.sides.source.value.clone();
            return self.agree(field, ty, parts, value, None, out);
        }
        let (resolution, rule) = self.policy.conflicts.resolve(&contested);
        let value = match resolution {
            Resolution::Take(side) => contested.sides.get(side).value.clone(),
            Resolution::Value(value) => value,
            Resolution::Undecided(why) => {
                out.undecided.insert(field.clone(), why);
                return;
            }
        };
        if Side::BOTH
            .into_iter()
            .all(|side| self.lands(side, field, ty, parts, &value))
        {
            out.resolved = true;
            self.agree(field, ty, parts, value, Some(rule), out);
        } else {
            // The winner cannot reach the other side: drift, as it stood.
            keep_owed(parts, out);
            out.drift = true;
        }
    }

    /// Both sides shall hold `value`: incorporates what each says and notes what each is owed.
    /// `rule`: who decided against the values that differ; `None`: nobody had to.
    fn agree(
        &self,
        field: &FieldName,
        ty: &FieldType,
        parts: &Both<Part<'_>>,
        value: Value,
        rule: Option<&str>,
        out: &mut Merged,
    ) {
        for side in Side::BOTH {
            let part = parts.get(side);
            if let Some(now) = part.now {
                out.shadows.get_mut(side).insert(field.clone(), now.clone());
            }
            if !needs(part, ty, &value) {
                continue;
            }
            // A debt that is paid in another coin keeps its ancestor, so that a later edit there is
            // contested against what that side really knew.
            let prior = match part.owed {
                Some(owed) => owed.prior.clone(),
                None => self.base.get(field).cloned(),
            };
            #[cfg(feature = "planted-bugs")]
            if side == Side::Target && crate::planted::is(crate::planted::Bug::DebtNotWrittenDown) {
                out.patches
                    .get_mut(side)
                    .insert(field.clone(), value.clone());
                continue;
            }
            out.owed.get_mut(side).push(OwedField {
                field: field.clone(),
                value: value.clone(),
                prior,
            });
            if self.policy.writable(side, field) {
                out.patches
                    .get_mut(side)
                    .insert(field.clone(), value.clone());
            } else {
                // Only a person's decision comes here: their choice stands, visible as drift.
                out.drift = true;
            }
            let already = part
                .owed
                .is_some_and(|owed| part.pending && ty.same(&owed.value, &value));
            if let (Some(rule), Some(now), false) = (rule, part.now, already)
                && rule != "sum_deltas"
            {
                out.losers.push(Loser {
                    side,
                    field: field.clone(),
                    value: now.clone(),
                    winner: value.clone(),
                    rule: rule.to_owned(),
                });
            }
        }
        out.base.insert(field.clone(), value);
    }
}

/// Leaves what is owed as it is.
fn keep_owed(parts: &Both<Part<'_>>, out: &mut Merged) {
    for side in Side::BOTH {
        if let Some(owed) = parts.get(side).owed {
            out.owed.get_mut(side).push(owed.clone());
        }
    }
}

/// Whether a side lacks `value`. A field that is not carried at all lacks everything but null.
fn needs(part: &Part<'_>, ty: &FieldType, value: &Value) -> bool {
    match part.now {
        Some(now) => !ty.same(now, value),
        None => *value != Value::Null,
    }
}
