//! Carrying out an admin's decision on a parked conflict, against freshly read sides.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::conflict::{Choice, CloseReason, ConflictDecision, ConflictDraft, ConflictField};
use crate::ids::{Both, FieldName, Side};
use crate::link::{Link, LinkSide, LinkState};
use crate::merge::DECISION;
use crate::plan::{ConflictChange, Decision, Pair, Reason};
use crate::planner::{Against, Planner, delete, losers_of_delete};
use crate::policy::Policy;
use crate::standing::{Live, Standing};
use crate::value::Value;

/// What becomes of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DecisionOutcome {
    /// It holds: these writes carry it out (none where it is done already). Where the sides came to
    /// agree on something else by themselves it is void, and [`CloseReason::MovedOn`] closes the
    /// conflict.
    Write(Decision),
    /// A side moved on since the admin looked: nothing is written, the conflict reopens.
    Reopen {
        /// The conflict as it stands now.
        draft: ConflictDraft,
        /// The link with what was read noted as seen and nothing incorporated.
        link: Link,
        /// The fields whose choice no longer holds; choices for other fields are kept.
        changed: Vec<FieldName>,
    },
}

/// Carries out `decision` on the conflict `draft` that the admin saw. `pair` holds the link and both
/// sides as just read again.
#[must_use]
pub fn apply_decision(
    draft: &ConflictDraft,
    decision: &ConflictDecision,
    pair: &Pair,
    policy: &Policy,
    now: DateTime<Utc>,
) -> DecisionOutcome {
    Applying {
        draft,
        planner: Planner::new(pair, policy, now),
    }
    .apply(decision)
}

struct Applying<'a> {
    draft: &'a ConflictDraft,
    planner: Planner<'a>,
}

impl Applying<'_> {
    fn apply(&self, decision: &ConflictDecision) -> DecisionOutcome {
        let state = self.planner.pair.link.as_ref().map(|link| link.state);
        if matches!(state, Some(LinkState::Excluded | LinkState::Closed)) {
            // Unlinked or gone on both sides in the meantime: nothing is left to carry out.
            return DecisionOutcome::Write(self.planner.plan());
        }
        let standings = &self.planner.standings;
        match decision {
            ConflictDecision::Unlink => DecisionOutcome::Write(self.unlinked(Reason::Excluded)),
            ConflictDecision::Fields(choices) => match (&standings.source, &standings.target) {
                (Standing::Live(source), Standing::Live(target)) => {
                    self.fields(choices, source, target)
                }
                _ => self.moved_on(),
            },
            ConflictDecision::DeleteBoth => match (&standings.source, &standings.target) {
                (Standing::Live(live), Standing::Gone(gone)) => {
                    self.delete_too(Side::Target, gone, live)
                }
                (Standing::Gone(gone), Standing::Live(live)) => {
                    self.delete_too(Side::Source, gone, live)
                }
                _ => self.moved_on(),
            },
            ConflictDecision::Restore => match (&standings.source, &standings.target) {
                (Standing::Live(live), Standing::Gone(_)) => self.restore(Side::Target, live),
                (Standing::Gone(_), Standing::Live(live)) => self.restore(Side::Source, live),
                // Made again but not acknowledged, or back by itself: as any other pair.
                _ => self.as_planned(),
            },
        }
    }

    /// The pair as it would be planned without a decision: reopened where that parks it.
    fn as_planned(&self) -> DecisionOutcome {
        let planned = self.planner.plan();
        match planned.conflict {
            ConflictChange::Park(draft) => self.reopen(draft),
            _ => DecisionOutcome::Write(planned),
        }
    }

    /// A record was deleted or came back since the admin looked: nothing is written on the strength
    /// of a decision about something else.
    fn moved_on(&self) -> DecisionOutcome {
        let standings = &self.planner.standings;
        let planned = self.planner.plan();
        let quiet = planned.intents.source.is_none() && planned.intents.target.is_none();
        match planned.conflict {
            ConflictChange::Park(draft) => self.reopen(draft),
            _ if quiet => DecisionOutcome::Write(planned),
            _ => match (&standings.source, &standings.target) {
                (Standing::Live(live), Standing::Gone(_)) => {
                    self.reopen(self.planner.delete_draft(Side::Target, live, Against::Edit))
                }
                (Standing::Gone(_), Standing::Live(live)) => {
                    self.reopen(self.planner.delete_draft(Side::Source, live, Against::Edit))
                }
                // Both live again (or one, newly made): no conflict is left, so it is an ordinary
                // pair.
                _ => DecisionOutcome::Write(planned),
            },
        }
    }

    fn reopen(&self, draft: ConflictDraft) -> DecisionOutcome {
        let changed = draft
            .fields
            .iter()
            .filter(|fresh| {
                self.draft
                    .fields
                    .iter()
                    .find(|seen| seen.field == fresh.field)
                    .is_none_or(|seen| !self.alike(seen, fresh))
            })
            .map(|it| it.field.clone())
            .collect();
        DecisionOutcome::Reopen {
            draft,
            link: self.planner.unsettled(LinkState::Active),
            changed,
        }
    }

    fn alike(&self, a: &ConflictField, b: &ConflictField) -> bool {
        let schema = &self.planner.policy.schema;
        let same = |x: &Option<Value>, y: &Option<Value>| match (x, y) {
            (Some(x), Some(y)) => schema.same(&a.field, x, y),
            (None, None) => true,
            _ => false,
        };
        same(&a.source, &b.source) && same(&a.target, &b.target)
    }

    fn fields(
        &self,
        choices: &BTreeMap<FieldName, Choice>,
        source: &Live,
        target: &Live,
    ) -> DecisionOutcome {
        let mut decided = BTreeMap::new();
        let mut stale = BTreeSet::new();
        for field in self.draft.fields.iter().filter(|it| it.contested) {
            let value = choices
                .get(&field.field)
                .and_then(|choice| chosen(choice, field));
            let Some(value) = value else {
                stale.insert(field.field.clone());
                continue;
            };
            let sides = Both::new(source, target);
            let as_seen = Side::BOTH
                .into_iter()
                .all(|side| self.as_seen(side, sides.get(side), field, &value));
            if !as_seen {
                stale.insert(field.field.clone());
            } else if !self.journalled(&field.field, &value, source, target) {
                decided.insert(field.field.clone(), value);
            }
        }
        if stale.is_empty() {
            return match self.planner.merged(source, target, &decided) {
                Ok(decision) => DecisionOutcome::Write(Decision {
                    reason: if decided.is_empty() {
                        decision.reason
                    } else {
                        Reason::Resolved
                    },
                    conflict: ConflictChange::Keep,
                    ..decision
                }),
                // Another field came to be contested since.
                Err(parked) => match parked.conflict {
                    ConflictChange::Park(fresh) => {
                        let more = fresh
                            .fields
                            .iter()
                            .filter(|it| it.contested)
                            .map(|it| it.field.clone())
                            .collect();
                        self.reopen_live(more, source, target)
                    }
                    _ => DecisionOutcome::Write(*parked),
                },
            };
        }
        self.reopen_live(stale, source, target)
    }

    /// Whether a side still says what the admin saw, or says already what was decided.
    fn as_seen(&self, side: Side, live: &Live, field: &ConflictField, decided: &Value) -> bool {
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is(crate::planted::Bug::StaleDecision) {
            return true;
        }
        let schema = &self.planner.policy.schema;
        let name = &field.field;
        let shown = match side {
            Side::Source => field.source.as_ref(),
            Side::Target => field.target.as_ref(),
        };
        let owed = live.owed.iter().any(|it| it.field == *name);
        let Some(now) = live.now.get(name) else {
            return shown.is_none() || owed;
        };
        if schema.same(name, now, decided) || shown.is_some_and(|it| schema.same(name, now, it)) {
            return true;
        }
        // It stands as the link knows it: what the admin saw there was what it is owed, or this
        // decision was written and the server made something else of it.
        let stands = live
            .shadow
            .get(name)
            .is_some_and(|shadow| schema.same(name, now, shadow));
        stands && (owed || self.agreed(name, decided))
    }

    fn agreed(&self, field: &FieldName, value: &Value) -> bool {
        self.planner
            .base()
            .and_then(|base| base.get(field))
            .is_some_and(|base| self.planner.policy.schema.same(field, base, value))
    }

    /// Whether this choice was journalled by an earlier attempt and both sides stand as that left
    /// them: then only what is owed remains to be paid.
    fn journalled(&self, field: &FieldName, value: &Value, source: &Live, target: &Live) -> bool {
        let schema = &self.planner.policy.schema;
        self.agreed(field, value)
            && [source, target].into_iter().all(|live| {
                match (live.now.get(field), live.shadow.get(field)) {
                    (Some(now), Some(shadow)) => {
                        schema.same(field, now, shadow) || schema.same(field, now, value)
                    }
                    (None, _) => true,
                    (Some(_), None) => false,
                }
            })
            && !source.joined
            && !target.joined
    }

    /// The conflict between two live records as it stands now: still contested is what was, unless
    /// both sides came to agree, and what the merge cannot settle.
    fn reopen_live(
        &self,
        mut changed: BTreeSet<FieldName>,
        source: &Live,
        target: &Live,
    ) -> DecisionOutcome {
        let meeting = self.planner.meet(source, target, &BTreeMap::new());
        let wanted = &meeting.merged.wanted;
        let differ = |field: &FieldName| match (wanted.source.get(field), wanted.target.get(field))
        {
            (Some(source), Some(target)) => !self.planner.policy.schema.same(field, source, target),
            (None, None) => false,
            _ => true,
        };
        let mut contested: BTreeSet<FieldName> = self
            .draft
            .fields
            .iter()
            .filter(|it| it.contested && differ(&it.field))
            .map(|it| it.field.clone())
            .collect();
        contested.extend(meeting.merged.undecided.keys().cloned());
        changed.retain(|field| contested.contains(field));
        if contested.is_empty() {
            // Both came to agree on something else than was decided: the decision is void.
            return DecisionOutcome::Write(Decision {
                conflict: ConflictChange::Close(CloseReason::MovedOn),
                ..self.planner.plan()
            });
        }
        let mut draft = self
            .planner
            .live_draft(&meeting.merged, meeting.first, &contested);
        if draft.why.is_empty() {
            // The policy alone would settle it, but not over a choice that a person made.
            "The record changed since this was decided.".clone_into(&mut draft.why);
        }
        DecisionOutcome::Reopen {
            draft,
            link: self.planner.unsettled(LinkState::Active),
            changed: changed.into_iter().collect(),
        }
    }

    /// Deletes the record that still lives, if it is the one the admin saw.
    fn delete_too(&self, side: Side, gone: &LinkSide, live: &Live) -> DecisionOutcome {
        let planner = &self.planner;
        let fresh = planner.delete_draft(side, live, Against::Edit);
        let fresh = self.reopen(fresh);
        if matches!(&fresh, DecisionOutcome::Reopen { changed, .. } if !changed.is_empty()) {
            return fresh;
        }
        if !planner.policy.deletes_on(side.other()) {
            return DecisionOutcome::Write(self.unlinked(Reason::Drift));
        }
        let link = planner.after_delete(LinkState::Active, side, gone, live);
        let mut decision = planner.decision(Reason::DeletePropagated, Some(link));
        decision.conflict = ConflictChange::Keep;
        *decision.intents.get_mut(side.other()) = Some(delete(live));
        decision.losers = losers_of_delete(side.other(), live, DECISION);
        DecisionOutcome::Write(decision)
    }

    /// Makes the deleted record of `side` again. What the living one says by now is restored, so
    /// nothing can be lost by a later edit there.
    fn restore(&self, side: Side, live: &Live) -> DecisionOutcome {
        if !self.planner.policy.creates(side) {
            return DecisionOutcome::Write(self.unlinked(Reason::Drift));
        }
        let mut decision = self.planner.create(Reason::Restored, side.other(), live);
        decision.conflict = ConflictChange::Keep;
        DecisionOutcome::Write(decision)
    }

    /// The pair left alone for good.
    fn unlinked(&self, reason: Reason) -> Decision {
        let link = self.planner.unsettled(LinkState::Excluded);
        let mut decision = self.planner.decision(reason, Some(link));
        decision.conflict = ConflictChange::Keep;
        decision
    }
}

/// The value an admin picked; `None`: there was none to pick.
fn chosen(choice: &Choice, field: &ConflictField) -> Option<Value> {
    match choice {
        Choice::Source => field.source.clone(),
        Choice::Target => field.target.clone(),
        Choice::Base => field.base.clone(),
        Choice::Custom(value) => Some(value.clone()),
    }
}
