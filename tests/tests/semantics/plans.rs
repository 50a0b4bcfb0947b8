//! Plans: what a simulation planned is applied as it was reviewed, and nothing else.

use serde_json::json;
use tandem_domain::ids::{RecordId, Side};
use tandem_engine::ports::connector::ErrorClass;
use tandem_engine::ports::history::{ErrorType, RunOptions, RunStatus, SyncHistory};
use tandem_engine::ports::store::RunFilter;
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;

use crate::deletes::linked;

const SIMULATE: RunOptions = RunOptions {
    simulate: true,
    full: false,
    allow_deletes: None,
    decisions_only: false,
    rolls_back: None,
    applies: None,
};

/// Simulates, and says which options apply that.
async fn reviewed(world: &World, options: RunOptions) -> (SyncHistory, RunOptions) {
    let writes = || Side::BOTH.map(|side| world.counts(side).writes);
    let before = writes();
    let simulation = world.run_with(options).await;
    assert_eq!(writes(), before, "a simulation sends no write at all");
    let apply = RunOptions {
        simulate: false,
        applies: Some(simulation.id),
        ..options
    };
    (simulation, apply)
}

/// Twenty pairs in step, of which p0 was edited at the source, p1 at the target, p2 on both sides, and
/// p3 deleted at the source; p20 is new.
async fn edited() -> (World, Vec<(RecordId, RecordId)>) {
    let world = World::new(json!({}));
    let pairs: Vec<_> = (0..20)
        .map(|at| {
            let name = format!("p{at}");
            world.seed(&fields(&[("name", &name), ("x", "1"), ("y", "1")]))
        })
        .collect();
    world.run().await;
    world.source.state().edit(&pairs[0].0, "x", "source");
    world.target.state().edit(&pairs[1].1, "x", "target");
    world.source.state().edit(&pairs[2].0, "x", "source");
    world.target.state().edit(&pairs[2].1, "y", "target");
    world.source.state().delete(&pairs[3].0);
    let new = fields(&[("name", "p20"), ("x", "1")]);
    world.source.state().add(new);
    (world, pairs)
}

#[tokio::test(start_paused = true)]
async fn no_simulation_sends_a_write_whatever_is_to_be_done() {
    let full = RunOptions {
        full: true,
        ..SIMULATE
    };
    let deletes = RunOptions {
        allow_deletes: Some(1),
        ..SIMULATE
    };
    // A first sync, edits of all kinds, and what an interrupted run left.
    let first = World::new(json!({}));
    let new = fields(&[("name", "p"), ("x", "1")]);
    first.source.state().add(new);
    let (edited, _) = edited().await;
    let (uncertain, pairs) = linked(10, json!({})).await;
    uncertain.source.state().edit(&pairs[0].0, "x", "2");
    uncertain.target.script(|call, _| match call {
        Call::Write(_) => Reaction::ApplyThenFail(fault(ErrorClass::Timeout)),
        _ => Reaction::Answer,
    });
    uncertain.run().await;
    uncertain.target.unscript();
    for world in [first, edited, uncertain] {
        for options in [SIMULATE, full, deletes] {
            reviewed(&world, options).await;
        }
        let store = world.store.runs(&RunFilter {
            simulated: Some(true),
            limit: 9,
            ..RunFilter::default()
        });
        assert_eq!(store.unwrap().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_applied_as_it_was_reviewed() {
    let (world, pairs) = edited().await;
    let (simulation, apply) = reviewed(&world, SIMULATE).await;
    let planned = world.store.changes(simulation.id, None, None, 100).unwrap();
    assert_eq!(planned.len(), 6, "{planned:?}");
    let hash = simulation.plan_hash.as_deref().unwrap();
    let found = world.store.planned(hash).unwrap().unwrap();
    assert_eq!(found.id, simulation.id);
    let history = world.run_adding_up(apply).await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(history.plan_hash, simulation.plan_hash, "the same plan");
    assert_eq!(history.options.applies, Some(simulation.id));
    for (planned, done) in planned
        .iter()
        .zip(world.store.changes(history.id, None, None, 100).unwrap())
    {
        assert_eq!((planned.side, planned.kind), (done.side, done.kind));
        assert_eq!(planned.fields, done.fields);
    }
    assert_eq!(world.errors(), []);
    assert_eq!(
        world.text(Side::Target, &pairs[0].1, "x").as_deref(),
        Some("source")
    );
    assert_eq!(world.by_name(Side::Target, "p20").len(), 1);
    world.assert_idle().await;
    // Asked for again there is nothing left of it.
    let (history, source, target) = {
        let before = world.effects();
        let history = world.run_with(apply).await;
        let after = world.effects();
        (history, after.0 - before.0, after.1 - before.1)
    };
    assert_eq!((source, target), (0, 0), "{history:?}");
    assert_eq!(history.status, RunStatus::Partial);
}

type Drift = fn(&World, &[(RecordId, RecordId)]);

/// What happens between review and application, which of p0…p3 drops out, and what is said of it.
const DRIFTS: [(&str, usize, &str, Drift); 9] = [
    (
        "the value that was to be sent",
        0,
        "since an update was reviewed, x changed",
        |world, pairs| world.source.state().edit(&pairs[0].0, "x", "later"),
    ),
    (
        "the value it was to replace",
        0,
        "no need for it",
        |world, pairs| world.target.state().edit(&pairs[0].1, "x", "a person's"),
    ),
    (
        "another field of the record",
        0,
        "since an update was reviewed, y changed",
        |world, pairs| world.source.state().edit(&pairs[0].0, "y", "later"),
    ),
    (
        "the same was done by hand",
        0,
        "no need for it",
        |world, pairs| world.target.state().edit(&pairs[0].1, "x", "source"),
    ),
    (
        "the edit was taken back",
        1,
        "no need for it",
        |world, pairs| world.target.state().edit(&pairs[1].1, "x", "1"),
    ),
    (
        "half of a merge",
        2,
        "an update of the source's record was reviewed, and is not to be sent",
        |world, pairs| world.target.state().edit(&pairs[2].1, "y", "1"),
    ),
    (
        "a delete where an update was reviewed",
        0,
        "an update was reviewed, and a delete would be sent now",
        |world, pairs| world.source.state().delete(&pairs[0].0),
    ),
    (
        "an edit of what was to be deleted",
        3,
        "no need for it",
        |world, pairs| world.target.state().edit(&pairs[3].1, "x", "kept"),
    ),
    (
        "the record came back",
        3,
        "no need for it",
        |world, pairs| {
            let back = fields(&[("name", "p3"), ("x", "1"), ("y", "1")]);
            world.source.state().put(&pairs[3].0, back);
        },
    ),
];

#[tokio::test(start_paused = true)]
async fn what_drifted_since_drops_out_and_is_shown() {
    for (what, pair, said, drift) in DRIFTS {
        let (world, pairs) = edited().await;
        let (_, apply) = reviewed(&world, SIMULATE).await;
        drift(&world, &pairs);
        let (s, t) = &pairs[pair];
        let row = |side: Side, id: &RecordId| world.side(side).state().rows.get(id).cloned();
        let before = (row(Side::Source, s), row(Side::Target, t));
        let history = world.run_adding_up(apply).await;
        assert_eq!(history.status, RunStatus::Partial, "{what}: {history:?}");
        let after = (row(Side::Source, s), row(Side::Target, t));
        assert_eq!(before, after, "{what}: it is left alone");
        let errors = world.errors();
        assert!(!errors.is_empty(), "{what}");
        for error in &errors {
            assert_eq!(error.error.error_type, ErrorType::Conflict);
            assert!(
                error.error.message.contains(said),
                "{what}: {}",
                error.error.message
            );
        }
        // All else was as reviewed.
        let others = [
            (0, Side::Target, "x", "source"),
            (1, Side::Source, "x", "target"),
            (2, Side::Target, "x", "source"),
        ];
        for (at, side, field, value) in others.into_iter().filter(|other| other.0 != pair) {
            let id = match side {
                Side::Source => &pairs[at].0,
                Side::Target => &pairs[at].1,
            };
            let now = world.text(side, id, field);
            assert_eq!(now.as_deref(), Some(value), "{what}: p{at}");
        }
        assert_eq!(world.by_name(Side::Target, "p20").len(), 1, "{what}");
        // Nothing that drifted is forgotten.
        world.run().await;
        world.assert_idle().await;
        let name = format!("p{pair}");
        let alike =
            world.by_name(Side::Source, &name).len() == world.by_name(Side::Target, &name).len();
        assert!(alike || world.conflicts().len() == 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reviewed_waits_for_the_next_run() {
    let (world, pairs) = edited().await;
    let (_, apply) = reviewed(&world, SIMULATE).await;
    world.source.state().edit(&pairs[7].0, "x", "later");
    world.source.state().delete(&pairs[8].0);
    let new = fields(&[("name", "p21"), ("x", "1")]);
    world.source.state().add(new);
    let strangers = fields(&[("name", "p22"), ("x", "1")]);
    world.both(|state| {
        state.add(strangers.clone());
    });
    let history = world.run_adding_up(apply).await;
    assert_eq!(history.status, RunStatus::Partial, "{history:?}");
    assert_eq!(world.errors(), [], "there is nothing to say of it");
    assert_eq!(
        world.text(Side::Target, &pairs[7].1, "x").as_deref(),
        Some("1")
    );
    assert!(world.text(Side::Target, &pairs[8].1, "x").is_some());
    assert_eq!(world.by_name(Side::Target, "p21").len(), 0);
    // A partner that appears meanwhile is met, not doubled.
    let partner = fields(&[("name", "p21"), ("x", "1")]);
    world.target.state().add(partner);
    let history = world.run_adding_up(RunOptions::default()).await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(
        world.text(Side::Target, &pairs[7].1, "x").as_deref(),
        Some("later")
    );
    assert!(world.text(Side::Target, &pairs[8].1, "x").is_none());
    for name in ["p21", "p22"] {
        for side in Side::BOTH {
            assert_eq!(world.by_name(side, name).len(), 1, "{name} at the {side}");
        }
    }
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_race_lost_while_applying_is_drift_too() {
    let (world, pairs) = edited().await;
    let (_, apply) = reviewed(&world, SIMULATE).await;
    let raced = pairs[0].1.clone();
    let mut once = true;
    world.target.script(move |call, state| {
        if matches!(call, Call::Write(_)) && std::mem::take(&mut once) {
            state.edit(&raced, "y", "a person's");
        }
        Reaction::Answer
    });
    let history = world.run_adding_up(apply).await;
    world.target.unscript();
    assert_eq!(history.status, RunStatus::Partial, "{history:?}");
    let errors = world.errors();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].error.message.contains("was not reviewed"),
        "{errors:?}"
    );
    assert_eq!(
        world.text(Side::Target, &pairs[0].1, "x").as_deref(),
        Some("1")
    );
    world.run().await;
    assert_eq!(
        world.text(Side::Target, &pairs[0].1, "x").as_deref(),
        Some("source")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn deletes_confirmed_for_a_plan_are_confirmed_for_its_application() {
    let (world, pairs) = linked(30, json!({})).await;
    for (s, _) in &pairs[..12] {
        world.source.state().delete(s);
    }
    let refused = world.run_with(SIMULATE).await;
    assert_eq!(refused.error_type, Some(ErrorType::Guard), "{refused:?}");
    let confirmed = RunOptions {
        allow_deletes: Some(12),
        ..SIMULATE
    };
    let (_, apply) = reviewed(&world, confirmed).await;
    // One drops out, another one was never reviewed.
    world.target.state().edit(&pairs[3].1, "x", "kept");
    world.source.state().delete(&pairs[20].0);
    let history = world.run_adding_up(apply).await;
    assert_eq!(history.counts.deleted.target, 11, "{history:?}");
    assert!(world.text(Side::Target, &pairs[3].1, "x").is_some());
    assert!(world.text(Side::Target, &pairs[20].1, "x").is_some());
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_stopped_application_is_not_left_to_an_ordinary_run() {
    let (world, _) = edited().await;
    let (_, apply) = reviewed(&world, SIMULATE).await;
    world.target.script(|call, _| match call {
        Call::Write(_) => Reaction::Fail(fault(ErrorClass::Rejected)),
        _ => Reaction::Answer,
    });
    let history = world.run_adding_up(apply).await;
    world.target.unscript();
    assert_ne!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(history.continue_at, None);
    assert_eq!(world.store.continuations().unwrap(), []);
    world.run().await;
    world.run().await;
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn only_a_simulation_of_the_same_sync_has_a_plan() {
    let (world, _) = edited().await;
    assert_eq!(world.store.planned("no such hash").unwrap(), None);
    let run = world.run().await;
    assert_eq!(world.store.planned(&run.plan_hash.unwrap()).unwrap(), None);
    let history = world
        .run_with(RunOptions {
            applies: Some(run.id),
            ..RunOptions::default()
        })
        .await;
    assert_eq!(history.status, RunStatus::Failed);
    assert!(
        history.error_message.unwrap().contains("was no simulation"),
        "a clear word"
    );
}
