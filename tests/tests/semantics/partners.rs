//! Creating at a side whose listing shows only some of its records (semantics 4): a partner that it
//! leaves out is looked up first, and never made a second time.

use serde_json::json;
use tandem_domain::ids::Side;
use tandem_engine::ports::connector::{ChangeDetection, ErrorClass};
use tandem_engine::ports::history::{ErrorType, RunOptions, RunStatus};
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;

/// A source of everything, and a target that lists only what is active and can be asked for names.
fn filtered() -> World {
    let world = World::new(json!({}));
    world.both(|state| state.capabilities.changes = ChangeDetection::Full);
    let mut target = world.target.state();
    target.filter = Some(("x", "active"));
    target.capabilities.lookup = vec!["name".to_owned()];
    drop(target);
    world
}

fn add(world: &World, side: Side, name: &str, state: &str) {
    let record = fields(&[("name", name), ("x", state)]);
    world.side(side).state().add(record);
}

#[tokio::test(start_paused = true)]
async fn case_16_a_partner_outside_the_filter_is_not_made_twice() {
    let world = filtered();
    add(&world, Side::Source, "ann", "active");
    add(&world, Side::Source, "bea", "active");
    add(&world, Side::Source, "cid", "active");
    add(&world, Side::Target, "ann", "closed");
    add(&world, Side::Target, "cid", "active");
    for simulate in [true, false, false] {
        let history = world
            .run_with(RunOptions {
                simulate,
                ..RunOptions::default()
            })
            .await;
        assert_eq!(
            history.status,
            RunStatus::Partial,
            "{simulate}: {history:?}"
        );
        assert_eq!(history.counts.failed, 1, "{simulate}: {history:?}");
        assert_eq!(world.by_name(Side::Target, "ann").len(), 1, "{simulate}");
        let errors = world.errors();
        let error = &errors.first().unwrap().error;
        assert_eq!(error.error_type, ErrorType::Conflict, "{error:?}");
        assert!(error.message.contains("(t1)"), "{}", error.message);
        assert_eq!(error.record_id.as_ref().unwrap().as_str(), "s1");
    }
    assert_eq!(world.by_name(Side::Target, "bea").len(), 1, "it was made");
    assert_eq!(world.by_name(Side::Target, "cid").len(), 1, "it was paired");
    assert_eq!(
        world.counts(Side::Target).finds,
        2 + 2 + 1,
        "both unpaired ones, simulated and for real, then only the one that is left"
    );
    // Shown by its listing, it is paired like any other.
    world.target.state().filter = None;
    let history = world.run().await;
    assert_eq!(history.counts.failed, 0, "{history:?}");
    assert_eq!(world.conflicts().len(), 1, "the two differ in x");
    assert_eq!(world.store.totals().unwrap().links, 3);
    assert_eq!(world.target.state().live().len(), 3);
}

/// What answers a look-up, what becomes of the new record, and of the run.
#[tokio::test(start_paused = true)]
async fn case_16_nothing_is_made_before_a_look_up_says_that_there_is_no_partner() {
    let cases = [
        ("it finds none", None, 1, RunStatus::Completed),
        (
            "it is refused",
            Some(ErrorClass::Rejected),
            0,
            RunStatus::Partial,
        ),
        (
            "it is forbidden",
            Some(ErrorClass::Forbidden),
            0,
            RunStatus::Partial,
        ),
        (
            "pages of others",
            Some(ErrorClass::Protocol),
            0,
            RunStatus::Partial,
        ),
        (
            "it cannot be reached",
            Some(ErrorClass::Connect),
            0,
            RunStatus::Failed,
        ),
    ];
    for (what, failure, made, status) in cases {
        let world = filtered();
        add(&world, Side::Source, "ann", "active");
        world.target.script(move |call, _| match call {
            Call::Find => failure.map_or(Reaction::Answer, |class| Reaction::Fail(fault(class))),
            _ => Reaction::Answer,
        });
        let history = world.run().await;
        assert_eq!(history.status, status, "{what}: {history:?}");
        assert_eq!(world.target.state().live().len(), made, "{what}");
        world.target.unscript();
        let history = world.run().await;
        assert_eq!(history.status, RunStatus::Completed, "{what}: {history:?}");
        assert_eq!(
            world.target.state().live().len(),
            1,
            "{what}: made in the end"
        );
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_16_what_cannot_be_looked_up_is_parked_unless_it_has_no_partner_by_definition() {
    for (match_key, made) in [(json!(["name"]), 0), (json!([]), 1)] {
        let world = World::new(json!({ "match_key": match_key }));
        world.target.state().filter = Some(("x", "active"));
        add(&world, Side::Source, "ann", "active");
        let history = world.run().await;
        assert_eq!(world.target.state().live().len(), made, "{history:?}");
        let told = world
            .errors()
            .iter()
            .any(|it| it.error.message.contains("cannot be told"));
        assert_eq!(told, made == 0, "{:?}", world.errors());
    }
}

/// A decision that brings a record back makes it anew: somebody may have done so outside the filter.
#[tokio::test(start_paused = true)]
async fn case_16_a_record_brought_back_by_a_policy_is_looked_up_first() {
    let world = World::new(json!({ "conflict": { "delete_conflict": "edit_wins" } }));
    let record = fields(&[("name", "ann"), ("x", "1"), ("x", "active")]);
    let (s, t) = world.seed(&record);
    world.run().await;
    world.target.state().delete(&t);
    world.source.state().edit(&s, "y", "2");
    world.target.state().filter = Some(("x", "active"));
    world.target.state().capabilities.lookup = vec!["name".to_owned()];
    add(&world, Side::Target, "ann", "closed");
    let history = world.run().await;
    assert_eq!(history.counts.failed, 1, "{history:?}");
    assert_eq!(world.by_name(Side::Target, "ann").len(), 1, "no second one");
}
