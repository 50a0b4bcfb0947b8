//! The undo window, on a clock that stands still until it is told to go on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tandem_app::ports::{Clock, SystemClock};
use tandem_app::wire::FieldChoice;
use tandem_app::wire::{
    ConflictView, GetConflict, ListConflicts, ListRuns, ResolveConflict, RestoreValue, Take,
    UndoDecision, WireConflictState, WireTrigger,
};
use tandem_app::{App, AppOptions};
use tandem_sandbox::Table;
use tokio::sync::oneshot;

use crate::bench::{Bench, fields, key};

/// Real time plus what it was advanced by; sleepers wake only when it is advanced.
struct Hands {
    real: SystemClock,
    hands: Mutex<(Duration, Sleepers)>,
}

/// Who is to be woken, by when.
type Sleepers = BTreeMap<Duration, Vec<oneshot::Sender<()>>>;

impl Hands {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            real: SystemClock::new(),
            hands: Mutex::default(),
        })
    }

    fn advance(&self, by: Duration) {
        let mut hands = self.hands.lock().unwrap();
        hands.0 += by;
        let now = hands.0;
        let later = hands.1.split_off(&(now + Duration::from_nanos(1)));
        for sleeper in std::mem::replace(&mut hands.1, later)
            .into_values()
            .flatten()
        {
            let _ = sleeper.send(());
        }
    }

    fn sleepers(&self) -> usize {
        self.hands.lock().unwrap().1.len()
    }
}

#[async_trait]
impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        let moved = self.hands.lock().unwrap().0;
        self.real.now() + TimeDelta::from_std(moved).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.real.monotonic() + self.hands.lock().unwrap().0
    }

    async fn sleep(&self, duration: Duration) {
        let woken = {
            let mut hands = self.hands.lock().unwrap();
            let (wake, woken) = oneshot::channel();
            let at = hands.0 + duration;
            hands.1.entry(at).or_default().push(wake);
            woken
        };
        let _ = woken.await;
    }
}

struct Stage {
    bench: Bench,
    clock: Arc<Hands>,
    app: App,
}

impl Stage {
    /// One open conflict about `city`.
    fn new() -> Self {
        let bench = Bench::with_customers(4);
        assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
        for (erp, city) in [(&bench.left, "Oslo"), (&bench.right, "Bern")] {
            erp.edit(Table::Customers, &key(1), &fields(json!({"city": city})))
                .unwrap();
        }
        assert_eq!(bench.tandem(&["run", "customers"]).status, 3);
        let clock = Hands::new();
        let mut options = AppOptions::on_this_machine(bench.store());
        options.clock = Arc::clone(&clock) as _;
        let app = App::open(options).unwrap();
        Self { bench, clock, app }
    }

    async fn open(&self) -> ConflictView {
        let args = ListConflicts {
            tenant: "main".into(),
            limit: 10,
            ..ListConflicts::default()
        };
        let id = self
            .app
            .list_conflicts(args)
            .await
            .unwrap()
            .items
            .remove(0)
            .id;
        self.get(&id).await
    }

    async fn get(&self, id: &str) -> ConflictView {
        self.app
            .get_conflict(GetConflict {
                tenant: "main".into(),
                id: id.into(),
            })
            .await
            .unwrap()
    }

    async fn decide(&self, conflict: &ConflictView) -> ConflictView {
        let choice = FieldChoice {
            field: "city".into(),
            take: Take::Target,
            value: None,
        };
        let args = ResolveConflict {
            tenant: "main".into(),
            id: conflict.id.clone(),
            revision: conflict.revision,
            choices: vec![choice],
            note: None,
        };
        self.app.resolve_conflict(args).await.unwrap()
    }

    async fn until_it_sleeps(&self) {
        while self.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
    }

    fn city(&self) -> serde_json::Value {
        self.bench
            .left
            .record(Table::Customers, &key(1))
            .unwrap()
            .unwrap()["city"]
            .clone()
    }
}

#[tokio::test]
async fn a_decision_is_written_after_the_undo_window_and_not_before() {
    let stage = Stage::new();
    let decided = stage.decide(&stage.open().await).await;
    assert_eq!(decided.state, WireConflictState::Decided);
    stage.until_it_sleeps().await;
    stage.clock.advance(Duration::from_millis(7_900));
    tokio::task::yield_now().await;
    assert_eq!(stage.city(), json!("Oslo"), "still in the window");
    stage.clock.advance(Duration::from_millis(200));
    stage.app.idle().await;
    assert_eq!(
        stage.get(&decided.id).await.state,
        WireConflictState::Resolved
    );
    assert_eq!(stage.city(), json!("Bern"));
    let runs = ListRuns {
        tenant: "main".into(),
        limit: 1,
        ..ListRuns::default()
    };
    let run = stage.app.list_runs(runs).await.unwrap().items.remove(0);
    assert!(
        run.decisions_only && run.trigger == WireTrigger::Decision,
        "{run:?}"
    );
}

#[tokio::test]
async fn a_decision_taken_back_in_time_is_never_written() {
    let stage = Stage::new();
    let decided = stage.decide(&stage.open().await).await;
    stage.until_it_sleeps().await;
    let undo = UndoDecision {
        tenant: "main".into(),
        id: decided.id.clone(),
    };
    let open = stage.app.undo_decision(undo).await.unwrap();
    assert_eq!(open.state, WireConflictState::Open);
    stage.clock.advance(Duration::from_secs(10));
    stage.app.idle().await;
    assert_eq!(stage.get(&decided.id).await.state, WireConflictState::Open);
    assert_eq!(stage.city(), json!("Oslo"));
}

#[tokio::test]
async fn a_decision_outlives_its_process() {
    let stage = Stage::new();
    let decided = stage.decide(&stage.open().await).await;
    stage.until_it_sleeps().await;
    // The process "ends": another one opens the same store and picks the decision up.
    let mut options = AppOptions::on_this_machine(stage.bench.store());
    let clock = Hands::new();
    clock.advance(Duration::from_secs(60));
    options.clock = clock;
    let next = App::open(options).unwrap();
    next.resume().await.unwrap();
    next.idle().await;
    assert_eq!(
        stage.get(&decided.id).await.state,
        WireConflictState::Resolved
    );
    assert_eq!(stage.city(), json!("Bern"));
}

#[tokio::test]
async fn a_restoration_waits_for_its_window_and_can_be_taken_back() {
    let stage = Stage::new();
    let decided = stage.decide(&stage.open().await).await;
    stage.until_it_sleeps().await;
    stage.clock.advance(Duration::from_secs(10));
    stage.app.idle().await;
    assert_eq!(stage.city(), json!("Bern"));
    let restore = RestoreValue {
        tenant: "main".into(),
        sync: "customers".into(),
        target: Some(key(1)),
        field: "city".into(),
        from: decided.id,
        ..RestoreValue::default()
    };
    let kept = stage.app.restore_value(restore.clone()).await.unwrap();
    assert_eq!(kept.state, WireConflictState::Decided);
    let twice = stage.app.restore_value(restore.clone()).await.unwrap_err();
    assert!(twice.to_string().contains("waits"), "{twice}");
    let undo = UndoDecision {
        tenant: "main".into(),
        id: kept.id.clone(),
    };
    // There was nothing to disagree about: it is closed, not open.
    let closed = stage.app.undo_decision(undo).await.unwrap();
    assert_eq!(closed.state, WireConflictState::Closed);
    assert!(closed.closed.unwrap().contains("taken back"));
    stage.clock.advance(Duration::from_secs(10));
    stage.app.idle().await;
    assert_eq!(stage.city(), json!("Bern"));

    // An ordinary run in between, about another field, does not lose it.
    let kept = stage.app.restore_value(restore).await.unwrap();
    stage
        .bench
        .left
        .edit(
            Table::Customers,
            &key(1),
            &fields(json!({"last_name": "New"})),
        )
        .unwrap();
    assert_eq!(stage.bench.tandem(&["run", "customers"]).status, 0);
    assert_eq!(stage.get(&kept.id).await.state, WireConflictState::Decided);
    assert_eq!(stage.city(), json!("Bern"));
    stage.clock.advance(Duration::from_secs(10));
    stage.app.idle().await;
    assert_eq!(stage.get(&kept.id).await.state, WireConflictState::Resolved);
    assert_eq!(stage.city(), json!("Oslo"));
}
