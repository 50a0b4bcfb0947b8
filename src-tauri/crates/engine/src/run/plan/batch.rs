//! Deciding some pairs in one go, inside the store's session.

use chrono::{DateTime, Utc};
use tandem_domain::ids::{Both, Side};
use tandem_domain::link::LinkState;
use tandem_domain::plan::{ConflictChange, Decision, Intent};
use tandem_domain::policy::Policy;

use super::digest::PlanDigest;
use crate::ports::StoreError;
use crate::ports::history::ErrorType;
use crate::ports::session::{PairProblem, PlannedPair, RunSession, StagedPair};
use crate::run::context::RunContext;
use crate::run::reviewed::{self, Drifted};
use crate::run::rules::{RecordProblem, Rules};

/// What was decided so far, in numbers.
#[derive(Default)]
pub(super) struct Planning {
    pub(super) skipped: u64,
    pub(super) kept: u64,
    pub(super) deletes: Both<u64>,
    /// Some of the deletes, for whoever is to confirm them.
    pub(super) examples: Vec<String>,
}

/// Pairs that were decided together.
pub(super) struct Batch {
    pub(super) planning: Planning,
    /// Pairs that cannot be planned.
    pub(super) problems: Vec<(StagedPair, RecordProblem, Side)>,
    /// What was reviewed otherwise and is left alone.
    pub(super) drifted: Vec<Drifted>,
}

/// Whether a create that may have landed before can be planned again at `side`: it would have been
/// found by its match key, or the system recognises the key it was sent with.
pub(super) fn can_create_again(run: &RunContext, side: Side) -> CreateAgain {
    if !run.sync.config.match_key.is_empty() {
        CreateAgain::FoundByKey
    } else if run.gateways.get(side).capabilities().idempotent_creates {
        CreateAgain::SameKey
    } else {
        CreateAgain::No
    }
}

/// How an unacknowledged create may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CreateAgain {
    FoundByKey,
    SameKey,
    No,
}

/// What pairs are decided by.
pub(super) struct Batching<'a> {
    pub(super) rules: &'a Rules,
    pub(super) policy: &'a Policy,
    pub(super) now: DateTime<Utc>,
    pub(super) again: Both<CreateAgain>,
    /// Only what was reviewed may be written.
    pub(super) reviewed: bool,
}

impl Batching<'_> {
    /// Decides the next pairs and keeps what is to be done about them; `None` at the end.
    pub(super) fn next(
        &self,
        session: &mut dyn RunSession,
        most: usize,
        digest: &mut PlanDigest,
    ) -> Result<Option<Batch>, StoreError> {
        let Self {
            rules, policy, now, ..
        } = *self;
        let pairs = session.next_pairs(most)?;
        if pairs.is_empty() {
            return Ok(None);
        }
        let mut planning = Planning::default();
        let (mut problems, mut drifted) = (Vec::new(), Vec::new());
        let mut planned = Vec::with_capacity(pairs.len());
        for mut staged in pairs {
            if let Some(problem) = &staged.problem {
                let (problem, side) = pair_problem(problem);
                problems.push((staged, problem, side));
                continue;
            }
            release(&mut staged);
            let mut decision = rules.plan(&staged.pair, policy, now);
            let mut reuse_key = None;
            if let Some(key) = staged.uncertain_create
                && let Some(side) = created_side(&decision)
            {
                match self.again.get(side) {
                    CreateAgain::FoundByKey => {}
                    CreateAgain::SameKey => reuse_key = Some(key),
                    CreateAgain::No => {
                        problems.push((staged, uncertain(), side));
                        continue;
                    }
                }
            }
            if decision.link.is_none()
                && !writes(&decision)
                && decision.conflict == ConflictChange::Keep
            {
                if !staged.todo {
                    planning.skipped += 1;
                    continue;
                }
                decision.link.clone_from(&staged.pair.link);
            }
            let mut pair = PlannedPair {
                link_id: staged.link_id,
                pair: staged.pair,
                decision,
                reuse_key,
                carries_out: None,
                put_off: false,
            };
            if self.reviewed
                && let Some(drift) = reviewed::drift(session, rules, &pair)?
            {
                pair.put_off(policy, now);
                drifted.push(drift);
            }
            count_deletes(&pair.decision, &mut planning);
            digest.add(rules, &pair.pair, &pair.decision);
            planning.kept += 1;
            planned.push(pair);
        }
        session.keep_plan(planned)?;
        Ok(Some(Batch {
            planning,
            problems,
            drifted,
        }))
    }
}

/// A record that was quarantined for a key that is unique by now takes part again.
fn release(staged: &mut StagedPair) {
    if let Some(link) = staged
        .pair
        .link
        .as_mut()
        .filter(|link| link.state == LinkState::Quarantined)
    {
        let whole = link.sides.source.is_some() && link.sides.target.is_some();
        link.state = if whole {
            LinkState::Active
        } else {
            LinkState::Unpaired
        };
    }
}

/// Whether a decision sends anything.
#[must_use]
pub(in crate::run) const fn writes(decision: &Decision) -> bool {
    decision.intents.source.is_some() || decision.intents.target.is_some()
}

/// Where a decision makes a record, if it does.
pub(in crate::run) fn created_side(decision: &Decision) -> Option<Side> {
    Side::BOTH
        .into_iter()
        .find(|side| matches!(decision.intents.get(*side), Some(Intent::Create { .. })))
}

fn count_deletes(decision: &Decision, planning: &mut Planning) {
    for side in Side::BOTH {
        if let Some(Intent::Delete { id, .. }) = decision.intents.get(side) {
            *planning.deletes.get_mut(side) += 1;
            if planning.examples.len() < 20 {
                planning.examples.push(format!("{side} {id}"));
            }
        }
    }
}

fn pair_problem(problem: &PairProblem) -> (RecordProblem, Side) {
    match problem {
        PairProblem::DuplicateKey { side, others } => {
            let others: Vec<&str> = others
                .iter()
                .map(tandem_domain::ids::RecordId::as_str)
                .collect();
            (
                RecordProblem {
                    error_type: ErrorType::Conflict,
                    message: format!("its match key is also that of {} at the {side}", others.join(", ")),
                    fix: "Make the match key unique there (or choose another one); until then these records are left alone."
                        .into(),
                },
                *side,
            )
        }
        PairProblem::Recreated { side, .. } => (
            RecordProblem {
                error_type: ErrorType::Conflict,
                message: format!(
                    "a record with the same match key was deleted at the {side}, and its partner could not be read"
                ),
                fix: "Nothing to do: the next run pairs it with that partner, for a person to review."
                    .into(),
            },
            *side,
        ),
        PairProblem::Unlinked { side, .. } => (
            RecordProblem {
                error_type: ErrorType::Conflict,
                message: "its match key is that of a pair that was unlinked, or whose deletion was to be ignored"
                    .into(),
                fix: "It is left alone like that pair. Give it another match key to have it synced."
                    .into(),
            },
            *side,
        ),
    }
}

fn uncertain() -> RecordProblem {
    RecordProblem {
        error_type: ErrorType::Uncertain,
        message: "an earlier attempt to create this record was never acknowledged, and there is no match key to find it by"
            .into(),
        fix: "Look at the other system: if the record is there, set a match key so that the two are paired; it is not sent again blindly."
            .into(),
    }
}
