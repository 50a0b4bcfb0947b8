//! A plan that was reviewed: found by the records it is about, and by its hash.

use tandem_domain::ids::{Both, LinkId, RunId, Side};
use tandem_engine::ports::history::{Change, OperationKind, OperationState, RunOptions, RunStatus};
use tandem_engine::ports::session::{JournalOperation, RunSession};
use tandem_engine::ports::store::StoreError;

use crate::harness::{
    Harness, World, create, half, journal_pair, opened, record, rid, update, whole,
};

/// A simulation that ends with this plan hash: an update of t-a, and a create from s-new.
pub(crate) fn simulate(world: &World, link: LinkId, hash: &str) -> RunId {
    let simulate = RunOptions {
        simulate: true,
        ..RunOptions::default()
    };
    let mut session = opened(world.try_open(simulate));
    let planned = |operation: JournalOperation| JournalOperation {
        state: OperationState::Planned,
        ..operation
    };
    let mut known = journal_pair(Some(link), Some(whole("a")));
    let after = planned(update(world.key(), Side::Target, "t-a", "x", "2"));
    known.operations.push(after);
    let mut new = journal_pair(None, Some(half(Side::Source, "s-new", "new")));
    let made = record(&[("email", "new"), ("name", "new")]);
    let made = planned(create(world.key(), Side::Target, &made));
    new.operations.push(made);
    session
        .journal_chunk(&[known, new], &[], world.now())
        .unwrap();
    let run = session.run();
    let mut outcome = world.outcome(RunStatus::Completed);
    outcome.plan_hash = Some(hash.to_owned());
    session.finish(outcome).unwrap();
    run
}

fn kinds(changes: &[Change]) -> Vec<OperationKind> {
    changes.iter().map(|change| change.kind).collect()
}

fn ask(session: &mut dyn RunSession, source: &str, target: &str) -> Vec<OperationKind> {
    let id = |text: &str| (!text.is_empty()).then(|| rid(text));
    kinds(
        &session
            .reviewed(&Both::new(id(source), id(target)))
            .unwrap(),
    )
}

pub(crate) fn what_was_reviewed_is_found_by_its_records_and_once_asked_for_is_met(h: &dyn Harness) {
    let world = World::new(h);
    let link = world.link(&["a"])[0];
    let simulation = simulate(&world, link, "abc");
    let mut session = world.open();
    assert_eq!(session.review(simulation).unwrap(), 2);
    assert_eq!(ask(session.as_mut(), "s-other", "t-other"), []);
    assert_eq!(
        ask(session.as_mut(), "t-a", "s-new"),
        [],
        "on the other side"
    );
    let unmet = |session: &mut dyn RunSession, after| session.reviewed_unmet(after, 9).unwrap();
    let all = unmet(session.as_mut(), None);
    assert_eq!(kinds(&all), [OperationKind::Update, OperationKind::Create]);
    assert_eq!(unmet(session.as_mut(), Some(all[0].seq)), all[1..]);
    assert_eq!(
        ask(session.as_mut(), "s-a", "t-a"),
        [OperationKind::Update],
        "by its own record"
    );
    assert_eq!(unmet(session.as_mut(), None), all[1..]);
    assert_eq!(
        ask(session.as_mut(), "s-new", ""),
        [OperationKind::Create],
        "by the record it is made from"
    );
    assert_eq!(unmet(session.as_mut(), None), []);
    world.finish(session);
}

pub(crate) fn only_a_simulation_has_a_plan_and_its_hash_names_the_newest(h: &dyn Harness) {
    let world = World::new(h);
    let link = world.link(&["a"])[0];
    simulate(&world, link, "abc");
    let second = simulate(&world, link, "abc");
    let found = world.tenant.planned("abc").unwrap().unwrap();
    assert_eq!((found.id, found.options.simulate), (second, true));
    assert_eq!(world.tenant.planned("ab").unwrap(), None);

    let session = world.open();
    let run = session.run();
    let mut outcome = world.outcome(RunStatus::Completed);
    outcome.plan_hash = Some("def".to_owned());
    session.finish(outcome).unwrap();
    assert_eq!(
        world.tenant.planned("def").unwrap(),
        None,
        "it was no simulation"
    );
    let mut session = world.open();
    let refused = session.review(run);
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    let unknown = session.review(RunId(world.id()));
    assert!(
        matches!(unknown, Err(StoreError::NotFound { .. })),
        "{unknown:?}"
    );
    world.finish(session);
}
