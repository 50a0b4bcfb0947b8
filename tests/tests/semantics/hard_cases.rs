//! Records that come back, swap their keys, bear no time, or need another record first.

use std::collections::BTreeSet;

use serde_json::json;
use tandem_domain::conflict::{ConflictDecision, ConflictKind};
use tandem_domain::ids::{RecordId, Side};
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{ChangeDetection, NativeChange, WriteOperation};
use tandem_engine::ports::history::{ErrorType, RunOptions, RunStatus};
use tandem_tests::fake::{Call, Reaction, State, fields};
use tandem_tests::world::World;

use crate::deletes::linked;

const FULL: RunOptions = RunOptions {
    simulate: false,
    full: true,
    allow_deletes: None,
    decisions_only: false,
    rolls_back: None,
    applies: None,
};

#[tokio::test(start_paused = true)]
async fn case_17_a_record_made_anew_under_its_key_is_a_pairing_to_review() {
    for side in Side::BOTH {
        let (world, pairs) = linked(10, json!({})).await;
        let (id, partner) = match side {
            Side::Source => (&pairs[0].0, &pairs[0].1),
            Side::Target => (&pairs[0].1, &pairs[0].0),
        };
        world.side(side).state().delete(id);
        world
            .side(side)
            .state()
            .add(fields(&[("name", "p0"), ("x", "anew")]));
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "{side}: {history:?}");
        assert_eq!(
            world.text(side.other(), partner, "x").as_deref(),
            Some("1"),
            "{side}: the partner is kept"
        );
        let kinds: Vec<ConflictKind> = world.conflicts().iter().map(|c| c.draft.kind).collect();
        assert_eq!(kinds, [ConflictKind::Pairing], "{side}: {history:?}");
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_17_the_same_id_again_is_compared_with_its_tombstone() {
    for x in ["1", "2"] {
        let (world, pairs) = linked(10, json!({})).await;
        let (s, t) = &pairs[0];
        world.source.state().delete(s);
        world.run().await;
        assert_eq!(world.text(Side::Target, t, "x"), None);
        world
            .source
            .state()
            .put(s, fields(&[("name", "p0"), ("x", x)]));
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "x={x}: {history:?}");
        let conflicts = world.conflicts();
        assert_eq!(conflicts.len(), 1, "x={x}: a person is asked: {history:?}");
        assert_eq!(conflicts[0].draft.kind, ConflictKind::Delete);
        world.assert_idle().await;

        world.decide_with(&conflicts[0], ConflictDecision::Restore);
        world.run().await;
        assert_eq!(world.by_name(Side::Target, "p0").len(), 1, "x={x}");
        world.assert_idle().await;
    }

    // The very state that was deleted, version and all, is a stale answer and no news.
    let (world, pairs) = linked(10, json!({})).await;
    let stale = world.source.state().rows[&pairs[0].0].clone();
    world.source.state().delete(&pairs[0].0);
    world.run().await;
    world.source.state().rows.insert(pairs[0].0.clone(), stale);
    let before = world.effects();
    world.run_with(FULL).await;
    assert_eq!((world.effects(), world.conflicts().len()), (before, 0));
}

/// A target whose names are unique: a write that would make two alike is refused.
fn unique_names(state: &State, operations: &[WriteOperation]) -> Vec<usize> {
    let mut names: Vec<(RecordId, Value)> = state
        .live()
        .into_iter()
        .filter_map(|(id, fields)| Some((id, fields.get("name")?.clone())))
        .collect();
    let mut refused = Vec::new();
    for (at, operation) in operations.iter().enumerate() {
        let NativeChange::Update { id, patch, .. } = &operation.change else {
            continue;
        };
        let Some(name) = patch.get("name") else {
            continue;
        };
        if names
            .iter()
            .any(|(other, taken)| other != id && taken == name)
        {
            refused.push(at);
        } else if let Some(mine) = names.iter_mut().find(|(other, _)| other == id) {
            mine.1 = name.clone();
        }
    }
    refused
}

#[tokio::test(start_paused = true)]
async fn case_19_a_swap_lands_where_the_target_does_not_mind() {
    let (world, pairs) = linked(4, json!({})).await;
    swap(&world, &pairs);
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(
        world.text(Side::Target, &pairs[0].1, "name").as_deref(),
        Some("p1")
    );
    assert_eq!(
        world.text(Side::Target, &pairs[1].1, "name").as_deref(),
        Some("p0")
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_19_a_swap_that_the_target_refuses_leaves_both_whole() {
    let (world, pairs) = linked(4, json!({})).await;
    swap(&world, &pairs);
    world.source.state().edit(&pairs[2].0, "x", "beside it");
    world.target.script(|call, state| match call {
        Call::Write(operations) => Reaction::Reject(unique_names(state, operations)),
        _ => Reaction::Answer,
    });
    let history = world.run().await;
    assert_eq!(
        (history.status, history.counts.failed),
        (RunStatus::Partial, 2)
    );
    assert_eq!(
        world.text(Side::Target, &pairs[2].1, "x").as_deref(),
        Some("beside it")
    );
    for (at, name) in [(0, "p0"), (1, "p1")] {
        assert_eq!(
            world.text(Side::Target, &pairs[at].1, "name").as_deref(),
            Some(name),
            "as it was"
        );
    }
    assert_eq!(world.store.totals().unwrap().links, 4, "none is lost");
    // One of them gives way for a while: both land by themselves.
    world.target.unscript();
    world.run().await;
    assert_eq!(
        world.text(Side::Target, &pairs[0].1, "name").as_deref(),
        Some("p1")
    );
    assert_eq!(
        world.text(Side::Target, &pairs[1].1, "name").as_deref(),
        Some("p0")
    );
    world.assert_idle().await;
}

fn swap(world: &World, pairs: &[(RecordId, RecordId)]) {
    world.source.state().edit(&pairs[0].0, "name", "p1");
    world.source.state().edit(&pairs[1].0, "name", "p0");
}

#[tokio::test(start_paused = true)]
async fn case_27_rows_without_a_cursor_value_come_with_the_first_run_and_full_compares() {
    let world = World::new(json!({}));
    let undated = world
        .source
        .state()
        .add(fields(&[("name", "undated"), ("x", "1")]));
    world.source.state().capabilities.changes = ChangeDetection::Since;
    let hide = |state: &mut State, id: &RecordId| {
        // A listing by "changed since" cannot find it; a whole one does.
        let row = state.rows.get_mut(id).unwrap();
        row.updated_at = None;
        row.seq = 1;
    };
    hide(&mut world.source.state(), &undated);
    for n in 0..3 {
        world
            .source
            .state()
            .add(fields(&[("name", &format!("dated {n}"))]));
    }
    world.run().await;
    assert_eq!(
        world.by_name(Side::Target, "undated").len(),
        1,
        "by the first run"
    );

    world.source.state().edit(&undated, "x", "2");
    hide(&mut world.source.state(), &undated);
    let late = world.source.state().add(fields(&[("name", "late")]));
    hide(&mut world.source.state(), &late);
    world.run().await;
    assert_eq!(
        world.by_name(Side::Target, "late").len(),
        0,
        "no cursor shows it"
    );
    let t = world.by_name(Side::Target, "undated").remove(0);
    assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some("1"));

    world.run_with(FULL).await;
    assert_eq!(
        world.by_name(Side::Target, "late").len(),
        1,
        "by a full compare"
    );
    assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some("2"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_31_a_child_refused_for_want_of_its_parent_lands_once_the_parent_is_there() {
    // `y` names the parent. The cycle a ⇄ b can only be closed by an update.
    let world = World::new(json!({}));
    world.source.state().page_size = 2;
    for (name, parent) in [("child", "parent"), ("grandchild", "child"), ("parent", "")] {
        world
            .source
            .state()
            .add(fields(&[("name", name), ("y", parent)]));
    }
    world.target.script(|call, state| match call {
        Call::Write(operations) => {
            let mut there: Vec<Value> = state
                .live()
                .into_values()
                .filter_map(|fields| fields.get("name").cloned())
                .collect();
            let mut orphans = Vec::new();
            for (at, operation) in operations.iter().enumerate() {
                let NativeChange::Create { fields } = &operation.change else {
                    continue;
                };
                let parent = fields.get("y").cloned().unwrap_or(Value::Null);
                let root = matches!(&parent, Value::Null)
                    || matches!(&parent, Value::Text(text) if text.is_empty());
                if root || there.contains(&parent) {
                    there.extend(fields.get("name").cloned());
                } else {
                    orphans.push(at);
                }
            }
            Reaction::Reject(orphans)
        }
        _ => Reaction::Answer,
    });
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Partial, "{history:?}");
    for _ in 0..2 {
        world.run().await;
    }
    assert_eq!(world.target.state().live().len(), 3);
    assert_eq!(
        world.source.state().live().len(),
        3,
        "no child was deleted by it"
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_34_another_database_behind_the_address_is_written_nothing_until_rebaselined() {
    for side in Side::BOTH {
        let (world, pairs) = linked(6, json!({})).await;
        let sync = world.store.syncs().unwrap()[0].id;
        world.both(|state| state.identity = Some("db-1".into()));
        // A connection that never told takes what it tells now.
        assert_eq!(world.run().await.status, RunStatus::Completed);

        // The same address, a restored copy: one record was edited there, one is missing.
        world.side(side).state().identity = Some("db-2".into());
        let (edited, missing) = match side {
            Side::Source => (&pairs[0].0, &pairs[1].0),
            Side::Target => (&pairs[0].1, &pairs[1].1),
        };
        world.side(side).state().edit(edited, "x", "restored");
        world.side(side).state().rows.remove(missing);
        world
            .side(side.other())
            .state()
            .add(fields(&[("name", "new")]));
        for options in [RunOptions::default(), FULL] {
            let before = world.effects();
            let history = world.run_with(options).await;
            assert_eq!(
                (history.status, history.error_type),
                (RunStatus::Failed, Some(ErrorType::Guard)),
                "{history:?}"
            );
            let why = history.error_message.unwrap();
            assert!(why.contains("db-1") && why.contains("db-2"), "{why}");
            assert_eq!(world.effects(), before, "{side}: nothing is written");
        }

        assert_eq!(world.store.rebaseline(sync, &world.actor()).unwrap(), 6);
        let history = world.run().await;
        assert_eq!(
            history.counts.deleted.source + history.counts.deleted.target,
            0
        );
        assert_eq!(
            history.counts.updated.source + history.counts.updated.target,
            0
        );
        let kinds: BTreeSet<&str> = world
            .conflicts()
            .iter()
            .map(|conflict| match conflict.draft.kind {
                ConflictKind::Pairing => "pairing",
                ConflictKind::Delete => "delete",
                _ => "other",
            })
            .collect();
        assert_eq!(
            kinds,
            BTreeSet::from(["delete", "pairing"]),
            "{side}: no difference is absorbed, none is guessed: {history:?}"
        );
        assert_eq!(world.by_name(side, "new").len(), 1, "{side}: it works on");
        world.assert_idle().await;
    }
}
