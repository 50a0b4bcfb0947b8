//! What is removed when it is old, and what never is.

use chrono::Duration;
use tandem_domain::conflict::{Choice, CloseReason, ConflictDecision};
use tandem_domain::ids::{ConflictId, LinkId, RunId, Side};
use tandem_engine::ports::history::{OperationKind, OperationState, RunOptions, RunStatus};
use tandem_engine::ports::retention::{DetailsRemoved, Pruned, Retention};
use tandem_engine::ports::session::{ConflictStep, Snapshots};
use tandem_engine::ports::store::{ConflictFilter, ErrorFilter, NewDecision, StoreError};

use crate::conflicts::park;
use crate::harness::{
    Harness, World, acknowledged, all_pairs, create, done, error, field, half, journal_pair,
    opened, person, record, update, whole,
};

const DAY: i64 = 86_400;
/// Past the lease and one call's timeout.
const LONG: i64 = 91;

fn keep(world: &World, history: Option<u32>, audit: Option<u32>) {
    let kept = Retention::new(history, audit).unwrap();
    world
        .tenant
        .put_workspace(&[], &[], Some(&kept), &world.actor())
        .unwrap();
}

fn prune(world: &World) -> Pruned {
    let mut all = Pruned::default();
    loop {
        all = all.and(world.tenant.prune(world.now(), 1_000).unwrap());
        if !all.more {
            return all;
        }
    }
}

fn changes(world: &World, run: RunId) -> usize {
    world.tenant.changes(run, None, None, 1_000).unwrap().len()
}

/// A run that wrote each of these links once, with an error and snapshots.
fn write(world: &World, links: &[(LinkId, &str)]) -> RunId {
    let mut session = world.open();
    let run = session.run();
    let mut pairs = Vec::new();
    let mut receipts = Vec::new();
    for (link, word) in links {
        let key = world.key();
        let mut pair = journal_pair(Some(*link), Some(whole(word)));
        pair.operations
            .push(update(key, Side::Target, &format!("t-{word}"), "old", word));
        pairs.push(pair);
        receipts.push(acknowledged(
            *link,
            whole(word),
            vec![done(key, &format!("t-{word}"))],
        ));
    }
    session
        .journal_chunk(&pairs, &[error(world, "s-x")], world.now())
        .unwrap();
    session
        .acknowledge_chunk(&receipts, &[], world.now())
        .unwrap();
    let mut outcome = world.outcome(RunStatus::Completed);
    outcome.snapshots = Some(Snapshots {
        before: serde_json::json!([1]),
        after: serde_json::json!([2]),
    });
    session.finish(outcome).unwrap();
    run
}

pub(crate) fn old_details_go_and_links_stay(h: &dyn Harness) {
    let world = World::new(h);
    let links = world.link(&["a", "b"]);
    let old = write(&world, &[(links[0], "a"), (links[1], "b")]);
    world.pass(20 * DAY);
    let young = write(&world, &[(links[0], "a")]);
    world.pass(20 * DAY);

    // Nothing goes unless an admin says so.
    assert_eq!(prune(&world), Pruned::default());
    assert_eq!(changes(&world, old), 2);
    keep(&world, Some(30), None);
    let gone = prune(&world);
    // The run that made the links had a journal of nothing.
    assert_eq!(
        (gone.runs, gone.changes, gone.errors, gone.more),
        (2, 2, 1, false)
    );
    let run = world.tenant.run(old).unwrap();
    assert_eq!(
        run.details_removed,
        Some(DetailsRemoved {
            at: world.now(),
            kept_days: 30
        })
    );
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(changes(&world, old), 0);
    assert_eq!(world.tenant.snapshots(old).unwrap(), None);
    assert_eq!(world.tenant.run(young).unwrap().details_removed, None);
    assert_eq!(changes(&world, young), 1);
    assert!(world.tenant.snapshots(young).unwrap().is_some());
    let errors = world
        .tenant
        .errors(&ErrorFilter {
            limit: 10,
            ..ErrorFilter::default()
        })
        .unwrap();
    assert_eq!(errors.iter().map(|it| it.run).collect::<Vec<_>>(), [young]);
    assert_eq!(prune(&world), Pruned::default());

    // What both sides agreed on is as it was: the same records again are nothing to do.
    let (session, pairs) = world.pairs_of(
        &[person("s-a", "a"), person("s-b", "b")],
        &[person("t-a", "a"), person("t-b", "b")],
    );
    assert_eq!(pairs, []);
    world.finish(session);

    // A journal that is gone is not taken for a run that wrote nothing.
    let back = RunOptions {
        rolls_back: Some(old),
        ..RunOptions::default()
    };
    match world.tenant.open_run(&world.new_run(back)) {
        Err(StoreError::Conflict(why)) => {
            assert!(why.contains("removed on 2026-04-10"), "{why}");
            assert!(why.contains("30 days"), "{why}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
}

pub(crate) fn details_go_in_small_steps(h: &dyn Harness) {
    let world = World::new(h);
    let words: Vec<String> = (0..25).map(|n| format!("w{n}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let links: Vec<_> = world.link(&words).into_iter().zip(words).collect();
    let run = write(&world, &links);
    keep(&world, Some(7), None);
    world.pass(8 * DAY);
    let mut left = Vec::new();
    loop {
        let step = world.tenant.prune(world.now(), 10).unwrap();
        assert!(step.rows() <= 11, "{step:?}");
        left.push(changes(&world, run));
        // Half a journal is told as none from the first step on.
        assert!(left.len() < 2 || world.tenant.run(run).unwrap().details_removed.is_some());
        if !step.more {
            break;
        }
    }
    assert_eq!(left.last(), Some(&0));
    assert!(left.len() >= 3, "{left:?}");
}

pub(crate) fn what_is_not_settled_is_kept_however_old(h: &dyn Harness) {
    let world = World::new(h);
    keep(&world, Some(7), None);
    let link = world.link(&["a"])[0];
    let rolled_back = write(&world, &[(link, "a")]);

    // A create that nobody knows to have landed.
    let mut session = world.open();
    let unknown = session.run();
    let key = world.key();
    let mut pair = journal_pair(None, Some(half(Side::Source, "s-u", "u")));
    pair.operations
        .push(create(key, Side::Target, &record(&[("email", "u")])));
    let made = session.journal_chunk(&[pair], &[], world.now()).unwrap()[0];
    let mut lost = done(key, "t-u");
    lost.state = OperationState::Uncertain;
    lost.record_id = None;
    let mut receipt = acknowledged(
        made.link_id.unwrap(),
        half(Side::Source, "s-u", "u"),
        vec![lost],
    );
    receipt.row.todo = true;
    session
        .acknowledge_chunk(&[receipt], &[], world.now())
        .unwrap();
    world.finish(session);

    // A run whose process went away, and a rollback that goes on.
    let mut session = world.open();
    let crashed = session.run();
    let mut pair = journal_pair(Some(link), Some(whole("a")));
    pair.operations
        .push(update(world.key(), Side::Source, "s-a", "a", "b"));
    session.journal_chunk(&[pair], &[], world.now()).unwrap();
    drop(session);
    world.pass(LONG);
    let session = opened(world.try_open(RunOptions {
        rolls_back: Some(rolled_back),
        ..RunOptions::default()
    }));
    world.pass(30 * DAY);
    // Only the run that made the link had nothing that anybody waits for.
    assert_eq!(prune(&world).runs, 1);
    for run in [rolled_back, unknown, crashed] {
        assert_eq!(changes(&world, run), 1);
        assert_eq!(world.tenant.run(run).unwrap().details_removed, None);
    }
    world.finish(session);
    assert_eq!(prune(&world).runs, 1);
    assert_eq!(changes(&world, rolled_back), 0);

    // Settled, they go too: the crash by reading, the create by finding it.
    let mut session = world.open();
    let open: Vec<_> = session
        .unsettled()
        .unwrap()
        .into_iter()
        .map(|it| (it.key, OperationState::Dropped))
        .collect();
    assert_eq!(open.len(), 1);
    session.settle(&open).unwrap();
    session.stage(Side::Target, &[person("t-u", "u")]).unwrap();
    let found: Vec<_> = all_pairs(session.as_mut())
        .into_iter()
        .filter(|pair| pair.uncertain_create == Some(key))
        .map(|pair| acknowledged(pair.link_id.unwrap(), whole("u"), Vec::new()))
        .collect();
    assert_eq!(found.len(), 1);
    session.acknowledge_chunk(&found, &[], world.now()).unwrap();
    world.finish(session);
    world.pass(8 * DAY);
    prune(&world);
    for run in [unknown, crashed] {
        assert_eq!(changes(&world, run), 0);
    }
}

pub(crate) fn deletes_of_a_day_are_counted_as_before(h: &dyn Harness) {
    let world = World::new(h);
    keep(&world, Some(7), None);
    let links = world.link(&["a", "b"]);
    for (link, word, wait) in [(links[0], "a", 10 * DAY), (links[1], "b", 3_600)] {
        let mut session = world.open();
        let key = world.key();
        let id = format!("t-{word}");
        let mut delete = update(key, Side::Target, &id, word, "");
        delete.kind = OperationKind::Delete;
        delete.after = None;
        let mut pair = journal_pair(Some(link), Some(whole(word)));
        pair.operations.push(delete);
        session.journal_chunk(&[pair], &[], world.now()).unwrap();
        let receipt = acknowledged(link, whole(word), vec![done(key, &id)]);
        session
            .acknowledge_chunk(&[receipt], &[], world.now())
            .unwrap();
        world.finish(session);
        world.pass(wait);
    }
    let day = world.now() - Duration::hours(24);
    let counted = |world: &World| {
        let mut session = world.open();
        let deletes = session.deletes_since(day).unwrap();
        world.finish(session);
        deletes.target
    };
    assert_eq!(counted(&world), 1);
    assert_eq!(prune(&world).changes, 1);
    assert_eq!(counted(&world), 1);
}

fn decide(world: &World, conflict: ConflictId) {
    world
        .tenant
        .decide(
            &NewDecision {
                conflict,
                revision: 1,
                decision: ConflictDecision::Fields([(field("name"), Choice::Source)].into()),
                note: None,
                not_before: world.now(),
            },
            &world.actor(),
        )
        .unwrap();
}

pub(crate) fn only_settled_conflicts_go(h: &dyn Harness) {
    let world = World::new(h);
    keep(&world, Some(7), None);
    let mut session = world.open();
    let (closed, _) = park(&world, session.as_mut(), "c", "1", "2");
    let (_, open) = park(&world, session.as_mut(), "o", "1", "2");
    let (_, decided) = park(&world, session.as_mut(), "d", "1", "2");
    let mut pair = journal_pair(Some(closed), None);
    pair.conflict = ConflictStep::Close(CloseReason::SidesAgree);
    session.journal_chunk(&[pair], &[], world.now()).unwrap();
    world.finish(session);
    decide(&world, decided);
    // It may be half carried out: what tells stays until it is.
    let a = world.link(&["a"])[0];
    let after = write(&world, &[(a, "a")]);
    world.pass(30 * DAY);
    assert_eq!(prune(&world).conflicts, 1);
    let left: Vec<_> = world
        .tenant
        .conflicts(&ConflictFilter {
            limit: 10,
            ..ConflictFilter::default()
        })
        .unwrap()
        .into_iter()
        .map(|it| it.id)
        .collect();
    assert_eq!(left, [decided, open]);
    assert!(world.tenant.conflict(decided).unwrap().decision.is_some());
    assert_eq!(changes(&world, after), 1);
    world.tenant.undo_decision(decided, &world.actor()).unwrap();
    prune(&world);
    assert_eq!(changes(&world, after), 0);
}

pub(crate) fn bodies_of_audit_rows_go_and_the_chain_holds(h: &dyn Harness) {
    let world = World::new(h);
    let told = serde_json::json!({ "who": "Ada" });
    for _ in 0..5 {
        let actor = world.actor();
        world
            .tenant
            .add_audit(&actor, "x.done", "Ada", told.clone())
            .unwrap();
        world.pass(20 * DAY);
    }
    keep(&world, None, Some(45));
    let all = world.tenant.audit(None, 100).unwrap();
    let gone = prune(&world);
    // The tenant, its sync, and the three oldest of the five.
    assert_eq!((gone.audit, gone.rows()), (5, 5));
    let now = world.tenant.audit(None, 100).unwrap();
    assert_eq!(now.len(), all.len());
    for (before, after) in all.iter().zip(&now) {
        assert_eq!(
            (
                before.seq,
                before.at,
                &before.actor,
                &before.action,
                &before.hash
            ),
            (
                after.seq,
                after.at,
                &after.actor,
                &after.action,
                &after.hash
            )
        );
        let old = before.at < world.now() - Duration::days(45);
        assert_eq!(after.subject == "(erased)", old);
        assert_eq!(after.details.is_null(), old);
    }
    assert_eq!(world.tenant.verify_audit().unwrap().first_bad, None);
    let later = world.actor();
    world.tenant.add_audit(&later, "x", "y", told).unwrap();
    assert_eq!(world.tenant.verify_audit().unwrap().first_bad, None);
}
