//! Writes that fail, answers that get lost, processes that die.

use std::sync::Arc;

use serde_json::json;
use tandem_domain::ids::Side;
use tandem_engine::ports::connector::ErrorClass;
use tandem_engine::ports::history::{ErrorType, OperationState, RunOptions, RunStatus};
use tandem_engine::run::Opened;
use tandem_tests::fake::{Call, Reaction, fault, fields};
use tandem_tests::world::World;
use tokio::sync::Notify;

#[tokio::test(start_paused = true)]
async fn case_29_of_a_bulk_write_only_the_rejected_are_tried_again() {
    let world = World::new(json!({}));
    for n in 0..1_000 {
        world
            .source
            .state()
            .add(fields(&[("name", &format!("p{n}"))]));
    }
    world.both(|state| {
        state.page_size = 100;
        state.capabilities.bulk = 100;
    });
    let poison = ["p17", "p500", "p999"];
    world.target.script(move |call, _| match call {
        Call::Write(operations) => {
            let names = operations.iter().map(|operation| format!("{operation:?}"));
            Reaction::Reject(
                names
                    .enumerate()
                    .filter(|(_, text)| {
                        poison
                            .iter()
                            .any(|name| text.contains(&format!("\"{name}\"")))
                    })
                    .map(|(at, _)| at)
                    .collect(),
            )
        }
        _ => Reaction::Answer,
    });
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Partial);
    assert_eq!(
        (history.counts.succeeded, history.counts.failed),
        (997, 3),
        "{history:?}"
    );
    let errors = world.errors();
    assert_eq!(errors.len(), 3);
    assert!(
        errors
            .iter()
            .all(|e| e.error.error_type == ErrorType::Validation && e.error.record_id.is_some())
    );
    world.target.unscript();
    let (history, _, target) = world.run_counting().await;
    assert_eq!(
        (history.status, target),
        (RunStatus::Completed, 3),
        "only the three are sent again"
    );
    assert_eq!(world.target.state().live().len(), 1_000);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_40_one_poison_record_in_a_chunk_is_set_aside_alone() {
    let world = World::new(json!({}));
    for n in 0..10 {
        world
            .source
            .state()
            .add(fields(&[("name", &format!("p{n}"))]));
    }
    // This system refuses the whole call when one record in it is bad.
    world.target.script(|call, _| match call {
        Call::Write(operations) if format!("{operations:?}").contains("\"p7\"") => {
            Reaction::Fail(fault(ErrorClass::Rejected))
        }
        _ => Reaction::Answer,
    });
    let history = world.run().await;
    assert_eq!(
        (history.counts.succeeded, history.counts.failed),
        (9, 1),
        "{history:?}"
    );
    assert_eq!(world.target.state().live().len(), 9);
    world.target.unscript();
    world.run().await;
    assert_eq!(world.target.state().live().len(), 10);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_43_what_one_side_did_not_receive_stays_owed_and_is_paid() {
    let world = World::new(json!({}));
    let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1"), ("y", "1")]));
    world.run().await;
    world.source.state().edit(&s, "x", "2");
    world.target.state().edit(&t, "y", "2");
    world.source.script(|call, _| match call {
        Call::Write(_) => Reaction::Fail(fault(ErrorClass::Authentication)),
        _ => Reaction::Answer,
    });
    let history = world.run().await;
    assert_ne!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(
        world.text(Side::Target, &t, "x").as_deref(),
        Some("2"),
        "the target's half landed"
    );
    assert_eq!(world.text(Side::Source, &s, "y").as_deref(), Some("1"));
    world.source.unscript();
    let history = world.run().await;
    assert_eq!(
        world.text(Side::Source, &s, "y").as_deref(),
        Some("2"),
        "y is owed and paid: {history:?}"
    );
    assert_eq!(world.text(Side::Source, &s, "x").as_deref(), Some("2"));
    assert_eq!(world.conflicts().len(), 0);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn case_30_a_create_that_landed_before_the_process_died_is_found_and_linked() {
    let mut world = World::new(json!({}));
    for n in 0..7 {
        world
            .source
            .state()
            .add(fields(&[("name", &format!("p{n}"))]));
    }
    world.target.script(|call, _| match call {
        // The write lands; the process dies before it hears of it.
        Call::Write(_) => Reaction::ApplyThenFail(fault(ErrorClass::Timeout)),
        _ => Reaction::Answer,
    });
    let Opened::Ready(run) = world.open(RunOptions::default()).await else {
        panic!("a run")
    };
    let died = tokio::spawn(run.execute());
    // Died mid-call: the task is dropped as soon as the first write took effect.
    while world.counts(Side::Target).effects == 0 {
        tokio::task::yield_now().await;
    }
    died.abort();
    let _ = died.await;
    world.target.unscript();
    world.clock.advance(chrono::TimeDelta::minutes(5));
    world.restart();
    let history = world.run().await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(
        world.target.state().live().len(),
        7,
        "no duplicate, none missing"
    );
    assert_eq!(world.store.totals().unwrap().links, 7);
    world.assert_idle().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_lost_after_the_effect_makes_no_duplicate() {
    for idempotent in [false, true] {
        let world = World::new(json!({}));
        world.target.state().capabilities.idempotent_creates = idempotent;
        for n in 0..7 {
            world
                .source
                .state()
                .add(fields(&[("name", &format!("p{n}"))]));
        }
        let mut lost = false;
        world.target.script(move |call, _| match call {
            Call::Write(_) if !lost => {
                lost = true;
                Reaction::ApplyThenFail(fault(ErrorClass::Timeout))
            }
            _ => Reaction::Answer,
        });
        let history = world.run().await;
        if idempotent {
            assert_eq!(
                history.status,
                RunStatus::Completed,
                "sent again under the same key: {history:?}"
            );
        } else {
            assert_ne!(history.status, RunStatus::Completed, "{history:?}");
            let changes = world.store.changes(history.id, None, None, 100).unwrap();
            assert!(
                changes.iter().any(|c| c.state == OperationState::Uncertain),
                "{changes:?}"
            );
        }
        world.run().await;
        assert_eq!(
            world.target.state().live().len(),
            7,
            "idempotent: {idempotent}"
        );
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_uncertain_create_without_key_or_idempotency_is_parked_never_resent() {
    let world = World::new(json!({ "match_key": [] }));
    world.source.state().add(fields(&[("name", "ann")]));
    world.target.script(|call, _| match call {
        Call::Write(_) => Reaction::ApplyThenFail(fault(ErrorClass::Timeout)),
        _ => Reaction::Answer,
    });
    world.run().await;
    world.target.unscript();
    for _ in 0..2 {
        world.run().await;
        assert_eq!(
            world.by_name(Side::Target, "ann").len(),
            1,
            "never sent again blindly"
        );
    }
    assert!(
        world
            .errors()
            .iter()
            .any(|e| e.error.error_type == ErrorType::Uncertain)
    );
}

#[tokio::test(start_paused = true)]
async fn test_003_a_transient_failure_is_retried_after_1_2_and_4_seconds() {
    for (failures, status) in [
        (1, RunStatus::Completed),
        (3, RunStatus::Completed),
        (4, RunStatus::Failed),
    ] {
        let world = World::new(json!({}));
        world.source.state().add(fields(&[("name", "ann")]));
        let mut left = failures;
        world.source.script(move |call, _| match call {
            Call::List { .. } if left > 0 => {
                left -= 1;
                Reaction::Fail(fault(ErrorClass::Connect))
            }
            _ => Reaction::Answer,
        });
        let started = tokio::time::Instant::now();
        let history = world.run_with(RunOptions::default()).await;
        assert_eq!(history.status, status, "{failures} failures: {history:?}");
        let waited: u64 = [1, 2, 4].iter().take(failures.min(3)).sum();
        assert_eq!(started.elapsed().as_secs(), waited, "{failures} failures");
        assert_eq!(world.counts(Side::Source).lists, failures.min(3) + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_changes_under_our_hands_is_planned_again() {
    for conditional in [true, false] {
        let world = World::new(json!({}));
        let (s, t) = world.seed(&fields(&[("name", "ann"), ("x", "1"), ("y", "1")]));
        world.run().await;
        world.target.state().capabilities.conditional_writes = conditional;
        world.source.state().edit(&s, "x", "2");
        let (edited, mut done) = (t.clone(), false);
        world.target.script(move |call, state| {
            let now = if conditional {
                matches!(call, Call::Write(_))
            } else {
                matches!(call, Call::Get(_))
            };
            if now && !done {
                done = true;
                state.edit(&edited, "y", "by a person");
            }
            Reaction::Answer
        });
        let history = world.run().await;
        assert_eq!(
            history.status,
            RunStatus::Completed,
            "conditional {conditional}: {history:?}"
        );
        for (side, id) in [(Side::Source, &s), (Side::Target, &t)] {
            assert_eq!(world.text(side, id, "x").as_deref(), Some("2"), "{side}");
            assert_eq!(
                world.text(side, id, "y").as_deref(),
                Some("by a person"),
                "{side}"
            );
        }
        world.target.unscript();
        world.assert_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_stood_still_sends_nothing_once_another_took_over() {
    // Its call had its effect, or had not and is to be tried again.
    for applied in [true, false] {
        let world = World::new(json!({}));
        let seeds: Vec<_> = (0..4)
            .map(|n| world.seed(&fields(&[("name", &format!("p{n}")), ("x", "1")])))
            .collect();
        world.target.state().capabilities.bulk = 1;
        world.target.state().capabilities.in_flight = 1;
        world.run().await;
        for (source, _) in &seeds {
            world.source.state().edit(source, "x", "2");
        }
        let (stands, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (standing, told) = (Arc::clone(&stands), Arc::clone(&go_on));
        world.target.script(move |call, _| match call {
            Call::Write(_) => {
                standing.notify_one();
                Reaction::Hold {
                    told: Arc::clone(&told),
                    applied,
                    failure: Some(fault(ErrorClass::Timeout)).filter(|_| !applied),
                }
            }
            _ => Reaction::Answer,
        });
        let Opened::Ready(first) = world.open(RunOptions::default()).await else {
            panic!("a run")
        };
        let first = tokio::spawn(first.execute());
        stands.notified().await;
        world.target.unscript();
        world.clock.advance(chrono::TimeDelta::seconds(91));
        let Opened::Ready(second) = world
            .open_on(&world.another_store(), RunOptions::default())
            .await
        else {
            panic!("a second run")
        };
        let history = second.execute().await.unwrap();
        assert_eq!(history.status, RunStatus::Completed, "{history:?}");
        let before = (world.effects(), world.counts(Side::Target).writes);
        go_on.notify_one();
        let _ = first.await.unwrap();
        let after = (world.effects(), world.counts(Side::Target).writes);
        assert_eq!(after, before, "applied {applied}: not even tried");
        world.assert_idle().await;
    }
}
