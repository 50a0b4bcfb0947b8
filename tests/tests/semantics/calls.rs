//! TEST-003: what becomes of failed calls, through the whole engine, under a paused clock.

use chrono::TimeDelta;
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tandem_domain::ids::Side;
use tandem_engine::ports::Clock as _;
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass};
use tandem_engine::ports::history::{ErrorType, OperationState, RunOptions, RunStatus};
use tandem_engine::ports::store::RunFilter;
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;

/// A world with so many records at the source that the target lacks, written one a call.
fn one_by_one(count: usize) -> World {
    let world = World::new(json!({}));
    for n in 0..count {
        let record = fields(&[("name", &format!("p{n}"))]);
        world.source.state().add(record);
    }
    let mut state = world.target.state();
    state.capabilities.bulk = 1;
    state.capabilities.in_flight = 1;
    drop(state);
    world
}

fn asks_to_wait(class: ErrorClass, seconds: u64) -> ConnectorError {
    ConnectorError {
        retry_after: Some(Duration::from_secs(seconds)),
        ..fault(class)
    }
}

#[tokio::test(start_paused = true)]
async fn test_003_retry_after_is_waited_for_up_to_the_cap_then_the_rest_is_due_later() {
    // seconds asked for → seconds waited, or the run's rest is due that much later
    for (asked, waited) in [
        (0, Some(1)),
        (30, Some(30)),
        (60, Some(60)),
        (61, None),
        (3_600, None),
    ] {
        let world = one_by_one(3);
        let mut writes = 0;
        world.target.script(move |call, _| match call {
            Call::Write(_) => {
                writes += 1;
                if writes == 2 {
                    return Reaction::Fail(asks_to_wait(ErrorClass::RateLimited, asked));
                }
                Reaction::Answer
            }
            _ => Reaction::Answer,
        });
        let (started, now) = (tokio::time::Instant::now(), world.clock.now());
        let history = world.run_with(RunOptions::default()).await;
        assert_eq!(started.elapsed().as_secs(), waited.unwrap_or(0), "{asked}");
        let due = world.store.continuations().unwrap();
        if waited.is_some() {
            assert_eq!(history.status, RunStatus::Completed, "{asked}: {history:?}");
            assert_eq!((history.continue_at, due.len()), (None, 0), "{asked}");
            continue;
        }
        let at = now + TimeDelta::seconds(i64::try_from(asked).unwrap());
        assert_eq!(history.status, RunStatus::Partial, "{asked}: {history:?}");
        assert_eq!(
            history.counts.succeeded, 1,
            "what landed stands: {history:?}"
        );
        assert_eq!(history.continue_at, Some(at), "{asked}");
        assert_eq!(
            due.iter().map(|it| (it.run, it.at)).collect::<Vec<_>>(),
            [(history.id, at)],
            "{asked}"
        );
        assert_eq!(
            world.store.alerts(None, 10).unwrap(),
            [],
            "a rest that is due later is no failure"
        );
        world.clock.advance(TimeDelta::seconds(3_600));
        let history = world.run().await;
        assert_eq!(history.status, RunStatus::Completed, "{asked}: {history:?}");
        assert_eq!(world.target.state().live().len(), 3);
        assert_eq!(world.store.continuations().unwrap(), []);
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn test_003_refused_credentials_are_refreshed_once_then_final() {
    use ErrorClass::{Authentication, RateLimited, Transient};
    // fresh ones are to be had, refusals → status, listings asked for, refreshes, seconds waited
    for (renews, refusals, status, lists, refreshes, waited) in [
        (Ok(true), 1, RunStatus::Completed, 2, 1, 0),
        (Ok(true), 2, RunStatus::Failed, 2, 1, 0),
        (Ok(false), 1, RunStatus::Failed, 1, 1, 0),
        (Err(Authentication), 1, RunStatus::Failed, 1, 1, 0),
        // Whoever gives them out has trouble: tried again like any call, and no second time after that.
        (Err(Transient), 1, RunStatus::Completed, 2, 1, 1),
        (Err(RateLimited), 1, RunStatus::Completed, 2, 1, 1),
        (Err(Transient), 2, RunStatus::Failed, 2, 1, 1),
    ] {
        let world = World::new(json!({}));
        world.source.state().renews = renews;
        let mut left = refusals;
        world.source.script(move |call, _| match call {
            Call::List { .. } if left > 0 => {
                left -= 1;
                Reaction::Fail(fault(ErrorClass::Authentication))
            }
            _ => Reaction::Answer,
        });
        let started = tokio::time::Instant::now();
        let history = world.run_with(RunOptions::default()).await;
        let counts = world.counts(Side::Source);
        assert_eq!(
            (history.status, counts.lists, counts.refreshes),
            (status, lists, refreshes),
            "renews {renews:?}, {refusals} refusals: {history:?}"
        );
        assert_eq!(started.elapsed().as_secs(), waited, "renews {renews:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn test_003_what_may_have_landed_at_any_try_is_uncertain_however_the_last_one_failed() {
    let world = World::new(json!({}));
    world.target.state().capabilities.idempotent_creates = true;
    world.source.state().add(fields(&[("name", "ann")]));
    let mut first = true;
    world.target.script(move |call, _| match call {
        Call::Write(_) if std::mem::take(&mut first) => {
            Reaction::ApplyThenFail(fault(ErrorClass::Timeout))
        }
        // By itself this says that nothing was done.
        Call::Write(_) => Reaction::Fail(fault(ErrorClass::Connect)),
        _ => Reaction::Answer,
    });
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Failed, "{history:?}");
    let changes = world.store.changes(history.id, None, None, 10).unwrap();
    assert_eq!(
        changes
            .iter()
            .map(|change| change.state)
            .collect::<Vec<_>>(),
        [OperationState::Uncertain]
    );
    world.target.unscript();
    assert_eq!(world.run().await.status, RunStatus::Completed);
    assert_eq!(
        world.by_name(Side::Target, "ann").len(),
        1,
        "not made again"
    );
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn test_003_a_cancelled_run_does_not_wait_for_its_next_try() {
    let world = World::new(json!({}));
    world.target.state().capabilities.idempotent_creates = true;
    world.source.state().add(fields(&[("name", "ann")]));
    let (store, actor) = (Arc::clone(&world.store), world.actor());
    world.target.script(move |call, _| match call {
        Call::Write(_) => {
            // An admin, elsewhere, while the call is under way.
            let live = store
                .runs(&RunFilter {
                    limit: 1,
                    ..RunFilter::default()
                })
                .unwrap();
            store.request_cancel(live[0].id, &actor).unwrap();
            let lost = asks_to_wait(ErrorClass::Transient, 60);
            assert_eq!(lost.applied, Applied::Maybe);
            Reaction::ApplyThenFail(lost)
        }
        _ => Reaction::Answer,
    });
    let started = tokio::time::Instant::now();
    let history = world.run_with(RunOptions::default()).await;
    assert!(started.elapsed() < Duration::from_secs(20), "{history:?}");
    assert_eq!(
        (history.status, history.error_type),
        (RunStatus::Failed, Some(ErrorType::Cancelled)),
        "{history:?}"
    );
    assert_eq!(world.counts(Side::Target).writes, 1, "no further try");
    let changes = world.store.changes(history.id, None, None, 10).unwrap();
    assert_eq!(
        changes
            .iter()
            .map(|change| change.state)
            .collect::<Vec<_>>(),
        [OperationState::Uncertain],
        "cancelled mid-send"
    );
    world.target.unscript();
    assert_eq!(world.run().await.status, RunStatus::Completed);
    assert_eq!(world.by_name(Side::Target, "ann").len(), 1);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn test_003_retries_stay_within_a_fifth_of_calls_after_the_first_fifty() {
    let world = one_by_one(100);
    let mut calls = 0;
    let sent = Arc::new(Mutex::new(HashSet::new()));
    let seen = Arc::clone(&sent);
    world.target.script(move |call, _| match call {
        Call::Write(operations) => {
            seen.lock()
                .unwrap()
                .extend(operations.iter().map(|o| o.key));
            calls += 1;
            if calls % 2 == 1 {
                return Reaction::Fail(fault(ErrorClass::RateLimited));
            }
            Reaction::Answer
        }
        _ => Reaction::Answer,
    });
    let history = world.run_with(RunOptions::default()).await;
    assert_eq!(history.status, RunStatus::Partial, "{history:?}");
    let writes = world.counts(Side::Target).writes;
    let retries = writes - sent.lock().unwrap().len();
    // Every other call fails: the first fifty may all be retried, then a fifth is long used up, and
    // what is left waits for the next run.
    assert!(
        (20..=25).contains(&retries) && writes < 100,
        "{retries} of {writes}"
    );
    let errors = world.errors();
    assert!(
        errors.iter().any(|error| error
            .error
            .details
            .to_string()
            .contains("were retries already")),
        "{errors:?}"
    );
    world.target.unscript();
    world.run().await;
    assert_eq!(world.target.state().live().len(), 100);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn test_003_past_its_time_a_run_starts_nothing_new_and_another_does_the_rest() {
    let world = one_by_one(10);
    let clock = Arc::clone(&world.clock);
    world.target.script(move |call, _| {
        if matches!(call, Call::Write(_)) {
            clock.advance(TimeDelta::seconds(7));
        }
        Reaction::Answer
    });
    // 30 s of active time: five calls of 7 s start within it.
    let history = world.run().await;
    assert_eq!(
        (history.status, history.error_type, history.counts.succeeded),
        (RunStatus::Partial, Some(ErrorType::Timeout), 5),
        "{history:?}"
    );
    assert!(history.continue_at.is_some());
    assert_eq!(world.store.continuations().unwrap().len(), 1);
    let history = world.run().await;
    assert_eq!(
        (history.status, world.target.state().live().len()),
        (RunStatus::Completed, 10),
        "{history:?}"
    );
    assert_eq!(world.store.continuations().unwrap(), []);
    world.target.unscript();
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn test_003_a_begun_retry_sequence_finishes_past_the_deadline() {
    let world = one_by_one(2);
    let (clock, mut writes) = (Arc::clone(&world.clock), 0);
    world.target.script(move |call, _| {
        if !matches!(call, Call::Write(_)) {
            return Reaction::Answer;
        }
        writes += 1;
        clock.advance(TimeDelta::seconds(29));
        if writes <= 3 {
            return Reaction::Fail(fault(ErrorClass::Connect));
        }
        Reaction::Answer
    });
    let history = world.run().await;
    assert_eq!(
        (history.status, history.counts.succeeded),
        (RunStatus::Partial, 1),
        "the first record's fourth try lands, the second is not begun: {history:?}"
    );
    assert_eq!(world.counts(Side::Target).writes, 4);
}

#[tokio::test(start_paused = true)]
async fn test_004_five_failures_open_the_circuit_for_all_runs_and_a_probe_closes_it() {
    let world = one_by_one(2);
    world
        .source
        .script(|_, _| Reaction::Fail(fault(ErrorClass::Connect)));
    let source = || world.counts(Side::Source);
    // The first call and three retries; the next run's first call is the fifth failure.
    assert_eq!(
        world.run_with(RunOptions::default()).await.status,
        RunStatus::Failed
    );
    assert_eq!(
        (source().lists, world.circuit(Side::Source).failures),
        (4, 4)
    );
    let history = world.run_with(RunOptions::default()).await;
    assert_eq!(history.status, RunStatus::Failed);
    assert_eq!(source().lists, 5, "an open circuit is not retried");
    let open_until = world.circuit(Side::Source).open_until.unwrap();
    // It opened a second ago: the fifth failure's own retry met it open.
    assert_eq!(
        open_until,
        world.clock.now() + TimeDelta::minutes(5) - TimeDelta::seconds(1)
    );
    // While it is open nothing is sent, not even a probe.
    let history = world.run_with(RunOptions::default()).await;
    let message = history.error_message.unwrap_or_default();
    assert!(message.contains("the circuit is open until"), "{message}");
    assert_eq!((source().lists, source().checks), (5, 0));
    // Half-open: a failed probe opens it again, and nothing but the probe is sent.
    world.clock.advance(TimeDelta::minutes(5));
    world.run_with(RunOptions::default()).await;
    assert_eq!((source().lists, source().checks), (5, 1));
    let again = world.circuit(Side::Source).open_until.unwrap();
    assert!(again >= open_until + TimeDelta::minutes(5) - TimeDelta::seconds(1));
    // The other side's circuit is another.
    assert_eq!(world.circuit(Side::Target).failures, 0);
    world.source.unscript();
    world.clock.advance(TimeDelta::minutes(5));
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(source().checks, 2);
    let circuit = world.circuit(Side::Source);
    assert_eq!((circuit.failures, circuit.open_until), (0, None));
    world.assert_idle().await;
}
