//! The scheduler over the real store, in virtual time: each time once, whoever follows it; what was
//! missed once; what a run left is gone on with.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails where what it needs is not there"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tandem_domain::ids::{Both, Name, RunId, Side, SyncId, TenantId};
use tandem_engine::ports::alerts::AlertStep;
use tandem_engine::ports::history::{RunOptions, RunStatus, RunTrigger};
use tandem_engine::ports::session::RunOutcome;
use tandem_engine::ports::store::{Actor, NewRun, RunOpening, SyncRecord, Tenant};
use tandem_engine::ports::{Clock, Ids as _};
use tandem_engine::run::Opened;
use tandem_engine::schedule::{Due, NotStarted, Scheduler, Starts};
use tandem_tests::clock::TestIds;
use tandem_tests::fake::{Call, Reaction};
use tandem_tests::world::World;

/// Starts runs that end at once, and keeps when; fails where it is told to.
struct Runs {
    world: Arc<World>,
    ids: TestIds,
    answers: Mutex<Vec<Result<Option<DateTime<Utc>>, NotStarted>>>,
    asked: Mutex<Vec<(String, DateTime<Utc>)>>,
    started: Mutex<Vec<(String, DateTime<Utc>)>>,
}

impl Runs {
    fn new(world: &Arc<World>, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            ids: TestIds::starting_at(seed),
            answers: Mutex::default(),
            asked: Mutex::default(),
            started: Mutex::default(),
        })
    }

    /// What the next starts come to, the last one first: when the rest is due, or why none began.
    fn answer(&self, answers: &[Result<Option<DateTime<Utc>>, NotStarted>]) {
        *self.answers.lock().unwrap() = answers.to_vec();
    }

    fn started(&self) -> Vec<(String, DateTime<Utc>)> {
        self.started.lock().unwrap().clone()
    }
}

#[async_trait]
impl Starts for Runs {
    async fn start(&self, due: Due) -> Result<(), NotStarted> {
        let (name, now) = (due.sync.config.name.to_string(), self.world.clock.now());
        self.asked.lock().unwrap().push((name.clone(), now));
        let continue_at = self.answers.lock().unwrap().pop().unwrap_or(Ok(None))?;
        let run = NewRun {
            id: RunId(self.ids.next()),
            sync: due.sync.id,
            trigger: RunTrigger::Schedule,
            options: RunOptions::default(),
            actor: "schedule".into(),
            at: now,
            unless_since: due.unless_since,
        };
        let store = self.world.whole_store().tenant(due.tenant.id);
        if let RunOpening::Opened(session) = store.open_run(&run).unwrap() {
            let status = match continue_at {
                Some(_) => RunStatus::Partial,
                None => RunStatus::Completed,
            };
            session.finish(outcome(status, now, continue_at)).unwrap();
            self.started.lock().unwrap().push((name, now));
        }
        Ok(())
    }
}

fn outcome(status: RunStatus, at: DateTime<Utc>, continue_at: Option<DateTime<Utc>>) -> RunOutcome {
    RunOutcome {
        status,
        counts: Default::default(),
        execution_time_ms: 0,
        error: None,
        plan_hash: None,
        snapshots: None,
        progress: Both::new(None, None),
        at,
        continue_at,
        alert: AlertStep::Silent,
    }
}

/// Follows the schedules until told otherwise.
fn follow(world: &Arc<World>, runs: &Arc<Runs>) -> tokio::task::JoinHandle<()> {
    let (world, starts) = (Arc::clone(world), Arc::clone(runs) as Arc<dyn Starts>);
    tokio::spawn(async move {
        let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
        let scheduler = Scheduler::new(Arc::clone(&clock));
        loop {
            let wait = scheduler.step(world.whole_store(), &starts).await;
            clock.sleep(wait).await;
        }
    })
}

fn scheduled(pattern: &str) -> Arc<World> {
    Arc::new(World::new(serde_json::json!({ "schedule": pattern })))
}

async fn pass(time: TimeDelta) {
    tokio::time::sleep(time.to_std().unwrap()).await;
}

/// Another sync of the same two systems, or of another tenant.
fn add(
    world: &World,
    seed: u64,
    tenant: Option<&str>,
    name: &str,
    change: impl Fn(&mut SyncRecord),
) {
    let (ids, now) = (TestIds::starting_at(seed), world.clock.now());
    let actor = Actor {
        name: "test".into(),
        at: now,
    };
    let mut sync = world.sync().clone();
    sync.id = SyncId(ids.next());
    sync.config.name = Name::new(name).unwrap();
    change(&mut sync);
    let store = match tenant {
        None => Arc::clone(&world.store),
        Some(tenant) => {
            let tenant = Tenant {
                id: TenantId(ids.next()),
                name: Name::new(tenant).unwrap(),
                created_at: now,
            };
            let whole = world.whole_store();
            whole.create_tenant(&tenant, &actor).unwrap();
            let store = whole.tenant(tenant.id);
            for connection in world.store.connections().unwrap() {
                let connection = tandem_engine::ports::store::ConnectionRecord {
                    id: tandem_domain::ids::ConnectionId(ids.next()),
                    ..connection
                };
                store.put_connection(&connection, &actor).unwrap();
            }
            store
        }
    };
    store.put_sync(&sync, &actor).unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_time_is_followed_once_by_two_processes_together() {
    // From noon on 1 September 2026.
    let world = scheduled("*/15 * * * *");
    add(&world, 1_000, None, "nightly", |sync| {
        sync.config.schedule = Some("CRON_TZ=Europe/Berlin 0 3 * * *".into());
    });
    add(&world, 2_000, None, "resting", |sync| {
        sync.config.paused = true;
    });
    add(&world, 3_000, None, "asked", |sync| {
        sync.config.schedule = None;
    });
    add(&world, 4_000, Some("other"), "theirs", |sync| {
        sync.config.schedule = Some("30 * * * *".into());
    });
    let (one, two) = (Runs::new(&world, 10_000_000), Runs::new(&world, 20_000_000));
    let followers = [follow(&world, &one), follow(&world, &two)];
    pass(TimeDelta::hours(24)).await;
    for follower in followers {
        follower.abort();
    }
    let mut times: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
    for (name, at) in one.started().into_iter().chain(two.started()) {
        times.entry(name).or_default().push(at);
    }
    let begin: DateTime<Utc> = "2026-09-01T12:00:00Z".parse().unwrap();
    // A minute of jitter, and what a look takes.
    let tolerance = 61;
    let want = [
        (
            "contacts",
            TimeDelta::minutes(15),
            TimeDelta::minutes(15),
            96,
        ),
        ("nightly", TimeDelta::hours(13), TimeDelta::hours(24), 1),
        ("theirs", TimeDelta::minutes(30), TimeDelta::hours(1), 24),
    ];
    for (name, first, every, count) in want {
        let mut starts = times.remove(name).unwrap_or_default();
        starts.sort_unstable();
        // The last one may fall behind the end by its jitter.
        assert!(
            starts.len() == count || starts.len() + 1 == count,
            "{name}: {starts:?}"
        );
        for (n, start) in starts.iter().enumerate() {
            let time = begin + first + every * i32::try_from(n).unwrap();
            let off = (*start - time).num_seconds().abs();
            assert!(off <= tolerance, "{name}: {start} for {time}");
        }
    }
    assert!(times.is_empty(), "{times:?}");
    // Both took part, or the store's share in it was not tried.
    let both = |runs: &Runs| runs.asked.lock().unwrap().len();
    assert!(both(&one) > 20 && both(&two) > 20);
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_runs_once_and_a_change_misses_nothing() {
    let world = scheduled("0 * * * *");
    let runs = Runs::new(&world, 10_000_000);
    let first = follow(&world, &runs);
    pass(TimeDelta::minutes(90)).await;
    first.abort();
    assert_eq!(runs.started().len(), 1);
    world.clock.advance(TimeDelta::days(3));
    let again = follow(&world, &runs);
    pass(TimeDelta::minutes(10)).await;
    assert_eq!(runs.started().len(), 2, "caught up with once");
    again.abort();
    // Changed, or resumed, after times went by: nothing of those is due.
    world.clock.advance(TimeDelta::days(3));
    let mut sync = world.sync().clone();
    sync.updated_at = world.clock.now();
    let actor = Actor {
        name: "test".into(),
        at: world.clock.now(),
    };
    world.store.put_sync(&sync, &actor).unwrap();
    let third = follow(&world, &runs);
    pass(TimeDelta::minutes(10)).await;
    assert_eq!(runs.started().len(), 2);
    third.abort();
}

#[tokio::test(start_paused = true)]
async fn what_a_run_left_is_gone_on_with_when_it_is_due() {
    // No schedule at all: a person started what is to be gone on with.
    let world = Arc::new(World::new(serde_json::json!({})));
    let runs = Runs::new(&world, 10_000_000);
    let due = Due {
        tenant: world.whole_store().tenants().unwrap().remove(0),
        sync: world.sync().clone(),
        unless_since: None,
    };
    let rest = world.clock.now() + TimeDelta::minutes(3);
    runs.answer(&[Ok(Some(rest))]);
    runs.start(due).await.unwrap();
    let follower = follow(&world, &runs);
    pass(TimeDelta::seconds(170)).await;
    assert_eq!(runs.started().len(), 1, "not before its time");
    // The first try to go on cannot even be opened: it is tried again, but not at once.
    runs.answer(&[Err(NotStarted::Failed("no secret".into()))]);
    pass(TimeDelta::minutes(4)).await;
    assert_eq!(
        (runs.started().len(), runs.asked.lock().unwrap().len()),
        (1, 2)
    );
    pass(TimeDelta::minutes(3)).await;
    assert_eq!(runs.started().len(), 2);
    pass(TimeDelta::hours(5)).await;
    assert_eq!(runs.started().len(), 2, "nothing is left any more");
    follower.abort();
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_waits_for_its_next_time_and_one_in_the_way_does_not() {
    let world = scheduled("0 * * * *");
    let runs = Runs::new(&world, 10_000_000);
    let busy = || Err(NotStarted::Busy);
    runs.answer(&[busy(), busy(), Err(NotStarted::Failed("no secret".into()))]);
    let follower = follow(&world, &runs);
    pass(TimeDelta::minutes(100)).await;
    assert_eq!(
        runs.asked.lock().unwrap().len(),
        1,
        "once for the first time"
    );
    pass(TimeDelta::minutes(25)).await;
    let asked = runs.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 4, "{asked:?}");
    let took = asked[3].1 - asked[1].1;
    assert!(took <= TimeDelta::seconds(45), "{took}");
    assert_eq!(runs.started().len(), 1);
    follower.abort();
}

#[tokio::test(start_paused = true)]
async fn a_paused_sync_rests_and_goes_on_when_resumed() {
    let world = scheduled("*/5 * * * *");
    let runs = Runs::new(&world, 10_000_000);
    let follower = follow(&world, &runs);
    let pause = |paused: bool| {
        let now = world.clock.now();
        let mut sync = world.sync().clone();
        sync.config.paused = paused;
        sync.updated_at = now;
        let actor = Actor {
            name: "test".into(),
            at: now,
        };
        world.store.put_sync(&sync, &actor).unwrap();
    };
    pause(true);
    pass(TimeDelta::hours(1)).await;
    assert_eq!(runs.asked.lock().unwrap().len(), 0);
    pause(false);
    pass(TimeDelta::minutes(31)).await;
    let count = runs.started().len();
    assert!((5..=7).contains(&count), "{count}");
    follower.abort();
}

#[tokio::test(start_paused = true)]
async fn what_a_process_left_in_the_middle_is_taken_over_once_it_stayed_silent() {
    let world = scheduled("0 3 * * *");
    let (one, two) = (Runs::new(&world, 10_000_000), Runs::new(&world, 20_000_000));
    let Opened::Ready(run) = world.open(RunOptions::default()).await else {
        panic!("a run that opens");
    };
    // As if its process were killed.
    drop(run);
    let followers = [follow(&world, &one), follow(&world, &two)];
    pass(TimeDelta::seconds(80)).await;
    assert_eq!(
        one.started().len() + two.started().len(),
        0,
        "it may yet live"
    );
    pass(TimeDelta::minutes(60)).await;
    assert_eq!(one.started().len() + two.started().len(), 1);
    for follower in followers {
        follower.abort();
    }
}

/// Both systems take two calls at once. Three runs of three configurations, whose listings of the
/// source are never answered: the third is sent only when another one's time is up.
#[tokio::test(start_paused = true)]
async fn kiv_001_runs_of_one_connection_share_its_calls_in_flight() {
    let world = World::new(serde_json::json!({}));
    world.source.script(|call, _| match call {
        Call::List { .. } => Reaction::Hang { applied: false },
        _ => Reaction::Answer,
    });
    let ids = TestIds::starting_at(1_000);
    let mut runs = tokio::task::JoinSet::new();
    for name in ["one", "two", "three"] {
        let Opened::Ready(run) = world.open_another(SyncId(ids.next()), name).await else {
            panic!("a run that opens");
        };
        runs.spawn(run.execute());
    }
    pass(TimeDelta::seconds(29)).await;
    assert_eq!(world.counts(Side::Source).lists, 2);
    pass(TimeDelta::seconds(2)).await;
    assert!(world.counts(Side::Source).lists > 2);
    runs.shutdown().await;
}
