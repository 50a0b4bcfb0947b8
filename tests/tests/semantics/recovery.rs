//! TEST-010 and TEST-003 over HTTP: the real engine, store and REST connector against the sandbox's
//! storefront, with its faults. Its calls take real time, backoff takes none: see [`Away`].

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it fails"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Map, Value as Json, json};
use tandem_domain::ids::Side;
use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;
use tandem_engine::ports::history::{OperationState, RunOptions, RunStatus};
use tandem_host::{EnvSecrets, SystemClock};
use tandem_sandbox::{Control, Fault, FaultKind, Storefront, StorefrontConfig};
use tandem_tests::away::Away;
use tandem_tests::fake::fields;
use tandem_tests::world::World;
use tokio::runtime::{Builder, Runtime};

/// A storefront at the source, a scripted system at the target.
struct Shop {
    world: World,
    storefront: Option<Storefront>,
    control: Control,
    runtime: Option<Runtime>,
}

impl Shop {
    fn open() -> Self {
        // On a thread of its own: a runtime may not be entered from within another.
        let (runtime, storefront) = std::thread::spawn(|| {
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            let started = runtime.block_on(Storefront::start(StorefrontConfig::plain()));
            (runtime, started.unwrap())
        })
        .join()
        .unwrap();
        let connector = tandem_connectors::build(
            "rest",
            &settings(&storefront.url()),
            "customers",
            Arc::new(EnvSecrets),
            Arc::new(SystemClock::new()),
        )
        .unwrap();
        let mut world = World::new(json!({}));
        let away = Away::new(connector, runtime.handle().clone());
        world.stand_in(Side::Source, Arc::new(away));
        Self {
            world,
            control: storefront.control(),
            storefront: Some(storefront),
            runtime: Some(runtime),
        }
    }

    fn add(&self, name: &str, x: &str) -> String {
        let Json::Object(record) = json!({ "name": name, "x": x, "y": "", "n": 1 }) else {
            panic!("an object")
        };
        self.control.insert("customers", &record).unwrap()
    }

    fn edit(&self, id: &str, field: &str, value: &str) {
        let patch: Map<String, Json> = [(field.to_owned(), json!(value))].into_iter().collect();
        self.control.edit("customers", id, &patch).unwrap();
    }

    /// Names and what both sides hold in `x` and `y` under them.
    fn in_step(&self) -> BTreeMap<String, (String, String)> {
        let text = |record: &Map<String, Json>, field: &str| {
            record
                .get(field)
                .and_then(Json::as_str)
                .unwrap_or("")
                .to_owned()
        };
        let records = self.control.records("customers").unwrap();
        let shop: BTreeMap<_, _> = records
            .iter()
            .map(|it| (text(it, "name"), (text(it, "x"), text(it, "y"))))
            .collect();
        assert_eq!(shop.len(), records.len(), "no name twice at the storefront");
        let live = self.world.target.state().live();
        let text = |record: &NativeFields, field: &str| match record.get(field) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let other: BTreeMap<_, _> = live
            .values()
            .map(|it| (text(it, "name"), (text(it, "x"), text(it, "y"))))
            .collect();
        assert_eq!(other.len(), live.len(), "no name twice at the target");
        assert_eq!(shop, other);
        shop
    }

    fn requests(&self) -> u64 {
        self.control.stats().requests
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.storefront.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn settings(url: &str) -> Json {
    let precondition = json!({ "type": "if_match", "quoted": true });
    json!({
        "base_url": url, "allow_private": true,
        "collections": { "customers": {
            "version": { "field": "version" },
            "modified_at": { "field": "updated_at" },
            "deleted": { "field": "deleted" },
            "read_only": ["version", "updated_at"],
            "list": { "path": "/customers", "records": "/data", "pagination": {
                "type": "cursor_body", "next": "/next_cursor", "param": "cursor",
                "size_param": "limit", "size": 20,
            } },
            "get": { "path": "/customers/{{ id }}",
                "batch": { "path": "/customers", "param": "ids", "records": "/data" } },
            "create": { "path": "/customers", "record": "", "idempotency_header": "Idempotency-Key" },
            "update": { "path": "/customers/{{ id }}", "record": "", "precondition": precondition,
                "idempotency_header": "Idempotency-Key" },
            "delete": { "path": "/customers/{{ id }}", "precondition": precondition },
            "errors": { "message": "/error/message", "code": "/error/code",
                "version_conflict_codes": ["version_conflict"], "gone_codes": ["not_found"] },
        } },
    })
}

#[tokio::test(start_paused = true)]
async fn test_003_which_answers_over_http_are_retried() {
    let status = |code| FaultKind::Status {
        code,
        retry_after: None,
    };
    let mut table: Vec<(FaultKind, bool)> = [408, 425, 429, 500, 502, 503, 504]
        .map(|code| (status(code), true))
        .to_vec();
    table.extend(
        [400, 401, 402, 403, 404, 405, 409, 410, 412, 413, 422, 501]
            .map(|code| (status(code), false)),
    );
    // A reset; an answer that breaks off.
    table.extend([(FaultKind::DropBefore, true), (FaultKind::Truncate, true)]);
    let shop = Shop::open();
    for name in ["ann", "bob", "cem"] {
        shop.add(name, "1");
    }
    for (fault, retried) in table {
        shop.control
            .inject(Fault::next(fault).on("GET", "/customers").always());
        let (before, started) = (shop.requests(), tokio::time::Instant::now());
        let history = shop.world.run_with(RunOptions::default()).await;
        assert_eq!(history.status, RunStatus::Failed, "{fault:?}: {history:?}");
        assert_eq!(
            (shop.requests() - before, started.elapsed().as_secs()),
            if retried { (4, 7) } else { (1, 0) },
            "{fault:?}: {history:?}"
        );
        shop.control.clear_faults();
        // A success in between, so that failures of different rows do not add up in the circuit.
        let history = shop.world.run_with(RunOptions::default()).await;
        assert_eq!(
            history.status,
            RunStatus::Completed,
            "{fault:?}: {history:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn test_003_a_system_that_is_not_there_is_retried() {
    let mut shop = Shop::open();
    drop(shop.storefront.take());
    let started = tokio::time::Instant::now();
    let history = shop.world.run_with(RunOptions::default()).await;
    assert_eq!(history.status, RunStatus::Failed);
    assert_eq!(started.elapsed().as_secs(), 7, "{history:?}");
    assert_eq!(shop.world.circuit(Side::Source).failures, 4);
}

#[tokio::test(start_paused = true)]
async fn test_010_failure_retry_open_circuit_recovery_and_everything_in_step() {
    let shop = Shop::open();
    let world = &shop.world;
    let ids: Vec<String> = (0..60).map(|n| shop.add(&format!("s{n}"), "1")).collect();
    for n in 0..20 {
        let record = fields(&[("name", &format!("t{n}")), ("x", "1")]);
        world.target.state().add(record);
    }

    // A listing that fails twice, a create whose answer is lost: retried, and nothing is made twice.
    shop.control.inject(
        Fault::next(FaultKind::Status {
            code: 503,
            retry_after: Some(2),
        })
        .on("GET", "/customers")
        .after(1)
        .times(2),
    );
    shop.control.inject(
        Fault::next(FaultKind::DropAfter)
            .on("POST", "/customers")
            .after(3)
            .times(2),
    );
    let started = tokio::time::Instant::now();
    let history = world.run_with(RunOptions::default()).await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    assert_eq!(
        (history.counts.created.source, history.counts.created.target),
        (20, 60)
    );
    let waited = started.elapsed().as_secs();
    assert!((4..=12).contains(&waited), "{waited} s of backoff");
    assert_eq!(shop.in_step().len(), 80);
    assert_eq!(world.circuit(Side::Source).failures, 0);

    // Edits on both sides; then the storefront takes no write any more, in the middle of the run.
    for id in ids.iter().take(10) {
        shop.edit(id, "x", "shop");
    }
    let mine: Vec<_> = (0..20)
        .flat_map(|n| world.by_name(Side::Target, &format!("t{n}")))
        .collect();
    for id in &mine {
        world.target.state().edit(id, "y", "target");
    }
    shop.control.inject(
        Fault::next(FaultKind::Status {
            code: 502,
            retry_after: None,
        })
        .on("PATCH", "/customers")
        .after(5)
        .always(),
    );
    let history = world.run_with(RunOptions::default()).await;
    assert_ne!(history.status, RunStatus::Completed, "{history:?}");
    let circuit = world.circuit(Side::Source);
    assert!(circuit.open_until.is_some(), "{circuit:?}");
    assert!(
        !world.store.alerts(None, 10).unwrap().is_empty(),
        "an admin is told"
    );
    let patched = shop.control.records("customers").unwrap();
    let patched = patched
        .iter()
        .filter(|it| it.get("y") == Some(&json!("target")))
        .count();
    assert_eq!(patched, 5, "what was written before it failed stands");

    // While the circuit is open, runs send nothing; what is left is pending.
    let before = shop.requests();
    let history = world.run_with(RunOptions::default()).await;
    assert_eq!(history.status, RunStatus::Failed, "{history:?}");
    assert_eq!(shop.requests(), before);

    // Half-open, but the storefront is still down: one probe, and the circuit is open again.
    shop.control
        .inject(Fault::next(FaultKind::DropBefore).always());
    world.clock.advance(TimeDelta::minutes(5));
    world.run_with(RunOptions::default()).await;
    assert_eq!(shop.requests() - before, 1, "the probe alone");
    assert!(world.circuit(Side::Source).open_until > circuit.open_until);

    // The storefront recovers. One more edit meanwhile; everything comes into step by itself.
    shop.control.clear_faults();
    shop.edit(&ids[30], "x", "later");
    world.clock.advance(TimeDelta::minutes(5));
    let history = world.run_with(RunOptions::default()).await;
    assert_eq!(history.status, RunStatus::Completed, "{history:?}");
    let held = shop.in_step();
    assert_eq!(held.len(), 80);
    assert_eq!(held.values().filter(|(_, y)| y == "target").count(), 20);
    assert_eq!(held.values().filter(|(x, _)| x == "shop").count(), 10);
    assert_eq!(held["s30"].0, "later");
    assert_eq!(world.conflicts().len(), 0);
    let circuit = world.circuit(Side::Source);
    assert_eq!((circuit.failures, circuit.open_until), (0, None));
    let changes = world.store.changes(history.id, None, None, 1_000).unwrap();
    assert!(
        changes.iter().all(|it| it.state == OperationState::Done),
        "{changes:?}"
    );

    let writes = shop.control.stats().writes;
    let (history, _, target) = world.run_counting().await;
    assert_eq!(
        (shop.control.stats().writes - writes, target),
        (0, 0),
        "{history:?}"
    );
}
