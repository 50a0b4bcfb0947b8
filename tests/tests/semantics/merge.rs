//! Changes on linked pairs: who is patched with what.

use chrono::TimeDelta;
use serde_json::json;
use tandem_domain::ids::{RecordId, Side};
use tandem_domain::value::Value;
use tandem_engine::ports::history::RunStatus;
use tandem_tests::fake::{Call, Edit, Reaction, fields};
use tandem_tests::world::World;

/// A world in step with one record `ann` {x: 1, y: 1}.
async fn in_step(overrides: serde_json::Value) -> (World, RecordId, RecordId) {
    let world = World::new(overrides);
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1"), ("y", "1")]));
    for (side, id) in [(Side::Source, &s), (Side::Target, &t)] {
        world.side(side).state().edit(id, "n", 10);
    }
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(
        world.effects(),
        (0, 0),
        "equal records are linked without a write"
    );
    (world, s, t)
}

#[tokio::test(start_paused = true)]
async fn case_04_the_same_change_on_both_sides_writes_nothing_and_moves_the_base() {
    let (world, s, t) = in_step(json!({})).await;
    world.source.state().edit(&s, "x", "2");
    world.target.state().edit(&t, "x", "2");
    let (history, source, target) = world.run_counting().await;
    assert_eq!(
        (source, target, history.counts.conflicts),
        (0, 0, 0),
        "{history:?}"
    );
    // The base moved: a later one-sided edit back to 1 is an edit, not an echo.
    world.source.state().edit(&s, "x", "1");
    world.run().await;
    assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some("1"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_05_disjoint_edits_merge_into_two_minimal_patches() {
    let (world, s, t) = in_step(json!({})).await;
    world.source.state().edit(&s, "x", "2");
    world.target.state().edit(&t, "y", "2");
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (1, 1), "{history:?}");
    for (side, id) in [(Side::Source, &s), (Side::Target, &t)] {
        assert_eq!(world.text(side, id, "x").as_deref(), Some("2"), "{side}");
        assert_eq!(world.text(side, id, "y").as_deref(), Some("2"), "{side}");
    }
    let changes = world.store.changes(history.id, None, None, 10).unwrap();
    let written: Vec<(Side, Vec<&str>)> = changes
        .iter()
        .map(|c| (c.side, c.fields.iter().map(|f| f.field.as_str()).collect()))
        .collect();
    assert_eq!(
        written,
        [(Side::Source, vec!["y"]), (Side::Target, vec!["x"])],
        "patches are minimal"
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_07_08_a_field_of_one_side_alone_survives_our_writes() {
    let (world, s, t) = in_step(json!({})).await;
    world.target.state().edit(&t, "internal_note", "only here");
    world.run().await;
    world.source.state().edit(&s, "x", "2");
    world.run().await;
    assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some("2"));
    assert_eq!(
        world.text(Side::Target, &t, "internal_note").as_deref(),
        Some("only here")
    );
    assert_eq!(world.text(Side::Source, &s, "internal_note"), None);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_09_equal_numbers_are_no_change_and_large_ones_survive() {
    let (world, s, t) = in_step(json!({})).await;
    for spelled in ["10.0", "10.00", "1e1"] {
        world
            .source
            .state()
            .edit(&s, "n", Value::from_json_text(spelled).unwrap());
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "{spelled}: {history:?}");
    }
    for exact in ["9007199254740993", "0.1000000000000000055511151231"] {
        world
            .source
            .state()
            .edit(&s, "n", Value::from_json_text(exact).unwrap());
        world.run().await;
        assert_eq!(world.text(Side::Target, &t, "n").as_deref(), Some(exact));
    }
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_10_an_instant_is_one_in_every_zone_and_a_date_is_in_none() {
    let world = World::new(json!({
        "mapping": { "name": "text", "x": "timestamp", "y": "date" },
    }));
    let event = |x: &str| fields(&[("name", "event"), ("x", x), ("y", "2026-01-15")]);
    let (s, t) = world.seed_unlike(
        &event("2026-01-15T10:00:00+02:00"),
        &event("2026-01-15T08:00:00Z"),
    );
    let history = world.run().await;
    assert_eq!(
        (world.effects(), history.counts.conflicts),
        ((0, 0), 0),
        "{history:?}"
    );
    // Read in another season, and spelt otherwise.
    world.clock.advance(TimeDelta::days(300));
    for spelled in [
        "2026-01-15T08:00:00+00:00",
        "2026-01-15T08:00:00.000Z",
        "2026-01-15T03:00:00-05:00",
    ] {
        world.source.state().edit(&s, "x", spelled);
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "{spelled}: {history:?}");
    }
    world.source.state().edit(&s, "y", "2026-07-01");
    world
        .target
        .state()
        .edit(&t, "x", "2026-07-01T00:30:00+02:00");
    world.run().await;
    let json = |side: Side, id: &RecordId, field: &str| {
        world
            .side(side)
            .state()
            .field(id, field)
            .unwrap()
            .to_json_text()
    };
    assert_eq!(
        json(Side::Target, &t, "y"),
        r#""2026-07-01""#,
        "no zone shifts a date"
    );
    let instant = |side: Side, id: &RecordId| {
        let text: String = serde_json::from_str(&json(side, id, "x")).unwrap();
        chrono::DateTime::parse_from_rfc3339(&text).unwrap()
    };
    assert_eq!(instant(Side::Source, &s), instant(Side::Target, &t));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_12_a_set_in_another_order_is_the_same_set() {
    let world = World::new(json!({ "mapping": { "name": "text", "x": "set" } }));
    let tags = |json: &str| Value::from_json_text(json).unwrap();
    let (s, t) = world.seed(&fields(&[("name", "ann")]));
    let edit = |side: Side, id: &RecordId, json: &str| {
        world.side(side).state().edit(id, "x", tags(json));
    };
    edit(Side::Source, &s, r#"["a", "b", "c"]"#);
    edit(Side::Target, &t, r#"["c", "a", "b"]"#);
    let history = world.run().await;
    assert_eq!(
        (world.effects(), history.counts.conflicts),
        ((0, 0), 0),
        "{history:?}"
    );
    edit(Side::Source, &s, r#"["b", "c", "a"]"#);
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "{history:?}");
    edit(Side::Source, &s, r#"["b", "c", "d"]"#);
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 1), "{history:?}");
    assert_eq!(
        world.target.state().field(&t, "x"),
        Some(tags(r#"["b", "c", "d"]"#)),
        "what is written keeps its order"
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_13_sum_deltas_adds_both_changes_once() {
    let (world, s, t) = in_step(json!({ "conflict": { "fields": { "n": "sum_deltas" } } })).await;
    world.source.state().edit(&s, "n", 12);
    world.target.state().edit(&t, "n", 9);
    world.run().await;
    for (side, id) in [(Side::Source, &s), (Side::Target, &t)] {
        assert_eq!(world.text(side, id, "n").as_deref(), Some("11"), "{side}");
    }
    world.run().await;
    assert_eq!(
        world.text(Side::Source, &s, "n").as_deref(),
        Some("11"),
        "replayed: still 11"
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_22_a_server_that_rewrites_our_value_is_not_written_again() {
    let (world, s, t) = in_step(json!({})).await;
    world.target.state().normalise = Some(|fields| {
        if let Some(Value::Text(text)) = fields.get_mut("x") {
            text.retain(|c| c != ' ');
        }
    });
    for echoes in [true, false] {
        world.target.state().capabilities.writes_echo = echoes;
        let value = format!("+49 30 {echoes}");
        world.source.state().edit(&s, "x", value.as_str());
        let (_, _, target) = world.run_counting().await;
        assert_eq!(target, 1);
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "echoes: {echoes}: {history:?}");
        assert_eq!(
            world.text(Side::Source, &s, "x"),
            Some(value),
            "the source keeps its own spelling"
        );
        assert_eq!(
            world.text(Side::Target, &t, "x"),
            Some(format!("+4930{echoes}"))
        );
    }
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_23_our_own_write_comes_back_and_a_later_edit_is_not_swallowed() {
    let (world, s, t) = in_step(json!({})).await;
    world.source.state().edit(&s, "x", "2");
    world.run().await;
    for _ in 0..3 {
        // The write echoes once more, as feeds with at-least-once delivery do.
        world.target.state().touch(&t, |_| {});
        let (history, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "{history:?}");
    }
    world.target.state().edit(&t, "x", "3");
    world.run().await;
    assert_eq!(world.text(Side::Source, &s, "x").as_deref(), Some("3"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_36_a_metadata_only_touch_writes_nothing_and_later_writes_hold() {
    let (world, s, t) = in_step(json!({})).await;
    world.target.state().touch(&t, |_| {});
    let (_, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0));
    world.source.state().edit(&s, "x", "2");
    let before = world.counts(Side::Target).writes;
    world.run().await;
    assert_eq!(
        world.counts(Side::Target).writes,
        before + 1,
        "the version was kept up to date: no lost race"
    );
    assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some("2"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_42_clearing_a_field_is_an_edit_like_any_other() {
    for policy in ["source_wins", "target_wins", "last_write_wins", "manual"] {
        let (world, s, t) = in_step(json!({ "conflict": { "default": policy } })).await;
        world.source.state().edit(&s, "x", Value::Null);
        world.run().await;
        assert_eq!(
            world.text(Side::Target, &t, "x").as_deref(),
            Some("null"),
            "{policy}"
        );
        world.target.state().edit(&t, "x", "back");
        world.run().await;
        assert_eq!(
            world.text(Side::Source, &s, "x").as_deref(),
            Some("back"),
            "{policy}"
        );
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_42_null_against_a_value_is_settled_by_policy() {
    // policy, source's edit, target's later edit → result on both (None: parked)
    let table: [(&str, Edit, Edit, Option<&str>); 4] = [
        (
            "source_wins",
            Edit::from(Value::Null),
            Edit::from("t"),
            Some("null"),
        ),
        (
            "target_wins",
            Edit::from("s"),
            Edit::from(Value::Null),
            Some("null"),
        ),
        (
            "last_write_wins",
            Edit::from("s"),
            Edit::from(Value::Null),
            Some("null"),
        ),
        ("manual", Edit::from("s"), Edit::from(Value::Null), None),
    ];
    for (policy, source_edit, target_edit, want) in table {
        let (world, s, t) = in_step(json!({ "conflict": { "default": policy } })).await;
        world.source.state().edit(&s, "x", source_edit);
        world.clock.advance(chrono::TimeDelta::minutes(10));
        world.target.state().edit(&t, "x", target_edit);
        world.run().await;
        match want {
            Some(want) => {
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
            }
            None => assert_eq!(world.conflicts().len(), 1, "{policy}"),
        }
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_44_an_edit_between_our_write_and_our_read_back_reaches_the_source() {
    // Another field or the one just written; a system with versions, or one with times only, be they
    // whole seconds or fine ones: both writes bear the same.
    for (field, versions, millis) in [
        ("y", true, 0),
        ("y", false, 0),
        ("y", false, 7),
        ("x", true, 0),
        ("x", false, 0),
        ("x", false, 7),
    ] {
        let (world, s, t) = in_step(json!({})).await;
        world.clock.advance(TimeDelta::milliseconds(millis));
        {
            let mut target = world.target.state();
            target.capabilities.writes_echo = false;
            target.capabilities.conditional_writes = versions;
        }
        let (edited, before) = (t.clone(), world.counts(Side::Target).effects);
        world.target.script(move |call, state| {
            if matches!(call, Call::Get(_)) && state.counts.effects > before {
                state.edit(&edited, field, "by a person");
            }
            Reaction::Answer
        });
        world.source.state().edit(&s, "x", "2");
        world.run().await;
        world.target.unscript();
        world.run().await;
        for (side, id) in [(Side::Source, &s), (Side::Target, &t)] {
            let text = |field| world.text(side, id, field);
            assert_eq!(
                text(field).as_deref(),
                Some("by a person"),
                "{field} on the {side}, versions {versions}, {millis} ms"
            );
        }
        if field == "y" {
            assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some("2"));
        }
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_45_a_value_edited_to_and_fro_is_written_each_time() {
    let (world, s, t) = in_step(json!({})).await;
    let mut writes = 0;
    for value in ["2", "1", "2", "1"] {
        world.source.state().edit(&s, "x", value);
        let (_, _, target) = world.run_counting().await;
        writes += target;
        assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some(value));
    }
    assert_eq!(writes, 4, "none is dropped as a duplicate");
    world.assert_idle().await;
}
