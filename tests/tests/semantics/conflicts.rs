//! Contested fields: parked, decided, refreshed, closed.

use serde_json::json;
use tandem_domain::conflict::{Choice, ConflictDecision, ConflictKind, ConflictState};
use tandem_domain::ids::{RecordId, Side};
use tandem_domain::value::Value;
use tandem_engine::ports::history::{RunOptions, RunStatus};
use tandem_engine::run::Opened;
use tandem_tests::fake::{Call, Reaction, fields};
use tandem_tests::world::World;

pub(crate) const DECISIONS: RunOptions = RunOptions {
    simulate: false,
    full: false,
    allow_deletes: None,
    decisions_only: true,
    rolls_back: None,
    applies: None,
};

pub(crate) async fn contested(overrides: serde_json::Value) -> (World, RecordId, RecordId) {
    let world = World::new(overrides);
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1"), ("y", "1")]));
    world.run().await;
    world.source.state().edit(&s, "x", "source's");
    world.clock.advance(chrono::TimeDelta::minutes(10));
    world.target.state().edit(&t, "x", "target's");
    (world, s, t)
}

#[tokio::test(start_paused = true)]
async fn case_01_the_newer_edit_wins_after_the_clocks_are_corrected() {
    for (skew_seconds, want) in [
        (0, "target's"),
        (90, "target's"),
        (-90, "target's"),
        (-3600, "target's"),
    ] {
        let (world, s, t) = {
            let world = World::new(json!({ "conflict": { "default": "last_write_wins" } }));
            world.target.state().skew = chrono::TimeDelta::seconds(skew_seconds);
            let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1")]));
            world.run().await;
            world.source.state().edit(&s, "x", "source's");
            world.clock.advance(chrono::TimeDelta::minutes(10));
            world.target.state().edit(&t, "x", "target's");
            (world, s, t)
        };
        world.run().await;
        assert_eq!(
            world.text(Side::Source, &s, "x").as_deref(),
            Some(want),
            "skew {skew_seconds} s"
        );
        assert_eq!(
            world.text(Side::Target, &t, "x").as_deref(),
            Some(want),
            "skew {skew_seconds} s"
        );
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_02_03_times_that_do_not_tell_go_to_the_inbox() {
    // seconds between the edits, tolerance in ms → parked
    for (apart, tolerance, parked) in [(0, 2_000, true), (40, 60_000, true), (61, 60_000, false)] {
        let world = World::new(json!({
            "conflict": { "default": "last_write_wins" }, "clock_tolerance_ms": tolerance,
        }));
        let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1")]));
        world.run().await;
        world.source.state().edit(&s, "x", "source's");
        world.clock.advance(chrono::TimeDelta::seconds(apart));
        world.target.state().edit(&t, "x", "target's");
        world.run().await;
        assert_eq!(
            world.conflicts().len(),
            usize::from(parked),
            "{apart} s apart, tolerance {tolerance} ms"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn case_06_nothing_of_a_contested_record_is_written_until_it_is_decided() {
    let (world, s, t) = contested(json!({})).await;
    world.source.state().edit(&s, "y", "clean");
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0));
    assert_eq!(
        (history.status, history.counts.conflicts),
        (RunStatus::Partial, 1)
    );

    let conflict = world.conflicts().remove(0);
    assert_eq!(conflict.draft.kind, ConflictKind::Update);
    let field = |name: &str| {
        conflict
            .draft
            .fields
            .iter()
            .find(|f| f.field.as_str() == name)
            .unwrap()
    };
    let text = |value: &str| Some(Value::Text(value.into()));
    let x = field("x");
    assert_eq!(
        (&x.base, &x.source, &x.target),
        (&text("1"), &text("source's"), &text("target's"))
    );
    assert!(x.contested && !field("y").contested);

    let (history, source, target) = world.run_counting().await;
    assert_eq!(
        (source, target, history.counts.conflicts),
        (0, 0, 0),
        "an open conflict is not found again"
    );

    world.decide(&conflict, &[("x", Choice::Target)]);
    let history = world.run_with(DECISIONS).await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    for (side, id) in [(Side::Source, &s), (Side::Target, &t)] {
        assert_eq!(
            world.text(side, id, "x").as_deref(),
            Some("target's"),
            "{side}"
        );
        assert_eq!(
            world.text(side, id, "y").as_deref(),
            Some("clean"),
            "{side}"
        );
    }
    assert_eq!(
        world.store.conflict(conflict.id).unwrap().state,
        ConflictState::Resolved
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn test_005_each_policy_settles_a_two_way_sync_with_conflicts() {
    for (policy, want) in [
        ("last_write_wins", "target's"),
        ("source_wins", "source's"),
        ("target_wins", "target's"),
    ] {
        let (world, s, t) = contested(json!({ "conflict": { "default": policy } })).await;
        let history = world.run().await;
        assert_eq!(
            (history.status, history.counts.conflicts),
            (RunStatus::Completed, 0),
            "{policy}"
        );
        assert_eq!(
            world.text(Side::Source, &s, "x").as_deref(),
            Some(want),
            "{policy}"
        );
        assert_eq!(
            world.text(Side::Target, &t, "x").as_deref(),
            Some(want),
            "{policy}"
        );
        let changes = world.store.changes(history.id, None, None, 10).unwrap();
        let loser = if want == "target's" {
            "source's"
        } else {
            "target's"
        };
        assert!(
            changes
                .iter()
                .flat_map(|c| &c.losers)
                .any(|l| l.value == Value::Text(loser.into())),
            "the losing value stays in the journal: {changes:?}"
        );
        world.assert_idle().await;
    }
    // Per-field overrides beside a default.
    let (world, s, t) = contested(
        json!({ "conflict": { "default": "source_wins", "fields": { "x": "target_wins" } } }),
    )
    .await;
    world.run().await;
    assert_eq!(
        world.text(Side::Source, &s, "x"),
        world.text(Side::Target, &t, "x")
    );
    assert_eq!(
        world.text(Side::Source, &s, "x").as_deref(),
        Some("target's")
    );
}

#[tokio::test(start_paused = true)]
async fn test_005_a_decision_may_take_each_side_the_base_or_a_value_of_its_own() {
    let choices = [
        (Choice::Source, "source's"),
        (Choice::Target, "target's"),
        (Choice::Base, "1"),
        (Choice::Custom(Value::Text("neither".into())), "neither"),
    ];
    for (choice, want) in choices {
        let (world, s, t) = contested(json!({})).await;
        world.run().await;
        world.decide(&world.conflicts().remove(0), &[("x", choice.clone())]);
        world.run_with(DECISIONS).await;
        for (side, id) in [(Side::Source, &s), (Side::Target, &t)] {
            assert_eq!(
                world.text(side, id, "x").as_deref(),
                Some(want),
                "{choice:?} on the {side}"
            );
        }
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_28_a_record_edited_between_conflict_and_decision_reopens_fresh() {
    let (world, s, t) = contested(json!({})).await;
    world.run().await;
    let conflict = world.conflicts().remove(0);
    world.decide(&conflict, &[("x", Choice::Source)]);
    world.target.state().edit(&t, "x", "moved on");
    let before = world.effects();
    world.run_with(DECISIONS).await;
    assert_eq!(world.effects(), before, "zero writes");
    let open = world.conflicts();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].id, conflict.id, "the same conflict");
    assert!(open[0].revision > conflict.revision);
    let x = open[0]
        .draft
        .fields
        .iter()
        .find(|f| f.field.as_str() == "x")
        .unwrap();
    assert_eq!(x.target, Some(Value::Text("moved on".into())));
    world.decide(&open[0], &[("x", Choice::Target)]);
    world.run_with(DECISIONS).await;
    assert_eq!(
        world.text(Side::Source, &s, "x").as_deref(),
        Some("moved on")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_conflict_refreshes_when_a_side_moves_on_and_closes_when_they_agree() {
    let (world, s, t) = contested(json!({})).await;
    world.run().await;
    let first = world.conflicts().remove(0);
    world.source.state().edit(&s, "x", "again");
    world.run().await;
    let open = world.conflicts();
    assert_eq!(
        (open.len(), open[0].id),
        (1, first.id),
        "at most one open conflict per link"
    );
    assert!(open[0].revision > first.revision);
    world.source.state().edit(&s, "x", "target's");
    let (_, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0));
    assert_eq!(world.conflicts().len(), 0);
    let closed = world.store.conflict(first.id).unwrap();
    assert_eq!(closed.state, ConflictState::Closed);
    assert!(closed.closed.is_some(), "and says why");
    assert_eq!(
        world.text(Side::Target, &t, "x").as_deref(),
        Some("target's")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_46_a_decision_half_applied_is_finished_not_reopened() {
    let (world, s, t) = contested(json!({})).await;
    world.run().await;
    let conflict = world.conflicts().remove(0);
    world.decide(
        &conflict,
        &[("x", Choice::Custom(Value::Text("both".into())))],
    );
    world.source.script(|call, _| match call {
        Call::Write(_) => Reaction::Reject(vec![0]),
        _ => Reaction::Answer,
    });
    world.run_with(DECISIONS).await;
    assert_eq!(
        world.text(Side::Target, &t, "x").as_deref(),
        Some("both"),
        "half of it landed"
    );
    world.source.unscript();
    world.run_with(DECISIONS).await;
    assert_eq!(world.text(Side::Source, &s, "x").as_deref(), Some("both"));
    assert_eq!(
        world.store.conflict(conflict.id).unwrap().state,
        ConflictState::Resolved
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_30_a_restored_record_that_landed_before_the_process_died_is_not_made_twice() {
    let mut world = World::new(json!({}));
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1")]));
    world.seed(&fields(&[("name", "bob"), ("x", "1")]));
    world.run().await;
    world.target.state().delete(&t);
    world.source.state().edit(&s, "x", "2");
    world.run().await;
    let conflict = world.conflicts().remove(0);
    world.decide_with(&conflict, ConflictDecision::Restore);
    world.target.script(|call, _| match call {
        Call::Write(_) => Reaction::Hang { applied: true },
        _ => Reaction::Answer,
    });
    let before = world.counts(Side::Target).effects;
    let Opened::Ready(run) = world.open(DECISIONS).await else {
        panic!("a run")
    };
    let died = tokio::spawn(run.execute());
    while world.counts(Side::Target).effects == before {
        tokio::task::yield_now().await;
    }
    died.abort();
    let _ = died.await;
    world.target.unscript();
    world.clock.advance(chrono::TimeDelta::minutes(5));
    world.restart();
    // What only carries out decisions cannot tell whether it landed.
    world.run_with(DECISIONS).await;
    world.run().await;
    assert_eq!(world.by_name(Side::Target, "ann").len(), 1, "no duplicate");
    world.assert_idle().await;
    let conflict = world.store.conflict(conflict.id).unwrap();
    assert!(
        matches!(
            conflict.state,
            ConflictState::Resolved | ConflictState::Closed
        ),
        "{conflict:?}"
    );
}
