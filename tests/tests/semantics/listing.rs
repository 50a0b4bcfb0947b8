//! Reading: pages that shift, cursors that tie, schemas that change, records that break the rules.

use std::collections::BTreeMap;

use serde_json::json;
use tandem_domain::collection::{CollectionSchema, NativeFieldInfo, NativeType};
use tandem_domain::ids::Side;
use tandem_engine::ports::connector::{ChangeDetection, ErrorClass};
use tandem_engine::ports::history::{ErrorType, RunStatus};
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;

#[tokio::test(start_paused = true)]
async fn case_25_data_that_changes_between_pages_is_seen_once_at_its_latest() {
    let world = World::new(json!({}));
    let ids: Vec<_> = (0..20)
        .map(|n| {
            world
                .source
                .state()
                .add(fields(&[("name", &format!("p{n}")), ("x", "1")]))
        })
        .collect();
    let first = ids[0].clone();
    let mut pages = 0;
    world.source.script(move |call, state| {
        if matches!(call, Call::List { .. }) {
            pages += 1;
            if pages == 2 {
                // Already listed; it moves to the end and comes again.
                state.edit(&first, "x", "2");
                state.add(fields(&[("name", "late")]));
            }
        }
        Reaction::Answer
    });
    let history = world.run().await;
    world.source.unscript();
    assert_eq!(history.counts.created.target, 21, "{history:?}");
    let p0 = world.by_name(Side::Target, "p0");
    assert_eq!(p0.len(), 1);
    assert_eq!(world.text(Side::Target, &p0[0], "x").as_deref(), Some("2"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn tombstone_horizon_a_feed_that_forgot_is_listed_in_full() {
    let world = World::new(json!({}));
    let pairs: Vec<_> = (0..12)
        .map(|n| world.seed(&fields(&[("name", &format!("p{n}")), ("x", "1")])))
        .collect();
    world.run().await;
    // While nobody looked: one edited, one deleted, and the tombstone swept away.
    world.source.state().edit(&pairs[0].0, "x", "2");
    world.source.state().rows.remove(&pairs[1].0);
    let (tell, told) = std::sync::mpsc::channel();
    world.source.script(move |call, _| match call {
        Call::List { since, .. } => {
            tell.send(*since).unwrap();
            match since {
                true => Reaction::Fail(fault(ErrorClass::Expired)),
                false => Reaction::Answer,
            }
        }
        _ => Reaction::Answer,
    });
    let history = world.run().await;
    world.source.unscript();
    let asked: Vec<bool> = told.try_iter().collect();
    assert_eq!(asked[..2], [true, false], "asked once, then in full");
    assert_eq!(
        (
            history.status,
            history.counts.deleted.target,
            history.counts.updated.target
        ),
        (RunStatus::Completed, 1, 1),
        "{history:?}"
    );
    assert_eq!(world.text(Side::Target, &pairs[1].1, "x"), None);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_26_rows_with_the_cursors_own_stamp_land_exactly_once() {
    let world = World::new(json!({}));
    for n in 0..7 {
        world
            .source
            .state()
            .add(fields(&[("name", &format!("p{n}"))]));
    }
    world.run().await;
    // Arrives late, with the very stamp the cursor stands at.
    let late = world.source.state().add(fields(&[("name", "late")]));
    let at = world
        .source
        .state()
        .rows
        .values()
        .map(|row| row.seq)
        .max()
        .unwrap()
        - 1;
    world.source.state().rows.get_mut(&late).unwrap().seq = at;
    world.run().await;
    assert_eq!(world.by_name(Side::Target, "late").len(), 1);
    assert_eq!(world.target.state().live().len(), 8);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn every_way_of_finding_changes_gives_the_same_result() {
    for changes in [
        ChangeDetection::Feed,
        ChangeDetection::Since,
        ChangeDetection::Full,
    ] {
        let world = World::new(json!({}));
        world.both(|state| state.capabilities.changes = changes);
        let pairs: Vec<_> = (0..12)
            .map(|n| world.seed(&fields(&[("name", &format!("p{n}")), ("x", "1")])))
            .collect();
        world.run().await;
        world.source.state().edit(&pairs[0].0, "x", "2");
        world.target.state().edit(&pairs[1].1, "x", "3");
        world.source.state().delete(&pairs[2].0);
        world.run().await;
        // Where deletes show only in full listings, one comes round within a day.
        world.clock.advance(chrono::TimeDelta::hours(25));
        world.run().await;
        assert_eq!(
            world.text(Side::Target, &pairs[0].1, "x").as_deref(),
            Some("2"),
            "{changes:?}"
        );
        assert_eq!(
            world.text(Side::Source, &pairs[1].0, "x").as_deref(),
            Some("3"),
            "{changes:?}"
        );
        assert_eq!(
            world.text(Side::Target, &pairs[2].1, "x"),
            None,
            "{changes:?}"
        );
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_37_a_mapped_field_that_vanished_refuses_the_run_and_writes_no_null() {
    let schema = |names: &[&str]| CollectionSchema {
        fields: names
            .iter()
            .map(|name| {
                (
                    (*name).to_owned(),
                    NativeFieldInfo::of(if *name == "n" {
                        NativeType::Decimal
                    } else {
                        NativeType::Text
                    }),
                )
            })
            .collect::<BTreeMap<_, _>>(),
        complete: true,
    };
    let world = World::new(json!({}));
    world.both(|state| state.schema = schema(&["name", "x", "y", "n"]));
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1"), ("y", "1")]));
    assert_eq!(world.run().await.status, RunStatus::Completed);
    world.source.state().schema = schema(&["name", "x", "n"]);
    world.source.state().touch(&s, |row| {
        row.fields.remove("y");
    });
    let (history, source, target) = world.run_counting().await;
    assert_eq!(
        (history.status, source, target),
        (RunStatus::Failed, 0, 0),
        "{history:?}"
    );
    assert!(history.error_message.unwrap().contains('y'));
    assert_eq!(world.text(Side::Target, &t, "y").as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn test_006_invalid_records_are_error_rows_and_the_others_go_on() {
    let world = World::new(json!({
        "validation": { "source": { "required": ["name"], "rules": [
            { "check": "x != 'bad'", "message": "x must not be bad" }
        ] } },
    }));
    world.source.state().add(fields(&[
        ("name", "fine"),
        ("x", "1"),
        ("api_key", "hunter2-secret"),
    ]));
    let bad = world.source.state().add(fields(&[
        ("name", "broken"),
        ("x", "bad"),
        ("api_key", "hunter2-secret"),
    ]));
    world.source.state().add(fields(&[("x", "no name")]));
    let history = world.run().await;
    assert_eq!(
        (
            history.status,
            history.counts.failed,
            history.counts.created.target
        ),
        (RunStatus::Partial, 2, 1)
    );
    let errors = world.errors();
    assert!(
        errors
            .iter()
            .all(|e| e.error.error_type == ErrorType::Validation),
        "{errors:?}"
    );
    let about_bad = errors
        .iter()
        .find(|e| e.error.record_id.as_ref() == Some(&bad))
        .unwrap();
    assert!(
        about_bad.error.message.contains("x must not be bad"),
        "{about_bad:?}"
    );
    let kept = about_bad.error.record_data.as_ref().unwrap().to_string();
    assert!(
        kept.contains("broken") && !kept.contains("hunter2"),
        "the data without its secrets: {kept}"
    );
    // Corrected, it lands: set-aside records are read again by id.
    world.source.state().edit(&bad, "x", "good");
    world.run().await;
    assert_eq!(world.by_name(Side::Target, "broken").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn test_006_a_value_the_target_did_not_keep_is_reported_after_the_write() {
    let world = World::new(json!({}));
    world.target.state().normalise = Some(|fields| {
        fields.remove("y");
    });
    world
        .source
        .state()
        .add(fields(&[("name", "ann"), ("y", "lost")]));
    world.run().await;
    let errors = world.errors();
    assert!(
        errors
            .iter()
            .any(|e| e.error.message.contains("did not keep y")),
        "{errors:?}"
    );
}
