//! What is decided and linked by hand.

use std::collections::BTreeSet;

use tandem_domain::conflict::{Choice, CloseReason, ConflictDecision, ConflictKind, ConflictState};
use tandem_domain::ids::{Both, ConflictId, LinkId, Side};
use tandem_domain::link::LinkState;
use tandem_engine::ports::pairs::{NewRestoration, PairFilter, SetAsideFilter, SetAsideWhy};
use tandem_engine::ports::session::ConflictStep;
use tandem_engine::ports::store::StoreError;

use crate::conflicts::{choose, contested, draft, park, step};
use crate::harness::{Harness, World, conflict_id, field, person, rid, text, unusable};

fn refused<T: std::fmt::Debug>(answer: &Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Conflict(_))), "{answer:?}");
}

pub(crate) fn many_decisions_answer_one_by_one_or_together(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let ids: Vec<ConflictId> = ["a", "b", "c"]
        .iter()
        .map(|word| park(&world, session.as_mut(), word, "1", "2").1)
        .collect();
    world.finish(session);
    let stale = choose(&world, ids[1], 7, 0);
    let unknown = choose(&world, ConflictId(world.id()), 1, 0);
    let wanted = [
        choose(&world, ids[0], 1, 0),
        stale,
        unknown,
        choose(&world, ids[2], 1, 0),
    ];
    let decide = |together| {
        let answers = world
            .tenant
            .decide_many(&wanted, together, &world.actor())
            .unwrap();
        assert!(matches!(answers[1], Err(StoreError::Conflict(_))));
        assert!(matches!(answers[2], Err(StoreError::NotFound { .. })));
        assert!(answers[0].is_ok() && answers[3].is_ok());
        ids.iter()
            .map(|id| world.tenant.conflict(*id).unwrap().state)
            .collect::<Vec<_>>()
    };
    let rows = |action: &str| {
        let log = world.tenant.audit(None, 100).unwrap();
        log.iter().filter(|row| row.action == action).count()
    };
    assert_eq!(decide(true), [ConflictState::Open; 3]);
    assert_eq!(rows("conflict.resolve"), 0);
    assert_eq!(
        decide(false),
        [
            ConflictState::Decided,
            ConflictState::Open,
            ConflictState::Decided
        ]
    );
    assert_eq!(rows("conflict.resolve"), 2);
    assert_eq!(world.tenant.verify_audit().unwrap().first_bad, None);
}

/// Brings `a`'s name back.
fn restoration(world: &World, link: LinkId, run: tandem_domain::ids::RunId) -> NewRestoration {
    let mut draft = draft("a", vec![contested("name", "1", "1")]);
    draft.kind = ConflictKind::Restoration;
    NewRestoration {
        conflict: conflict_id(world),
        link,
        run,
        draft,
        decision: ConflictDecision::Fields([(field("name"), Choice::Custom(text("lost")))].into()),
        note: None,
        not_before: world.now(),
    }
}

pub(crate) fn a_value_to_be_restored_waits_though_the_sides_agree(h: &dyn Harness) {
    let world = World::new(h);
    let link = world.link(&["a"])[0];
    let session = world.open();
    let run = session.run();
    world.finish(session);
    let new = restoration(&world, link, run);
    let kept = world.tenant.restore(&new, &world.actor()).unwrap();
    assert_eq!(
        (kept.state, kept.revision, kept.id),
        (ConflictState::Decided, 1, new.conflict)
    );
    refused(
        &world
            .tenant
            .restore(&restoration(&world, link, run), &world.actor()),
    );

    let mut session = world.open();
    for why in [CloseReason::SidesAgree, CloseReason::PolicyDecided] {
        step(&world, session.as_mut(), link, ConflictStep::Close(why));
    }
    assert_eq!(session.decided(world.now()).unwrap()[0].id, new.conflict);
    step(
        &world,
        session.as_mut(),
        link,
        ConflictStep::Close(CloseReason::MovedOn),
    );
    assert_eq!(session.decided(world.now()).unwrap(), []);
    world.finish(session);
    let closed = world.tenant.conflict(new.conflict).unwrap();
    assert_eq!(closed.closed, Some(CloseReason::MovedOn));

    // Taken back, it is closed: there is nothing to disagree about.
    let again = restoration(&world, link, run);
    world.tenant.restore(&again, &world.actor()).unwrap();
    let taken_back = world
        .tenant
        .undo_decision(again.conflict, &world.actor())
        .unwrap();
    assert_eq!(
        (taken_back.state, taken_back.closed),
        (ConflictState::Closed, Some(CloseReason::TakenBack))
    );
    world
        .tenant
        .leave_alone(world.sync, Side::Source, &rid("s-a"), &world.actor())
        .unwrap();
    refused(
        &world
            .tenant
            .restore(&restoration(&world, link, run), &world.actor()),
    );
}

pub(crate) fn linking_by_hand_lets_go_and_has_both_read_anew(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let link = |source: &str, target: &str| {
        let records = Both::new(rid(source), rid(target));
        world
            .tenant
            .link_by_hand(world.sync, &records, &world.actor())
    };
    let alone = |side, id: &str| {
        world
            .tenant
            .leave_alone(world.sync, side, &rid(id), &world.actor())
    };
    refused(&link("s-a", "t-a"));
    refused(&link("s-a", "t-b"));
    refused(&link("s-new", "t-b"));
    assert_eq!(
        alone(Side::Source, "s-a").unwrap().link.state,
        LinkState::Excluded
    );
    refused(&alone(Side::Target, "t-a"));
    // The very pair again: it keeps its number, and nothing is agreed any more.
    let again = link("s-a", "t-a").unwrap();
    assert_eq!((again.id, again.todo), (links[0], true));
    assert_eq!(
        (again.link.state, &again.link.base),
        (LinkState::Active, &None)
    );
    let mut session = world.open();
    for side in Side::BOTH {
        assert_eq!(
            session.set_aside(side, None, 10).unwrap().len(),
            1,
            "{side}"
        );
    }
    world.finish(session);

    // Crosswise: who was somebody's partner stays alone.
    alone(Side::Source, "s-a").unwrap();
    alone(Side::Source, "s-b").unwrap();
    let crossed = link("s-a", "t-b").unwrap();
    let left = world
        .tenant
        .pair_of(world.sync, Side::Target, &rid("t-a"))
        .unwrap();
    assert_eq!(left.link.state, LinkState::Excluded);
    assert!(left.link.sides.source.is_none());
    assert_ne!(left.id, crossed.id);
    let whole = world.tenant.pair_of(world.sync, Side::Source, &rid("s-a"));
    assert_eq!(whole.unwrap(), crossed);
    // One that was never met.
    let new = link("s-new", "t-new").unwrap();
    assert_eq!(world.tenant.pair(new.id).unwrap(), new);
}

pub(crate) fn nothing_is_changed_by_hand_while_a_run_goes_on(h: &dyn Harness) {
    let world = World::new(h);
    world.link(&["a"]);
    let session = world.open();
    let records = Both::new(rid("s-x"), rid("t-x"));
    let actor = world.actor();
    refused(&world.tenant.link_by_hand(world.sync, &records, &actor));
    refused(
        &world
            .tenant
            .leave_alone(world.sync, Side::Source, &rid("s-a"), &actor),
    );
    world.finish(session);
    world
        .tenant
        .leave_alone(world.sync, Side::Source, &rid("s-a"), &actor)
        .unwrap();
}

pub(crate) fn what_is_left_alone_is_not_set_aside_again(h: &dyn Harness) {
    let world = World::new(h);
    let read = || {
        let mut session = world.open();
        session
            .stage(Side::Source, &[unusable("s-x"), unusable("s-y")])
            .unwrap();
        world.finish(session);
        let filter = SetAsideFilter {
            sync: Some(world.sync),
            limit: 10,
            ..SetAsideFilter::default()
        };
        let waiting = world.tenant.set_aside(&filter).unwrap();
        waiting
            .into_iter()
            .map(|it| {
                assert_eq!((it.why, it.side), (SetAsideWhy::Unusable, Side::Source));
                it.record.to_string()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(read(), ["s-x", "s-y"]);
    let left = world
        .tenant
        .leave_alone(world.sync, Side::Source, &rid("s-x"), &world.actor())
        .unwrap();
    assert_eq!(left.link.state, LinkState::Excluded);
    assert_eq!(read(), ["s-y"]);
    let unknown = world
        .tenant
        .leave_alone(world.sync, Side::Source, &rid("s-z"), &world.actor());
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
}

pub(crate) fn records_set_aside_come_in_pages_and_one_by_one(h: &dyn Harness) {
    let world = World::new(h);
    let source = [person("7", "dup"), person("s2", "dup")];
    let target = [person("t1", "dup")];
    let (mut session, pairs) = world.pairs_of(&source, &target);
    session.quarantine(&pairs, &[], world.now()).unwrap();
    let unusable = [unusable("8"), unusable("s-x"), unusable("s-y")];
    session.stage(Side::Source, &unusable).unwrap();
    session.stage(Side::Target, &unusable[1..]).unwrap();
    world.finish(session);
    let list = |filter: SetAsideFilter| world.tenant.set_aside(&filter).unwrap();
    let whole = list(SetAsideFilter {
        limit: 100,
        ..SetAsideFilter::default()
    });
    let named: BTreeSet<(String, &str)> = whole
        .iter()
        .map(|it| (it.record.to_string(), it.side.as_str()))
        .collect();
    assert_eq!((whole.len(), named.len()), (8, 8), "{whole:?}");
    for limit in 1..8 {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = list(SetAsideFilter {
                after: after.clone(),
                limit,
                ..SetAsideFilter::default()
            });
            let Some(last) = page.last() else { break };
            after = Some(last.place.clone());
            seen.extend(page);
        }
        assert_eq!(seen, whole, "pages of {limit}");
    }
    for it in &whole {
        let found = list(SetAsideFilter {
            sync: Some(it.sync),
            record: Some((it.side, it.record.clone())),
            limit: 2,
            ..SetAsideFilter::default()
        });
        assert_eq!(found, std::slice::from_ref(it));
    }
    let nobody = list(SetAsideFilter {
        record: Some((Side::Target, rid("8"))),
        limit: 2,
        ..SetAsideFilter::default()
    });
    assert_eq!(nobody, []);
}

pub(crate) fn pairs_come_in_pages(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b", "c"]);
    let list = |after, state, limit| {
        let filter = PairFilter {
            sync: None,
            state,
            after,
            limit,
        };
        let found = world.tenant.pairs(&filter).unwrap();
        found.iter().map(|pair| pair.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 2), links[..2]);
    assert_eq!(list(Some(links[1]), None, 2), links[2..]);
    world
        .tenant
        .leave_alone(world.sync, Side::Target, &rid("t-b"), &world.actor())
        .unwrap();
    assert_eq!(list(None, Some(LinkState::Excluded), 9), links[1..2]);
    assert_eq!(list(None, Some(LinkState::Active), 9), [links[0], links[2]]);
}
