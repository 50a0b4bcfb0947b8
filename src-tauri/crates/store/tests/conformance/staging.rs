//! Staging: what is new, what is as it was, what did not come.

use tandem_domain::ids::{LinkId, RecordId, Side};
use tandem_domain::link::{LinkState, Seen};
use tandem_domain::plan::Observation;
use tandem_engine::ports::history::RunStatus;
use tandem_engine::ports::session::{LinkRow, StageCounts};

use crate::harness::{
    Harness, World, all_pairs, gone, half, ids, live, person, put_row, record, rid, row, some,
    unusable, version, whole,
};

fn counts(unchanged: u64, changed: u64, repeated: u64) -> StageCounts {
    StageCounts {
        unchanged,
        changed,
        repeated,
    }
}

pub(crate) fn an_equal_digest_is_only_seen(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let mut session = world.open();
    let edited = live("t-b", &[("email", "b"), ("name", "Bee")]);
    assert_eq!(
        session
            .stage(Side::Source, &[person("s-a", "a"), person("s-b", "b")])
            .unwrap(),
        counts(2, 0, 0)
    );
    assert_eq!(
        session
            .stage(Side::Target, &[person("t-a", "a"), edited])
            .unwrap(),
        counts(1, 1, 0)
    );
    let pairs = all_pairs(session.as_mut());
    assert_eq!(pairs.len(), 1);
    assert_eq!(pairs[0].link_id, Some(links[1]));
    assert_eq!(pairs[0].pair.sides.source, Observation::Unchanged);
    assert!(
        matches!(&pairs[0].pair.sides.target, Observation::Live(seen)
        if seen.record == record(&[("email", "b"), ("name", "Bee")]))
    );
    assert_eq!(pairs[0].pair.link, Some(whole("b").link));
    assert!(!pairs[0].todo && !pairs[0].pair.conflict_open && pairs[0].problem.is_none());
    assert_eq!(session.unchanged_pairs().unwrap(), 1);
}

pub(crate) fn case_25_same_id_on_two_pages_the_later_wins(h: &dyn Harness) {
    let world = World::new(h);
    world.link(&["a", "b"]);
    let mut session = world.open();
    let edited = |id: &str| live(id, &[("email", "e"), ("name", "edited")]);
    // New, then new again; changed, then as it was; as it was, then changed.
    assert_eq!(
        session
            .stage(
                Side::Source,
                &[person("s-new", "first"), edited("s-a"), person("s-b", "b")]
            )
            .unwrap(),
        counts(1, 2, 0)
    );
    assert_eq!(
        session
            .stage(
                Side::Source,
                &[person("s-new", "second"), person("s-a", "a"), edited("s-b")]
            )
            .unwrap(),
        counts(0, 0, 3)
    );
    let pairs = all_pairs(session.as_mut());
    assert_eq!(ids(&pairs), [some("s-b", ""), some("s-new", "")]);
    assert!(
        matches!(&pairs[1].pair.sides.source, Observation::Live(seen)
        if seen.record == record(&[("email", "second"), ("name", "second")]))
    );
    assert_eq!(session.unchanged_pairs().unwrap(), 1);
}

pub(crate) fn a_version_that_moved_without_content_is_kept(h: &dyn Harness) {
    let world = World::new(h);
    let mut mine = whole("a");
    mine.todo = true;
    mine.link.sides.source.as_mut().unwrap().ours = true;
    let mut session = world.open();
    put_row(&world, session.as_mut(), None, mine);
    world.finish(session);
    let mut session = world.open();
    let mut touched = person("s-a", "a");
    touched.version = version("2");
    touched.updated_at = Some(world.now() + chrono::Duration::nanoseconds(1));
    assert_eq!(
        session.stage(Side::Source, &[touched.clone()]).unwrap(),
        counts(1, 0, 0)
    );
    let pairs = all_pairs(session.as_mut());
    let source = pairs[0].pair.link.as_ref().unwrap().sides.source.as_ref();
    let source = source.unwrap();
    assert_eq!(pairs[0].pair.sides.source, Observation::Unchanged);
    assert_eq!(
        (&source.version, source.updated_at, source.ours),
        (&touched.version, touched.updated_at, false)
    );
    assert!(pairs[0].todo);
    // It was read as it was known, but is planned all the same.
    assert_eq!(session.unchanged_pairs().unwrap(), 0);
}

pub(crate) fn unseen_links_are_told_in_pages(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b", "c", "d"]);
    let mut session = world.open();
    let put = |session: &mut dyn tandem_engine::ports::session::RunSession, row: LinkRow| {
        put_row(&world, session, None, row)
    };
    let unpaired = put(session.as_mut(), half(Side::Source, "s-half", "half"));
    put(session.as_mut(), half(Side::Target, "t-half", "half2"));
    for (word, state) in [("x", LinkState::Closed), ("y", LinkState::Excluded)] {
        let mut row = whole(word);
        row.link.state = state;
        put(session.as_mut(), row);
    }
    world.finish(session);
    let mut session = world.open();
    session
        .stage(
            Side::Source,
            &[person("s-b", "b"), unusable("s-d"), person("s-new", "new")],
        )
        .unwrap();
    let expected: Vec<(LinkId, RecordId)> = vec![
        (links[0], rid("s-a")),
        (links[2], rid("s-c")),
        (unpaired, rid("s-half")),
    ];
    let first = session.unseen(Side::Source, None, 2).unwrap();
    assert_eq!(first, expected[..2]);
    let second = session.unseen(Side::Source, Some(first[1].0), 2).unwrap();
    assert_eq!(second, expected[2..]);
    assert_eq!(session.unseen_count(Side::Source).unwrap(), (3, 4));
    assert_eq!(session.unseen_count(Side::Target).unwrap(), (5, 4));
    // Confirmed as gone they have come.
    session.stage(Side::Source, &[gone("s-a")]).unwrap();
    assert_eq!(session.unseen_count(Side::Source).unwrap(), (2, 4));
}

pub(crate) fn records_set_aside_come_again_until_usable(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a"]);
    let mut session = world.open();
    session
        .stage(
            Side::Source,
            &[
                unusable("s-a"),
                unusable("x1"),
                unusable("x2"),
                unusable("x3"),
            ],
        )
        .unwrap();
    session
        .stage(
            Side::Target,
            &[live("t-a", &[("email", "a"), ("name", "A")])],
        )
        .unwrap();
    // A link with an unusable record is left alone, whatever the other side says.
    assert!(all_pairs(session.as_mut()).is_empty());
    assert!(session.set_aside(Side::Source, None, 9).unwrap().is_empty());
    world.finish(session);

    let mut session = world.open();
    session.stage(Side::Source, &[person("x2", "x2")]).unwrap();
    let first = session.set_aside(Side::Source, None, 1).unwrap();
    assert_eq!(first, [(rid("s-a"), "no email".to_owned())]);
    let rest = session
        .set_aside(Side::Source, Some(first[0].0.clone()), 9)
        .unwrap();
    assert_eq!(
        rest,
        [rid("x1"), rid("x3")].map(|id| (id, "no email".to_owned()))
    );
    assert!(session.set_aside(Side::Target, None, 9).unwrap().is_empty());
    // As the link knows it: usable again at once. Deleted: done with.
    session
        .stage(Side::Source, &[person("s-a", "a"), gone("x1")])
        .unwrap();
    world.finish(session);

    // A run that failed forgets nothing, since nothing of it is remembered either.
    let mut session = world.open();
    assert_eq!(
        session.set_aside(Side::Source, None, 9).unwrap(),
        [(rid("x3"), "no email".to_owned())]
    );
    session
        .stage(Side::Source, &[person("x3", "x3"), unusable("x4")])
        .unwrap();
    session.finish(world.outcome(RunStatus::Failed)).unwrap();
    let mut session = world.open();
    assert_eq!(
        session.set_aside(Side::Source, None, 9).unwrap(),
        [(rid("x3"), "no email".to_owned())]
    );
    assert_eq!(
        session.unseen(Side::Source, None, 9).unwrap()[0].0,
        links[0]
    );
}

pub(crate) fn a_changed_mapping_compares_everything_again(h: &dyn Harness) {
    let world = World::new(h);
    world.link(&["a"]);
    let session = world.open();
    let mut outcome = world.outcome(RunStatus::Completed);
    let progress = tandem_engine::ports::session::SideProgress {
        cursor: Some(tandem_engine::ports::connector::Cursor("5".into())),
        identity: Some("db".into()),
        listed: true,
        listed_at: None,
    };
    outcome.progress.source = Some(progress.clone());
    session.finish(outcome).unwrap();

    // A schedule changes no comparison.
    let mut sync = world.tenant.sync(world.sync).unwrap();
    sync.config.schedule = Some("0 * * * *".into());
    world.tenant.put_sync(&sync, &world.actor()).unwrap();
    assert_eq!(
        world.tenant.side_progress(world.sync).unwrap().source,
        progress
    );
    let (session, pairs) = world.pairs_of(&[person("s-a", "a")], &[person("t-a", "a")]);
    assert!(pairs.is_empty());
    world.finish(session);

    sync.config.match_key = Vec::new();
    world.tenant.put_sync(&sync, &world.actor()).unwrap();
    let now = world.tenant.side_progress(world.sync).unwrap().source;
    assert_eq!((now.cursor, now.identity), (None, Some("db".into())));
    let (mut session, pairs) = world.pairs_of(&[person("s-a", "a")], &[person("t-a", "a")]);
    assert_eq!(ids(&pairs), [some("s-a", "t-a")]);
    // It is to be written even if equal, so that its digests hold again.
    assert!(pairs[0].todo);
    put_row(&world, session.as_mut(), pairs[0].link_id, whole("a"));
    world.finish(session);
    let (_, pairs) = world.pairs_of(&[person("s-a", "a")], &[person("t-a", "a")]);
    assert!(pairs.is_empty());
}

pub(crate) fn an_open_conflict_already_seen_needs_no_planning(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let edit = live("s-a", &[("email", "a"), ("name", "edited")]);
    let seen = Seen::Live(record(&[("email", "a"), ("name", "edited")]));
    let (mut session, pairs) = world.pairs_of(&[edit.clone(), gone("s-b")], &[]);
    assert_eq!(pairs.len(), 2);
    // Not incorporated (drift, a conflict): kept as seen.
    let mut first = whole("a");
    first.link.sides.source.as_mut().unwrap().seen = Some(seen.clone());
    let mut second = whole("b");
    second.link.sides.source.as_mut().unwrap().seen = Some(Seen::Deleted);
    put_row(&world, session.as_mut(), Some(links[0]), first.clone());
    put_row(&world, session.as_mut(), Some(links[1]), second);
    world.finish(session);

    let (mut session, pairs) = world.pairs_of(&[edit, gone("s-b")], &[person("t-a", "a")]);
    assert!(pairs.is_empty());
    assert_eq!(session.unchanged_pairs().unwrap(), 2);
    world.finish(session);
    // Back to the shadow, or back at all: that is news.
    let (session, pairs) = world.pairs_of(&[person("s-a", "a"), person("s-b", "b")], &[]);
    assert_eq!(ids(&pairs), [some("s-a", ""), some("s-b", "")]);
    assert_eq!(pairs[0].pair.link, Some(first.link));
    drop(session);
}

pub(crate) fn a_closed_link_whose_record_returns_is_planned(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    for (word, state) in [("x", LinkState::Closed), ("y", LinkState::Excluded)] {
        let mut closed = whole(word);
        closed.link.state = state;
        put_row(&world, session.as_mut(), None, row(closed.link, false));
    }
    world.finish(session);
    let (session, pairs) = world.pairs_of(&[gone("s-x"), person("s-y", "y")], &[gone("t-y")]);
    assert!(pairs.is_empty());
    world.finish(session);
    let (_session, pairs) = world.pairs_of(&[person("s-x", "x")], &[]);
    assert_eq!(ids(&pairs), [some("s-x", "")]);
    assert_eq!(
        pairs[0].pair.link.as_ref().unwrap().state,
        LinkState::Closed
    );
}
