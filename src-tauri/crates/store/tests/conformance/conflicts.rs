//! Conflicts through their revisions, and decisions.

use chrono::Duration;
use tandem_domain::conflict::{
    Choice, CloseReason, ConflictDecision, ConflictDraft, ConflictField, ConflictKind,
    ConflictSide, ConflictState,
};
use tandem_domain::ids::{Both, ConflictId, LinkId, Side};
use tandem_engine::ports::history::ParkedConflict;
use tandem_engine::ports::session::{ConflictStep, RunSession};
use tandem_engine::ports::store::{ConflictFilter, NewDecision, StoreError};

use crate::harness::{
    Harness, World, all_pairs, conflict_id, field, journal_pair, live, rid, text, update, version,
    whole,
};

pub(crate) fn contested(name: &str, source: &str, target: &str) -> ConflictField {
    ConflictField {
        field: field(name),
        base: Some(text("base")),
        source: Some(text(source)),
        target: Some(text(target)),
        contested: true,
    }
}

pub(crate) fn draft(word: &str, fields: Vec<ConflictField>) -> ConflictDraft {
    let side = |id: String| {
        Some(ConflictSide {
            id: rid(&id),
            version: version("1"),
            updated_at: None,
            deleted: false,
        })
    };
    ConflictDraft {
        kind: ConflictKind::Update,
        why: "both changed it".into(),
        fields,
        sides: Both::new(side(format!("s-{word}")), side(format!("t-{word}"))),
    }
}

pub(crate) fn step(
    world: &World,
    session: &mut dyn RunSession,
    link: LinkId,
    conflict: ConflictStep,
) -> Option<ParkedConflict> {
    let mut pair = journal_pair(Some(link), None);
    pair.conflict = conflict;
    session.journal_chunk(&[pair], &[], world.now()).unwrap()[0].conflict
}

fn park_draft(
    world: &World,
    session: &mut dyn RunSession,
    link: LinkId,
    draft: ConflictDraft,
) -> ParkedConflict {
    let parked = ConflictStep::Park {
        id: conflict_id(world),
        draft: Box::new(draft),
    };
    step(world, session, link, parked).unwrap()
}

/// A new link with a conflict over its `name`.
pub(crate) fn park(
    world: &World,
    session: &mut dyn RunSession,
    word: &str,
    source: &str,
    target: &str,
) -> (LinkId, ConflictId) {
    let mut pair = journal_pair(None, Some(whole(word)));
    pair.conflict = ConflictStep::Park {
        id: conflict_id(world),
        draft: Box::new(draft(word, vec![contested("name", source, target)])),
    };
    let done = session.journal_chunk(&[pair], &[], world.now()).unwrap()[0];
    let parked = done.conflict.unwrap();
    assert!(parked.new);
    (done.link_id.unwrap(), parked.id)
}

pub(crate) fn choose(world: &World, conflict: ConflictId, revision: u32, wait: i64) -> NewDecision {
    NewDecision {
        conflict,
        revision,
        decision: ConflictDecision::Fields([(field("name"), Choice::Source)].into()),
        note: Some("she called".into()),
        not_before: world.now() + Duration::seconds(wait),
    }
}

pub(crate) fn one_conflict_a_link_refreshed_by_fresh_values(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let run = session.run();
    let (link, id) = park(&world, session.as_mut(), "a", "1", "2");
    let first = world.tenant.conflict(id).unwrap();
    assert_eq!(
        (
            first.revision,
            first.state,
            first.link,
            first.run,
            first.sync
        ),
        (1, ConflictState::Open, link, run, world.sync)
    );
    assert_eq!(
        (first.sync_name.as_str(), &first.draft, &first.decision),
        (
            "customers",
            &draft("a", vec![contested("name", "1", "2")]),
            &None
        )
    );
    world.pass(5);
    let again = |session: &mut dyn RunSession, source: &str| {
        park_draft(
            &world,
            session,
            link,
            draft("a", vec![contested("name", source, "2")]),
        )
    };
    let refreshed = ParkedConflict { id, new: false };
    // The same values: no new revision.
    assert_eq!(again(session.as_mut(), "1"), refreshed);
    assert_eq!(world.tenant.conflict(id).unwrap(), first);
    assert_eq!(again(session.as_mut(), "3"), refreshed);
    let third = world.tenant.conflict(id).unwrap();
    assert_eq!((third.revision, third.updated_at), (2, world.now()));
    assert_eq!(third.draft.fields[0].source, Some(text("3")));
    assert_eq!(world.tenant.totals().unwrap().open_conflicts, 1);
    // Planning is told.
    session
        .stage(
            Side::Source,
            &[live("s-a", &[("email", "a"), ("name", "x")])],
        )
        .unwrap();
    assert!(all_pairs(session.as_mut())[0].pair.conflict_open);
}

pub(crate) fn sides_that_agree_close_it(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let (link, id) = park(&world, session.as_mut(), "a", "1", "2");
    step(
        &world,
        session.as_mut(),
        link,
        ConflictStep::Close(CloseReason::SidesAgree),
    );
    let closed = world.tenant.conflict(id).unwrap();
    assert_eq!(
        (closed.state, closed.closed),
        (ConflictState::Closed, Some(CloseReason::SidesAgree))
    );
    // Nothing open: nothing to close. And a later disagreement is another conflict.
    step(
        &world,
        session.as_mut(),
        link,
        ConflictStep::Close(CloseReason::SidesAgree),
    );
    let fields = vec![contested("name", "1", "2")];
    let next = park_draft(&world, session.as_mut(), link, draft("a", fields));
    assert!(next.new && next.id != id);
    assert!(matches!(
        world
            .tenant
            .decide(&choose(&world, id, 1, 0), &world.actor()),
        Err(StoreError::Conflict(_))
    ));
}

pub(crate) fn a_decision_needs_the_revision_it_saw(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let (link, id) = park(&world, session.as_mut(), "a", "1", "2");
    let fields = vec![contested("name", "3", "2")];
    park_draft(&world, session.as_mut(), link, draft("a", fields));
    assert!(matches!(
        world
            .tenant
            .decide(&choose(&world, id, 1, 0), &world.actor()),
        Err(StoreError::Conflict(_))
    ));
    let decision = choose(&world, id, 2, 0);
    let decided = world.tenant.decide(&decision, &world.actor()).unwrap();
    assert_eq!(
        (
            decided.state,
            decided.decision,
            decided.note,
            decided.decided_by.as_deref()
        ),
        (
            ConflictState::Decided,
            Some(decision.decision.clone()),
            decision.note.clone(),
            Some("ann")
        )
    );
    assert_eq!(
        (decided.decided_at, decided.not_before),
        (Some(world.now()), Some(decision.not_before))
    );
    assert_eq!(
        world.tenant.audit(None, 1).unwrap()[0].action,
        "conflict.resolve"
    );
    // Once.
    assert!(matches!(
        world.tenant.decide(&decision, &world.actor()),
        Err(StoreError::Conflict(_))
    ));
    assert_eq!(world.tenant.totals().unwrap().open_conflicts, 0);
}

pub(crate) fn a_decision_waits_for_its_undo_window(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let (link, id) = park(&world, session.as_mut(), "a", "1", "2");
    let decision = choose(&world, id, 1, 10);
    world.tenant.decide(&decision, &world.actor()).unwrap();
    assert!(
        session
            .decided(world.now() + Duration::seconds(9))
            .unwrap()
            .is_empty()
    );
    world.pass(10);
    for _ in 0..2 {
        // Until it is carried out it is given each time: it is never lost.
        let decided = session.decided(world.now()).unwrap();
        assert_eq!(decided.len(), 1);
        assert_eq!(
            (
                decided[0].id,
                decided[0].link_id,
                &decided[0].link,
                &decided[0].decision
            ),
            (id, link, &whole("a").link, &decision.decision)
        );
        assert_eq!(
            decided[0].draft,
            draft("a", vec![contested("name", "1", "2")])
        );
    }
    step(&world, session.as_mut(), link, ConflictStep::Resolved(id));
    assert!(session.decided(world.now()).unwrap().is_empty());
    let resolved = world.tenant.conflict(id).unwrap();
    assert_eq!(
        (resolved.state, resolved.decision),
        (ConflictState::Resolved, Some(decision.decision))
    );
}

pub(crate) fn a_decision_can_be_taken_back_until_it_is_being_written(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let (link, id) = park(&world, session.as_mut(), "a", "1", "2");
    let undo = || world.tenant.undo_decision(id, &world.actor());
    assert!(matches!(undo(), Err(StoreError::Conflict(_))));
    let decide = || {
        world
            .tenant
            .decide(&choose(&world, id, 1, 0), &world.actor())
            .unwrap()
    };
    decide();
    let open = undo().unwrap();
    assert_eq!(
        (open.state, open.decision, open.decided_by),
        (ConflictState::Open, None, None)
    );
    assert_eq!(
        world.tenant.audit(None, 1).unwrap()[0].action,
        "conflict.undo"
    );
    // Several at once answer for themselves, in order.
    decide();
    let (_, undecided) = park(&world, session.as_mut(), "b", "1", "2");
    let unknown = tandem_domain::ids::ConflictId(uuid::Uuid::from_u128(99));
    let answers = world
        .tenant
        .undo_decisions(&[undecided, id, unknown, id], &world.actor())
        .unwrap();
    assert!(
        matches!(
            &answers[..],
            [
                Err(StoreError::Conflict(_)),
                Ok(open),
                Err(StoreError::NotFound { .. }),
                Err(StoreError::Conflict(_)),
            ] if open.id == id && open.state == ConflictState::Open
        ),
        "{answers:?}"
    );
    // A run took it up: no more, until that run ends without having written anything.
    decide();
    assert_eq!(session.decided(world.now()).unwrap().len(), 1);
    assert!(matches!(undo(), Err(StoreError::Conflict(_))));
    world.finish(session);
    undo().unwrap();
    // Half written: it stands.
    decide();
    let mut session = world.open();
    session.decided(world.now()).unwrap();
    let mut pair = journal_pair(Some(link), None);
    pair.operations
        .push(update(world.key(), Side::Target, "t-a", "2", "1"));
    session.journal_chunk(&[pair], &[], world.now()).unwrap();
    world.finish(session);
    assert!(matches!(undo(), Err(StoreError::Conflict(_))));
}

pub(crate) fn case_28_a_reopened_conflict_keeps_unaffected_choices(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let link = crate::harness::put_row(&world, session.as_mut(), None, whole("a"));
    let fields = |phone: &str| vec![contested("name", "1", "2"), contested("phone", phone, "8")];
    let id = park_draft(&world, session.as_mut(), link, draft("a", fields("7"))).id;
    let choices = [
        (field("name"), Choice::Target),
        (field("phone"), Choice::Source),
    ];
    let mut decision = choose(&world, id, 1, 0);
    decision.decision = ConflictDecision::Fields(choices.into());
    world.tenant.decide(&decision, &world.actor()).unwrap();
    let reopen = ConflictStep::Reopen {
        id,
        draft: Box::new(draft("a", fields("9"))),
    };
    let told = step(&world, session.as_mut(), link, reopen);
    assert_eq!(told, Some(ParkedConflict { id, new: false }));
    let reopened = world.tenant.conflict(id).unwrap();
    assert_eq!(
        (reopened.state, reopened.revision),
        (ConflictState::Open, 2)
    );
    assert_eq!(
        reopened.decision,
        Some(ConflictDecision::Fields(
            [(field("name"), Choice::Target)].into()
        ))
    );
    assert!(session.decided(world.now()).unwrap().is_empty());
    // A decision about the whole record is not kept in part.
    decision.revision = 2;
    decision.decision = ConflictDecision::Unlink;
    world.tenant.decide(&decision, &world.actor()).unwrap();
    let fresh = park_draft(&world, session.as_mut(), link, draft("a", fields("10")));
    assert_eq!(fresh, ParkedConflict { id, new: false });
    let reopened = world.tenant.conflict(id).unwrap();
    assert_eq!(
        (reopened.state, reopened.revision, reopened.decision),
        (ConflictState::Open, 3, None)
    );
}

pub(crate) fn conflicts_come_in_pages_newest_first(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let mut all: Vec<ConflictId> = ["a", "b", "c", "d"]
        .into_iter()
        .map(|word| park(&world, session.as_mut(), word, "1", "2").1)
        .collect();
    all.reverse();
    let page = |filter: &ConflictFilter| -> Vec<ConflictId> {
        let conflicts = world.tenant.conflicts(filter).unwrap();
        conflicts.into_iter().map(|conflict| conflict.id).collect()
    };
    let first = page(&ConflictFilter {
        limit: 3,
        ..Default::default()
    });
    let rest = page(&ConflictFilter {
        limit: 3,
        before: Some(first[2]),
        ..Default::default()
    });
    assert_eq!([first, rest].concat(), all);
    world
        .tenant
        .decide(&choose(&world, all[1], 1, 0), &world.actor())
        .unwrap();
    let open = ConflictFilter {
        sync: Some(world.sync),
        state: Some(ConflictState::Open),
        limit: 9,
        before: None,
    };
    assert_eq!(page(&open), [all[0], all[2], all[3]]);
}

pub(crate) fn a_decision_about_a_link_that_is_gone_closes(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let (link, id) = park(&world, session.as_mut(), "a", "1", "2");
    world
        .tenant
        .decide(&choose(&world, id, 1, 0), &world.actor())
        .unwrap();
    let mut nothing = whole("a");
    nothing.link.sides = Both::new(None, None);
    session
        .journal_chunk(&[journal_pair(Some(link), Some(nothing))], &[], world.now())
        .unwrap();
    assert!(session.decided(world.now()).unwrap().is_empty());
    let closed = world.tenant.conflict(id).unwrap();
    assert_eq!(
        (closed.state, closed.closed),
        (ConflictState::Closed, Some(CloseReason::BothDeleted))
    );
}
