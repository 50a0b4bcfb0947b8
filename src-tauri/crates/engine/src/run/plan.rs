//! Deciding every pair: chunk by chunk, kept in the store, with a digest over all decisions and the
//! guards checked at the end, before the first write unless nothing can be deleted.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use tandem_domain::ids::{Both, Side};
use tandem_domain::link::LinkState;
use tandem_domain::plan::{ConflictChange, Decision, Intent, Observation, Pair};
use tandem_domain::policy::Policy;
use tandem_domain::record::ContentHash;

use super::context::RunContext;
use super::guard;
use super::halt::Halt;
use super::read::Read;
use super::reviewed::{self, Drifted};
use super::rules::{RecordProblem, Rules, id_of};
use crate::failpoints::{Point, reach};
use crate::ports::StoreError;
use crate::ports::events::Phase;
use crate::ports::history::{ErrorType, NewError};
use crate::ports::session::{PairProblem, PlannedPair, RunSession, StagedPair};

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

#[derive(Default)]
struct Planning {
    skipped: u64,
    kept: u64,
    deletes: Both<u64>,
    examples: Vec<String>,
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

struct Batch {
    planning: Planning,
    problems: Vec<(StagedPair, RecordProblem, Side)>,
    /// What was reviewed otherwise and is left alone.
    drifted: Vec<Drifted>,
}

/// Whether a create that may have landed before can be planned again at `side`: it would have been
/// found by its match key, or the system recognises the key it was sent with.
fn can_create_again(run: &RunContext, side: Side) -> CreateAgain {
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
enum CreateAgain {
    FoundByKey,
    SameKey,
    No,
}

/// What pairs are decided by.
struct Batching<'a> {
    rules: &'a Rules,
    policy: &'a Policy,
    now: DateTime<Utc>,
    again: Both<CreateAgain>,
    /// Only what was reviewed may be written.
    reviewed: bool,
}

impl Batching<'_> {
    /// Decides the next pairs and keeps what is to be done about them; `None` at the end.
    fn next(
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
pub(super) const fn writes(decision: &Decision) -> bool {
    decision.intents.source.is_some() || decision.intents.target.is_some()
}

/// Where a decision makes a record, if it does.
pub(super) fn created_side(decision: &Decision) -> Option<Side> {
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

/// A digest over all decisions, in order: what an admin reviewed is what is applied.
#[derive(Debug, Clone, Copy, Default)]
struct PlanDigest(u128);

impl PlanDigest {
    /// The digest of an empty plan: two configurations that would do the same have different plans.
    fn of(run: &RunContext) -> Self {
        let name = run.sync.config.name.as_str();
        Self(xxhash_rust::xxh3::xxh3_128(name.as_bytes()))
    }

    /// Pairs go by their records: where the store keeps a link depends on what else it keeps, other
    /// tenants' links included.
    fn add(&mut self, rules: &Rules, pair: &Pair, decision: &Decision) {
        use std::fmt::Write as _;
        let mut text = format!("{:032x}{:?}", self.0, decision.reason);
        for side in Side::BOTH {
            let known = pair.link.as_ref().and_then(|link| id_of(link, side));
            let id = match pair.sides.get(side) {
                Observation::Live(seen) => Some(&seen.id),
                Observation::Unchanged | Observation::Deleted => known.as_ref(),
            };
            // Writing to a String cannot fail.
            let _ = write!(text, "{id:?}");
            let _ = match decision.intents.get(side) {
                None => write!(text, "-"),
                Some(Intent::Create { fields }) => {
                    write!(text, "c{:?}", rules.schema.hash(fields).0)
                }
                Some(Intent::Update { id, patch, .. }) => {
                    write!(text, "u{id}{:?}", rules.schema.hash(patch).0)
                }
                Some(Intent::Delete { id, .. }) => write!(text, "d{id}"),
            };
        }
        self.0 = xxhash_rust::xxh3::xxh3_128(text.as_bytes());
    }

    fn hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// The plan's digest as the run's content fingerprint (TASK-015: configuration, direction, record
/// ids, here with content).
fn fingerprint(run: &RunContext, plan_hash: &str) -> ContentHash {
    let text = format!("{}{:?}{plan_hash}", run.sync.id, run.sync.config.direction);
    ContentHash(xxhash_rust::xxh3::xxh3_128(text.as_bytes()).to_be_bytes())
}
