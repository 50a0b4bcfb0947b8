//! Taking a run back: case 41, and what an ordinary run makes of it afterwards.

use chrono::TimeDelta;
use serde_json::json;
use tandem_domain::ids::{RecordId, RunId, Side};
use tandem_engine::ports::history::{
    ErrorType, OperationState, Reversibility, RunOptions, RunStatus, SyncHistory,
};
use tandem_engine::run::Opened;
use tandem_tests::fake::{Call, Reaction, fields};
use tandem_tests::world::World;

use crate::deletes::linked;

fn of(run: RunId) -> RunOptions {
    RunOptions {
        rolls_back: Some(run),
        ..RunOptions::default()
    }
}

async fn roll_back(world: &World, run: RunId) -> SyncHistory {
    world.run_adding_up(of(run)).await
}

/// A world where the run returned moved x from the source to the target, for all 5 pairs.
async fn moved() -> (World, Vec<(RecordId, RecordId)>, RunId) {
    let world = World::new(json!({}));
    let pairs: Vec<_> = (0..5)
        .map(|i| {
            world.seed(&fields(&[
                ("name", &format!("p{i}")),
                ("x", "1"),
                ("y", "1"),
            ]))
        })
        .collect();
    world.run().await;
    for (s, _) in &pairs {
        world.source.state().edit(s, "x", "new");
        world.source.state().edit(s, "y", "new");
    }
    let run = world.run().await;
    assert_eq!(run.counts.updated.target, 5, "{run:?}");
    (world, pairs, run.id)
}

#[tokio::test(start_paused = true)]
async fn case_41_a_field_edited_since_is_left_and_reported_and_all_else_is_put_back() {
    let (world, pairs, run) = moved().await;
    let old = world.store.changes(run, None, None, 100).unwrap();
    let (_, edited) = &pairs[2];
    world.target.state().edit(edited, "x", "a person's");
    let history = roll_back(&world, run).await;
    assert_eq!(history.status, RunStatus::Partial, "{history:?}");
    assert_eq!(history.options.rolls_back, Some(run));
    assert_eq!(history.counts.updated.target, 5);
    for (s, t) in &pairs {
        let change = old
            .iter()
            .find(|it| it.record_id.as_ref() == Some(t))
            .unwrap();
        for it in &change.fields {
            let now = world.target.state().field(t, it.field.as_str());
            if t == edited && it.field.as_str() == "x" {
                assert_eq!(
                    world.text(Side::Target, t, "x").as_deref(),
                    Some("a person's")
                );
            } else {
                assert_eq!(now, it.before, "{t} {}", it.field);
            }
        }
        assert_eq!(world.text(Side::Source, s, "x").as_deref(), Some("new"));
    }
    let reported: Vec<_> = world
        .errors()
        .into_iter()
        .filter(|it| it.run == history.id)
        .collect();
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0].error.error_type, ErrorType::Conflict);
    assert_eq!(reported[0].error.record_id.as_ref(), Some(edited));
    let said = &reported[0].error.message;
    assert!(said.contains("x ") && said.contains("a person's"), "{said}");
    // The person's edit is theirs to be carried over; nothing else moves.
    let (next, source, target) = world.run_counting().await;
    assert_eq!((source, target), (1, 0), "{next:?}");
    assert_eq!(
        world.text(Side::Source, &pairs[2].0, "x").as_deref(),
        Some("a person's")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_41_what_was_put_back_stays_until_somebody_edits_it() {
    let (world, pairs, run) = moved().await;
    let history = roll_back(&world, run).await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    for options in [
        RunOptions::default(),
        RunOptions {
            full: true,
            ..RunOptions::default()
        },
    ] {
        let before = world.effects();
        let next = world.run_with(options).await;
        assert_eq!(world.effects(), before, "{next:?}");
        assert!(world.conflicts().is_empty());
    }
    // Either side's next edit of that field is carried over as ever.
    world.source.state().edit(&pairs[0].0, "x", "newer");
    world.target.state().edit(&pairs[1].1, "x", "older");
    world.run().await;
    assert_eq!(
        world.text(Side::Target, &pairs[0].1, "x").as_deref(),
        Some("newer")
    );
    assert_eq!(
        world.text(Side::Source, &pairs[1].0, "x").as_deref(),
        Some("older")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_41_a_rollback_is_taken_back_like_any_run_and_twice_adds_nothing() {
    let (world, pairs, run) = moved().await;
    let first = roll_back(&world, run).await;
    let (before, again) = (world.effects(), roll_back(&world, run).await);
    assert_eq!(world.effects(), before, "all was put back: {again:?}");
    assert_eq!(again.status, RunStatus::Completed);
    let back = roll_back(&world, first.id).await;
    assert_eq!(back.status, RunStatus::Completed, "{back:?}");
    for (_, t) in &pairs {
        assert_eq!(world.text(Side::Target, t, "x").as_deref(), Some("new"));
    }
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_41_a_simulated_rollback_plans_and_sends_nothing() {
    let (world, _, run) = moved().await;
    let before = (
        world.counts(Side::Source),
        world.counts(Side::Target),
        world.effects(),
    );
    let options = RunOptions {
        simulate: true,
        ..of(run)
    };
    let history = world.run_with(options).await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(world.effects(), before.2);
    for (side, before) in [(Side::Source, before.0), (Side::Target, before.1)] {
        assert_eq!(
            world.counts(side).writes,
            before.writes,
            "no write reached the {side}"
        );
    }
    let planned = world.store.changes(history.id, None, None, 100).unwrap();
    assert_eq!(planned.len(), 5);
    for change in planned {
        assert_eq!(change.state, OperationState::Planned);
        assert_eq!(change.reversibility(), Reversibility::Full);
    }
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_41_records_a_run_made_are_deleted_and_not_made_again() {
    let (world, _) = linked(20, json!({})).await;
    let new = world
        .source
        .state()
        .add(fields(&[("name", "new"), ("x", "1")]));
    let other = world
        .source
        .state()
        .add(fields(&[("name", "other"), ("x", "1")]));
    let run = world.run().await;
    assert_eq!(run.counts.created.target, 2);
    let made = world.by_name(Side::Target, "other").remove(0);
    world.target.state().edit(&made, "x", "a person's");
    let history = roll_back(&world, run.id).await;
    assert_eq!(history.counts.deleted.target, 1, "{history:?}");
    assert_eq!(
        history.counts.failed, 1,
        "the edited one stays: {history:?}"
    );
    assert!(world.by_name(Side::Target, "new").is_empty());
    assert_eq!(world.by_name(Side::Target, "other").len(), 1);
    world.run().await;
    assert!(
        world.by_name(Side::Target, "new").is_empty(),
        "not made again"
    );
    assert!(
        world.text(Side::Source, &new, "x").is_some(),
        "nor deleted at its source"
    );
    assert_eq!(
        world.text(Side::Source, &other, "x").as_deref(),
        Some("a person's")
    );
    world.assert_idle().await;
    // Taking the rollback back makes it anew, and the pair is kept in step as before.
    let back = roll_back(&world, history.id).await;
    assert_eq!(back.counts.created.target, 1, "{back:?}");
    world.assert_idle().await;
    world.source.state().edit(&new, "x", "2");
    world.run().await;
    let anew = world.by_name(Side::Target, "new").remove(0);
    assert_eq!(world.text(Side::Target, &anew, "x").as_deref(), Some("2"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_33_deletes_of_a_rollback_are_guarded_and_confirmed_by_their_number() {
    let world = World::new(json!({}));
    for n in 0..20 {
        world
            .source
            .state()
            .add(fields(&[("name", &format!("p{n}")), ("x", "1")]));
    }
    let run = world.run().await;
    let refused = roll_back(&world, run.id).await;
    assert_eq!(refused.error_type, Some(ErrorType::Guard), "{refused:?}");
    assert_eq!(world.target.state().live().len(), 20);
    let wrong = RunOptions {
        allow_deletes: Some(19),
        ..of(run.id)
    };
    assert_eq!(
        world.run_with(wrong).await.error_type,
        Some(ErrorType::Guard)
    );
    let right = RunOptions {
        allow_deletes: Some(20),
        ..of(run.id)
    };
    let done = world.run_with(right).await;
    assert_eq!(done.status, RunStatus::Completed, "{done:?}");
    assert_eq!(world.target.state().live().len(), 0);
    world.assert_idle().await;
    assert_eq!(world.target.state().live().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_41_a_deleted_record_is_made_anew_and_not_deleted_again() {
    let (world, pairs) = linked(20, json!({})).await;
    world.source.state().delete(&pairs[0].0);
    let run = world.run().await;
    assert_eq!(run.counts.deleted.target, 1, "{run:?}");
    let changes = world.store.changes(run.id, None, None, 10).unwrap();
    assert!(matches!(
        changes[0].reversibility(),
        Reversibility::Partly(_)
    ));
    let history = roll_back(&world, run.id).await;
    assert_eq!(history.counts.created.target, 1, "{history:?}");
    let (again, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "{again:?}");
    assert_eq!(world.by_name(Side::Target, "p0").len(), 1);
    assert!(world.by_name(Side::Source, "p0").is_empty());
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_41_a_lost_race_is_reported_and_the_persons_value_is_carried_on() {
    let (world, pairs, run) = moved().await;
    let (_, t) = pairs[0].clone();
    let (faster, mut once) = (t.clone(), true);
    world.target.script(move |call, state| {
        if matches!(call, Call::Write(_)) && std::mem::take(&mut once) {
            state.edit(&faster, "x", "faster");
        }
        Reaction::Answer
    });
    let history = roll_back(&world, run).await;
    assert_eq!(history.status, RunStatus::Partial, "{history:?}");
    assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some("faster"));
    world.run().await;
    assert_eq!(
        world.text(Side::Source, &pairs[0].0, "x").as_deref(),
        Some("faster")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_41_a_lost_race_is_reported_on_the_side_where_it_was_lost() {
    for side in Side::BOTH {
        let (world, pairs) = linked(1, json!({})).await;
        let (s, t) = &pairs[0];
        let (from, edited, to, written) = match side {
            Side::Target => (&world.source, s, &world.target, t),
            Side::Source => (&world.target, t, &world.source, s),
        };
        from.state().edit(edited, "x", "new");
        let run = world.run().await;
        let (faster, mut once) = (written.clone(), true);
        to.script(move |call, state| {
            if matches!(call, Call::Write(_)) && std::mem::take(&mut once) {
                state.edit(&faster, "x", "faster");
            }
            Reaction::Answer
        });
        let history = roll_back(&world, run.id).await;
        let reported: Vec<_> = world
            .errors()
            .into_iter()
            .filter(|it| it.run == history.id)
            .map(|it| (it.error.side, it.error.record_id))
            .collect();
        assert_eq!(reported, [(Some(side), Some(written.clone()))]);
    }
}

#[tokio::test(start_paused = true)]
async fn case_41_a_rollback_cut_off_before_or_after_its_write_landed_is_settled_by_the_next_run() {
    for landed in [false, true] {
        let (mut world, pairs, run) = moved().await;
        world.target.script(move |call, _| match call {
            Call::Write(_) => Reaction::Hang { applied: landed },
            _ => Reaction::Answer,
        });
        let Opened::Ready(handle) = world.open(of(run)).await else {
            panic!("a rollback that opens");
        };
        let before = world.counts(Side::Target).writes;
        let died = tokio::spawn(handle.execute());
        while world.counts(Side::Target).writes == before {
            tokio::task::yield_now().await;
        }
        died.abort();
        world.target.unscript();
        world.restart();
        world.clock.advance(TimeDelta::minutes(5));
        let next = world.run().await;
        assert_eq!(next.status, RunStatus::Completed, "{next:?}");
        for (s, t) in &pairs {
            assert_eq!(
                world.text(Side::Target, t, "x").as_deref(),
                Some("1"),
                "{landed}"
            );
            assert_eq!(
                world.text(Side::Source, s, "x").as_deref(),
                Some("new"),
                "{landed}"
            );
        }
        world.assert_idle().await;
        assert!(world.conflicts().is_empty());
    }
}
