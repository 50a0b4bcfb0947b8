//! What is recorded: history, snapshots, errors with diagnostics, events, alerts.

use serde_json::json;
use tandem_domain::ids::Side;
use tandem_engine::ports::connector::{ConnectorError, Diagnostics, ErrorClass};
use tandem_engine::ports::events::EventKind;
use tandem_engine::ports::history::{ErrorType, RunStatus};
use tandem_tests::fake::{Call, Reaction, fields};
use tandem_tests::world::World;

#[tokio::test(start_paused = true)]
async fn test_007_a_failed_call_is_logged_with_its_exchange_and_no_secret() {
    let world = World::new(json!({}));
    world.source.state().add(fields(&[("name", "ann")]));
    world.source.script(|call, _| match call {
        Call::List { .. } => Reaction::Fail(ConnectorError {
            diagnostics: Some(Box::new(Diagnostics {
                request: "GET http://127.0.0.1:1/people".into(),
                status: Some(401),
                response_body: Some("token hunter2-secret expired".into()),
                ..Diagnostics::default()
            })),
            ..ConnectorError::new(
                ErrorClass::Authentication,
                "401 from alpha, token hunter2-secret refused",
            )
        }),
        _ => Reaction::Answer,
    });
    let history = world.run().await;
    assert_eq!(
        (history.status, history.error_type),
        (RunStatus::Failed, Some(ErrorType::Authentication))
    );
    let errors = world.errors();
    assert_eq!(errors.len(), 1);
    let error = &errors[0];
    assert_eq!(
        (error.run, error.error.side),
        (history.id, Some(Side::Source))
    );
    let details = error.error.details.to_string();
    for part in [
        "GET http://127.0.0.1:1/people",
        "401",
        "circuit",
        "capabilities",
        "remedy",
        "alpha",
    ] {
        assert!(details.contains(part), "{part} is missing in {details}");
    }
    for text in [
        details,
        error.error.message.clone(),
        history.error_message.unwrap_or_default(),
    ] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let alerts = world.store.alerts(None, 10).unwrap();
    assert_eq!(alerts.len(), 1, "a final failure alerts");
    assert!(!format!("{:?}", alerts[0]).contains("hunter2"));
    let kinds: Vec<EventKind> = world
        .events
        .all()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert!(matches!(kinds.first(), Some(EventKind::SyncStarted)));
    assert!(
        matches!(kinds.last(), Some(EventKind::SyncFailed { .. })),
        "{kinds:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn snapshots_hold_at_most_a_hundred_records_without_secrets_and_the_journal_all() {
    let world = World::new(json!({ "mapping": { "name": "text", "password": "text" } }));
    for n in 0..130 {
        world.source.state().add(fields(&[
            ("name", &format!("p{n}")),
            ("password", "correct horse"),
        ]));
    }
    let history = world.run().await;
    let (before, after) = world.store.snapshots(history.id).unwrap().unwrap();
    assert_eq!(
        (
            before.as_array().unwrap().len(),
            after.as_array().unwrap().len()
        ),
        (100, 100)
    );
    assert!(after.to_string().contains("p7") && !after.to_string().contains("correct horse"));
    assert_eq!(
        world
            .store
            .changes(history.id, None, None, 1000)
            .unwrap()
            .len(),
        130
    );
    let id = world.by_name(Side::Target, "p7");
    assert_eq!(
        world.text(Side::Target, &id[0], "password").as_deref(),
        Some("correct horse"),
        "what is written is whole"
    );
}

#[tokio::test(start_paused = true)]
#[expect(clippy::print_stdout, reason = "the time is what this test reports")]
async fn test_009_a_thousand_records_sync_in_far_less_than_thirty_seconds() {
    let world = World::new(json!({}));
    for n in 0..1_000 {
        world.source.state().add(fields(&[
            ("name", &format!("p{n}")),
            ("x", "1"),
            ("y", "2"),
        ]));
    }
    world.both(|state| {
        state.page_size = 100;
        state.capabilities.bulk = 100;
    });
    #[expect(clippy::disallowed_methods, reason = "real time is what this measures")]
    let started = std::time::Instant::now();
    let history = world.run().await;
    let took = started.elapsed();
    println!("TEST-009: 1,000 records created in {} ms", took.as_millis());
    assert_eq!(history.counts.created.target, 1_000);
    assert!(took.as_secs() < 10, "{took:?}");
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn events_tell_of_conflicts_and_completion() {
    let world = World::new(json!({}));
    world.seed_unlike(
        &fields(&[("name", "ann"), ("x", "1")]),
        &fields(&[("name", "ann"), ("x", "2")]),
    );
    world.run().await;
    let events = world.events.all();
    assert!(
        events
            .iter()
            .any(|e| matches!(e.kind, EventKind::ConflictDetected { .. })),
        "{events:?}"
    );
    assert!(matches!(
        events.last().map(|e| &e.kind),
        Some(EventKind::SyncCompleted {
            status: RunStatus::Partial,
            ..
        })
    ));
    assert!(events.iter().all(|e| e.tenant == world.store.id()));
}
