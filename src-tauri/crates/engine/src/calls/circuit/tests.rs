//! TEST-004: what one process knows of a circuit, and when it asks the store again.

use std::sync::atomic::{AtomicU32, AtomicU64};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::machine::{OPEN_FOR, PROBE_LEASE, THRESHOLD};
use super::*;

/// A clock that is moved by hand, both hands alike.
#[derive(Default)]
struct Hand(AtomicU64);

impl Hand {
    fn pass(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap();
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::from_std(self.monotonic()).unwrap()
    }
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
    async fn sleep(&self, time: Duration) {
        self.pass(time);
    }
}

/// The circuit of one connection, as every process sees it.
#[derive(Default)]
struct Kept {
    circuit: Mutex<CircuitRecord>,
    reads: AtomicU32,
    changes: AtomicU32,
    audited: Mutex<Vec<(String, String)>>,
}

impl CircuitStore for Kept {
    fn circuit(&self, _: ConnectionId) -> Result<CircuitRecord, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(self.circuit.lock().unwrap().clone())
    }

    fn change_circuit(
        &self,
        _: ConnectionId,
        audit: Option<(&Actor, &str)>,
        change: &mut dyn FnMut(&CircuitRecord) -> Option<CircuitRecord>,
    ) -> Result<CircuitRecord, StoreError> {
        self.changes.fetch_add(1, Ordering::Relaxed);
        if let Some((actor, action)) = audit {
            let row = (actor.name.clone(), action.to_owned());
            self.audited.lock().unwrap().push(row);
        }
        let mut circuit = self.circuit.lock().unwrap();
        if let Some(next) = change(&circuit) {
            *circuit = next;
        }
        Ok(circuit.clone())
    }
}

struct World {
    clock: Arc<Hand>,
    kept: Arc<Kept>,
}

impl World {
    fn new() -> Self {
        Self {
            clock: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// One process's view.
    async fn process(&self) -> CircuitBreaker {
        let (kept, clock) = (Arc::clone(&self.kept), Arc::clone(&self.clock));
        let connection = ConnectionId(Uuid::from_u128(1));
        CircuitBreaker::load(kept, connection, clock).await.unwrap()
    }

    /// Store calls so far: reads and changes.
    fn calls(&self) -> (u32, u32) {
        let count = |calls: &AtomicU32| calls.load(Ordering::Relaxed);
        (count(&self.kept.reads), count(&self.kept.changes))
    }

    fn ada(&self) -> Actor {
        Actor {
            name: "ada".into(),
            at: self.clock.now(),
        }
    }
}

fn ticket(admitted: Result<Admission, CircuitRefusal>) -> Ticket {
    let (Admission::Call(ticket) | Admission::Probe(ticket)) = admitted.unwrap();
    ticket
}

async fn call(breaker: &CircuitBreaker, verdict: Verdict) {
    let ticket = ticket(breaker.admit().await.unwrap());
    breaker.settle(ticket, verdict, "no route").await.unwrap();
}

async fn fail(breaker: &CircuitBreaker, times: u32) {
    for _ in 0..times {
        call(breaker, Verdict::Down).await;
    }
}

#[tokio::test]
async fn test_004_what_is_known_is_asked_for_again_once_a_second() {
    let world = World::new();
    let breaker = world.process().await;
    assert_eq!(world.calls(), (1, 0), "read when it is loaded");
    let table = [
        (0, 1, "known"),
        (999, 1, "still known"),
        (1, 2, "a second old: read"),
        (500, 2, "known again"),
        (500, 3, "and read again"),
    ];
    for (pass, reads, what) in table {
        world.clock.pass(Duration::from_millis(pass));
        call(&breaker, Verdict::Alive).await;
        assert_eq!(world.calls(), (reads, 0), "{what}");
    }
    call(&breaker, Verdict::Down).await;
    assert_eq!(
        world.calls(),
        (3, 1),
        "a failure is counted where all see it"
    );
    assert_eq!(breaker.snapshot().failures, 1, "and known here at once");
    call(&breaker, Verdict::Alive).await;
    assert_eq!(
        world.calls(),
        (3, 2),
        "a success that ends a count is written"
    );
    assert_eq!(breaker.snapshot(), CircuitRecord::default());
    call(&breaker, Verdict::Alive).await;
    assert_eq!(world.calls(), (3, 2), "the next one is not");
}

#[tokio::test]
async fn test_004_failures_of_all_processes_count_and_all_are_refused() {
    let world = World::new();
    let (one, two) = (world.process().await, world.process().await);
    fail(&one, THRESHOLD - 1).await;
    assert!(!one.has_opened());
    fail(&two, 1).await;
    assert!(two.has_opened(), "the fifth, whoever met it");
    assert!(!one.has_opened(), "it was not seen here");
    assert_eq!(
        two.snapshot().open_until,
        Some(world.clock.now() + OPEN_FOR)
    );
    let refused = |answer: Result<Admission, CircuitRefusal>| match answer.unwrap_err() {
        CircuitRefusal::Open {
            until,
            failures,
            last,
        } => (until, failures, last),
        other => panic!("{other}"),
    };
    let open = (
        DateTime::UNIX_EPOCH + OPEN_FOR,
        THRESHOLD,
        "no route".to_owned(),
    );
    assert_eq!(refused(two.admit().await.unwrap()), open);
    // The other one learns of it within a second.
    world.clock.pass(FRESH);
    assert_eq!(refused(one.admit().await.unwrap()), open);
}

#[tokio::test]
async fn test_004_one_probe_decides_for_all_processes() {
    for (verdict, opens_again) in [
        (Verdict::Alive, false),
        (Verdict::Down, true),
        (Verdict::Unclear, false),
    ] {
        let world = World::new();
        let (one, two) = (world.process().await, world.process().await);
        fail(&one, THRESHOLD).await;
        let opened = world.process().await;
        world.clock.pass(OPEN_FOR.to_std().unwrap());
        let probe = one.admit().await.unwrap().unwrap();
        let Admission::Probe(probe) = probe else {
            panic!("{probe:?}")
        };
        let lease = world.clock.now() + PROBE_LEASE;
        assert_eq!(one.snapshot().probe_until, Some(lease));
        assert_eq!(two.admit().await.unwrap(), Err(CircuitRefusal::Probing));
        opened.settle(probe, verdict, "still down").await.unwrap();
        assert_eq!(opened.has_opened(), opens_again, "{verdict:?}");
        world.clock.pass(FRESH);
        let next = two.admit().await.unwrap();
        match verdict {
            Verdict::Alive => assert!(matches!(next, Ok(Admission::Call(_))), "{next:?}"),
            Verdict::Unclear => assert!(matches!(next, Ok(Admission::Probe(_))), "{next:?}"),
            Verdict::Down => {
                let refused = next.unwrap_err();
                assert!(
                    matches!(&refused, CircuitRefusal::Open { last, .. } if last == "still down")
                );
            }
        }
    }
}

#[tokio::test]
async fn test_004_a_late_success_of_an_older_generation_closes_nothing() {
    let world = World::new();
    let breaker = world.process().await;
    let late = ticket(breaker.admit().await.unwrap());
    fail(&breaker, THRESHOLD).await;
    let open = breaker.snapshot();
    breaker.settle(late, Verdict::Alive, "").await.unwrap();
    assert_eq!(breaker.snapshot(), open);
    assert!(breaker.admit().await.unwrap().is_err());
}

#[tokio::test]
async fn test_004_an_admin_isolates_probes_and_resets_by_name() {
    let world = World::new();
    let breaker = world.process().await;
    let other = world.process().await;
    breaker.isolate(world.ada()).await.unwrap();
    assert!(breaker.snapshot().isolated);
    assert!(!breaker.has_opened(), "no failure opened it");
    assert_eq!(
        breaker.admit().await.unwrap(),
        Err(CircuitRefusal::Isolated)
    );
    let probe = breaker.admit_probe(world.ada()).await.unwrap();
    assert_eq!(probe, Err(CircuitRefusal::Isolated), "not even by an admin");
    breaker.reset(world.ada()).await.unwrap();
    assert!(matches!(
        breaker.admit().await.unwrap(),
        Ok(Admission::Call(_))
    ));

    fail(&breaker, THRESHOLD).await;
    assert!(breaker.admit().await.unwrap().is_err());
    // An admin's probe waits for no time to be up.
    let probe = breaker.admit_probe(world.ada()).await.unwrap();
    assert!(matches!(probe, Ok(Admission::Probe(_))), "{probe:?}");
    let told = world.kept.audited.lock().unwrap().clone();
    let actions: Vec<_> = told.iter().map(|(_, action)| action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "connection.isolate",
            "connection.probe",
            "connection.reset",
            "connection.probe"
        ]
    );
    assert!(told.iter().all(|(actor, _)| actor == "ada"));
    world.clock.pass(FRESH);
    let refused = other.admit().await.unwrap().unwrap_err();
    assert!(matches!(refused, CircuitRefusal::Open { .. }), "{refused}");
    let again = other.admit_probe(world.ada()).await.unwrap();
    assert_eq!(again, Err(CircuitRefusal::Probing), "one at a time");
}
