//! Records made anew under their match key: whoever bears it already, be it parked, quarantined,
//! unlinked or back from the dead, is met as the partner and never joined by a second one.

use serde_json::json;
use tandem_domain::conflict::{ConflictDecision, ConflictKind, ConflictState};
use tandem_domain::ids::Side;
use tandem_engine::ports::connector::{ChangeDetection, ErrorClass};
use tandem_engine::ports::history::{RunOptions, RunStatus};
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;

use crate::deletes::linked;

const DECISIONS: RunOptions = RunOptions {
    simulate: false,
    full: false,
    allow_deletes: None,
    decisions_only: true,
    rolls_back: None,
    applies: None,
};

fn open(world: &World) -> Vec<ConflictKind> {
    let conflicts = world.conflicts();
    conflicts.iter().map(|it| it.draft.kind).collect()
}

#[tokio::test(start_paused = true)]
async fn case_17_a_deleted_record_is_not_restored_beside_the_one_made_anew() {
    // The target tells neither of deletes nor refuses a name twice: the new record comes first, as a
    // duplicate; that the linked one is gone shows only when it is about to be written.
    let policy = json!({ "conflict": { "delete_conflict": "edit_wins" } });
    let (world, pairs) = linked(10, policy).await;
    let (s, t) = &pairs[0];
    world.target.state().capabilities.changes = ChangeDetection::Since;
    world.target.state().delete(t);
    let anew = fields(&[("name", "p0"), ("x", "anew")]);
    world.target.state().add(anew);
    world.source.state().edit(s, "x", "2");
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "{history:?}");
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "{history:?}");
    assert_eq!(world.by_name(Side::Target, "p0").len(), 1);
    assert_eq!(open(&world), [ConflictKind::Pairing], "{history:?}");
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_17_a_record_made_anew_while_its_delete_is_parked_joins_that_conflict() {
    for side in Side::BOTH {
        let (world, pairs) = linked(10, json!({})).await;
        let (s, t) = &pairs[0];
        let (gone, kept) = match side {
            Side::Source => (s, t),
            Side::Target => (t, s),
        };
        world.side(side).state().delete(gone);
        world.side(side.other()).state().edit(kept, "x", "2");
        world.run().await;
        assert_eq!(open(&world), [ConflictKind::Delete]);
        world
            .side(side)
            .state()
            .add(fields(&[("name", "p0"), ("x", "anew")]));
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "{side}: {history:?}");
        assert_eq!(open(&world), [ConflictKind::Pairing], "{side}: {history:?}");
        let conflict = world.conflicts().remove(0);
        assert_eq!(conflict.revision, 2, "the same conflict, refreshed");
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_17_restoring_meets_a_record_made_anew_since_the_admin_looked() {
    for options in [DECISIONS, RunOptions::default()] {
        let (world, pairs) = linked(10, json!({})).await;
        let (s, t) = &pairs[0];
        world.target.state().delete(t);
        world.source.state().edit(s, "x", "2");
        world.run().await;
        let conflict = world.conflicts().remove(0);
        world.decide_with(&conflict, ConflictDecision::Restore);
        world
            .target
            .state()
            .add(fields(&[("name", "p0"), ("x", "anew")]));
        let before = world.effects();
        world.run_with(options).await;
        world.run().await;
        assert_eq!(world.effects(), before, "nobody is made or overwritten");
        let reopened = world.store.conflict(conflict.id).unwrap();
        assert_eq!(reopened.state, ConflictState::Open);
        assert_eq!(reopened.draft.kind, ConflictKind::Pairing);
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_17_a_tombstone_that_comes_back_meets_the_partner_made_anew() {
    let policy = json!({ "conflict": { "delete_conflict": "edit_wins" } });
    let (world, pairs) = linked(10, policy).await;
    let (s, _) = &pairs[0];
    world.source.state().delete(s);
    world.run().await;
    assert_eq!(world.by_name(Side::Target, "p0").len(), 0);
    let back = fields(&[("name", "p0"), ("x", "back")]);
    world.source.state().put(s, back);
    let anew = fields(&[("name", "p0"), ("x", "anew")]);
    world.target.state().add(anew);
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "{history:?}");
    assert_eq!(open(&world), [ConflictKind::Pairing], "{history:?}");
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_17_a_record_back_from_a_backup_is_reviewed_even_where_deletes_win() {
    let policy = json!({ "conflict": { "delete_conflict": "delete_wins" } });
    for made_anew in [false, true] {
        let (world, pairs) = linked(10, policy.clone()).await;
        let (s, t) = &pairs[0];
        world.source.state().delete(s);
        world.run().await;
        assert_eq!(world.text(Side::Target, t, "x"), None);
        if made_anew {
            let anew = fields(&[("name", "p0"), ("x", "anew")]);
            world.source.state().add(anew);
            world.run().await;
            assert_eq!(world.by_name(Side::Target, "p0").len(), 1);
        }
        let back = fields(&[("name", "p0"), ("x", "back")]);
        world.source.state().put(s, back);
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "{made_anew}: {history:?}");
        assert_eq!(
            world.text(Side::Source, s, "x").as_deref(),
            Some("back"),
            "nobody asked for it to be deleted again"
        );
        assert_eq!(world.conflicts().len(), 1, "{made_anew}: {history:?}");
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_20_a_deleted_record_is_not_restored_beside_two_that_bear_its_key() {
    let policy = json!({ "conflict": { "delete_conflict": "edit_wins" } });
    let (world, pairs) = linked(10, policy).await;
    let (s, t) = &pairs[0];
    world.target.state().delete(t);
    for x in ["one", "two"] {
        world
            .target
            .state()
            .add(fields(&[("name", "p0"), ("x", x)]));
    }
    world.source.state().edit(s, "x", "2");
    for _ in 0..2 {
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "{history:?}");
    }
    // One of them goes: the other stands for the deleted one.
    let two = world.by_name(Side::Target, "p0").remove(1);
    world.target.state().delete(&two);
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "{history:?}");
    world.run().await;
    assert_eq!(open(&world), [ConflictKind::Pairing]);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_47_a_record_made_anew_under_the_key_of_an_unlinked_pair_is_left_alone() {
    let (world, pairs) = linked(10, json!({})).await;
    let (s, t) = &pairs[0];
    world.target.state().delete(t);
    world.source.state().edit(s, "x", "2");
    world.run().await;
    let conflict = world.conflicts().remove(0);
    world.decide_with(&conflict, ConflictDecision::Unlink);
    world.run().await;
    world
        .target
        .state()
        .add(fields(&[("name", "p0"), ("x", "anew")]));
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "{history:?}");
    assert_eq!(history.counts.failed, 1, "it is told: {history:?}");
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "{history:?}");
    assert_eq!(history.status, RunStatus::Completed, "once: {history:?}");
    assert_eq!(world.text(Side::Source, s, "x").as_deref(), Some("2"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_43_what_a_side_is_owed_is_paid_after_its_partner_was_made_again() {
    let policy = json!({ "conflict": { "delete_conflict": "edit_wins" } });
    let (world, pairs) = linked(10, policy).await;
    let (s, t) = &pairs[0];
    world.target.state().edit(t, "x", "2");
    world.source.script(|call, _| match call {
        Call::Write(_) => Reaction::Fail(fault(ErrorClass::Rejected)),
        _ => Reaction::Answer,
    });
    world.run().await;
    world.source.unscript();
    assert_eq!(world.text(Side::Source, s, "x").as_deref(), Some("1"));
    // The edit is owed to the source by now; its only other holder goes.
    world.target.state().delete(t);
    world.source.state().edit(s, "y", "new");
    world.run().await;
    let made = world.by_name(Side::Target, "p0").remove(0);
    assert_eq!(world.text(Side::Target, &made, "x").as_deref(), Some("2"));
    world.run().await;
    assert_eq!(world.text(Side::Source, s, "x").as_deref(), Some("2"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_37_a_field_mapped_again_reaches_a_record_made_without_it() {
    let policy = |mapping: serde_json::Value| json!({ "conflict": { "delete_conflict": "edit_wins" }, "mapping": mapping });
    let whole = json!({ "name": "text", "x": "text", "y": "text" });
    let mut world = World::new(policy(whole.clone()));
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1"), ("y", "1")]));
    world.seed(&fields(&[("name", "bob"), ("x", "1"), ("y", "1")]));
    world.run().await;
    world.reconfigure(policy(json!({ "name": "text", "x": "text" })));
    world.source.state().delete(&s);
    world.target.state().edit(&t, "x", "2");
    world.run().await;
    let made = world.by_name(Side::Source, "ann").remove(0);
    assert_eq!(world.text(Side::Source, &made, "y"), None);
    world.assert_idle().await;
    world.reconfigure(policy(whole));
    world.run().await;
    assert_eq!(world.text(Side::Source, &made, "y").as_deref(), Some("1"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_43_what_is_owed_of_a_field_outlasts_a_mapping_without_it() {
    let policy = |mapping: serde_json::Value| json!({ "mapping": mapping });
    let whole = json!({ "name": "text", "x": "text", "y": "text" });
    let mut world = World::new(policy(whole.clone()));
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1"), ("y", "1")]));
    world.run().await;
    world.target.state().edit(&t, "y", "2");
    world.source.script(|call, _| match call {
        Call::Write(_) => Reaction::Fail(fault(ErrorClass::Rejected)),
        _ => Reaction::Answer,
    });
    world.run().await;
    world.source.unscript();
    world.reconfigure(policy(json!({ "name": "text", "x": "text" })));
    world.target.state().edit(&t, "x", "2");
    world.run().await;
    assert_eq!(world.text(Side::Source, &s, "x").as_deref(), Some("2"));
    assert_eq!(world.text(Side::Source, &s, "y").as_deref(), Some("1"));
    world.reconfigure(policy(whole));
    world.run().await;
    assert_eq!(world.text(Side::Source, &s, "y").as_deref(), Some("2"));
    world.assert_idle().await;
}
