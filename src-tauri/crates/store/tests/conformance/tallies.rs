//! What people chose, counted.

use tandem_domain::conflict::{Choice, ConflictDecision};
use tandem_domain::suggestion::{Took, suggest};

use crate::conflicts::{choose, park};
use crate::harness::{Harness, World, field, text};

/// All tallies as (took, times, offered, followed).
fn counts(world: &World) -> Vec<(Took, u32, u32, u32)> {
    let tallies = world.tenant.tallies(world.sync).unwrap();
    assert!(
        tallies
            .iter()
            .all(|it| it.field == field("name") && it.pattern == "neither newer, none empty")
    );
    tallies
        .into_iter()
        .map(|it| (it.took, it.times, it.offered, it.followed))
        .filter(|(_, times, ..)| *times > 0)
        .collect()
}

pub(crate) fn decisions_are_counted_and_taken_back(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    assert_eq!(counts(&world), []);
    let (_, id) = park(&world, session.as_mut(), "a", "1", "2");
    let decide = || {
        world
            .tenant
            .decide(&choose(&world, id, 1, 8), &world.actor())
    };
    decide().unwrap();
    assert_eq!(counts(&world), [(Took::Source, 1, 0, 0)]);
    // One that is refused counts for nothing.
    assert!(decide().is_err());
    assert_eq!(counts(&world), [(Took::Source, 1, 0, 0)]);
    world.tenant.undo_decision(id, &world.actor()).unwrap();
    assert_eq!(counts(&world), []);
    // A choice about the whole record is about no field.
    let mut whole = choose(&world, id, 1, 8);
    whole.decision = ConflictDecision::Unlink;
    world.tenant.decide(&whole, &world.actor()).unwrap();
    assert_eq!(counts(&world), []);
    world.tenant.undo_decision(id, &world.actor()).unwrap();
    assert_eq!(counts(&world), []);
}

pub(crate) fn a_field_is_counted_as_chosen_and_suggested_from(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let mut decide = |word: &str, choice: Choice| {
        let (_, id) = park(&world, session.as_mut(), word, "1", "2");
        let before = world.tenant.conflict(id).unwrap();
        let mut new = choose(&world, id, 1, 8);
        new.decision = ConflictDecision::Fields([(field("name"), choice)].into());
        world.tenant.decide(&new, &world.actor()).unwrap();
        before
    };
    for word in ["a", "b", "c", "d", "e", "f"] {
        decide(word, Choice::Source);
    }
    assert_eq!(counts(&world), [(Took::Source, 6, 0, 0)]);
    // From now on the source is suggested: taken once, overridden once.
    let followed = decide("g", Choice::Source);
    assert_eq!(counts(&world), [(Took::Source, 7, 1, 1)]);
    let overridden = decide("h", Choice::Custom(text("3")));
    assert_eq!(
        counts(&world),
        [(Took::Custom, 1, 1, 0), (Took::Source, 7, 1, 1)]
    );
    let tallies = world.tenant.tallies(world.sync).unwrap();
    // Seven of eight are no clear majority of so few: nothing is suggested any more.
    let field = &followed.draft.fields[0];
    assert_eq!(suggest(&tallies, &followed.draft, field), None);
    // Taken back as they went in, in whatever order.
    for conflict in [followed.id, overridden.id] {
        world
            .tenant
            .undo_decision(conflict, &world.actor())
            .unwrap();
    }
    assert_eq!(counts(&world), [(Took::Source, 6, 0, 0)]);
}
