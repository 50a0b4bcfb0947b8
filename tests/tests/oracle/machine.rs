//! Carries a history out: the real engine and store between two fake systems, on injected time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tandem_domain::conflict::ConflictState;
use tandem_domain::ids::{Both, ConflictId, Side};
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass, NativeChange};
use tandem_engine::ports::history::{ErrorType, RunOptions, RunStatus, SyncHistory};
use tandem_engine::ports::store::{ConflictFilter, ConflictRecord, ErrorFilter, TenantStore};
use tandem_engine::run::{Opened, RunHandle};
use tandem_tests::fake::{Call, Effect, FakeSystem, Reaction, State, fault};
use tandem_tests::world::World;
use tokio::sync::Notify;

use crate::ghost::{Ghost, field_name, find, name_of, tokens};
use crate::invariants;
use crate::operations::{Abilities, Fault, History, Incident, Operation, Policies, What};

/// Runs after which everything has to be at rest, once nothing goes wrong any more.
const ROUNDS: u32 = 40;

/// What is wrong with the engine, in a sentence.
pub(crate) type Checked = Result<(), String>;

/// Writes that landed on one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Landed {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) deleted: u64,
}

impl Landed {
    fn count(effects: &[Effect]) -> Self {
        let mut landed = Self::default();
        for effect in effects {
            match effect.change {
                NativeChange::Create { .. } => landed.created += 1,
                NativeChange::Update { .. } => landed.updated += 1,
                NativeChange::Delete { .. } => landed.deleted += 1,
            }
        }
        landed
    }
}

/// A history under way.
pub(crate) struct Machine {
    pub(crate) world: World,
    pub(crate) ghost: Arc<Mutex<Ghost>>,
    seen_effects: Both<usize>,
    seen_conflicts: BTreeSet<(ConflictId, u32)>,
}

/// Carries out a history and lets it come to rest. `Err`: an invariant does not hold, with the log.
pub(crate) fn play(history: &History) -> Checked {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        // One store call at a time, so that the same history goes the same way again.
        .max_blocking_threads(1)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut machine = Machine::new(history);
        let outcome = machine.whole(history).await;
        outcome.map_err(|wrong| {
            let ghost = machine.ghost();
            format!("{wrong}\n{}\n{}", ghost.log.join("\n"), machine.systems())
        })
    })
}

fn config(policies: &Policies) -> serde_json::Value {
    json!({
        "conflict": {
            "default": policies.default,
            "first_sync": policies.first_sync,
            "delete_conflict": policies.delete_conflict,
        },
        "deletes": policies.deletes,
        "mapping": { "name": "text", "x": "text", "y": "text" },
    })
}

/// A folder in memory where there is one: what is tested here is not the disk.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    tempfile::tempdir_in(memory)
        .or_else(|_| tempfile::tempdir())
        .expect("a temporary folder")
}

impl Machine {
    fn new(history: &History) -> Self {
        let world = World::on(folder(), config(&history.strategy));
        for side in Side::BOTH {
            equip(&mut world.side(side).state(), history.abilities.get(side));
        }
        let mut ghost = Ghost::new(history.choices);
        for name in 0..history.common {
            world.seed(&ghost.fresh(&format!("n{name}")));
        }
        Self {
            world,
            ghost: Arc::new(Mutex::new(ghost)),
            seen_effects: Both::default(),
            seen_conflicts: BTreeSet::new(),
        }
    }

    pub(crate) fn ghost(&self) -> MutexGuard<'_, Ghost> {
        self.ghost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn whole(&mut self, history: &History) -> Checked {
        for operation in &history.operations {
            self.step(operation).await?;
        }
        self.come_to_rest().await?;
        invariants::at_rest(self)?;
        self.no_echo().await
    }

    async fn step(&mut self, operation: &Operation) -> Checked {
        self.ghost().note(format!("{operation:?}"));
        match operation {
            Operation::Person(act) => {
                let world = &self.world;
                self.ghost()
                    .act(act, |side, change| change(&mut world.side(side).state()));
            }
            Operation::Advance(minutes) => {
                self.world
                    .clock
                    .advance(TimeDelta::minutes(i64::from(*minutes)));
            }
            Operation::Skew(side, seconds) => {
                self.world.side(*side).state().skew = TimeDelta::seconds(*seconds);
            }
            Operation::Run {
                full,
                decisions_only,
                incidents,
            } => {
                let options = RunOptions {
                    full: *full,
                    decisions_only: *decisions_only,
                    ..RunOptions::default()
                };
                self.run(options, incidents).await?;
            }
            Operation::SecondWorker {
                side,
                call,
                applied,
                answered,
            } => self.overtaken(*side, *call, *applied, *answered).await?,
            Operation::Decide => self.decide(),
            Operation::Strategy(policies) => self.world.reconfigure(config(policies)),
            Operation::Restart => self.world.restart(),
        }
        Ok(())
    }

    /// A run with its incidents; `None` if the process died in it.
    async fn run(
        &mut self,
        options: RunOptions,
        incidents: &[Incident],
    ) -> Result<Option<SyncHistory>, String> {
        let died = Arc::new(Notify::new());
        for side in Side::BOTH {
            let script = self.script(side, incidents, &died);
            self.world.side(side).script(script);
        }
        let mut task = tokio::spawn(self.open(&self.world.store, options).await?.execute());
        let ended = tokio::select! {
            ended = &mut task => Some(ended),
            () = died.notified() => None,
        };
        self.world.source.unscript();
        self.world.target.unscript();
        let Some(ended) = ended else {
            task.abort();
            let _ = task.await;
            settle().await;
            self.world.restart();
            self.landed();
            self.ghost().note("  the process died");
            return Ok(None);
        };
        let history = ended
            .map_err(|error| format!("the run panicked: {error}"))?
            .map_err(|error| format!("the run's end could not be recorded: {error}"))?;
        let landed = self.landed();
        self.ghost().note(format!(
            "  run: {:?} {:?} {:?}",
            history.status, history.error_message, history.counts
        ));
        invariants::counts_add_up(&history, incidents.is_empty().then_some(landed))?;
        self.look_at_conflicts()?;
        if incidents.is_empty() && history.status == RunStatus::Completed {
            self.note_agreed();
        }
        Ok(Some(history))
    }

    /// Remembers what stands alike on both sides.
    fn note_agreed(&self) {
        let held = |side: Side| -> BTreeSet<BTreeSet<String>> {
            let state = self.world.side(side).state();
            let live = state.rows.values().filter(|row| !row.deleted);
            live.map(|row| tokens(row).collect()).collect()
        };
        let (source, target) = (held(Side::Source), held(Side::Target));
        let agreed = source.intersection(&target).cloned();
        self.ghost().agreed.extend(agreed);
    }

    /// What happens at each call of one system, as told by the incidents.
    fn script(
        &self,
        side: Side,
        incidents: &[Incident],
        died: &Arc<Notify>,
    ) -> impl FnMut(&Call, &mut State) -> Reaction + Send + use<> {
        let mut waiting: Vec<Incident> = incidents
            .iter()
            .filter(|incident| incident.side == side)
            .cloned()
            .collect();
        let (ghost, died) = (Arc::clone(&self.ghost), Arc::clone(died));
        let other = Arc::clone(self.world.side(side.other()));
        let (mut calls, mut down) = (0_u8, false);
        move |call, state| {
            let at = calls;
            calls = calls.saturating_add(1);
            if down {
                return Reaction::Fail(fault(ErrorClass::Connect));
            }
            let due = waiting
                .iter()
                .position(|incident| incident.call <= at && fits(&incident.fault, call, state));
            let Some(due) = due else {
                return Reaction::Answer;
            };
            let incident = waiting.remove(due);
            let mut ghost = ghost.lock().unwrap_or_else(PoisonError::into_inner);
            ghost.note(format!(
                "  at call {at} of the {side}: {:?}",
                incident.fault
            ));
            if let Fault::Person(act) = &incident.fault {
                interfere(&mut ghost, act, side, call, state, &other);
            }
            down = matches!(incident.fault, Fault::Down);
            if matches!(incident.fault, Fault::Crash { .. }) {
                died.notify_one();
            }
            reaction(&incident.fault)
        }
    }

    async fn open(
        &self,
        store: &Arc<dyn TenantStore>,
        options: RunOptions,
    ) -> Result<Box<RunHandle>, String> {
        for _ in 0..10 {
            match self.world.open_on(store, options).await {
                Opened::Ready(run) => return Ok(run),
                Opened::Joined(_) | Opened::Busy(_) => {
                    self.world.clock.advance(TimeDelta::seconds(61));
                }
                Opened::WaitUntil(at) => {
                    let now = tandem_engine::ports::Clock::now(&*self.world.clock);
                    self.world.clock.advance(at - now);
                }
            }
        }
        Err("no run can be opened, though nobody holds the lease".to_owned())
    }

    /// A run stands still at one of its calls until its lease is over and another process has run;
    /// then it goes on.
    async fn overtaken(&mut self, side: Side, call: u8, applied: bool, answered: bool) -> Checked {
        let (standing, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (stands, told) = (Arc::clone(&standing), Arc::clone(&go_on));
        let mut calls = 0_u8;
        self.world.side(side).script(move |_, _| {
            let at = calls;
            calls = calls.saturating_add(1);
            if at != call {
                return Reaction::Answer;
            }
            stands.notify_one();
            Reaction::Hold {
                told: Arc::clone(&told),
                applied,
                failure: (!answered).then(|| fault(ErrorClass::Timeout)),
            }
        });
        let first = self.open(&self.world.store, RunOptions::default()).await?;
        let mut task = tokio::spawn(first.execute());
        let ended = tokio::select! {
            ended = &mut task => Some(ended),
            () = standing.notified() => None,
        };
        self.world.side(side).unscript();
        if ended.is_none() {
            // Whatever else it had under way ends.
            settle().await;
            self.landed();
            self.ghost()
                .note("  it stands still, another process takes over");
            let second = self.world.another_store();
            self.world.clock.advance(TimeDelta::seconds(95));
            let handle = self.open(&second, RunOptions::default()).await?;
            let history = handle
                .execute()
                .await
                .map_err(|error| format!("the second worker: {error}"))?;
            let landed = self.landed();
            self.ghost().note(format!("  second worker: {history:?}"));
            invariants::counts_add_up(&history, Some(landed))?;
            self.ghost().note("  the first goes on");
            go_on.notify_one();
            let _ = task.await;
            let landed = self.landed();
            if landed != Both::default() {
                return Err(format!(
                    "results of a superseded lease are ignored: it wrote {landed:?} more"
                ));
            }
        } else {
            self.landed();
        }
        self.look_at_conflicts()
    }

    /// Hands the writes that landed since last time to the ghost; how many there were.
    fn landed(&mut self) -> Both<Landed> {
        let mut landed = Both::default();
        for side in Side::BOTH {
            let standing = self.standing(side.other());
            let seen = self.seen_effects.get_mut(side);
            let state = self.world.side(side).state();
            let new = state.effects.get(*seen..).unwrap_or_default();
            *seen += new.len();
            *landed.get_mut(side) = Landed::count(new);
            self.ghost
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .landed(side, new, &standing);
        }
        landed
    }

    fn conflicts(&self, state: ConflictState) -> Vec<ConflictRecord> {
        let filter = ConflictFilter {
            state: Some(state),
            limit: 1000,
            ..ConflictFilter::default()
        };
        self.world.store.conflicts(&filter).expect("conflicts")
    }

    fn look_at_conflicts(&mut self) -> Checked {
        for conflict in self.conflicts(ConflictState::Open) {
            if self.seen_conflicts.insert((conflict.id, conflict.revision)) {
                self.ghost()
                    .note(format!("  conflict {:?}", conflict.draft));
                invariants::conflict_exactly_when_both_differ(&conflict)?;
            }
        }
        Ok(())
    }

    /// The names that live on a side.
    fn standing(&self, side: Side) -> BTreeSet<String> {
        let state = self.world.side(side).state();
        let live = state.rows.values().filter(|row| !row.deleted);
        live.filter_map(name_of).collect()
    }

    fn decide(&self) {
        let standing = Both::new(self.standing(Side::Source), self.standing(Side::Target));
        for conflict in self.conflicts(ConflictState::Open) {
            let decision = self.ghost().choose(&conflict, &standing);
            self.world.decide_with(&conflict, decision);
        }
    }

    /// Nothing goes wrong any more, every conflict is decided, refused deletes are confirmed.
    async fn come_to_rest(&mut self) -> Checked {
        self.ghost().note("coming to rest");
        // A side whose deletes only a full listing shows is listed in full again.
        self.world.clock.advance(TimeDelta::hours(25));
        let (mut quiet, mut allow_deletes) = (0, None);
        for _ in 0..ROUNDS {
            let (history, wrote) = self.peaceful(false, allow_deletes).await?;
            allow_deletes = (history.error_type == Some(ErrorType::Guard))
                .then(|| self.confirmed(&history))
                .flatten();
            let idle = !wrote
                && self.is_settled(&history)
                && self.conflicts(ConflictState::Open).is_empty()
                && self.conflicts(ConflictState::Decided).is_empty();
            quiet = if idle { quiet + 1 } else { 0 };
            if quiet == 2 {
                return Ok(());
            }
        }
        Err(format!(
            "convergence at rest: not at rest after {ROUNDS} runs without faults"
        ))
    }

    /// A run without faults, every conflict decided before it; whether it wrote anything.
    async fn peaceful(
        &mut self,
        full: bool,
        allow_deletes: Option<u64>,
    ) -> Result<(SyncHistory, bool), String> {
        self.world.clock.advance(TimeDelta::minutes(10));
        self.decide();
        let options = RunOptions {
            full,
            allow_deletes,
            ..RunOptions::default()
        };
        let before = self.world.effects();
        let history = self.run(options, &[]).await?.ok_or("nobody died")?;
        Ok((history, self.world.effects() != before))
    }

    /// Nothing failed; but a record that bears the key of one that was unlinked may be held back.
    fn is_settled(&self, run: &SyncHistory) -> bool {
        let held_back = !self.ghost().unlinked.is_empty() && run.status == RunStatus::Partial;
        run.status == RunStatus::Completed || held_back
    }

    /// Everything listed again from the beginning tells nothing new either.
    async fn no_echo(&mut self) -> Checked {
        let (history, wrote) = self.peaceful(true, None).await?;
        if wrote || !self.is_settled(&history) {
            return Err(format!(
                "no echo: an idle full run did something: {history:?}"
            ));
        }
        Ok(())
    }

    /// The number of deletes that the refusal says may be confirmed.
    fn confirmed(&self, run: &SyncHistory) -> Option<u64> {
        let errors = self.world.store.errors(&ErrorFilter {
            run: Some(run.id),
            limit: 100,
            ..ErrorFilter::default()
        });
        errors.ok()?.iter().find_map(|row| {
            let remedy = row.error.details.get("remedy")?.as_str()?;
            let (_, number) = remedy.split_once("--allow-deletes ")?;
            number.trim_end_matches('.').parse().ok()
        })
    }

    fn systems(&self) -> String {
        let mut text = String::new();
        for side in Side::BOTH {
            for (id, fields) in self.world.side(side).state().live() {
                text += &format!("{side} {id}: {}\n", crate::ghost::show(&fields));
            }
        }
        text
    }
}

/// Lets everything that is not waiting for time or for us come to its end.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

fn equip(state: &mut State, abilities: &Abilities) {
    state.unique = abilities.unique.then_some("name");
    state.page_size = abilities.page_size;
    let can = &mut state.capabilities;
    can.changes = abilities.changes;
    can.conditional_writes = abilities.conditional_writes;
    can.idempotent_creates = abilities.idempotent_creates;
    can.writes_echo = abilities.writes_echo;
    can.bulk = abilities.bulk;
}

/// Whether a fault makes sense at a call: what breaks a connector's contract proves nothing.
fn fits(fault: &Fault, call: &Call, state: &State) -> bool {
    use tandem_engine::ports::connector::ChangeDetection;
    use tandem_tests::fake::Distortion;
    let listing = matches!(call, Call::List { .. });
    match fault {
        // Where names may be borne twice, a record that cannot be seen is made a second time.
        Fault::Listing(Distortion::Short | Distortion::Empty) if state.unique.is_none() => false,
        // A listing that hides a record but goes on to tell a cursor behind it would be a lie.
        Fault::Listing(Distortion::Short) => {
            listing && state.capabilities.changes == ChangeDetection::Full
        }
        Fault::Listing(_) => listing,
        Fault::AnswerLost => matches!(call, Call::Write(_)),
        _ => true,
    }
}

/// A person acts while a run is under way. Between the re-read and the write of a system without
/// conditional writes nobody can help, so nobody touches a field there that is about to be written.
fn interfere(
    ghost: &mut Ghost,
    act: &crate::operations::Act,
    side: Side,
    call: &Call,
    state: &mut State,
    other: &Arc<FakeSystem>,
) {
    let safe = |at: Side, conditional: bool| {
        conditional
            || matches!(call, Call::List { .. })
            || (at == side && matches!(call, Call::Get(_)))
    };
    let mut own = safe(side, state.capabilities.conditional_writes)
        || (act.side == side && spares(ghost, act, call, state));
    let mut others = safe(side.other(), other.state().capabilities.conditional_writes);
    if matches!(act.what, What::Create { .. }) {
        // The run may be about to make the same record.
        own &= state.unique.is_some();
        others &= other.state().unique.is_some();
    }
    if matches!(act.what, What::WriteBoth(_)) {
        own &= others;
        others = own;
    }
    ghost.act(act, |at, change| {
        if at == side && own {
            change(state);
        } else if at != side && others {
            change(&mut other.state());
        }
    });
}

/// Whether a person's write and the one of ours that is about to land in the same record leave each
/// other alone.
fn spares(ghost: &Ghost, act: &crate::operations::Act, call: &Call, state: &State) -> bool {
    let (Call::Write(operations), (name, What::Write(field))) = (call, ghost.meant(act)) else {
        return false;
    };
    let record = find(state, &format!("n{name}"));
    operations.iter().any(|operation| match &operation.change {
        NativeChange::Update { id, patch, .. } => {
            Some(id) == record.as_ref() && !patch.contains_key(field_name(field))
        }
        _ => false,
    })
}

fn reaction(what: &Fault) -> Reaction {
    let maybe = |class, applied: bool| {
        let error = ConnectorError {
            applied: Applied::Maybe,
            ..fault(class)
        };
        if applied {
            Reaction::ApplyThenFail(error)
        } else {
            Reaction::Fail(error)
        }
    };
    match what {
        Fault::Dropped | Fault::Down => Reaction::Fail(fault(ErrorClass::Connect)),
        Fault::AnswerLost => maybe(ErrorClass::Timeout, true),
        Fault::RateLimited => Reaction::Fail(fault(ErrorClass::RateLimited)),
        Fault::ServerError { applied } => maybe(ErrorClass::Transient, *applied),
        Fault::Truncated { applied } => maybe(ErrorClass::Protocol, *applied),
        Fault::Listing(how) => Reaction::Distort(*how),
        Fault::Person(_) => Reaction::Answer,
        Fault::Crash { applied } => Reaction::Hang { applied: *applied },
    }
}
