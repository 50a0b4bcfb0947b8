//! Carrying out what admins decided: both sides are read afresh, and a contested value that moved on
//! since the admin looked sends nothing and reopens the conflict (case 28).
//!
//! What makes a deleted record again waits until both sides are listed: somebody may have made it
//! anew, under another id and the same key.

use tandem_domain::apply_decision;
use tandem_domain::decide::DecisionOutcome;
use tandem_domain::ids::{Both, ConflictId, Side};
use tandem_domain::link::Link;
use tandem_domain::plan::{ConflictChange, Decision, Pair, Reason};
use tandem_domain::policy::Policy;

use super::apply::{apply_pairs, observe};
use super::context::RunContext;
use super::halt::Halt;
use super::plan::created_side;
use crate::failpoints::{Point, reach};
use crate::ports::session::{DecidedConflict, PlannedPair};

/// Carries out every decision whose undo window has passed, but for those that make a record again:
/// the answer is these, for [`make_again`].
pub(super) async fn carry_out(run: &RunContext, policy: &Policy) -> Result<Vec<ConflictId>, Halt> {
    let (making, others): (Vec<_>, Vec<_>) = plan_decided(run, policy)
        .await?
        .into_iter()
        .partition(|planned| created_side(&planned.decision).is_some());
    if let Some(halt) = apply_pairs(run, policy, others).await? {
        return Err(halt);
    }
    Ok(making
        .iter()
        .filter_map(|planned| planned.carries_out)
        .collect())
}

/// Carries those decisions out that make a record again, once everything else of the run is done.
/// One whose conflict was reopened or closed meanwhile is no more.
pub(super) async fn make_again(
    run: &RunContext,
    policy: &Policy,
    decided: Vec<ConflictId>,
) -> Result<(), Halt> {
    if decided.is_empty() {
        return Ok(());
    }
    let mut planned = plan_decided(run, policy).await?;
    planned.retain(|planned| {
        planned
            .carries_out
            .is_some_and(|conflict| decided.contains(&conflict))
    });
    apply_pairs(run, policy, planned).await?.map_or(Ok(()), Err)
}

/// What every decision comes to, as both sides stand now.
async fn plan_decided(run: &RunContext, policy: &Policy) -> Result<Vec<PlannedPair>, Halt> {
    let now = run.now();
    let decided = run
        .session
        .with(move |session| session.decided(now))
        .await?;
    if decided.is_empty() || run.options.simulate {
        return Ok(Vec::new());
    }
    reach(Point::DecisionsTaken);
    let links: Vec<&Link> = decided.iter().map(|decided| &decided.link).collect();
    let mut sides = Both::new(Vec::new(), Vec::new());
    for side in Side::BOTH {
        *sides.get_mut(side) = observe(run, side, &links).await?;
    }
    let Both { source, target } = sides;
    let mut planned = Vec::with_capacity(decided.len());
    for ((decided, source), target) in decided.into_iter().zip(source).zip(target) {
        let DecidedConflict {
            id,
            draft,
            decision,
            link_id,
            link,
            uncertain_create,
        } = decided;
        let pair = Pair {
            link: Some(link),
            sides: Both::new(source, target),
            conflict_open: true,
        };
        let decision = match apply_decision(&draft, &decision, &pair, policy, now) {
            DecisionOutcome::Write(decision) => decision,
            DecisionOutcome::Reopen { draft, link, .. } => reopened(Some(link), draft),
        };
        if uncertain_create.is_some() && created_side(&decision).is_some() {
            // It may be there already, which only a listing or its key can tell: left to the pair's
            // ordinary plan, and to the next run to close.
            continue;
        }
        planned.push(PlannedPair {
            link_id: Some(link_id),
            pair,
            decision,
            reuse_key: None,
            carries_out: Some(id),
        });
    }
    Ok(planned)
}

fn reopened(link: Option<Link>, draft: tandem_domain::conflict::ConflictDraft) -> Decision {
    Decision {
        reason: Reason::Contested,
        link,
        intents: Both::new(None, None),
        conflict: ConflictChange::Park(draft),
        losers: Vec::new(),
    }
}
