//! First syncs: pairing by match key, creating what has no partner, duplicates.

use serde_json::json;
use tandem_domain::conflict::ConflictKind;
use tandem_domain::ids::Side;
use tandem_engine::ports::history::{ErrorType, RunStatus};
use tandem_tests::fake::fields;
use tandem_tests::world::World;

#[tokio::test(start_paused = true)]
async fn case_11_an_nfc_and_an_nfd_spelling_are_one_record() {
    let world = World::new(json!({}));
    world.seed_unlike(
        &fields(&[("name", "Zo\u{eb}"), ("x", "caf\u{e9}")]),
        &fields(&[("name", "Zoe\u{308}"), ("x", "cafe\u{301}")]),
    );
    let (history, source, target) = world.run_counting().await;
    assert_eq!(
        (source, target, history.counts.conflicts),
        (0, 0, 0),
        "{history:?}"
    );
    assert_eq!(
        world.by_name(Side::Target, "Zoe\u{308}").len(),
        1,
        "its bytes are kept"
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_32_twenty_matching_records_become_twenty_links() {
    let world = World::new(json!({}));
    for n in 0..20 {
        world.seed(&fields(&[("name", &format!("person {n}")), ("x", "1")]));
    }
    let (history, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0), "no creates: {history:?}");
    assert_eq!(history.counts.succeeded, 20);
    assert_eq!(world.store.totals().unwrap().links, 20);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_first_sync_creates_what_is_missing_on_either_side() {
    let world = World::new(json!({}));
    for n in 0..23 {
        world
            .source
            .state()
            .add(fields(&[("name", &format!("source {n}"))]));
        world
            .target
            .state()
            .add(fields(&[("name", &format!("target {n}"))]));
    }
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Completed);
    assert_eq!(
        (history.counts.created.source, history.counts.created.target),
        (23, 23)
    );
    for side in Side::BOTH {
        assert_eq!(world.side(side).state().live().len(), 46, "{side}");
    }
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_differs_at_first_sight_has_no_base_and_goes_to_the_inbox() {
    let world = World::new(json!({}));
    world
        .source
        .state()
        .add(fields(&[("name", "ann"), ("x", "1")]));
    let t = world
        .target
        .state()
        .add(fields(&[("name", "ann"), ("x", "2")]));
    let (_, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0));
    let conflicts = world.conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].draft.kind, ConflictKind::Pairing);
    let x = conflicts[0]
        .draft
        .fields
        .iter()
        .find(|f| f.field.as_str() == "x")
        .unwrap();
    assert_eq!((x.contested, &x.base), (true, &None));
    world.assert_idle().await;

    let world = World::new(json!({ "conflict": { "first_sync": "source_wins" } }));
    world
        .source
        .state()
        .add(fields(&[("name", "ann"), ("x", "1")]));
    world
        .target
        .state()
        .put(&t, fields(&[("name", "ann"), ("x", "2")]));
    world.run().await;
    assert_eq!(world.text(Side::Target, &t, "x").as_deref(), Some("1"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_20_records_with_the_same_match_key_are_quarantined_and_the_others_proceed() {
    let world = World::new(json!({}));
    world
        .source
        .state()
        .add(fields(&[("name", "twin"), ("x", "1")]));
    world
        .source
        .state()
        .add(fields(&[("name", "twin"), ("x", "2")]));
    world.source.state().add(fields(&[("name", "single")]));
    let t = world
        .target
        .state()
        .add(fields(&[("name", "twin"), ("x", "3")]));
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Partial);
    assert_eq!(world.by_name(Side::Target, "single").len(), 1);
    assert_eq!(world.by_name(Side::Target, "twin"), [t], "no twin was sent");
    let twins = world
        .errors()
        .into_iter()
        .filter(|e| e.error.error_type == ErrorType::Conflict)
        .count();
    assert!(
        twins >= 2,
        "each twin has an error row: {:?}",
        world.errors()
    );
    let (_, source, target) = world.run_counting().await;
    assert_eq!((source, target), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn case_18_an_edited_match_key_is_an_update() {
    let world = World::new(json!({}));
    let (s, t) = world.seed(&fields(&[("name", "old"), ("x", "1")]));
    world.run().await;
    world.source.state().edit(&s, "name", "new");
    let history = world.run().await;
    assert_eq!(history.counts.created.target, 0);
    assert_eq!(world.text(Side::Target, &t, "name").as_deref(), Some("new"));
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_one_way_sync_writes_one_side_and_reports_drift() {
    for (direction, written, other) in [
        ("source_to_target", Side::Target, Side::Source),
        ("target_to_source", Side::Source, Side::Target),
    ] {
        let world = World::new(json!({ "direction": direction }));
        let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1")]));
        let id = |side| if side == Side::Source { &s } else { &t };
        world
            .side(written)
            .state()
            .add(fields(&[("name", "only here")]));
        world.run().await;
        world.side(written).state().edit(id(written), "x", "drift");
        let (_, source, target) = world.run_counting().await;
        assert_eq!((source, target), (0, 0), "{direction}: drift is left alone");
        assert_eq!(world.by_name(other, "only here").len(), 0, "{direction}");
        world.side(other).state().edit(id(other), "y", "passed on");
        world.run().await;
        assert_eq!(
            world.text(written, id(written), "y").as_deref(),
            Some("passed on"),
            "{direction}"
        );
        assert_eq!(
            world.text(written, id(written), "x").as_deref(),
            Some("drift"),
            "{direction}"
        );
        world.assert_idle().await;
    }
}
