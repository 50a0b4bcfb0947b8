//! Carries a history out: the real engine and store between two fake systems, on injected time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tandem_domain::conflict::ConflictState;
use tandem_domain::ids::{Both, ConflictId, Side};
use tandem_engine::ports::connector::NativeChange;
use tandem_engine::ports::history::{RunOptions, RunStatus, SyncHistory};
use tandem_engine::ports::store::{ConflictFilter, ConflictRecord, TenantStore};
use tandem_engine::run::{Opened, RunHandle};
use tandem_tests::fake::Effect;
use tandem_tests::world::World;
use tokio::sync::Notify;

use crate::ghost::{Ghost, name_of, tokens};
use crate::invariants;
use crate::operations::{History, Incident, Operation, Policies};
use crate::script::equip;

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
    /// The policies by now.
    policies: Policies,
    /// Whether every field is mapped.
    whole: bool,
    seen_effects: Both<usize>,
    seen_conflicts: BTreeSet<(ConflictId, u32)>,
}

/// Carries out a history and lets it come to rest. `Err`: an invariant does not hold, with the log.
pub(crate) fn play(history: &History) -> Checked {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    #[cfg(feature = "planted-bugs")]
    {
        use tandem_domain::planted::{plant, planted};
        let bug = planted();
        builder.on_thread_start(move || plant(bug));
    }
    let runtime = builder
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

fn config(policies: &Policies, whole: bool) -> serde_json::Value {
    let mut mapping = json!({ "name": "text", "x": "text" });
    if whole {
        mapping[UNMAPPED] = json!("text");
    }
    json!({
        "conflict": {
            "default": policies.default,
            "first_sync": policies.first_sync,
            "delete_conflict": policies.delete_conflict,
        },
        "deletes": policies.deletes,
        "mapping": mapping,
    })
}

/// The field that a mapping may lack.
const UNMAPPED: &str = "y";

/// A folder in memory where there is one: what is tested here is not the disk.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    tempfile::tempdir_in(memory)
        .or_else(|_| tempfile::tempdir())
        .expect("a temporary folder")
}

impl Machine {
    fn new(history: &History) -> Self {
        let world = World::on(folder(), config(&history.strategy, true));
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
            policies: history.strategy.clone(),
            whole: true,
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
                dies_at,
            } => {
                let options = RunOptions {
                    full: *full,
                    decisions_only: *decisions_only,
                    ..RunOptions::default()
                };
                self.run(options, incidents, *dies_at).await?;
            }
            Operation::SecondWorker {
                side,
                call,
                applied,
                answered,
            } => self.overtaken(*side, *call, *applied, *answered).await?,
            Operation::Decide => self.decide(),
            Operation::Strategy(policies) => {
                self.policies = policies.clone();
                self.world.reconfigure(config(policies, self.whole));
            }
            Operation::Mapping { whole } => self.map(*whole),
            Operation::BackUp(side) => self.world.side(*side).state().back_up(),
            Operation::Recover(side) => {
                let mut state = self.world.side(*side).state();
                self.ghost().recover(&mut state, *side);
            }
            Operation::Restart => self.world.restart(),
        }
        Ok(())
    }

    /// The mapping changes, unless it is so already.
    pub(crate) fn map(&mut self, whole: bool) {
        if whole != self.whole {
            self.whole = whole;
            self.world.reconfigure(config(&self.policies, whole));
            self.ghost().forget(UNMAPPED);
        }
    }

    /// A run with its incidents; `None` if the process died in it.
    pub(crate) async fn run(
        &mut self,
        options: RunOptions,
        incidents: &[Incident],
        dies_at: Option<u8>,
    ) -> Result<Option<SyncHistory>, String> {
        let died = Arc::new(Notify::new());
        if let Some(at) = dies_at {
            let (died, mut told) = (Arc::clone(&died), 0_u8);
            self.world.events.hook(Some(Box::new(move |_| {
                if told == at {
                    died.notify_one();
                }
                told = told.saturating_add(1);
            })));
        }
        for side in Side::BOTH {
            let script = self.script(side, incidents, &died);
            self.world.side(side).script(script);
        }
        let mut task = tokio::spawn(self.open(&self.world.store, options).await?.execute());
        let ended = tokio::select! {
            biased;
            ended = &mut task => Some(ended),
            () = died.notified() => None,
        };
        self.world.events.hook(None);
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
        let whole = incidents.is_empty() && !history.options.decisions_only;
        if whole && self.whole && history.status == RunStatus::Completed {
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

    pub(crate) async fn open(
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

    /// Hands the writes that landed since last time to the ghost; how many there were.
    pub(crate) fn landed(&mut self) -> Both<Landed> {
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

    pub(crate) fn conflicts(&self, state: ConflictState) -> Vec<ConflictRecord> {
        let filter = ConflictFilter {
            state: Some(state),
            limit: 1000,
            ..ConflictFilter::default()
        };
        self.world.store.conflicts(&filter).expect("conflicts")
    }

    pub(crate) fn look_at_conflicts(&mut self) -> Checked {
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

    pub(crate) fn decide(&self) {
        let standing = Both::new(self.standing(Side::Source), self.standing(Side::Target));
        for conflict in self.conflicts(ConflictState::Open) {
            let decision = self.ghost().choose(&conflict, &standing);
            self.world.decide_with(&conflict, decision);
        }
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
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
