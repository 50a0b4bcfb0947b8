//! Carrying out what admins decided: both sides are read afresh, and a contested value that moved on
//! since the admin looked sends nothing and reopens the conflict (case 28).
//!
//! What makes a deleted record again waits until both sides are listed: somebody may have made it
//! anew, under another id and the same key.

use tandem_domain::apply_decision;
use tandem_domain::conflict::{CloseReason, ConflictDecision};
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

/// Decisions whose records are read and written together: few enough that what was read is still
/// fresh when it is written.
const WINDOW: usize = 200;

/// Carries out every decision whose undo window has passed, but for those that make a record again:
/// the answer is these, for [`make_again`].
pub(super) async fn carry_out(run: &RunContext, policy: &Policy) -> Result<Vec<ConflictId>, Halt> {
    let mut making = Vec::new();
    let mut left = taken_up(run).await?;
    while !left.is_empty() {
        let rest = left.split_off(left.len().min(WINDOW));
        let (again, others): (Vec<_>, Vec<_>) = plan_decided(run, policy, left)
            .await?
            .into_iter()
            .partition(|planned| created_side(&planned.decision).is_some());
        if let Some(halt) = apply_pairs(run, policy, others).await? {
            // They stay decided; the next run carries them out.
            run.tally(|tally| tally.counts.skipped += rest.len() as u64);
            return Err(halt);
        }
        making.extend(again.iter().filter_map(|planned| planned.carries_out));
        left = rest;
    }
    Ok(making)
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
    let mut left = taken_up(run).await?;
    left.retain(|it| decided.contains(&it.id));
    let planned = plan_decided(run, policy, left).await?;
    apply_pairs(run, policy, planned).await?.map_or(Ok(()), Err)
}

/// Every decision whose undo window has passed; none in a simulation, nor where only what one planned
/// is to be carried out.
async fn taken_up(run: &RunContext) -> Result<Vec<DecidedConflict>, Halt> {
    let now = run.now();
    let decided = run
        .session
        .with(move |session| session.decided(now))
        .await?;
    if decided.is_empty() || run.options.simulate || run.options.applies.is_some() {
        return Ok(Vec::new());
    }
    reach(Point::DecisionsTaken);
    Ok(decided)
}

/// What these decisions come to, as both sides stand now.
async fn plan_decided(
    run: &RunContext,
    policy: &Policy,
    decided: Vec<DecidedConflict>,
) -> Result<Vec<PlannedPair>, Halt> {
    let now = run.now();
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
        let outcome = match apply_decision(&draft, &decision, &pair, policy, now) {
            DecisionOutcome::Write(decision) => decision,
            DecisionOutcome::Reopen { draft, link, .. } => reopened(Some(link), draft),
        };
        if uncertain_create.is_some() && created_side(&outcome).is_some() {
            // It may be there already, which only a listing or its key can tell: left to the pair's
            // ordinary plan, and to the next run to close.
            continue;
        }
        // One that is void is closed, not carried out.
        let void = match outcome.conflict {
            ConflictChange::Close(CloseReason::MovedOn) => true,
            // Nobody is left to receive it, unless that is what was wished for.
            ConflictChange::Close(CloseReason::BothDeleted) => {
                decision != ConflictDecision::DeleteBoth
            }
            _ => false,
        };
        planned.push(PlannedPair {
            link_id: Some(link_id),
            pair,
            decision: outcome,
            reuse_key: None,
            carries_out: (!void).then_some(id),
            put_off: false,
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
