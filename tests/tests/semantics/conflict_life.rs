//! A conflict and its decision through their life: kept over crashes and failures, taken back, void,
//! closed; values brought back; pairs unlinked and linked anew.

#![expect(
    clippy::expect_used,
    reason = "a test fails where what it needs is not there"
)]

use serde_json::json;
use tandem_domain::conflict::{
    Choice, CloseReason, ConflictDecision, ConflictDraft, ConflictKind, ConflictState,
};
use tandem_domain::ids::{Both, ConflictId, FieldName, RecordId, Side};
use tandem_domain::link::LinkState;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::ErrorClass;
use tandem_engine::ports::history::RunStatus;
use tandem_engine::ports::pairs::NewRestoration;
use tandem_engine::ports::store::ConflictRecord;
use tandem_engine::ports::{Clock as _, StoreError};
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;
use uuid::Uuid;

use crate::conflicts::{DECISIONS, contested};
use crate::deletes::linked;

fn x(world: &World, s: &RecordId, t: &RecordId) -> [String; 2] {
    [(Side::Source, s), (Side::Target, t)].map(|(side, id)| world.text(side, id, "x").expect("x"))
}

fn state(world: &World, conflict: &ConflictRecord) -> (ConflictState, Option<CloseReason>) {
    let now = world.store.conflict(conflict.id).expect("a conflict");
    (now.state, now.closed)
}

#[tokio::test(start_paused = true)]
async fn a_decision_outlasts_failed_runs_and_a_restart() {
    let (mut world, s, t) = contested(json!({})).await;
    world.run().await;
    let conflict = world.conflicts().remove(0);
    world.decide(&conflict, &[("x", Choice::Source)]);
    world
        .target
        .script(|_, _| Reaction::Fail(fault(ErrorClass::Connect)));
    for _ in 0..2 {
        assert_eq!(world.run_with(DECISIONS).await.status, RunStatus::Failed);
        world.restart();
        assert_eq!(state(&world, &conflict).0, ConflictState::Decided);
    }
    world.target.unscript();
    // The circuit has opened meanwhile.
    world.clock.advance(chrono::TimeDelta::minutes(6));
    world.run().await;
    assert_eq!(state(&world, &conflict).0, ConflictState::Resolved);
    assert_eq!(x(&world, &s, &t), ["source's", "source's"]);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_decision_taken_back_writes_nothing_and_one_half_written_stays() {
    let (world, s, t) = contested(json!({})).await;
    world.run().await;
    let conflict = world.conflicts().remove(0);
    world.decide(&conflict, &[("x", Choice::Source)]);
    world
        .store
        .undo_decision(conflict.id, &world.actor())
        .unwrap();
    let (_, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0));
    assert_eq!(state(&world, &conflict).0, ConflictState::Open);

    world.decide(
        &conflict,
        &[("x", Choice::Custom(Value::Text("both".into())))],
    );
    world.source.script(|call, _| match call {
        Call::Write(_) => Reaction::Reject(vec![0]),
        _ => Reaction::Answer,
    });
    world.run_with(DECISIONS).await;
    assert_eq!(x(&world, &s, &t), ["source's", "both"]);
    let late = world.store.undo_decision(conflict.id, &world.actor());
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    world.source.unscript();
    world.run().await;
    assert_eq!(x(&world, &s, &t), ["both", "both"]);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_void_where_both_sides_agree_on_something_else() {
    let (world, s, t) = contested(json!({})).await;
    world.run().await;
    let conflict = world.conflicts().remove(0);
    world.decide(&conflict, &[("x", Choice::Source)]);
    world.source.state().edit(&s, "x", "peace");
    world.target.state().edit(&t, "x", "peace");
    let before = world.effects();
    world.run_with(DECISIONS).await;
    assert_eq!(world.effects(), before, "zero writes");
    let closed = (ConflictState::Closed, Some(CloseReason::MovedOn));
    assert_eq!(state(&world, &conflict), closed);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_void_where_both_records_are_gone() {
    let wishes = [
        (
            ConflictDecision::Fields(
                [(FieldName::new("x").expect("a name"), Choice::Source)].into(),
            ),
            (ConflictState::Closed, Some(CloseReason::BothDeleted)),
        ),
        (
            ConflictDecision::Restore,
            (ConflictState::Closed, Some(CloseReason::BothDeleted)),
        ),
        (
            ConflictDecision::DeleteBoth,
            (ConflictState::Resolved, None),
        ),
    ];
    for (wish, end) in wishes {
        let (world, pairs) = linked(10, json!({})).await;
        let (s, t) = &pairs[0];
        world.target.state().edit(t, "x", "target");
        let fields = matches!(wish, ConflictDecision::Fields(_));
        if fields {
            world.source.state().edit(s, "x", "source");
        } else {
            world.source.state().delete(s);
        }
        world.run().await;
        let conflict = world.conflicts().remove(0);
        world.decide_with(&conflict, wish.clone());
        if fields {
            world.source.state().delete(s);
        }
        world.target.state().delete(t);
        let before = world.effects();
        world.run().await;
        assert_eq!(world.effects(), before, "{wish:?}");
        assert_eq!(state(&world, &conflict), end, "{wish:?}");
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_says_why_it_closed_by_itself() {
    type End = fn(&mut World, &RecordId, &RecordId);
    let ends: [(CloseReason, End); 3] = [
        (CloseReason::SidesAgree, |world, s, _| {
            world.source.state().edit(s, "x", "target's");
        }),
        (CloseReason::BothDeleted, |world, s, t| {
            world.source.state().delete(s);
            world.target.state().delete(t);
        }),
        (CloseReason::PolicyDecided, |world, s, _| {
            world.reconfigure(json!({ "conflict": { "default": "source_wins" } }));
            // A policy is asked when a side has something to say.
            world.source.state().edit(s, "x", "again");
        }),
    ];
    for (why, end) in ends {
        let (mut world, s, t) = contested(json!({})).await;
        // Others, so that one delete is not all there is.
        for n in 0..10 {
            world.seed(&fields(&[("name", &format!("other {n}")), ("x", "1")]));
        }
        world.run().await;
        let conflict = world.conflicts().remove(0);
        end(&mut world, &s, &t);
        world.run().await;
        let closed = (ConflictState::Closed, Some(why));
        assert_eq!(state(&world, &conflict), closed);
        assert!(world.conflicts().is_empty(), "{why:?}");
        world.assert_idle().await;
    }
}

/// Asks for a value of `x` to be brought back, as it is known now.
fn restore(world: &World, s: &RecordId, value: &str) -> Result<ConflictRecord, StoreError> {
    let pair = world.store.pair_of(world.sync().id, Side::Source, s)?;
    let field = FieldName::new("x").expect("a field");
    let schema = world.sync().config.mapping.schema();
    let run = world.store.runs(&tandem_engine::ports::store::RunFilter {
        limit: 1,
        ..Default::default()
    })?;
    let draft =
        ConflictDraft::restoring(&pair.link, &schema, &field, "it lost".into()).expect("a pair");
    assert_eq!(draft.kind, ConflictKind::Restoration);
    let value = Choice::Custom(Value::Text(value.into()));
    let new = NewRestoration {
        conflict: ConflictId(Uuid::from_u128(
            u128::from(run[0].id.0.as_u128() as u64) << 32,
        )),
        link: pair.id,
        run: run[0].id,
        draft,
        decision: ConflictDecision::Fields([(field, value)].into()),
        note: None,
        not_before: world.clock.now(),
    };
    world.store.restore(&new, &world.actor())
}

#[tokio::test(start_paused = true)]
async fn a_losing_value_comes_back_once_and_a_half_written_one_is_finished() {
    let (world, s, t) = contested(json!({ "conflict": { "default": "source_wins" } })).await;
    world.run().await;
    assert_eq!(x(&world, &s, &t), ["source's", "source's"]);
    let kept = restore(&world, &s, "target's").unwrap();
    assert_eq!(kept.state, ConflictState::Decided);
    world.source.script(|call, _| match call {
        Call::Write(_) => Reaction::Reject(vec![0]),
        _ => Reaction::Answer,
    });
    world.run_with(DECISIONS).await;
    assert_eq!(x(&world, &s, &t), ["source's", "target's"]);
    world.source.unscript();
    let (_, source, target) = world.run_counting().await;
    assert_eq!((source, target), (1, 0), "only what is owed");
    assert_eq!(x(&world, &s, &t), ["target's", "target's"]);
    assert_eq!(state(&world, &kept).0, ConflictState::Resolved);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_value_is_not_brought_back_over_an_edit_or_a_delete() {
    type Change = fn(&World, &RecordId, &RecordId);
    let changes: [(&str, Change); 3] = [
        ("source", |world, s, _| {
            world.source.state().edit(s, "x", "new");
        }),
        ("target", |world, _, t| {
            world.target.state().edit(t, "x", "new");
        }),
        ("both differently", |world, s, t| {
            world.source.state().edit(s, "x", "new");
            world.target.state().edit(t, "x", "newer");
        }),
    ];
    for (who, change) in changes {
        let (world, s, t) = contested(json!({ "conflict": { "default": "source_wins" } })).await;
        world.run().await;
        let kept = restore(&world, &s, "target's").unwrap();
        change(&world, &s, &t);
        let (effects, says) = (world.effects(), x(&world, &s, &t));
        world.run_with(DECISIONS).await;
        assert_eq!(world.effects(), effects, "{who}: zero writes");
        assert_eq!(x(&world, &s, &t), says, "{who}");
        // What is left is an ordinary disagreement, or none.
        world.run().await;
        assert_ne!(state(&world, &kept).0, ConflictState::Decided, "{who}");
        assert_eq!(x(&world, &s, &t), ["new", "new"], "{who}");
        world.assert_idle().await;
    }
    // Deleted meanwhile: it is no value's business to make the record again.
    let (world, s, t) = contested(json!({ "conflict": { "default": "source_wins" } })).await;
    for n in 0..10 {
        world.seed(&fields(&[("name", &format!("other {n}")), ("x", "1")]));
    }
    world.run().await;
    restore(&world, &s, "target's").unwrap();
    world.target.state().delete(&t);
    world.run_with(DECISIONS).await;
    assert_eq!(world.text(Side::Target, &t, "x"), None);
    assert_eq!(
        world.text(Side::Source, &s, "x").as_deref(),
        Some("source's")
    );
}

#[tokio::test(start_paused = true)]
async fn case_47_a_pair_linked_anew_reads_what_no_listing_told_of() {
    let (world, s, t) = contested(json!({})).await;
    world.run().await;
    let conflict = world.conflicts().remove(0);
    world.decide_with(&conflict, ConflictDecision::Unlink);
    world.run().await;
    let sync = world.sync().id;
    let pair = |world: &World| world.store.pair_of(sync, Side::Source, &s).unwrap();
    assert_eq!(pair(&world).link.state, LinkState::Excluded);
    // Said while it was left alone, and listed then.
    world.source.state().edit(&s, "y", "meanwhile");
    world.run().await;
    assert_eq!(world.text(Side::Target, &t, "y").as_deref(), Some("1"));

    let records = Both::new(s.clone(), t.clone());
    world
        .store
        .link_by_hand(sync, &records, &world.actor())
        .unwrap();
    let (_, source, target) = world.run_counting().await;
    assert_eq!(
        (source, target),
        (0, 0),
        "met anew: nothing before a decision"
    );
    let met = world.conflicts().remove(0);
    assert_eq!(met.draft.kind, ConflictKind::Pairing);
    assert_ne!(met.id, conflict.id);
    let contested = met.draft.fields.iter().filter(|it| it.contested);
    assert_eq!(contested.count(), 2, "x and y: {met:?}");
    world.decide(&met, &[("x", Choice::Target), ("y", Choice::Source)]);
    world.run().await;
    assert_eq!(x(&world, &s, &t), ["target's", "target's"]);
    assert_eq!(
        world.text(Side::Target, &t, "y").as_deref(),
        Some("meanwhile")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_pair_linked_by_hand_of_which_one_vanished_deletes_nothing_unasked() {
    let world = World::new(json!({}));
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1")]));
    for n in 0..10 {
        world.seed(&fields(&[("name", &format!("other {n}")), ("x", "1")]));
    }
    world.run().await;
    let (sync, actor) = (world.sync().id, world.actor());
    world
        .store
        .leave_alone(sync, Side::Source, &s, &actor)
        .unwrap();
    world
        .store
        .link_by_hand(sync, &Both::new(s.clone(), t.clone()), &actor)
        .unwrap();
    world.target.state().delete(&t);
    let (_, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0));
    assert_eq!(world.text(Side::Source, &s, "x").as_deref(), Some("1"));
    assert_eq!(world.conflicts()[0].draft.kind, ConflictKind::Delete);
    world.assert_idle().await;
}
