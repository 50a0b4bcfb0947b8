//! Deciding every pair: chunk by chunk, kept in the store, with a digest over all decisions and the
//! guards checked at the end, before the first write unless nothing can be deleted.

use std::sync::Arc;

use tandem_domain::ids::{Both, Side};
use tandem_domain::plan::Observation;
use tandem_domain::policy::Policy;

use super::context::RunContext;
use super::guard;
use super::halt::Halt;
use super::read::Read;
use super::reviewed;
use super::rules::{RecordProblem, Rules};
use crate::failpoints::{Point, reach};
use crate::ports::events::Phase;
use crate::ports::history::NewError;
use crate::ports::session::{PlannedPair, StagedPair};

mod batch;
mod digest;

use batch::{Batching, Planning, can_create_again};
use digest::{PlanDigest, fingerprint};

pub(super) use batch::{created_side, writes};

/// Pairs decided in one go, where none is applied before all are decided.
const BATCH: usize = 500;

/// What planning came to.
pub(super) struct Plan {
    /// What reading left to remember.
    pub read: Read,
    /// Digest over all decisions, hex.
    pub hash: String,
    /// Pairs to apply.
    pub pairs: u64,
}

/// Decides the staged pairs, batch by batch.
///
/// As a rule all of them are decided, and the guards asked, before the first write. A run that cannot
/// delete anything has no guard to wait for: it applies each batch as it is decided.
pub(super) struct Planner<'r> {
    run: &'r RunContext,
    read: Read,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    totals: Planning,
    digest: PlanDigest,
    finished: bool,
}

impl<'r> Planner<'r> {
    /// Plans what was read.
    pub(super) fn new(run: &'r RunContext, read: Read) -> Self {
        Self {
            run,
            read,
            state: tokio::sync::Mutex::new(State {
                digest: PlanDigest::of(run),
                ..State::default()
            }),
        }
    }

    /// The policy, with the clocks as measured while reading.
    pub(super) fn policy(&self) -> &Policy {
        &self.read.policy
    }

    /// Decides everything that is to be decided before the first write.
    pub(super) async fn prepare(&self) -> Result<(), Halt> {
        let cannot_delete = self
            .run
            .session
            .with(|session| Ok(!session.has_links()))
            .await?;
        if self.run.options.simulate || !cannot_delete {
            self.finish().await?;
        }
        Ok(())
    }

    /// Decides all that is left.
    pub(super) async fn finish(&self) -> Result<(), Halt> {
        while self.more(BATCH).await? {}
        Ok(())
    }

    /// The next pairs to apply, each once; none at the end.
    pub(super) async fn take(&self, most: usize) -> Result<Vec<PlannedPair>, Halt> {
        loop {
            let planned = self
                .run
                .session
                .with(move |session| session.next_planned(most))
                .await?;
            if !planned.is_empty() || !self.more(most).await? {
                return Ok(planned);
            }
        }
    }

    /// How many pairs there are to apply, once that is known.
    pub(super) async fn total(&self) -> Option<u64> {
        let state = self.state.lock().await;
        state.finished.then_some(state.totals.kept)
    }

    /// The plan, as far as it was made.
    pub(super) fn into_plan(self) -> Plan {
        let State { totals, digest, .. } = self.state.into_inner();
        Plan {
            read: self.read,
            hash: digest.hex(),
            pairs: totals.kept,
        }
    }

    /// Decides up to `most` pairs; `false` when all are decided.
    async fn more(&self, most: usize) -> Result<bool, Halt> {
        let run = self.run;
        let mut state = self.state.lock().await;
        if state.finished {
            return Ok(false);
        }
        run.may_go_on().await?;
        let (rules, policy, now) = (
            Arc::clone(&run.rules),
            Arc::clone(&self.read.policy),
            run.now(),
        );
        let find_again = Both::new(
            can_create_again(run, Side::Source),
            can_create_again(run, Side::Target),
        );
        let mut digest = state.digest;
        let reviewed = run.options.applies.is_some();
        let (batch, digest) = run
            .session
            .with(move |session| {
                let planning = Batching {
                    rules: &rules,
                    policy: &policy,
                    now,
                    again: find_again,
                    reviewed,
                };
                let batch = planning.next(session, most, &mut digest)?;
                Ok((batch, digest))
            })
            .await?;
        state.digest = digest;
        let Some(batch) = batch else {
            self.end(&state).await?;
            state.finished = true;
            return Ok(false);
        };
        let totals = &mut state.totals;
        totals.skipped += batch.planning.skipped;
        totals.kept += batch.planning.kept;
        totals.deletes.source += batch.planning.deletes.source;
        totals.deletes.target += batch.planning.deletes.target;
        let room = 20_usize.saturating_sub(totals.examples.len());
        totals
            .examples
            .extend(batch.planning.examples.into_iter().take(room));
        report_problems(run, batch.problems).await?;
        reviewed::report(run, batch.drifted).await?;
        run.progress(Phase::Plan, totals.skipped + totals.kept, None);
        Ok(true)
    }

    /// Everything is decided: counts what needed no decision, asks the guards.
    async fn end(&self, state: &State) -> Result<(), Halt> {
        let (run, totals) = (self.run, &state.totals);
        if run.options.applies.is_some() {
            reviewed::report_unmet(run).await?;
        }
        let unchanged = run
            .session
            .with(|session| session.unchanged_pairs())
            .await?;
        run.tally(|tally| tally.counts.skipped += totals.skipped + unchanged);
        if totals.deletes != Both::new(0, 0) {
            let since = run.now() - guard::WINDOW;
            let (recent, links) = run
                .session
                .with(move |session| {
                    let (_, links) = session.unseen_count(Side::Source)?;
                    Ok((session.deletes_since(since)?, links))
                })
                .await?;
            guard::check(
                totals.deletes,
                recent,
                links,
                confirmed(run, totals.deletes),
                &totals.examples,
            )
            .map_err(Halt::Guard)?;
        }
        reach(Point::Planned);
        if totals.kept > 0 && !run.options.simulate {
            note_fingerprint(run, &state.digest.hex()).await?;
        }
        Ok(())
    }
}

/// How many deletes an admin confirmed. Of those that were reviewed one by one, each that dropped out
/// since is one less.
fn confirmed(run: &RunContext, deletes: Both<u64>) -> Option<u64> {
    let left = deletes.source + deletes.target;
    match (run.options.applies, run.options.allow_deletes) {
        (Some(_), Some(reviewed)) => Some(reviewed.min(left)),
        (_, confirmed) => confirmed,
    }
}

/// The plan's content fingerprint is recorded; a redelivered trigger shows in the log, but never
/// blocks a genuine edit (case 39).
async fn note_fingerprint(run: &RunContext, plan_hash: &str) -> Result<(), Halt> {
    let (hash, now) = (fingerprint(run, plan_hash), run.now());
    if run
        .session
        .with(move |session| session.fingerprint(hash, now))
        .await?
    {
        tracing::info!(run = %run.run, "the same operations were planned within the last hour and not completed");
    }
    Ok(())
}

async fn report_problems(
    run: &RunContext,
    problems: Vec<(StagedPair, RecordProblem, Side)>,
) -> Result<(), Halt> {
    if problems.is_empty() {
        return Ok(());
    }
    let mut errors: Vec<NewError> = Vec::with_capacity(problems.len());
    let mut quarantined = Vec::new();
    for (staged, problem, side) in problems {
        let (id, data) = describe(&run.rules, &staged, side);
        errors.push(run.record_error(side, id, &problem, data));
        quarantined.push(staged);
    }
    let failed = errors.len() as u64;
    let now = run.now();
    run.session
        .with(move |session| session.quarantine(&quarantined, &errors, now))
        .await?;
    run.tally(|tally| tally.counts.failed += failed);
    Ok(())
}

fn describe(
    rules: &Rules,
    staged: &StagedPair,
    side: Side,
) -> (
    Option<tandem_domain::ids::RecordId>,
    Option<serde_json::Value>,
) {
    for side in [side, side.other()] {
        if let Observation::Live(seen) = staged.pair.sides.get(side) {
            return (
                Some(seen.id.clone()),
                Some(rules.redacted_canonical(&seen.record)),
            );
        }
    }
    let half = staged.pair.link.as_ref().and_then(|link| {
        link.sides
            .get(side)
            .as_ref()
            .or_else(|| link.sides.get(side.other()).as_ref())
    });
    (
        half.map(|half| half.id.clone()),
        half.map(|half| rules.redacted_canonical(&half.shadow)),
    )
}
