//! Planning one pair: a pure function of its link, what both sides say now, the policy and the time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::conflict::{CloseReason, ConflictDraft, ConflictKind};
use crate::draft::DraftOf;
use crate::ids::{Both, FieldName, Side};
use crate::link::{Link, LinkSide, LinkState, Seen};
use crate::merge::{Merge, Merged};
use crate::plan::{ConflictChange, Decision, Intent, Pair, Reason};
use crate::policy::Policy;
use crate::record::CanonicalRecord;
use crate::standing::{Live, Standing, standings};
use crate::value::Value;

mod deletes;

pub(crate) use deletes::{Against, closed, delete, losers_of_delete};

/// What to do about one pair, exactly as the semantics' section 4 says.
#[must_use]
pub fn plan(pair: &Pair, policy: &Policy, now: DateTime<Utc>) -> Decision {
    Planner::new(pair, policy, now).plan()
}

/// The link of a pair whose plan has to wait for another run: what was read is noted, nothing is
/// incorporated. Records that were met just now are remembered in a link of their own.
#[must_use]
pub fn put_off(pair: &Pair, policy: &Policy, now: DateTime<Utc>) -> Link {
    let planner = Planner::new(pair, policy, now);
    match &pair.link {
        Some(link) if link.state == LinkState::Closed => planner.came_back_unsettled(),
        Some(link) => planner.unsettled(link.state),
        None => {
            let live = |side| matches!(planner.standings.get(side), Standing::Live(_));
            let both = live(Side::Source) && live(Side::Target);
            planner.unsettled(if both {
                LinkState::Active
            } else {
                LinkState::Unpaired
            })
        }
    }
}

/// One pair being planned.
pub(crate) struct Planner<'a> {
    pub(crate) pair: &'a Pair,
    pub(crate) policy: &'a Policy,
    pub(crate) now: DateTime<Utc>,
    pub(crate) standings: Both<Standing>,
}

/// Two live records, merged.
pub(crate) struct Meeting {
    /// Each side as it went into the merge.
    pub(crate) sides: Both<Live>,
    /// Nothing was ever agreed.
    pub(crate) first: bool,
    pub(crate) merged: Merged,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(pair: &'a Pair, policy: &'a Policy, now: DateTime<Utc>) -> Self {
        Self {
            pair,
            policy,
            now,
            standings: standings(pair),
        }
    }

    pub(crate) fn plan(&self) -> Decision {
        match self.pair.link.as_ref().map(|link| link.state) {
            Some(LinkState::Excluded | LinkState::Quarantined) => {
                return self.decision(Reason::Excluded, None);
            }
            Some(LinkState::Closed) => return self.tombstone(),
            Some(LinkState::Active | LinkState::Unpaired) | None => {}
        }
        match (&self.standings.source, &self.standings.target) {
            (Standing::Live(source), Standing::Live(target)) => self.both_live(source, target),
            (Standing::Live(live), Standing::Absent) => self.alone(Side::Source, live),
            (Standing::Absent, Standing::Live(live)) => self.alone(Side::Target, live),
            (Standing::Live(live), Standing::Gone(gone)) => self.deleted(Side::Target, gone, live),
            (Standing::Gone(gone), Standing::Live(live)) => self.deleted(Side::Source, gone, live),
            (Standing::Absent, Standing::Absent) => self.decision(Reason::Unchanged, None),
            (Standing::Gone(_) | Standing::Absent, Standing::Gone(_) | Standing::Absent) => {
                self.both_gone()
            }
        }
    }

    /// A decision without writes or losers. The link is given only where it differs from the
    /// stored one; a conflict that no longer stands is closed.
    pub(crate) fn decision(&self, reason: Reason, link: Option<Link>) -> Decision {
        let conflict = match reason {
            _ if !self.pair.conflict_open => ConflictChange::Keep,
            Reason::Excluded => ConflictChange::Keep,
            Reason::BothDeleted => ConflictChange::Close(CloseReason::BothDeleted),
            Reason::Resolved
            | Reason::Restored
            | Reason::DeletePropagated
            | Reason::DeleteIgnored => ConflictChange::Close(CloseReason::PolicyDecided),
            _ => ConflictChange::Close(CloseReason::SidesAgree),
        };
        Decision {
            reason,
            link: link.filter(|link| Some(link) != self.pair.link.as_ref()),
            intents: Both::new(None, None),
            conflict,
            losers: Vec::new(),
        }
    }

    fn parked(&self, reason: Reason, link: Link, draft: ConflictDraft) -> Decision {
        Decision {
            conflict: ConflictChange::Park(draft),
            ..self.decision(reason, Some(link))
        }
    }

    pub(crate) fn base(&self) -> Option<&'a CanonicalRecord> {
        self.pair.link.as_ref().and_then(|link| link.base.as_ref())
    }

    /// The link with what was read noted as seen and nothing incorporated.
    pub(crate) fn unsettled(&self, state: LinkState) -> Link {
        let schema = &self.policy.schema;
        let strangers = Side::BOTH
            .into_iter()
            .any(|side| matches!(self.standings.get(side), Standing::Live(live) if live.joined));
        let half = |side: Side| match self.standings.get(side) {
            Standing::Absent => None,
            Standing::Gone(half) => Some(LinkSide {
                seen: Some(Seen::Deleted),
                ..half.clone()
            }),
            Standing::Live(live) if strangers => {
                let mut live = live.clone();
                live.forget();
                Some(live.only_seen(schema))
            }
            Standing::Live(live) => Some(live.only_seen(schema)),
        };
        Link {
            state,
            base: if strangers {
                None
            } else {
                self.base().cloned()
            },
            sides: Both::new(half(Side::Source), half(Side::Target)),
        }
    }

    /// Two live records: merged against what was agreed, or paired where nothing was.
    fn both_live(&self, source: &Live, target: &Live) -> Decision {
        self.merged(source, target, &BTreeMap::new())
            .unwrap_or_else(|parked| *parked)
    }

    /// The merge with an admin's choices in it. `Err`: parked, since something is undecided.
    pub(crate) fn merged(
        &self,
        source: &Live,
        target: &Live,
        decided: &BTreeMap<FieldName, Value>,
    ) -> Result<Decision, Box<Decision>> {
        let Meeting {
            sides,
            first,
            merged,
        } = self.meet(source, target, decided);
        if !merged.undecided.is_empty() {
            let contested = merged.undecided.keys().cloned().collect();
            let draft = self.live_draft(&merged, first, &contested);
            let schema = &self.policy.schema;
            let link = Link {
                state: LinkState::Active,
                base: if first { None } else { self.base().cloned() },
                sides: Both::new(
                    Some(sides.source.only_seen(schema)),
                    Some(sides.target.only_seen(schema)),
                ),
            };
            let reason = if first {
                Reason::PairedDifferent
            } else {
                Reason::Contested
            };
            return Err(Box::new(self.parked(reason, link, draft)));
        }
        Ok(self.settle(Both::new(&sides.source, &sides.target), merged, first))
    }

    /// Merges two live records; where nothing was ever agreed, without a common past.
    pub(crate) fn meet(
        &self,
        source: &Live,
        target: &Live,
        decided: &BTreeMap<FieldName, Value>,
    ) -> Meeting {
        let nothing = CanonicalRecord::default();
        let replaced = source.replaced || target.replaced;
        let first = self.base().is_none() || source.joined || target.joined;
        let (mut source, mut target) = (source.clone(), target.clone());
        if first {
            source.forget();
            target.forget();
        }
        let mut merged = Merge {
            policy: self.policy,
            now: self.now,
            base: match self.base() {
                Some(base) if !first => base,
                _ => &nothing,
            },
            sides: Both::new(&source, &target),
            decided,
        }
        .run();
        if replaced && decided.is_empty() {
            // Another record took the place of a linked one (deleted, made anew under the same
            // key): unless both are equal, a person looks at it first, whatever the policy.
            for (field, value) in source.now.iter() {
                if let Some(other) = target.now.get(field)
                    && !self.policy.schema.same(field, value, other)
                {
                    merged.undecided.entry(field.clone()).or_insert_with(|| {
                        "A linked record was deleted and another one with the same key appeared; \
                         the two may not be the same."
                            .to_owned()
                    });
                }
            }
        }
        Meeting {
            sides: Both::new(source, target),
            first,
            merged,
        }
    }

    /// The conflict between two live records.
    pub(crate) fn live_draft(
        &self,
        merged: &Merged,
        first: bool,
        contested: &BTreeSet<FieldName>,
    ) -> ConflictDraft {
        let nothing = CanonicalRecord::default();
        let whys: BTreeSet<&str> = merged.undecided.values().map(String::as_str).collect();
        let mut why: Vec<&str> = whys.into_iter().collect();
        if first {
            why.insert(0, "The two records were met for the first time and differ.");
        }
        DraftOf {
            kind: if first {
                ConflictKind::Pairing
            } else {
                ConflictKind::Update
            },
            why: why.join(" "),
            policy: self.policy,
            base: match self.base() {
                Some(base) if !first => base,
                _ => &nothing,
            },
            priors: &merged.priors,
            records: Both::new(Some(&merged.wanted.source), Some(&merged.wanted.target)),
            standings: &self.standings,
            contested,
        }
        .write()
    }

    fn settle(&self, sides: Both<&Live>, merged: Merged, first: bool) -> Decision {
        let schema = &self.policy.schema;
        let writes = !merged.patches.source.is_empty() || !merged.patches.target.is_empty();
        let reason = if first && merged.resolved {
            Reason::PairedDifferent
        } else if first {
            Reason::Paired
        } else if merged.resolved {
            Reason::Resolved
        } else if merged.enforced {
            Reason::Enforced
        } else if merged.passed.len() == 2 {
            Reason::Merged
        } else if merged.passed.len() == 1 {
            Reason::OneSided
        } else if writes {
            Reason::OwedPaid
        } else if merged.drift {
            Reason::Drift
        } else if merged.same_change {
            Reason::SameChange
        } else {
            Reason::Unchanged
        };
        let intent = |side: Side| {
            let patch = merged.patches.get(side);
            let live = *sides.get(side);
            (!patch.is_empty()).then(|| Intent::Update {
                id: live.id.clone(),
                patch: patch.clone(),
                before: live.now.clone(),
                if_version: live.version.clone(),
            })
        };
        let intents = Both::new(intent(Side::Source), intent(Side::Target));
        let Both {
            source: source_shadow,
            target: target_shadow,
        } = merged.shadows;
        let link = Link {
            state: LinkState::Active,
            base: Some(merged.base),
            sides: Both::new(
                Some(sides.source.half(schema, source_shadow, merged.owed.source)),
                Some(sides.target.half(schema, target_shadow, merged.owed.target)),
            ),
        };
        Decision {
            intents,
            losers: merged.losers,
            ..self.decision(reason, Some(link))
        }
    }

    /// One record without a partner.
    fn alone(&self, side: Side, live: &Live) -> Decision {
        let schema = &self.policy.schema;
        let mut half = live.clone();
        if !self.policy.creates(side.other()) {
            half.forget();
            let link = self.link(
                LinkState::Unpaired,
                None,
                side,
                half.only_seen(schema),
                None,
            );
            return self.decision(Reason::Drift, Some(link));
        }
        self.create(Reason::New, side, live)
    }

    /// Makes the record of `side` on the other side too. The other half comes with the receipt.
    pub(crate) fn create(&self, reason: Reason, side: Side, live: &Live) -> Decision {
        let schema = &self.policy.schema;
        let live = &live.mapped(schema);
        let receiver = side.other();
        // What this side is still owed is part of the record; where it moved on by itself, that is
        // what the record says now, and the debt is void.
        let mut whole = live.now.clone();
        let mut unpaid = live.owed.clone();
        unpaid.retain(
            |owed| match (live.now.get(&owed.field), live.shadow.get(&owed.field)) {
                (Some(now), Some(shadow)) => schema.same(&owed.field, now, shadow),
                (None, _) => true,
                (Some(_), None) => false,
            },
        );
        for owed in &unpaid {
            whole.insert(owed.field.clone(), owed.value.clone());
        }
        let fields = if whole.names().all(|field| schema.writable(receiver, field)) {
            whole.clone()
        } else {
            whole
                .iter()
                .filter(|(field, _)| schema.writable(receiver, field))
                .map(|(field, value)| (field.clone(), value.clone()))
                .collect()
        };
        let half = live.half(schema, live.now.clone(), unpaid);
        let link = self.link(LinkState::Unpaired, Some(whole), side, half, None);
        let mut decision = self.decision(reason, Some(link));
        *decision.intents.get_mut(receiver) = Some(Intent::Create { fields });
        decision
    }

    pub(crate) fn link(
        &self,
        state: LinkState,
        base: Option<CanonicalRecord>,
        side: Side,
        half: LinkSide,
        other: Option<LinkSide>,
    ) -> Link {
        let sides = match side {
            Side::Source => Both::new(Some(half), other),
            Side::Target => Both::new(other, Some(half)),
        };
        Link { state, base, sides }
    }
}
