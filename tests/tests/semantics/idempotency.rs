//! The same thing twice (ARCH-IC-003).

use std::sync::Arc;

use serde_json::json;
use tandem_domain::ids::Side;
use tandem_engine::ports::connector::ErrorClass;
use tandem_engine::ports::history::{RunOptions, RunStatus};
use tandem_engine::run::Opened;
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;

#[tokio::test(start_paused = true)]
async fn case_38_a_second_trigger_joins_the_run_that_is_live() {
    let world = World::new(json!({}));
    world.source.state().add(fields(&[("name", "ann")]));
    let Opened::Ready(first) = world.open(RunOptions::default()).await else {
        panic!("the first opens")
    };
    let Opened::Joined(joined) = world.open(RunOptions::default()).await else {
        panic!("the second joins")
    };
    assert_eq!(joined, first.run_id());
    for options in [
        RunOptions {
            simulate: true,
            ..RunOptions::default()
        },
        RunOptions {
            full: true,
            ..RunOptions::default()
        },
        RunOptions {
            allow_deletes: Some(1),
            ..RunOptions::default()
        },
    ] {
        let Opened::Busy(busy) = world.open(options).await else {
            panic!("other parameters never join: {options:?}")
        };
        assert_eq!(busy, first.run_id());
    }
    assert_eq!(first.execute().await.unwrap().status, RunStatus::Completed);
    assert_eq!(world.target.state().live().len(), 1);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_39_test_002_a_second_genuine_edit_within_the_hour_is_synced() {
    let world = World::new(json!({}));
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1")]));
    world.run().await;
    for value in ["2", "3", "2"] {
        world.source.state().edit(&s, "x", value);
        let (_, _, target) = world.run_counting().await;
        assert_eq!(target, 1, "{value}");
        assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some(value));
        let (_, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "nothing is sent twice");
    }
}

#[tokio::test(start_paused = true)]
async fn a_simulation_writes_nothing_and_says_what_a_run_would_do() {
    let world = World::new(json!({}));
    let (s, _) = world.seed(&fields(&[("name", "ann"), ("x", "1")]));
    world.run().await;
    world.source.state().edit(&s, "x", "2");
    world.source.state().add(fields(&[("name", "new")]));
    let simulate = RunOptions {
        simulate: true,
        ..RunOptions::default()
    };
    let before = (world.effects(), world.counts(Side::Target).writes);
    let simulated = world.run_with(simulate).await;
    assert_eq!(
        (world.effects(), world.counts(Side::Target).writes),
        before,
        "no write reached a connector"
    );
    assert!(simulated.options.simulate);
    assert_eq!(
        (
            simulated.counts.created.target,
            simulated.counts.updated.target
        ),
        (1, 1)
    );
    assert_eq!(
        world
            .store
            .changes(simulated.id, None, None, 10)
            .unwrap()
            .len(),
        2
    );
    let real = world.run().await;
    assert_eq!(
        (real.counts.created, real.counts.updated),
        (simulated.counts.created, simulated.counts.updated)
    );
    assert_eq!(
        real.plan_hash, simulated.plan_hash,
        "what was shown is what was done"
    );
    world.assert_idle().await;
}

/// A first run writes while it still decides; what its simulation showed, what is counted and what
/// the next run finishes is the same as if it had not.
#[tokio::test(start_paused = true)]
async fn a_first_run_stopped_while_it_decides_counts_and_shows_all_of_its_plan() {
    let world = World::new(json!({}));
    world.both(|state| state.page_size = 100);
    for n in 0..1_000 {
        let name = format!("p{n}");
        world.source.state().add(fields(&[("name", &name)]));
    }
    let simulated = world
        .run_with(RunOptions {
            simulate: true,
            ..RunOptions::default()
        })
        .await;
    let mut writes = 0;
    world.target.script(move |call, _| {
        writes += u32::from(matches!(call, Call::Write(_)));
        if writes > 3 {
            Reaction::Fail(fault(ErrorClass::Authentication))
        } else {
            Reaction::Answer
        }
    });
    let stopped = world.run().await;
    assert_eq!(stopped.status, RunStatus::Partial, "{stopped:?}");
    let counts = stopped.counts;
    assert!(counts.succeeded > 0 && counts.skipped > 0, "{counts:?}");
    assert_eq!(
        (counts.processed, counts.failed),
        (1_000, 0),
        "what was not tried is counted as left: {counts:?}"
    );
    assert_eq!(stopped.plan_hash, simulated.plan_hash);
    world.target.unscript();
    let (rest, _, target) = world.run_counting().await;
    assert_eq!(rest.status, RunStatus::Completed);
    assert_eq!(target as u64, 1_000 - counts.succeeded);
    assert_eq!(world.target.state().live().len(), 1_000);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_is_closed_and_continued() {
    let mut world = World::new(json!({}));
    world.source.state().add(fields(&[("name", "ann")]));
    let Opened::Ready(first) = world.open(RunOptions::default()).await else {
        panic!("a run")
    };
    let first_id = first.run_id();
    drop(first);
    world.restart();
    let (Opened::WaitUntil(_) | Opened::Joined(_)) = world.open(RunOptions::default()).await else {
        panic!("its lease still stands")
    };
    world.clock.advance(chrono::TimeDelta::minutes(3));
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Completed);
    let first = world.store.run(first_id).unwrap();
    assert_eq!(first.status, RunStatus::Failed, "{first:?}");
    assert!(first.completed_at.is_some() && first.error_message.is_some());
    assert_eq!(Arc::clone(&world.target).state().live().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_stops_at_its_next_chunk_and_the_next_one_finishes() {
    let world = World::new(json!({}));
    for n in 0..300 {
        world
            .source
            .state()
            .add(fields(&[("name", &format!("p{n}"))]));
    }
    let Opened::Ready(run) = world.open(RunOptions::default()).await else {
        panic!("a run")
    };
    let (store, id, actor) = (Arc::clone(&world.store), run.run_id(), world.actor());
    let clock = Arc::clone(&world.clock);
    world.target.script(move |call, state| {
        if matches!(call, Call::Write(_)) && state.counts.writes == 1 {
            store.request_cancel(id, &actor).unwrap();
            clock.advance(chrono::TimeDelta::seconds(2));
        }
        Reaction::Answer
    });
    let history = run.execute().await.unwrap();
    assert_eq!(history.status, RunStatus::Failed, "{history:?}");
    assert!(history.error_message.unwrap().contains("cancelled"));
    let landed = world.target.state().live().len();
    assert!(landed < 300, "it stopped before the end: {landed}");
    assert!(
        world.store.alerts(None, 10).unwrap().is_empty(),
        "nobody is alarmed by their own wish"
    );
    world.target.unscript();
    world.run().await;
    assert_eq!(world.target.state().live().len(), 300);
    world.assert_idle().await;
}
