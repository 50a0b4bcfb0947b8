//! Promise 8: two tenants on one store, in one process. Whatever one of them does, and whatever is
//! wrong with its systems, the other's history is what it would have been alone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot see what it compares must stop"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;
use tandem_domain::conflict::Choice;
use tandem_domain::ids::{RecordId, Side};
use tandem_domain::record::NativeFields;
use tandem_engine::ports::connector::ErrorClass;
use tandem_engine::ports::history::{RunOptions, RunStatus};
use tandem_engine::ports::store::{ConflictFilter, RunFilter};
use tandem_engine::run::Opened;
use tandem_tests::fake::{Reaction, fault, fields};
use tandem_tests::world::World;

const HISTORIES: u64 = 20;
const STEPS: usize = 24;

/// A small generator of our own: the same steps for the same seed, whoever else draws.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % most
    }
}

/// One step of anybody's life with its two systems.
async fn step(world: &World, dice: &mut Dice, token: usize) {
    let side = if dice.below(2) == 0 {
        Side::Source
    } else {
        Side::Target
    };
    let system = world.side(side);
    let ids: Vec<RecordId> = system.state().live().into_keys().collect();
    let any = |dice: &mut Dice| {
        ids.get(dice.below(ids.len().max(1) as u64) as usize)
            .cloned()
    };
    match dice.below(12) {
        0..=3 => {
            if let Some(id) = any(dice) {
                let field = ["x", "y", "name"][dice.below(3) as usize];
                system
                    .state()
                    .edit(&id, field, format!("v{token}").as_str());
            }
        }
        4 => {
            system
                .state()
                .add(fields(&[("name", &format!("p{token}")), ("x", "1")]));
        }
        5 => {
            if let Some(id) = any(dice) {
                system.state().delete(&id);
            }
        }
        6 => {
            for conflict in world.conflicts() {
                let names: Vec<String> = conflict
                    .draft
                    .fields
                    .iter()
                    .map(|field| field.field.to_string())
                    .collect();
                if !names.is_empty() {
                    let choices: Vec<(&str, Choice)> = names
                        .iter()
                        .map(|name| (name.as_str(), Choice::Target))
                        .collect();
                    world.decide(&conflict, &choices);
                }
            }
        }
        7 => {
            system.script(|_, _| Reaction::Fail(fault(ErrorClass::Authentication)));
            world.run().await;
            system.unscript();
        }
        8 => world.clock.advance(TimeDelta::hours(7)),
        _ => {
            world.run().await;
        }
    }
}

/// What only a bad neighbour does: systems that fail until the circuit opens, that never answer, a
/// configuration that changes under way.
async fn misbehave(world: &mut World, dice: &mut Dice, token: usize) {
    match dice.below(5) {
        0 => {
            world
                .source
                .script(|_, _| Reaction::Fail(fault(ErrorClass::Connect)));
            for _ in 0..3 {
                world.run().await;
            }
            world.source.unscript();
        }
        1 => {
            world
                .target
                .script(|_, _| Reaction::ApplyThenFail(fault(ErrorClass::Timeout)));
            world.run().await;
            world.target.unscript();
        }
        2 => world.reconfigure(json!({
            "name": format!("contacts{token}"),
            "conflict": { "default": "source_wins" },
        })),
        3 => {
            for n in 0..40 {
                world
                    .source
                    .state()
                    .add(fields(&[("name", &format!("bulk{token}-{n}"))]));
            }
            world.run().await;
        }
        _ => step(world, dice, token).await,
    }
}

/// All that a tenant's people and systems can see of its history, but for when it was.
#[derive(Debug, PartialEq)]
struct Told {
    systems: [BTreeMap<RecordId, NativeFields>; 2],
    effects: (usize, usize),
    runs: Vec<String>,
    conflicts: Vec<String>,
    errors: Vec<String>,
    audit: Vec<String>,
    links: u64,
}

fn told(world: &World) -> Told {
    let runs = world.store.runs(&RunFilter {
        limit: 1_000,
        ..RunFilter::default()
    });
    let conflicts = world.store.conflicts(&ConflictFilter {
        limit: 1_000,
        ..ConflictFilter::default()
    });
    assert_eq!(world.store.verify_audit().unwrap().first_bad, None);
    let live = |side: Side| world.side(side).state().live();
    Told {
        systems: [live(Side::Source), live(Side::Target)],
        effects: world.effects(),
        runs: runs
            .unwrap()
            .iter()
            .map(|run| {
                format!(
                    "{} {:?} {:?} {:?} {:?} {} ms",
                    run.id,
                    run.status,
                    run.counts,
                    run.plan_hash,
                    run.error_message,
                    run.execution_time_ms
                )
            })
            .collect(),
        conflicts: conflicts
            .unwrap()
            .iter()
            .map(|it| {
                format!(
                    "{} {:?} {} {:?}",
                    it.id, it.state, it.revision, it.draft.kind
                )
            })
            .collect(),
        errors: world
            .errors()
            .iter()
            .map(|it| {
                let it = &it.error;
                format!(
                    "{} {:?} {:?} {}",
                    it.id, it.error_type, it.record_id, it.message
                )
            })
            .collect(),
        audit: world
            .store
            .audit(None, 1_000)
            .unwrap()
            .iter()
            .map(|it| format!("{} {} {} {}", it.seq, it.actor, it.action, it.subject))
            .collect(),
        links: world.store.totals().unwrap().links,
    }
}

async fn history(seed: u64, neighbour: bool) -> Told {
    let world = World::new(json!({}));
    let mut other = neighbour.then(|| world.beside("other", json!({})));
    let (mut mine, mut theirs) = (Dice(seed), Dice(!seed));
    for n in 0..4 {
        world.seed(&fields(&[("name", &format!("p{n}")), ("x", "1")]));
    }
    for token in 0..STEPS {
        if let Some(other) = &mut other {
            misbehave(other, &mut theirs, token).await;
        }
        step(&world, &mut mine, token).await;
    }
    if let Some(other) = other {
        let id = other.store.id();
        other.whole_store().remove_tenant(id).unwrap();
    }
    world.run().await;
    told(&world)
}

#[test]
fn promise_08_a_tenants_history_is_the_same_beside_any_other() {
    for seed in 0..HISTORIES {
        let run = |neighbour| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                // One store call at a time: else two windows of a run may be planned and written
                // down in either order, with a neighbour or without.
                .max_blocking_threads(1)
                .build()
                .unwrap()
                .block_on(history(seed, neighbour))
        };
        let (alone, beside) = (run(false), run(true));
        assert_eq!(alone, beside, "history {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_system_that_never_answers_holds_up_no_other_tenant() {
    let world = World::new(json!({}));
    let other = world.beside("other", json!({}));
    for n in 0..250 {
        let name = format!("p{n}");
        world.source.state().add(fields(&[("name", &name)]));
        other.source.state().add(fields(&[("name", &name)]));
    }
    other
        .target
        .script(|_, _| Reaction::Hang { applied: false });
    let Opened::Ready(hanging) = other.open(RunOptions::default()).await else {
        panic!("a run")
    };
    let hanging = tokio::spawn(hanging.execute());
    // The other one's call is under way, and stays so.
    while other.counts(Side::Source).lists == 0 {
        tokio::task::yield_now().await;
    }
    let before = tokio::time::Instant::now();
    let history = world.run_with(RunOptions::default()).await;
    assert_eq!(
        (history.status, history.counts.created.target),
        (RunStatus::Completed, 250),
        "{history:?}"
    );
    assert_eq!(before.elapsed().as_millis(), 0, "it waited for nobody");
    assert!(!hanging.is_finished());
    let ended = hanging.await.unwrap().unwrap();
    assert_eq!(ended.status, RunStatus::Failed, "{ended:?}");
    assert_eq!(Arc::clone(&world.target).state().live().len(), 250);
}
