//! Runs: leases, history, errors, what is remembered between runs.

use tandem_domain::config::SyncDirection;
use tandem_domain::ids::{Both, ErrorId, RunId, Side};
use tandem_engine::ports::connector::Cursor;
use tandem_engine::ports::history::{
    Continuation, ErrorType, RunCounts, RunOptions, RunStatus, RunTrigger,
};
use tandem_engine::ports::session::{Renewal, SideProgress, Snapshots};
use tandem_engine::ports::store::{ErrorFilter, RunFilter, RunOpening, StoreError};

use crate::harness::{
    Harness, World, all_pairs, create, digest, error, half, journal_pair, opened, person, record,
    unusable,
};
use crate::tenants::everything;

pub(crate) fn a_run_goes_from_pending_to_running_to_its_end(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let id = session.run();
    assert_eq!(session.continues(), None);
    let run = world.tenant.run(id).unwrap();
    assert_eq!(
        (run.status, run.trigger, run.direction, run.completed_at),
        (
            RunStatus::Pending,
            RunTrigger::Manual,
            SyncDirection::Bidirectional,
            None
        )
    );
    assert_eq!(
        (run.sync, run.sync_name.as_str(), run.actor.as_str()),
        (world.sync, "customers", "ann")
    );
    let counts = RunCounts {
        processed: 9,
        succeeded: 4,
        failed: 3,
        skipped: 2,
        conflicts: 1,
        created: Both::new(1, 2),
        updated: Both::new(3, 4),
        deleted: Both::new(5, 6),
    };
    assert_eq!(session.renew(world.now(), &counts).unwrap(), Renewal::Held);
    let run = world.tenant.run(id).unwrap();
    assert_eq!((run.status, run.counts), (RunStatus::Running, counts));
    world.pass(3);
    let mut outcome = world.outcome(RunStatus::Partial);
    outcome.counts = counts;
    outcome.error = Some((ErrorType::Timeout, "out of time".into()));
    outcome.plan_hash = Some("ab12".into());
    outcome.snapshots = Some(Snapshots {
        before: serde_json::json!([{ "name": "Ann" }]),
        after: serde_json::json!([{ "name": "Anne" }]),
    });
    session.finish(outcome).unwrap();
    let run = world.tenant.run(id).unwrap();
    assert_eq!(
        (run.status, run.counts, run.execution_time_ms),
        (RunStatus::Partial, counts, 12)
    );
    assert_eq!(
        (run.error_type, run.error_message.as_deref()),
        (Some(ErrorType::Timeout), Some("out of time"))
    );
    assert_eq!(
        (run.plan_hash.as_deref(), run.completed_at),
        (Some("ab12"), Some(world.now()))
    );
    assert_eq!(
        world.tenant.snapshots(id).unwrap(),
        Some((
            serde_json::json!([{ "name": "Ann" }]),
            serde_json::json!([{ "name": "Anne" }])
        ))
    );
}

pub(crate) fn one_time_of_a_schedule_is_one_run(h: &dyn Harness) {
    let world = World::new(h);
    let scheduled = |unless_since| {
        let mut new = world.new_run(RunOptions::default());
        new.trigger = RunTrigger::Schedule;
        new.unless_since = unless_since;
        world.tenant.open_run(&new).unwrap()
    };
    let finish = |opening| {
        let session = opened(opening);
        let id = session.run();
        session.finish(world.outcome(RunStatus::Failed)).unwrap();
        id
    };
    assert_eq!(world.tenant.takeover_at(world.sync).unwrap(), None);
    let open = world.open();
    let silent = world.now() + chrono::TimeDelta::seconds(90);
    assert_eq!(
        world.tenant.takeover_at(world.sync).unwrap(),
        Some(silent),
        "its lease and the longest call"
    );
    open.finish(world.outcome(RunStatus::Completed)).unwrap();
    assert_eq!(world.tenant.takeover_at(world.sync).unwrap(), None);
    let before = world.now();
    // A person's run is none of the schedule's.
    finish(world.try_open(RunOptions::default()));
    assert_eq!(world.tenant.last_scheduled(world.sync).unwrap(), None);
    let first = finish(scheduled(Some(before)));
    assert_eq!(
        world.tenant.last_scheduled(world.sync).unwrap(),
        Some(world.now())
    );
    world.pass(5);
    let RunOpening::Joined(joined) = scheduled(Some(before)) else {
        panic!("a second run of one time");
    };
    assert_eq!(joined, first);
    // What a run left is gone on with whenever it was started, and so is the next time.
    finish(scheduled(None));
    world.pass(5);
    let again = finish(scheduled(Some(world.now())));
    assert_ne!(again, first);
    assert_eq!(
        world.tenant.last_scheduled(world.sync).unwrap(),
        Some(world.now())
    );
}

pub(crate) fn what_a_run_left_is_due_until_another_takes_it_over(h: &dyn Harness) {
    let world = World::new(h);
    let run = |options: RunOptions, continue_at| {
        let session = opened(world.try_open(options));
        let id = session.run();
        let mut outcome = world.outcome(RunStatus::Partial);
        outcome.continue_at = continue_at;
        session.finish(outcome).unwrap();
        world.pass(1);
        id
    };
    assert_eq!(world.tenant.continuations().unwrap(), []);
    let at = world.now() + chrono::TimeDelta::minutes(7);
    let left = run(RunOptions::default(), Some(at));
    assert_eq!(world.tenant.run(left).unwrap().continue_at, Some(at));
    let due = vec![Continuation {
        sync: world.sync,
        run: left,
        at,
    }];
    assert_eq!(world.tenant.continuations().unwrap(), due);
    let aside = [
        RunOptions {
            simulate: true,
            ..RunOptions::default()
        },
        RunOptions {
            decisions_only: true,
            ..RunOptions::default()
        },
    ];
    for options in aside {
        run(options, None);
        assert_eq!(world.tenant.continuations().unwrap(), due, "{options:?}");
    }
    let live = world.open();
    assert_eq!(world.tenant.continuations().unwrap(), [], "taken over");
    live.finish(world.outcome(RunStatus::Completed)).unwrap();
    assert_eq!(world.tenant.continuations().unwrap(), []);
}

pub(crate) fn case_38_same_configuration_triggered_twice_at_once(h: &dyn Harness) {
    let world = World::new(h);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let run = world.new_run(RunOptions::default());
            let tenant = world.tenant.clone();
            (run.id, std::thread::spawn(move || tenant.open_run(&run)))
        })
        .collect();
    let mut sessions = Vec::new();
    let mut joined = Vec::new();
    for (id, thread) in threads {
        match thread.join().unwrap().unwrap() {
            RunOpening::Opened(session) => {
                assert_eq!(session.run(), id);
                sessions.push(session);
            }
            RunOpening::Joined(id) => joined.push(id),
            RunOpening::Busy(_) | RunOpening::WaitUntil(_) => panic!("same options join"),
        }
    }
    assert_eq!((sessions.len(), joined.len()), (1, 3));
    let id = sessions[0].run();
    assert_eq!(joined, [id; 3]);
    assert_eq!(world.tenant.runs(&everything()).unwrap().len(), 1);
    for session in sessions {
        world.finish(session);
    }
    assert_ne!(world.open().run(), id);
}

pub(crate) fn a_trigger_with_other_options_is_told_who_is_busy(h: &dyn Harness) {
    let world = World::new(h);
    let session = world.open();
    for options in [
        RunOptions {
            simulate: true,
            ..Default::default()
        },
        RunOptions {
            full: true,
            ..Default::default()
        },
        RunOptions {
            allow_deletes: Some(3),
            ..Default::default()
        },
        RunOptions {
            decisions_only: true,
            ..Default::default()
        },
    ] {
        assert!(
            matches!(world.try_open(options), RunOpening::Busy(id) if id == session.run()),
            "{options:?}"
        );
    }
}

pub(crate) fn a_second_process_sees_the_same_lease(h: &dyn Harness) {
    let world = World::new(h);
    let session = world.open();
    let second = h.open().tenant(world.tenant.id());
    let opening = second
        .open_run(&world.new_run(RunOptions::default()))
        .unwrap();
    assert!(matches!(opening, RunOpening::Joined(id) if id == session.run()));
    world.finish(session);
    opened(
        second
            .open_run(&world.new_run(RunOptions::default()))
            .unwrap(),
    );
}

pub(crate) fn cancelling_reaches_the_run(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    assert_eq!(session.touch(world.now()).unwrap(), Renewal::Held);
    world
        .tenant
        .request_cancel(session.run(), &world.actor())
        .unwrap();
    assert_eq!(
        session.renew(world.now(), &RunCounts::default()).unwrap(),
        Renewal::CancelRequested
    );
    assert_eq!(
        session.touch(world.now()).unwrap(),
        Renewal::CancelRequested
    );
    assert_eq!(world.tenant.audit(None, 1).unwrap()[0].action, "run.cancel");
    let id = session.run();
    world.finish(session);
    assert!(matches!(
        world.tenant.request_cancel(id, &world.actor()),
        Err(StoreError::Conflict(_))
    ));
}

pub(crate) fn runs_come_in_pages_newest_first(h: &dyn Harness) {
    let world = World::new(h);
    let mut all: Vec<RunId> = Vec::new();
    for number in 0..5 {
        let session = world.open();
        all.insert(0, session.run());
        let status = if number % 2 == 0 {
            RunStatus::Completed
        } else {
            RunStatus::Failed
        };
        session.finish(world.outcome(status)).unwrap();
        world.pass(60);
    }
    let page = |filter: &RunFilter| -> Vec<RunId> {
        let runs = world.tenant.runs(filter).unwrap();
        runs.into_iter().map(|run| run.id).collect()
    };
    let first = page(&RunFilter {
        limit: 2,
        ..Default::default()
    });
    let second = page(&RunFilter {
        limit: 9,
        before: Some(first[1]),
        ..Default::default()
    });
    assert_eq!([first, second].concat(), all);
    let failed = RunFilter {
        sync: Some(world.sync),
        status: Some(RunStatus::Failed),
        limit: 9,
        ..Default::default()
    };
    assert_eq!(page(&failed), [all[1], all[3]]);
}

pub(crate) fn an_archived_sync_does_not_run(h: &dyn Harness) {
    let world = World::new(h);
    let mut sync = world.tenant.sync(world.sync).unwrap();
    sync.archived = true;
    world.tenant.put_sync(&sync, &world.actor()).unwrap();
    let run = world.new_run(RunOptions::default());
    assert!(matches!(
        world.tenant.open_run(&run),
        Err(StoreError::Conflict(_))
    ));
    assert!(world.tenant.runs(&everything()).unwrap().is_empty());
}

pub(crate) fn case_39_and_45_a_fingerprint_covers_content_for_an_hour(h: &dyn Harness) {
    let world = World::new(h);
    let record_run = |content: &str, status: RunStatus| {
        let mut session = world.open();
        let known = session.fingerprint(digest(&content), world.now()).unwrap();
        session.finish(world.outcome(status)).unwrap();
        known
    };
    // A run that failed leaves its fingerprint: the same again is a redelivery, other content is not.
    assert!(!record_run("1->2", RunStatus::Failed));
    assert!(record_run("1->2", RunStatus::Failed));
    assert!(!record_run("2->1", RunStatus::Failed));
    // Success clears it, so that the same edit made again later counts as new.
    assert!(record_run("1->2", RunStatus::Completed));
    assert!(!record_run("1->2", RunStatus::Completed));
    // And an hour passes it.
    assert!(!record_run("3", RunStatus::Failed));
    world.pass(3600);
    assert!(!record_run("3", RunStatus::Failed));
}

pub(crate) fn errors_are_logged_filtered_and_resolved(h: &dyn Harness) {
    let world = World::new(h);
    let mut session = world.open();
    let run = session.run();
    let logged: Vec<_> = ["a", "b", "c"].map(|id| error(&world, id)).into();
    session.log_errors(&logged[..1]).unwrap();
    session
        .journal_chunk(&[], &logged[1..2], world.now())
        .unwrap();
    session
        .acknowledge_chunk(&[], &logged[2..], world.now())
        .unwrap();
    world.finish(session);
    let page = |filter: &ErrorFilter| -> Vec<ErrorId> {
        let errors = world.tenant.errors(filter).unwrap();
        errors.into_iter().map(|error| error.error.id).collect()
    };
    let all = ErrorFilter {
        limit: 9,
        ..Default::default()
    };
    assert_eq!(page(&all), [logged[2].id, logged[1].id, logged[0].id]);
    let read = world.tenant.error(logged[0].id).unwrap();
    assert_eq!(
        (&read.error, read.run, read.sync, read.is_resolved),
        (&logged[0], run, world.sync, false)
    );
    assert_eq!(world.tenant.totals().unwrap().unresolved_errors, 3);
    world
        .tenant
        .resolve_error(logged[1].id, &world.actor())
        .unwrap();
    let resolved = ErrorFilter {
        resolved: Some(true),
        ..all.clone()
    };
    let open = ErrorFilter {
        resolved: Some(false),
        run: Some(run),
        ..all.clone()
    };
    assert_eq!(page(&resolved), [logged[1].id]);
    assert_eq!(page(&open), [logged[2].id, logged[0].id]);
    let read = world.tenant.error(logged[1].id).unwrap();
    assert_eq!(read.resolved_at, Some(world.now()));
    let after = ErrorFilter {
        before: Some(logged[2].id),
        limit: 1,
        ..Default::default()
    };
    assert_eq!(page(&after), [logged[1].id]);
    assert_eq!(world.tenant.totals().unwrap().unresolved_errors, 2);
}

pub(crate) fn progress_is_kept_only_as_committed(h: &dyn Harness) {
    let world = World::new(h);
    let committed = SideProgress {
        cursor: Some(Cursor("17".into())),
        identity: Some("db-1".into()),
        listed: true,
        listed_at: Some(world.now()),
    };
    let session = world.open();
    let mut outcome = world.outcome(RunStatus::Completed);
    outcome.progress = Both::new(Some(committed.clone()), None);
    session.finish(outcome).unwrap();
    let expected = Both::new(committed, SideProgress::default());
    assert_eq!(world.tenant.side_progress(world.sync).unwrap(), expected);
    // A failed listing commits none: what was known stays.
    let session = world.open();
    assert_eq!(session.progress().unwrap(), expected);
    session.finish(world.outcome(RunStatus::Failed)).unwrap();
    assert_eq!(world.tenant.side_progress(world.sync).unwrap(), expected);
}

pub(crate) fn a_simulation_changes_nothing_but_history(h: &dyn Harness) {
    let world = World::new(h);
    world.link(&["a"]);
    let options = RunOptions {
        simulate: true,
        ..Default::default()
    };
    let mut session = opened(world.try_open(options));
    let run = session.run();
    let mut moved = person("s-a", "a");
    moved.version = crate::harness::version("9");
    session
        .stage(
            Side::Source,
            &[moved, person("s-new", "new"), unusable("s-bad")],
        )
        .unwrap();
    let pairs = all_pairs(session.as_mut());
    assert_eq!(pairs.len(), 1);
    session.quarantine(&pairs, &[], world.now()).unwrap();
    let mut operation = create(
        world.key(),
        Side::Target,
        &record(&[("email", "new"), ("name", "new")]),
    );
    operation.state = tandem_engine::ports::history::OperationState::Planned;
    let mut pair = journal_pair(None, Some(half(Side::Source, "s-new", "new")));
    pair.operations.push(operation);
    let journalled = session.journal_chunk(&[pair], &[], world.now()).unwrap();
    assert_eq!(journalled[0].link_id, None);
    world.finish(session);

    assert_eq!(world.tenant.changes(run, None, None, 10).unwrap().len(), 1);
    assert_eq!(world.tenant.totals().unwrap().links, 1);
    let listed = |simulated| {
        let filter = RunFilter {
            simulated: Some(simulated),
            limit: 9,
            ..RunFilter::default()
        };
        let runs = world.tenant.runs(&filter).unwrap();
        runs.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(true), [run]);
    assert!(!listed(false).contains(&run) && !listed(false).is_empty());
    let mut session = world.open();
    assert!(
        session
            .set_aside(Side::Source, None, 10)
            .unwrap()
            .is_empty()
    );
    assert!(session.unsettled().unwrap().is_empty());
    session
        .stage(Side::Source, &[person("s-new", "new")])
        .unwrap();
    let pairs = all_pairs(session.as_mut());
    assert_eq!((pairs.len(), pairs[0].link_id), (1, None));
}
