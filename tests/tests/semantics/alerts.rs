//! TEST-008 (`AlertOnSyncFailure`): which ends of a run are told of, with what, and how soon.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it fails"
)]

use chrono::TimeDelta;
use serde_json::json;
use tandem_domain::ids::Side;
use tandem_engine::ports::Clock as _;
use tandem_engine::ports::alerts::{Alert, AlertClaim, AlertKind, AlertRecord, Delivery};
use tandem_engine::ports::connector::{ConnectorError, ErrorClass};
use tandem_engine::ports::history::{ErrorType, RunOptions, RunStatus};
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;

/// The next alert for a channel, which takes it.
fn told(world: &World) -> Option<AlertRecord> {
    let now = world.clock.now();
    let claim = AlertClaim {
        channel: "mail",
        after: None,
        now,
        eager: false,
    };
    let claimed = world.store.claim_alert(&claim).unwrap()?;
    world
        .store
        .settle_alert("mail", &claimed, &Delivery::Told, now)
        .unwrap();
    Some(claimed.alert)
}

/// The source's listings fail so many times.
fn listings_fail(world: &World, times: usize, class: ErrorClass) {
    let mut left = times;
    world.source.script(move |call, _| match call {
        Call::List { .. } if left > 0 => {
            left -= 1;
            Reaction::Fail(fault(class))
        }
        _ => Reaction::Answer,
    });
}

#[tokio::test(start_paused = true)]
async fn test_008_an_admin_is_told_once_the_third_retry_has_failed() {
    for failures in 0..=5 {
        let world = World::new(json!({}));
        listings_fail(&world, failures, ErrorClass::Transient);
        let history = world.run_with(RunOptions::default()).await;
        let final_failure = failures > 3;
        assert_eq!(
            history.status == RunStatus::Failed,
            final_failure,
            "{failures}: {history:?}"
        );
        let Some(alert) = told(&world) else {
            assert!(!final_failure, "nobody was told of {failures} failures");
            continue;
        };
        assert!(final_failure, "{failures}: {alert:?}");
        assert_eq!(
            (
                alert.kind,
                alert.run,
                alert.failure.run,
                alert.failure.retries
            ),
            (AlertKind::Failure, history.id, history.id, 3)
        );
        assert_eq!(alert.failure.connection.as_deref(), Some("alpha"));
        assert_eq!(alert.failure.error, history.error_message);
        // It waits in the outbox from the moment of the failure on.
        assert_eq!(history.completed_at, Some(alert.at));
        assert!(world.clock.now() - alert.at < TimeDelta::seconds(60));
        assert_eq!(told(&world), None, "once");
    }
}

#[tokio::test(start_paused = true)]
async fn test_008_every_kind_of_final_failure_is_told_with_its_remedy() {
    // class, history's word, retries, words of the remedy
    let table = [
        (ErrorClass::Connect, ErrorType::Network, 3, "is running"),
        (ErrorClass::Timeout, ErrorType::Timeout, 3, "slow or hangs"),
        (ErrorClass::RateLimited, ErrorType::Network, 3, "less often"),
        (ErrorClass::Transient, ErrorType::Network, 3, "operator"),
        (
            ErrorClass::Authentication,
            ErrorType::Authentication,
            0,
            "credentials",
        ),
        (
            ErrorClass::Forbidden,
            ErrorType::Authentication,
            0,
            "right to read",
        ),
        (ErrorClass::Tls, ErrorType::Network, 0, "certificate"),
        (ErrorClass::Protocol, ErrorType::Network, 0, "description"),
        (ErrorClass::Configuration, ErrorType::Mapping, 0, "settings"),
    ];
    for (class, error_type, retries, remedy) in table {
        let world = World::new(json!({}));
        listings_fail(&world, usize::MAX, class);
        world.run().await;
        let failure = told(&world).unwrap_or_else(|| panic!("{class:?}")).failure;
        assert_eq!(
            (failure.error_type, failure.retries),
            (error_type, retries),
            "{class:?}"
        );
        let said = failure.remedy.unwrap_or_default();
        assert!(said.contains(remedy), "{class:?}: {said}");
    }
    // The guard, and a configuration that does not fit the system any more.
    let world = World::new(json!({}));
    for n in 0..30 {
        world.seed(&fields(&[("name", &format!("p{n}"))]));
    }
    world.run().await;
    for n in 0..20 {
        let id = world.by_name(Side::Source, &format!("p{n}")).remove(0);
        world.source.state().delete(&id);
    }
    world.run().await;
    let failure = told(&world).unwrap().failure;
    assert_eq!(failure.error_type, ErrorType::Guard);
    assert!(failure.remedy.unwrap().contains("--allow-deletes 20"));
}

#[tokio::test(start_paused = true)]
async fn test_008_what_nobody_has_to_act_on_is_not_told() {
    let world = World::new(json!({}));
    world.source.state().add(fields(&[("name", "ann")]));
    listings_fail(&world, usize::MAX, ErrorClass::Protocol);
    let simulate = RunOptions {
        simulate: true,
        ..RunOptions::default()
    };
    assert_eq!(world.run_with(simulate).await.status, RunStatus::Failed);
    assert_eq!(world.store.alerts(None, 9).unwrap(), [], "a simulation");

    // A simulation that succeeds, and a run that only carries out decisions, show no recovery.
    world.run().await;
    assert!(told(&world).is_some());
    listings_fail(&world, 0, ErrorClass::Protocol);
    world.run_with(simulate).await;
    let decisions = RunOptions {
        decisions_only: true,
        ..RunOptions::default()
    };
    world.run_with(decisions).await;
    assert_eq!(told(&world), None);
    let history = world.run().await;
    let notice = told(&world).unwrap();
    assert_eq!(
        (notice.kind, notice.run, notice.held_back),
        (AlertKind::Recovery, history.id, 0)
    );
    assert_eq!(told(&world), None, "one notice");
}

#[tokio::test(start_paused = true)]
async fn test_008_a_run_with_conflicts_did_its_work_and_is_a_recovery() {
    let world = World::new(json!({}));
    world.seed_unlike(
        &fields(&[("name", "ann"), ("x", "1")]),
        &fields(&[("name", "ann"), ("x", "2")]),
    );
    listings_fail(&world, 4, ErrorClass::Connect);
    world.run().await;
    assert_eq!(told(&world).map(|it| it.kind), Some(AlertKind::Failure));
    world.clock.advance(TimeDelta::minutes(10));
    assert_eq!(world.run().await.status, RunStatus::Partial);
    assert_eq!(told(&world).map(|it| it.kind), Some(AlertKind::Recovery));
}

#[tokio::test(start_paused = true)]
async fn test_008_an_opening_breaker_shares_the_slot() {
    let world = World::new(json!({}));
    // The probe of the half-open circuit too.
    world.source.script(|call, _| match call {
        Call::List { .. } | Call::Check => Reaction::Fail(fault(ErrorClass::Connect)),
        _ => Reaction::Answer,
    });
    // Four calls of the first run fail, the first of the second opens the circuit.
    world.run().await;
    assert_eq!(world.circuit(Side::Source).open_until, None);
    let first = told(&world).unwrap();
    assert_eq!(first.failure.circuit_open_until, None);
    world.run().await;
    let open_until = world.circuit(Side::Source).open_until;
    assert!(open_until.is_some());
    assert_eq!(told(&world), None, "the hour's alert is told already");
    // The next one after the hour says how many were held back, and that the circuit is open.
    world.clock.advance(TimeDelta::minutes(60));
    world.run().await;
    let next = told(&world).unwrap();
    assert_eq!(next.held_back, 1);
    assert_eq!(
        next.failure.circuit_open_until,
        world.circuit(Side::Source).open_until
    );
    assert!(next.failure.circuit_open_until > open_until);
}

#[tokio::test(start_paused = true)]
async fn test_008_a_breaker_that_opens_over_a_rest_due_later_is_told() {
    let world = World::new(json!({}));
    world.source.script(|call, _| match call {
        Call::List { .. } => Reaction::Fail(ConnectorError {
            retry_after: Some(std::time::Duration::from_secs(120)),
            ..fault(ErrorClass::Transient)
        }),
        _ => Reaction::Answer,
    });
    for run in 1..=5 {
        let history = world.run().await;
        assert_eq!(history.status, RunStatus::Partial, "{run}: {history:?}");
        assert!(history.continue_at.is_some());
        world.clock.advance(TimeDelta::minutes(3));
        let opened = world.circuit(Side::Source).open_until;
        assert_eq!(opened.is_some(), run == 5, "{run}");
        let alert = told(&world);
        assert_eq!(
            alert.and_then(|it| it.failure.circuit_open_until),
            opened,
            "{run}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn test_008_no_secret_reaches_an_alert() {
    let world = World::new(json!({}));
    world.source.script(|call, _| match call {
        Call::List { .. } => Reaction::Fail(ConnectorError::new(
            ErrorClass::Authentication,
            "401: token hunter2-secret refused",
        )),
        _ => Reaction::Answer,
    });
    world.run().await;
    let record = told(&world).unwrap();
    let alert = Alert::new("acme", "tandem://open".into(), &record, world.clock.now());
    for text in [format!("{record:?}"), format!("{alert:?}"), alert.body()] {
        assert!(text.contains("401"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
