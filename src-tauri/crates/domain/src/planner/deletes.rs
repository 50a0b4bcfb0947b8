//! Planning where a record is gone: deletes passed on, contested, restored; tombstones met again.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{DeleteConflictPolicy, DeletePolicy};
use crate::conflict::{ConflictDraft, ConflictKind};
use crate::draft::DraftOf;
use crate::ids::{Both, FieldName, Side};
use crate::link::{Link, LinkSide, LinkState, Seen};
use crate::plan::{Decision, Intent, Loser, Observation, Reason};
use crate::planner::Planner;
use crate::record::CanonicalRecord;
use crate::standing::{Live, Standing};
use crate::value::Value;

impl Planner<'_> {
    pub(super) fn both_gone(&self) -> Decision {
        let closed = self.pair.link.as_ref().map(closed);
        self.decision(Reason::BothDeleted, closed)
    }

    /// `side` deleted its record, the other side still has one.
    pub(super) fn deleted(&self, side: Side, gone: &LinkSide, live: &Live) -> Decision {
        if self.policy.deletes == DeletePolicy::Ignore {
            let link = self.after_delete(LinkState::Excluded, side, gone, live);
            return self.decision(Reason::DeleteIgnored, Some(link));
        }
        // Where nothing of the live record is incorporated (met for the first time, made anew, come
        // back), it is news, and no policy about edits deletes it: a person looks at it first.
        let news = self.base().is_none() || live.shadow.is_empty();
        // Live changes, and changes that never reached the deleted record.
        let edited = !gone.owed.is_empty() || self.moved(live);
        let (against, delete_wins) = if news {
            let restored = self.contested_delete_wins(side) == Some(false);
            (Against::News, restored.then_some(false))
        } else if edited {
            (Against::Edit, self.contested_delete_wins(side))
        } else if self.policy.enforces(side) {
            // The receiving side of an enforced one-way sync gets its record back.
            return self.restore(Reason::Enforced, side, gone, live);
        } else {
            let asks =
                self.policy.deletes == DeletePolicy::Manual && self.policy.deletes_on(side.other());
            (Against::Policy, (!asks).then_some(true))
        };
        match delete_wins {
            None => self.park_delete(side, gone, live, against),
            Some(true) => self.pass_on(side, gone, live, against == Against::Edit),
            Some(false) => self.restore(Reason::Restored, side, gone, live),
        }
    }

    /// Whether a delete on `side` wins against an edit on the other. `None`: a person decides.
    fn contested_delete_wins(&self, side: Side) -> Option<bool> {
        match (self.policy.delete_conflict, side) {
            (DeleteConflictPolicy::Manual, _) => None,
            (DeleteConflictPolicy::DeleteWins, _)
            | (DeleteConflictPolicy::SourceWins, Side::Source)
            | (DeleteConflictPolicy::TargetWins, Side::Target) => Some(true),
            _ => Some(false),
        }
    }

    /// Whether a live record changed by itself: what it received of us without our hearing of it is
    /// no change of its own.
    fn moved(&self, live: &Live) -> bool {
        let schema = &self.policy.schema;
        let received = |field: &FieldName| {
            live.owed.iter().any(|owed| {
                owed.field == *field
                    && live
                        .now
                        .get(field)
                        .is_some_and(|now| schema.same(field, now, &owed.value))
            })
        };
        schema
            .changed(&live.now, &live.shadow)
            .iter()
            .any(|field| !received(field))
    }

    /// The link with the delete noted and nothing incorporated.
    pub(crate) fn after_delete(
        &self,
        state: LinkState,
        side: Side,
        gone: &LinkSide,
        live: &Live,
    ) -> Link {
        let schema = &self.policy.schema;
        let gone = LinkSide {
            seen: Some(Seen::Deleted),
            ..gone.clone()
        };
        let base = self.base().cloned();
        self.link(state, base, side, gone, Some(live.only_seen(schema)))
    }

    fn park_delete(&self, side: Side, gone: &LinkSide, live: &Live, against: Against) -> Decision {
        let link = self.after_delete(LinkState::Active, side, gone, live);
        self.parked(
            Reason::DeleteContested,
            link,
            self.delete_draft(side, live, against),
        )
    }

    pub(crate) fn delete_draft(&self, side: Side, live: &Live, against: Against) -> ConflictDraft {
        let other = side.other();
        let nothing = CanonicalRecord::default();
        let records = match side {
            Side::Source => Both::new(None, Some(&live.now)),
            Side::Target => Both::new(Some(&live.now), None),
        };
        DraftOf {
            kind: ConflictKind::Delete,
            why: match against {
                Against::Edit => {
                    format!("The {side}'s record was deleted while the {other}'s was changed.")
                }
                Against::News => format!(
                    "The {side}'s record was deleted, and the {other}'s is new here or came back: \
                     nothing is agreed about it."
                ),
                Against::Policy => format!(
                    "The {side}'s record was deleted, and the policy leaves deletes to a person."
                ),
            },
            policy: self.policy,
            base: self.base().unwrap_or(&nothing),
            priors: &BTreeMap::new(),
            records,
            standings: &self.standings,
            contested: &BTreeSet::new(),
        }
        .write()
    }

    /// Deletes the live record too, where that may be.
    fn pass_on(&self, side: Side, gone: &LinkSide, live: &Live, edited: bool) -> Decision {
        let link = self.after_delete(LinkState::Active, side, gone, live);
        if !self.policy.deletes_on(side.other()) {
            return self.decision(Reason::Drift, Some(link));
        }
        let mut decision = self.decision(Reason::DeletePropagated, Some(link));
        *decision.intents.get_mut(side.other()) = Some(delete(live));
        if edited {
            decision.losers = losers_of_delete(side.other(), live, "delete_conflict");
        }
        decision
    }

    /// Brings the deleted record back from the live one, where that may be.
    pub(crate) fn restore(
        &self,
        reason: Reason,
        side: Side,
        gone: &LinkSide,
        live: &Live,
    ) -> Decision {
        if !self.policy.creates(side) {
            let link = self.after_delete(LinkState::Active, side, gone, live);
            return self.decision(Reason::Drift, Some(link));
        }
        self.create(reason, side.other(), live)
    }

    /// A closed link of which something was read again.
    pub(super) fn tombstone(&self) -> Decision {
        let back = |side: Side| match (self.pair.sides.get(side), self.standings.get(side)) {
            (Observation::Live(_), Standing::Live(live)) => Some(live),
            _ => None,
        };
        match (back(Side::Source), back(Side::Target)) {
            (None, None) => self.decision(Reason::Excluded, None),
            (Some(source), Some(target)) => {
                // Both are back: met anew.
                let (mut source, mut target) = (source.clone(), target.clone());
                source.joined = true;
                target.joined = true;
                self.both_live(&source, &target)
            }
            (Some(live), None) => self.came_back(Side::Source, live),
            (None, Some(live)) => self.came_back(Side::Target, live),
        }
    }

    /// A tombstone of which one record came back, to be planned later: a delete met by news.
    pub(super) fn came_back_unsettled(&self) -> Link {
        let mut link = self.unsettled(LinkState::Active);
        link.base = None;
        for side in Side::BOTH {
            if let Standing::Live(live) = self.standings.get(side) {
                let mut live = live.clone();
                live.forget();
                *link.sides.get_mut(side) = Some(live.only_seen(&self.policy.schema));
            }
        }
        link
    }

    /// A record whose deletion was settled exists again. The very state that was deleted is a stale
    /// answer; anything else is a delete met by an edit.
    fn came_back(&self, side: Side, live: &Live) -> Decision {
        let known = |side: Side| {
            self.pair
                .link
                .as_ref()
                .and_then(|link| link.sides.get(side).as_ref())
        };
        let half = known(side);
        let stale = half.is_some_and(|half| {
            half.version.is_some()
                && half.version == live.version
                && self
                    .policy
                    .schema
                    .changed(&live.now, &half.shadow)
                    .is_empty()
        });
        let Some(gone) = known(side.other()) else {
            // It never had a partner: it is simply new.
            return self.alone(side, live);
        };
        if stale {
            return self.decision(Reason::Excluded, None);
        }
        // All of it is news: nothing of a deleted record is agreed any more.
        let mut live = live.clone();
        live.forget();
        let live = &live;
        // Where no delete is ever passed on, it can only be made again.
        let restored = self.policy.deletes == DeletePolicy::Ignore
            || self.contested_delete_wins(side.other()) == Some(false);
        if restored {
            self.restore(Reason::Restored, side.other(), gone, live)
        } else {
            // Its deletion was settled long ago: that somebody has it again is no edit for a policy
            // to delete once more.
            self.park_delete(side.other(), gone, live, Against::News)
        }
    }
}

/// What stands against passing a delete on without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    /// The other record was changed since both agreed.
    Edit,
    /// Nothing is agreed about the other record.
    News,
    /// The configuration leaves deletes to a person.
    Policy,
}

/// The delete of a live record.
pub(crate) fn delete(live: &Live) -> Intent {
    Intent::Delete {
        id: live.id.clone(),
        before: live.now.clone(),
        if_version: live.version.clone(),
    }
}

/// Every value of a record that is deleted although somebody had changed it.
pub(crate) fn losers_of_delete(side: Side, live: &Live, rule: &str) -> Vec<Loser> {
    live.now
        .iter()
        .map(|(field, value)| Loser {
            side,
            field: field.clone(),
            value: value.clone(),
            winner: Value::Null,
            rule: rule.to_owned(),
        })
        .collect()
}

/// The link as a tombstone.
pub(crate) fn closed(link: &Link) -> Link {
    let settled = |half: &LinkSide| LinkSide {
        seen: None,
        owed: Vec::new(),
        shadow: half.known().clone(),
        ..half.clone()
    };
    Link {
        state: LinkState::Closed,
        base: link.base.clone(),
        sides: Both::new(
            link.sides.source.as_ref().map(settled),
            link.sides.target.as_ref().map(settled),
        ),
    }
}
