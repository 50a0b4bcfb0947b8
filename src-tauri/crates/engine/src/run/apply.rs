//! Applying the plan: windows of pairs are journalled in one transaction, sent in chunks to both
//! sides at once, checked, and acknowledged in one transaction. A pair that lost a race is read
//! again, planned again and tried again, at most three times.

use std::sync::atomic::{AtomicU64, Ordering};

use tandem_domain::ids::{Both, ConflictId, LinkId, Side};
use tandem_domain::link::Link;
use tandem_domain::plan::{Observation, Pair, Reason};
use tandem_domain::policy::Policy;

use super::context::RunContext;
use super::doubles;
use super::halt::Halt;
use super::journal::{journal, journal_simulated, prepare};
use super::partners;
use super::plan::{Plan, Planner, writes};
use super::receipts::acknowledge;
use super::reviewed;
use super::rules::{RecordProblem, id_of};
use super::send::{SideWrite, send_window};
use crate::ports::connector::Fetched;
use crate::ports::events::Phase;
use crate::ports::history::{ErrorType, NewError};
use crate::ports::session::PlannedPair;

/// How often a pair that lost a race is planned again in one run.
const REPLANS: u32 = 3;
/// Windows under way at once.
const LANES: usize = 2;

/// Everything planned was tried.
pub(super) struct Applied {
    /// The plan it came from.
    pub plan: Plan,
    /// What stopped it early, if anything: the rest is pending.
    pub stopped: Option<Halt>,
}

/// Applies the whole plan; in a simulation only writes it down.
///
/// A few lanes take windows from the one plan: while one waits for its systems, another decides or
/// writes down what it is about to send, or what came back.
pub(super) async fn apply(run: &RunContext, planner: Planner<'_>) -> Result<Applied, Halt> {
    let done = AtomicU64::new(0);
    run.ask_again();
    let stopped = if run.options.simulate {
        // Nobody waits for a system, and what is written down keeps the plan's order.
        lane(run, &planner, &done).await?
    } else {
        let lanes = (0..LANES).map(|_| lane(run, &planner, &done));
        let mut stopped = None;
        for ended in futures::future::join_all(lanes).await {
            stopped = stopped.or(ended?);
        }
        stopped
    };
    if stopped.is_some() {
        // What is left undone is counted, and the plan's digest is that of all of it. Where even
        // that cannot be, what stopped the run is what there is to say.
        if let Err(halt) = planner.finish().await {
            tracing::warn!(run = %run.run, %halt, "the rest of a stopped run was not planned");
        }
    }
    let plan = planner.into_plan();
    let left = plan.pairs.saturating_sub(done.into_inner());
    run.tally(|tally| tally.counts.skipped += left);
    Ok(Applied { plan, stopped })
}

/// Applies window after window until none is left or the run must stop.
async fn lane(
    run: &RunContext,
    planner: &Planner<'_>,
    done: &AtomicU64,
) -> Result<Option<Halt>, Halt> {
    let window = window_size(run);
    while !run.signals.is_ending() {
        let planned = planner.take(window).await?;
        if planned.is_empty() {
            break;
        }
        let taken = planned.len() as u64;
        let taken = done.fetch_add(taken, Ordering::Relaxed) + taken;
        let applied = if run.options.simulate {
            journal_simulated(run, planned).await.map(|()| None)
        } else {
            apply_pairs(run, planner.policy(), planned).await
        };
        if !matches!(applied, Ok(None)) {
            run.signals.end();
            return applied;
        }
        run.progress(Phase::Apply, taken, planner.total().await);
    }
    Ok(None)
}

/// Pairs journalled together: enough that two lanes keep every connection busy, few enough to stay
/// small.
fn window_size(run: &RunContext) -> usize {
    let chunk = run.sync.config.limits.chunk_size.max(1) as usize;
    let busiest = Side::BOTH
        .iter()
        .map(|side| {
            let can = run.gateways.get(*side).capabilities();
            (can.in_flight * can.bulk.max(1)).div_ceil(2)
        })
        .max()
        .unwrap_or(1);
    busiest.clamp(chunk, chunk * 10)
}

/// Applies some pairs, planning those again that lose a race. `Some` when the run must stop.
pub(super) async fn apply_pairs(
    run: &RunContext,
    policy: &Policy,
    planned: Vec<PlannedPair>,
) -> Result<Option<Halt>, Halt> {
    let mut todo = planned;
    for attempt in 0..=REPLANS {
        let outcome = apply_once(run, policy, todo).await?;
        if outcome.stopped.is_some() {
            let lost = outcome.lost.len() as u64;
            run.tally(|tally| tally.counts.skipped += lost);
            return Ok(outcome.stopped);
        }
        if outcome.lost.is_empty() {
            return Ok(None);
        }
        if attempt == REPLANS {
            give_up(run, outcome.lost).await?;
            return Ok(None);
        }
        todo = plan_again(run, policy, outcome.lost).await?;
    }
    Ok(None)
}

/// A pair on its way through one window.
pub(super) struct Item {
    pub(super) link_id: Option<LinkId>,
    pub(super) link: Option<Link>,
    pub(super) reason: Reason,
    pub(super) writes: Both<Option<SideWrite>>,
    pub(super) carries_out: Option<ConflictId>,
    pub(super) planned: PlannedPair,
    pub(super) problem: Option<(Side, RecordProblem)>,
}

struct Window {
    lost: Vec<Lost>,
    stopped: Option<Halt>,
}

/// A pair whose write met a newer version.
pub(super) struct Lost {
    pub(super) link_id: LinkId,
    pub(super) link: Link,
    pub(super) carries_out: Option<ConflictId>,
}

async fn apply_once(
    run: &RunContext,
    policy: &Policy,
    planned: Vec<PlannedPair>,
) -> Result<Window, Halt> {
    run.may_go_on().await?;
    let mut items: Vec<Item> = planned
        .into_iter()
        .map(|planned| prepare(run, planned))
        .collect();
    doubles::put_off(run, policy, &mut items).await?;
    partners::look_up(run, &mut items).await?;
    journal(run, &mut items).await?;
    let stopped = send_window(run, &mut items).await?;
    let lost = acknowledge(run, items).await?;
    Ok(Window { lost, stopped })
}

/// Reads pairs that lost a race again and plans them afresh.
async fn plan_again(
    run: &RunContext,
    policy: &Policy,
    lost: Vec<Lost>,
) -> Result<Vec<PlannedPair>, Halt> {
    let links: Vec<&Link> = lost.iter().map(|lost| &lost.link).collect();
    let mut sides = Both::new(Vec::new(), Vec::new());
    for side in Side::BOTH {
        *sides.get_mut(side) = observe(run, side, &links).await?;
    }
    let now = run.now();
    let mut planned = Vec::with_capacity(lost.len());
    let Both { source, target } = sides;
    for ((lost, source), target) in lost.into_iter().zip(source).zip(target) {
        if lost.carries_out.is_some() {
            // The decision stays as it is; whoever opens the next run carries it out on what both
            // sides say then.
            run.tally(|tally| tally.counts.skipped += 1);
            continue;
        }
        let pair = Pair {
            link: Some(lost.link),
            sides: Both::new(source, target),
            conflict_open: false,
        };
        let mut decision = run.rules.plan(&pair, policy, now);
        if decision.link.is_none() && !writes(&decision) {
            // Nothing is left to do after all: written down, so that the link is not planned again.
            decision.link.clone_from(&pair.link);
        }
        planned.push(PlannedPair {
            link_id: Some(lost.link_id),
            pair,
            decision,
            reuse_key: None,
            carries_out: None,
            put_off: false,
        });
    }
    if run.options.applies.is_some() {
        return reviewed::only_reviewed(run, policy, planned).await;
    }
    Ok(planned)
}

/// What one side says now of each link's record.
pub(super) async fn observe(
    run: &RunContext,
    side: Side,
    links: &[&Link],
) -> Result<Vec<Observation>, Halt> {
    let ids: Vec<Option<_>> = links.iter().map(|link| id_of(link, side)).collect();
    let wanted: Vec<_> = ids.iter().flatten().cloned().collect();
    let mut fetched = Vec::with_capacity(wanted.len());
    for batch in wanted.chunks(100) {
        fetched.extend(
            run.gateways
                .get(side)
                .get(batch)
                .await
                .map_err(|error| run.side_failed(side, error))?,
        );
    }
    let mut fetched = fetched.into_iter();
    Ok(ids
        .into_iter()
        .map(|id| match id.and_then(|_| fetched.next()) {
            Some(Fetched::Found(record)) => run
                .rules
                .observe(side, record)
                .unwrap_or(Observation::Unchanged),
            Some(Fetched::Gone) => Observation::Deleted,
            Some(Fetched::Unknown(_)) | None => Observation::Unchanged,
        })
        .collect())
}

/// Three lost races in one run: the pair is set aside for the next one.
async fn give_up(run: &RunContext, lost: Vec<Lost>) -> Result<(), Halt> {
    let problem = RecordProblem {
        error_type: ErrorType::Conflict,
        message: format!(
            "the record changed again each time it was about to be written ({REPLANS} tries)"
        ),
        fix: "Nothing to do: the next run tries again.".into(),
    };
    let errors: Vec<NewError> = lost
        .iter()
        .map(|lost| {
            let side = if id_of(&lost.link, Side::Target).is_some() {
                Side::Target
            } else {
                Side::Source
            };
            run.record_error(side, id_of(&lost.link, side), &problem, None)
        })
        .collect();
    let failed = errors.len() as u64;
    run.session
        .with(move |session| session.log_errors(&errors))
        .await?;
    run.tally(|tally| tally.counts.failed += failed);
    Ok(())
}
