//! Crashes: a session dropped without an end, and time that moves on.

use chrono::Duration;
use tandem_domain::ids::{Both, LinkId, OperationKey, Side};
use tandem_domain::link::LinkState;
use tandem_engine::ports::history::{
    OperationKind, OperationState, RunCounts, RunOptions, RunStatus,
};
use tandem_engine::ports::session::{OperationResult, RunSession, Unsettled};
use tandem_engine::ports::store::{RunOpening, StoreError};

use crate::harness::{
    Harness, World, acknowledged, all_pairs, create, digest, done, half, ids, journal_pair, person,
    record, rid, some, update, whole,
};

/// Past the lease and one call's timeout.
const LONG: i64 = 91;

/// Journals a create of `word` on the target and an update of link `a`'s source.
fn journal_two(
    world: &World,
    session: &mut dyn RunSession,
    a: LinkId,
) -> (LinkId, OperationKey, OperationKey) {
    let agreed = record(&[("email", "n"), ("name", "n")]);
    let mut planned = half(Side::Source, "s-n", "n");
    planned.link.base = Some(agreed.clone());
    planned.link.state = LinkState::Active;
    planned.todo = true;
    let (created, updated) = (world.key(), world.key());
    let mut new = journal_pair(None, Some(planned));
    new.operations.push(create(created, Side::Target, &agreed));
    let mut known = journal_pair(Some(a), Some(whole("a")));
    known
        .operations
        .push(update(updated, Side::Source, "s-a", "a", "b"));
    let journalled = session
        .journal_chunk(&[new, known], &[], world.now())
        .unwrap();
    (journalled[0].link_id.unwrap(), created, updated)
}

pub(crate) fn case_30_a_crash_between_write_and_receipt_is_settled(h: &dyn Harness) {
    let world = World::new(h);
    let a = world.link(&["a"])[0];
    let mut session = world.open();
    let crashed = session.run();
    let (new, created, updated) = journal_two(&world, session.as_mut(), a);
    assert!(session.unsettled().unwrap().is_empty());
    drop(session);
    world.pass(LONG);
    // Another process finds it.
    let tenant = h.open().tenant(world.tenant.id());
    let opening = tenant
        .open_run(&world.new_run(RunOptions::default()))
        .unwrap();
    let mut session = crate::harness::opened(opening);
    assert_eq!(session.continues(), Some(crashed));
    assert_eq!(
        session.unsettled().unwrap(),
        [
            Unsettled {
                key: created,
                run: crashed,
                side: Side::Target,
                kind: OperationKind::Create,
                record_id: None,
                link_id: new,
            },
            Unsettled {
                key: updated,
                run: crashed,
                side: Side::Source,
                kind: OperationKind::Update,
                record_id: Some(rid("s-a")),
                link_id: a,
            }
        ]
    );
    session
        .settle(&[
            (created, OperationState::Uncertain),
            (updated, OperationState::Dropped),
        ])
        .unwrap();
    assert!(session.unsettled().unwrap().is_empty());
    // The write had landed: its record comes with the listing and is paired by its key.
    session.stage(Side::Target, &[person("t-n", "n")]).unwrap();
    let pairs = all_pairs(session.as_mut());
    assert_eq!(ids(&pairs), [some("", ""), some("", "t-n")]);
    assert_eq!(
        (pairs[0].link_id, pairs[0].uncertain_create),
        (Some(a), None)
    );
    assert_eq!(
        (pairs[1].link_id, pairs[1].uncertain_create),
        (Some(new), Some(created))
    );
    assert!(pairs.iter().all(|pair| pair.todo));
    session
        .acknowledge_chunk(
            &[
                acknowledged(new, whole("n"), Vec::new()),
                acknowledged(a, whole("a"), Vec::new()),
            ],
            &[],
            world.now(),
        )
        .unwrap();
    let changes = tenant.changes(crashed, None, None, 10).unwrap();
    assert_eq!(
        changes
            .iter()
            .map(|change| change.state)
            .collect::<Vec<_>>(),
        [OperationState::Uncertain, OperationState::Dropped]
    );
    world.finish(session);
    let mut session = world.open();
    assert_eq!(session.continues(), None);
    assert!(session.unsettled().unwrap().is_empty());
    assert!(all_pairs(session.as_mut()).is_empty());
}

pub(crate) fn an_interrupted_run_is_failed_and_continued_after_the_wait(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let crashed = session.run();
    world.pass(30);
    session.renew(world.now(), &RunCounts::default()).unwrap();
    let expires = world.now() + Duration::seconds(60);
    drop(session);
    world.pass(59);
    assert!(matches!(
        world.try_open(RunOptions::default()),
        RunOpening::Joined(id) if id == crashed
    ));
    world.pass(1);
    for _ in 0..2 {
        assert!(matches!(
            world.try_open(RunOptions::default()),
            RunOpening::WaitUntil(at) if at == expires + Duration::seconds(30)
        ));
    }
    assert_eq!(
        world.tenant.run(crashed).unwrap().status,
        RunStatus::Running
    );
    world.pass(30);
    let session = world.open();
    assert_eq!(session.continues(), Some(crashed));
    let run = world.tenant.run(crashed).unwrap();
    assert_eq!(
        (run.status, run.completed_at),
        (RunStatus::Failed, Some(world.now()))
    );
    assert!(run.error_message.unwrap().contains("interrupted"));
}

/// It may have written long after it last wrote down its counts.
pub(crate) fn an_interrupted_run_counts_what_its_journal_shows(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b", "c"]);
    let mut session = world.open();
    let crashed = session.run();
    let early = RunCounts {
        processed: 7,
        skipped: 7,
        ..RunCounts::default()
    };
    session.renew(world.now(), &early).unwrap();
    // Two without a receipt, then one that landed, one refused, and one that landed in the end.
    let (_, _, updated) = journal_two(&world, session.as_mut(), links[0]);
    for (link, name, states) in [
        (links[1], "b", &[OperationState::Failed][..]),
        (
            links[2],
            "c",
            &[OperationState::Dropped, OperationState::Done],
        ),
    ] {
        for state in states {
            let key = world.key();
            let mut pair = journal_pair(Some(link), Some(whole(name)));
            let id = format!("t-{name}");
            pair.operations
                .push(update(key, Side::Target, &id, name, "new"));
            session.journal_chunk(&[pair], &[], world.now()).unwrap();
            let result = OperationResult {
                state: *state,
                ..done(key, &id)
            };
            let pair = acknowledged(link, whole(name), vec![result]);
            session
                .acknowledge_chunk(&[pair], &[], world.now())
                .unwrap();
        }
    }
    let landed = acknowledged(links[0], whole("a"), vec![done(updated, "s-a")]);
    session
        .acknowledge_chunk(&[landed], &[], world.now())
        .unwrap();
    drop(session);
    world.pass(LONG);
    let session = world.open();
    assert_eq!(session.continues(), Some(crashed));
    let counts = world.tenant.run(crashed).unwrap().counts;
    let expected = RunCounts {
        processed: 10,
        succeeded: 2,
        failed: 1,
        // Seven that were known to be skipped; the create without a receipt may be one of them.
        skipped: 7,
        updated: Both::new(1, 1),
        ..RunCounts::default()
    };
    assert_eq!(counts, expected);
}

pub(crate) fn a_lost_lease_stops_every_call(h: &dyn Harness) {
    let world = World::new(h);
    let a = world.link(&["a"])[0];
    let mut old = world.open();
    journal_two(&world, old.as_mut(), a);
    world.pass(LONG);
    let mut new = world.open();
    let now = world.now();
    fn lost<T>(answer: &Result<T, StoreError>) {
        assert!(matches!(answer, Err(StoreError::LeaseLost)));
    }
    lost(&old.renew(now, &RunCounts::default()));
    lost(&old.touch(now));
    lost(&old.progress());
    lost(&old.unsettled());
    lost(&old.settle(&[]));
    lost(&old.stage(Side::Source, &[person("s-a", "a")]));
    lost(&old.unseen(Side::Source, None, 1));
    lost(&old.unseen_count(Side::Source));
    lost(&old.set_aside(Side::Source, None, 1));
    lost(&old.next_pairs(1));
    lost(&old.unchanged_pairs());
    lost(&old.quarantine(&[], &[], now));
    lost(&old.keep_plan(Vec::new()));
    lost(&old.next_planned(1));
    lost(&old.journal_chunk(&[journal_pair(Some(a), Some(whole("a")))], &[], now));
    lost(&old.acknowledge_chunk(&[], &[], now));
    lost(&old.log_errors(&[]));
    lost(&old.bearers(Side::Source, digest(&1), None));
    lost(&old.undo_page(old.run(), None, 1));
    lost(&old.made_by(old.run()));
    lost(&old.review(old.run()));
    lost(&old.reviewed(&Both::new(None, None)));
    lost(&old.reviewed_unmet(None, 1));
    lost(&old.decided(now));
    lost(&old.fingerprint(digest(&1), now));
    let run = old.run();
    lost(&old.finish(world.outcome(RunStatus::Completed)));
    assert_eq!(world.tenant.run(run).unwrap().status, RunStatus::Failed);
    // The one that took over is not touched by any of this.
    assert_eq!(new.unsettled().unwrap().len(), 2);
    new.renew(now, &RunCounts::default()).unwrap();
    world.finish(new);
}

pub(crate) fn a_create_sent_again_under_its_key_settles_the_first(h: &dyn Harness) {
    let world = World::new(h);
    let agreed = record(&[("email", "n"), ("name", "n")]);
    let mut planned = half(Side::Source, "s-n", "n");
    planned.link.base = Some(agreed.clone());
    let key = world.key();
    let mut session = world.open();
    let first = session.run();
    let mut pair = journal_pair(None, Some(planned.clone()));
    pair.operations.push(create(key, Side::Target, &agreed));
    let link = session
        .journal_chunk(&[pair.clone()], &[], world.now())
        .unwrap()[0]
        .link_id
        .unwrap();
    let mut unknown = done(key, "unused");
    unknown.record_id = None;
    unknown.state = OperationState::Uncertain;
    session
        .acknowledge_chunk(
            &[acknowledged(link, planned, vec![unknown])],
            &[],
            world.now(),
        )
        .unwrap();
    world.finish(session);

    let mut session = world.open();
    let second = session.run();
    let pairs = all_pairs(session.as_mut());
    assert_eq!(
        (pairs[0].link_id, pairs[0].uncertain_create, pairs[0].todo),
        (Some(link), Some(key), true)
    );
    pair.link_id = Some(link);
    session.journal_chunk(&[pair], &[], world.now()).unwrap();
    session
        .acknowledge_chunk(
            &[acknowledged(link, whole("n"), vec![done(key, "t-n")])],
            &[],
            world.now(),
        )
        .unwrap();
    world.finish(session);
    for run in [first, second] {
        let change = &world.tenant.changes(run, None, None, 9).unwrap()[0];
        assert_eq!(
            (change.key, change.state, &change.record_id),
            (key, OperationState::Done, &Some(rid("t-n")))
        );
        assert_eq!(change.fields.len(), 2);
    }
    let mut session = world.open();
    assert!(all_pairs(session.as_mut()).is_empty());
}
