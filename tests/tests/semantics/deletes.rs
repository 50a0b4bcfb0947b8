//! Deletes: passed on, contested, guarded, never guessed.

use chrono::TimeDelta;
use serde_json::json;
use tandem_domain::conflict::{ConflictDecision, ConflictKind};
use tandem_domain::ids::{RecordId, Side};
use tandem_engine::ports::connector::{ChangeDetection, ErrorClass};
use tandem_engine::ports::history::{ErrorType, RunOptions, RunStatus};
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;

/// `n` records on both sides, linked by a first run.
pub(crate) async fn linked(
    n: usize,
    overrides: serde_json::Value,
) -> (World, Vec<(RecordId, RecordId)>) {
    let world = World::new(overrides);
    let pairs = (0..n)
        .map(|i| world.seed(&fields(&[("name", &format!("p{i}")), ("x", "1")])))
        .collect();
    world.run().await;
    (world, pairs)
}

#[tokio::test(start_paused = true)]
async fn case_14_a_delete_meets_an_unchanged_an_edited_and_a_deleted_partner() {
    for deleted_on in Side::BOTH {
        let other = deleted_on.other();
        let (world, pairs) = linked(10, json!({})).await;
        let id = |at: usize, side| {
            if side == Side::Source {
                &pairs[at].0
            } else {
                &pairs[at].1
            }
        };
        world.side(deleted_on).state().delete(id(0, deleted_on));
        world.side(deleted_on).state().delete(id(1, deleted_on));
        world.side(other).state().edit(id(1, other), "x", "edited");
        world.side(deleted_on).state().delete(id(2, deleted_on));
        world.side(other).state().delete(id(2, other));
        let history = world.run().await;
        assert_eq!(
            world.text(other, id(0, other), "x"),
            None,
            "unchanged: deleted there too"
        );
        assert_eq!(
            world.text(other, id(1, other), "x").as_deref(),
            Some("edited"),
            "edited: left alone"
        );
        assert_eq!(*history.counts.deleted.get(other), 1, "{history:?}");
        let conflicts = world.conflicts();
        assert_eq!(conflicts.len(), 1);
        assert_eq!(conflicts[0].draft.kind, ConflictKind::Delete);
        world.assert_idle().await;

        world.decide_with(&conflicts[0], ConflictDecision::Restore);
        world.run().await;
        assert_eq!(
            world.by_name(deleted_on, "p1").len(),
            1,
            "restored where it was deleted"
        );
        assert_eq!(world.by_name(other, "p1").len(), 1);
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_14_a_delete_conflict_decided_for_deleting_both() {
    let (world, pairs) = linked(10, json!({})).await;
    world.source.state().delete(&pairs[0].0);
    world.target.state().edit(&pairs[0].1, "x", "edited");
    world.run().await;
    world.decide_with(&world.conflicts().remove(0), ConflictDecision::DeleteBoth);
    world.run().await;
    assert_eq!(world.by_name(Side::Target, "p0").len(), 0);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_15_an_id_missing_from_a_listing_is_read_before_it_counts_as_deleted() {
    let (world, pairs) = linked(20, json!({})).await;
    world.source.state().capabilities.changes = ChangeDetection::Full;
    // One is gone for good, one merely forbidden, one left out by a stale listing.
    world.source.state().rows.remove(&pairs[0].0);
    let forbidden = pairs[1].0.clone();
    let (hidden, kept) = (
        pairs[2].0.clone(),
        world.source.state().rows[&pairs[2].0].clone(),
    );
    world.source.state().forbidden.push(forbidden.clone());
    world.source.state().rows.remove(&hidden);
    let gone = world.source.state().rows.remove(&forbidden);
    world.source.script(move |call, state| {
        if matches!(call, Call::Get(_)) {
            state.rows.insert(hidden.clone(), kept.clone());
        }
        Reaction::Answer
    });
    let history = world.run().await;
    assert_eq!(history.counts.deleted.target, 1, "{history:?}");
    assert_eq!(world.text(Side::Target, &pairs[0].1, "x"), None);
    assert_eq!(
        world.text(Side::Target, &pairs[1].1, "x").as_deref(),
        Some("1"),
        "forbidden is not deleted"
    );
    assert_eq!(
        world.text(Side::Target, &pairs[2].1, "x").as_deref(),
        Some("1"),
        "a direct read found it"
    );
    world.source.unscript();
    world.source.state().forbidden.clear();
    world.source.state().rows.insert(forbidden, gone.unwrap());
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_16_a_record_that_leaves_the_filter_is_paused_and_not_deleted() {
    let (world, pairs) = linked(20, json!({})).await;
    for (left, _) in &pairs {
        world.source.state().edit(left, "state", "active");
    }
    world.run().await;
    world.both(|state| state.capabilities.changes = ChangeDetection::Full);
    world.source.state().filter = Some(("state", "active"));
    world.assert_idle().await;
    // Both records of a pair are edited while one of them is outside, and one more pair goes on.
    let (s, t) = &pairs[0];
    world.source.state().edit(s, "state", "closed");
    world.source.state().edit(s, "x", "s2");
    world.target.state().edit(t, "name", "renamed");
    world.target.state().edit(&pairs[1].1, "x", "t2");
    for full in [false, true] {
        let history = world
            .run_with(RunOptions {
                full,
                ..RunOptions::default()
            })
            .await;
        assert_eq!(history.status, RunStatus::Completed, "{history:?}");
        assert_eq!(world.text(Side::Target, t, "x").as_deref(), Some("1"));
        assert_ne!(
            world.text(Side::Source, s, "name").as_deref(),
            Some("renamed")
        );
        // What is paused is read, and no more.
        world.assert_idle().await;
    }
    assert_eq!(
        world.text(Side::Source, &pairs[1].0, "x").as_deref(),
        Some("t2"),
        "the others go on"
    );
    // Back inside, everything that was done meanwhile is carried over.
    world.source.state().edit(s, "state", "active");
    let history = world.run().await;
    assert_eq!(history.counts.conflicts, 0, "{history:?}");
    assert_eq!(world.text(Side::Target, t, "x").as_deref(), Some("s2"));
    assert_eq!(
        world.text(Side::Source, s, "name").as_deref(),
        Some("renamed")
    );
    assert_eq!(world.source.state().live().len(), 20);
    assert_eq!(world.target.state().live().len(), 20);
    world.assert_idle().await;
}

/// A changes feed does not tell who left the filter since; who is paused stays so all the same.
#[tokio::test(start_paused = true)]
async fn case_16_who_is_paused_stays_so_until_a_listing_shows_it() {
    let (world, pairs) = linked(5, json!({})).await;
    let (s, t) = &pairs[0];
    world.source.state().filter = Some(("x", "1"));
    world.source.state().edit(s, "x", "2");
    let full = RunOptions {
        full: true,
        ..RunOptions::default()
    };
    world.run_with(full).await;
    world.target.state().edit(t, "name", "renamed");
    for _ in 0..2 {
        let (_, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "paused in incremental runs too");
    }
    world.source.state().filter = Some(("x", "2"));
    world.run_with(full).await;
    assert_eq!(
        world.text(Side::Source, s, "name").as_deref(),
        Some("renamed")
    );
    assert_eq!(world.text(Side::Target, t, "x").as_deref(), Some("2"));
    assert_eq!(world.target.state().live().len(), 5);
}

/// A record that was deleted for good is no paused one.
#[tokio::test(start_paused = true)]
async fn case_16_a_paused_record_that_is_deleted_takes_its_partner_along() {
    let (world, pairs) = linked(20, json!({})).await;
    let (s, t) = &pairs[0];
    world.both(|state| state.capabilities.changes = ChangeDetection::Full);
    world.source.state().filter = Some(("x", "1"));
    world.source.state().edit(s, "x", "2");
    world.run().await;
    world.source.state().delete(s);
    let history = world.run().await;
    assert_eq!(history.counts.deleted.target, 1, "{history:?}");
    assert!(!world.target.state().live().contains_key(t));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_33_an_empty_listing_is_refused_before_the_first_write() {
    let (world, _) = linked(12, json!({})).await;
    world.source.state().capabilities.changes = ChangeDetection::Full;
    let rows = std::mem::take(&mut world.source.state().rows);
    let (history, source, target) = world.run_counting().await;
    assert_eq!(
        (history.status, history.error_type),
        (RunStatus::Failed, Some(ErrorType::Guard))
    );
    assert_eq!((source, target), (0, 0));
    assert!(
        history.error_message.unwrap().contains("s1"),
        "it lists what it would delete"
    );
    world.source.state().rows = rows;
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_33_an_empty_listing_is_confirmed_by_what_the_plan_comes_to() {
    let (world, pairs) = linked(3, json!({})).await;
    world.source.state().capabilities.changes = ChangeDetection::Full;
    for (s, _) in &pairs {
        world.source.state().delete(s);
    }
    // Of this pair nothing is left to delete.
    world.target.state().delete(&pairs[0].1);
    for (confirmed, status) in [
        (None, RunStatus::Failed),
        (Some(3), RunStatus::Failed),
        (Some(2), RunStatus::Completed),
    ] {
        let options = RunOptions {
            allow_deletes: confirmed,
            ..RunOptions::default()
        };
        let history = world.run_with(options).await;
        assert_eq!(history.status, status, "{confirmed:?}: {history:?}");
    }
    assert_eq!(world.target.state().live().len(), 0);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_33_more_deletes_than_the_threshold_need_the_exact_count() {
    let (world, pairs) = linked(30, json!({})).await;
    for (s, _) in &pairs[..12] {
        world.source.state().delete(s);
    }
    let (history, _, target) = world.run_counting().await;
    assert_eq!(
        (history.error_type, target),
        (Some(ErrorType::Guard), 0),
        "{history:?}"
    );
    for (confirmed, status) in [(11, RunStatus::Failed), (12, RunStatus::Completed)] {
        let options = RunOptions {
            allow_deletes: Some(confirmed),
            ..RunOptions::default()
        };
        assert_eq!(
            world.run_with(options).await.status,
            status,
            "{confirmed} confirmed"
        );
    }
    assert_eq!(world.target.state().live().len(), 18);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_33_deletes_of_24_hours_are_added_up_run_by_run() {
    let (world, pairs) = linked(1_010, json!({})).await;
    let (many, few) = pairs.split_at(999);
    for (s, _) in many {
        world.source.state().delete(s);
    }
    let confirmed = RunOptions {
        allow_deletes: Some(999),
        ..RunOptions::default()
    };
    assert_eq!(world.run_with(confirmed).await.counts.deleted.target, 999);
    world.clock.advance(TimeDelta::hours(1));
    world.source.state().delete(&few[0].0);
    assert_eq!(world.run().await.counts.deleted.target, 1, "the thousandth");
    world.source.state().delete(&few[1].0);
    world.clock.advance(TimeDelta::hours(22));
    let (history, _, target) = world.run_counting().await;
    assert_eq!((history.error_type, target), (Some(ErrorType::Guard), 0));
    let why = history.error_message.unwrap();
    assert!(why.contains("1000 that were deleted"), "{why}");
    // A day later they no longer count.
    world.clock.advance(TimeDelta::hours(2));
    assert_eq!(world.run().await.counts.deleted.target, 1);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_24_a_listing_that_fails_midway_deletes_nothing_and_moves_no_cursor() {
    let (world, pairs) = linked(20, json!({})).await;
    world.source.state().capabilities.changes = ChangeDetection::Full;
    world.source.state().rows.remove(&pairs[19].0);
    let mut pages = 0;
    world.source.script(move |call, _| match call {
        Call::List { .. } => {
            pages += 1;
            if pages >= 3 {
                Reaction::Fail(fault(ErrorClass::Rejected))
            } else {
                Reaction::Answer
            }
        }
        _ => Reaction::Answer,
    });
    let before = world
        .store
        .side_progress(world.store.syncs().unwrap()[0].id)
        .unwrap();
    let (history, _, target) = world.run_counting().await;
    assert_eq!(
        (history.status, target),
        (RunStatus::Failed, 0),
        "{history:?}"
    );
    let after = world
        .store
        .side_progress(world.store.syncs().unwrap()[0].id)
        .unwrap();
    assert_eq!(before, after, "the cursor stays");
    world.source.unscript();
    let history = world.run().await;
    assert_eq!(history.counts.deleted.target, 1);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_47_ignored_deletes_and_unlinked_pairs_are_never_resurrected() {
    let (world, pairs) = linked(10, json!({ "deletes": "ignore" })).await;
    world.source.state().delete(&pairs[0].0);
    let (_, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0));
    let (_, source, target) = {
        let before = world.effects();
        world
            .run_with(RunOptions {
                full: true,
                ..RunOptions::default()
            })
            .await;
        let after = world.effects();
        ((), after.0 - before.0, after.1 - before.1)
    };
    assert_eq!(
        (source, target),
        (0, 0),
        "a full compare does not bring it back"
    );
    assert_eq!(world.by_name(Side::Source, "p0").len(), 0);
    assert_eq!(world.by_name(Side::Target, "p0").len(), 1);
    world.assert_idle().await;
}
