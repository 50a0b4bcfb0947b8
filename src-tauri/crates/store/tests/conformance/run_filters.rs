//! Finding runs again: by time and by text.

use chrono::Duration;
use tandem_domain::ids::RunId;
use tandem_engine::ports::history::{ErrorType, RunStatus};
use tandem_engine::ports::store::RunFilter;

use crate::harness::{Harness, World, error};

fn found(world: &World, filter: RunFilter) -> Vec<RunId> {
    let filter = RunFilter { limit: 9, ..filter };
    let runs = world.tenant.runs(&filter).unwrap();
    runs.into_iter().map(|run| run.id).collect()
}

pub(crate) fn runs_are_found_by_time(h: &dyn Harness) {
    let world = World::new(h);
    let start = world.now();
    let mut runs = Vec::new();
    for _ in 0..4 {
        let session = world.open();
        runs.push(session.run());
        world.finish(session);
        world.pass(60);
    }
    let minute = |number: i64| Some(start + Duration::minutes(number));
    for (since, until, nths) in [
        (None, None, &[3, 2, 1, 0][..]),
        (minute(1), None, &[3, 2, 1]),
        (None, minute(1), &[0]),
        (minute(1), minute(3), &[2, 1]),
        (minute(2), minute(2), &[]),
        (minute(9), None, &[]),
    ] {
        let expected: Vec<RunId> = nths.iter().map(|nth: &usize| runs[*nth]).collect();
        let filter = RunFilter {
            since,
            until,
            ..Default::default()
        };
        assert_eq!(found(&world, filter), expected, "{since:?} to {until:?}");
    }
    let next_page = RunFilter {
        since: minute(1),
        before: Some(runs[2]),
        ..Default::default()
    };
    assert_eq!(found(&world, next_page), [runs[1]]);
}

pub(crate) fn runs_are_found_by_text(h: &dyn Harness) {
    let world = World::new(h);
    let quiet = world.open();
    let quiet_id = quiet.run();
    world.finish(quiet);
    let mut partial = world.open();
    let partial_id = partial.run();
    partial.log_errors(&[error(&world, "s-42")]).unwrap();
    partial.finish(world.outcome(RunStatus::Partial)).unwrap();
    let failed = world.open();
    let failed_id = failed.run();
    let mut outcome = world.outcome(RunStatus::Failed);
    outcome.error = Some((ErrorType::Network, "Timed Out after 30 s, 100%".into()));
    failed.finish(outcome).unwrap();

    let whole = quiet_id.to_string();
    let (start, no_hyphens) = (whole[..20].to_owned(), whole.replace('-', ""));
    for (text, expected) in [
        (whole.as_str(), &[quiet_id][..]),
        // The ids of these tests only differ at their end.
        (&start, &[failed_id, partial_id, quiet_id]),
        (&no_hyphens.to_uppercase(), &[quiet_id]),
        ("s-42", &[partial_id]),
        ("s-4", &[]),
        ("No Email", &[partial_id]),
        ("timed out", &[failed_id]),
        ("100%", &[failed_id]),
        // Nothing here is a pattern, and only hyphens are no id.
        ("%", &[failed_id]),
        ("_", &[]),
        ("--", &[]),
        ("' OR 1=1 --", &[]),
    ] {
        let filter = RunFilter {
            text: Some(text.to_owned()),
            ..Default::default()
        };
        assert_eq!(found(&world, filter), expected, "{text}");
    }
}
