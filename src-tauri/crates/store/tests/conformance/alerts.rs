//! Alerts: one an hour for each configuration and on each channel, none lost, none twice.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tandem_domain::ids::{RunId, SyncId};
use tandem_engine::ports::alerts::{
    AlertClaim, AlertKind, AlertStep, CLAIM, ClaimedAlert, Delivery, Failure, SLOT,
};
use tandem_engine::ports::history::{ErrorType, RunOptions, RunStatus};
use tandem_engine::ports::store::{StoreError, TenantStore};

use crate::harness::{Harness, World, actor, opened, start, sync_record};

pub(crate) fn failure(world: &World, error: &str) -> Failure {
    Failure {
        sync: "customers".into(),
        run: RunId(world.id()),
        connection: Some("shop".into()),
        error_type: ErrorType::Network,
        error: Some(error.into()),
        retries: 3,
        remedy: Some("Look at it.".into()),
        circuit_open_until: None,
        at: world.now(),
    }
}

/// Ends a run of that configuration in that way.
fn end(world: &World, sync: SyncId, step: AlertStep) {
    let mut run = world.new_run(RunOptions::default());
    run.sync = sync;
    let mut outcome = world.outcome(match step {
        AlertStep::Failed(_) => RunStatus::Failed,
        AlertStep::Silent | AlertStep::Works => RunStatus::Completed,
    });
    outcome.alert = step;
    opened(world.tenant.open_run(&run).unwrap())
        .finish(outcome)
        .unwrap();
}

fn fails(world: &World, error: &str) {
    let failure = failure(world, error);
    end(world, world.sync, AlertStep::Failed(Box::new(failure)));
}

fn works(world: &World) {
    end(world, world.sync, AlertStep::Works);
}

fn claim_on(tenant: &dyn TenantStore, channel: &str, now: DateTime<Utc>) -> Option<ClaimedAlert> {
    let claim = AlertClaim {
        channel,
        after: None,
        now,
        eager: false,
    };
    tenant.claim_alert(&claim).unwrap()
}

fn settle(world: &World, channel: &str, claimed: &ClaimedAlert, told: bool) {
    let delivery = if told {
        Delivery::Told
    } else {
        Delivery::failed("it is down".into(), claimed.attempt, world.now())
    };
    world
        .tenant
        .settle_alert(channel, claimed, &delivery, world.now())
        .unwrap();
}

/// What the channel is given now and takes: the error and how many were held back.
fn told(world: &World, channel: &str) -> Option<(AlertKind, String, u64)> {
    let claimed = claim_on(world.tenant.as_ref(), channel, world.now())?;
    settle(world, channel, &claimed, true);
    let alert = claimed.alert;
    Some((
        alert.kind,
        alert.failure.error.unwrap_or_default(),
        alert.held_back,
    ))
}

fn failed(error: &str, held_back: u64) -> Option<(AlertKind, String, u64)> {
    Some((AlertKind::Failure, error.into(), held_back))
}

pub(crate) fn alerts_wait_until_delivered(h: &dyn Harness) {
    let world = World::new(h);
    let second = SyncId(world.id());
    world
        .tenant
        .put_sync(&sync_record(second, "orders"), &actor(start()))
        .unwrap();
    end(&world, world.sync, AlertStep::Silent);
    assert_eq!(world.tenant.alerts(None, 9).unwrap(), []);
    fails(&world, "first");
    let other = failure(&world, "second");
    end(&world, second, AlertStep::Failed(Box::new(other.clone())));

    // Another process finds both, in order; what it does not tell stays.
    let store = h.open().tenant(world.tenant.id());
    let listed = store.alerts(None, 9).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (&listed[0].failure, listed[0].sync, listed[0].run),
        (&other, second, other.run)
    );
    assert_eq!(
        store.alerts(Some(listed[0].seq), 9).unwrap(),
        [listed[1].clone()]
    );
    assert_eq!(told(&world, "mail"), failed("first", 0));
    assert_eq!(told(&world, "mail"), failed("second", 0));
    assert_eq!(told(&world, "mail"), None);
    let delivered = &store.alerts(None, 9).unwrap()[1].deliveries;
    assert_eq!(
        (delivered[0].channel.as_str(), delivered[0].attempts),
        ("mail", 1)
    );
    assert_eq!(delivered[0].delivered_at, Some(world.now()));
    let mut unknown = ClaimedAlert {
        alert: listed[0].clone(),
        attempt: 1,
    };
    unknown.alert.seq = 999;
    assert!(matches!(
        store.settle_alert("mail", &unknown, &Delivery::Told, world.now()),
        Err(StoreError::NotFound { .. })
    ));
}

pub(crate) fn one_an_hour_and_the_next_says_how_many_were_held_back(h: &dyn Harness) {
    let world = World::new(h);
    fails(&world, "0:00");
    assert_eq!(told(&world, "mail"), failed("0:00", 0));
    for error in ["0:20", "0:40", "0:59:59"] {
        world.pass(if error == "0:59:59" { 1_199 } else { 1_200 });
        fails(&world, error);
        assert_eq!(told(&world, "mail"), None, "{error}");
    }
    // An hour after somebody was told the slot is free; nothing is told without a new failure.
    world.pass(1);
    assert_eq!(told(&world, "mail"), None);
    fails(&world, "1:00");
    assert_eq!(told(&world, "mail"), failed("1:00", 3));
    world.pass(7_200);
    fails(&world, "3:00");
    assert_eq!(told(&world, "mail"), failed("3:00", 0));
    assert_eq!(world.tenant.alerts(None, 9).unwrap().len(), 3);
}

pub(crate) fn a_failed_delivery_does_not_use_up_the_slot(h: &dyn Harness) {
    let world = World::new(h);
    fails(&world, "first");
    let claimed = claim_on(world.tenant.as_ref(), "mail", world.now()).unwrap();
    settle(&world, "mail", &claimed, false);
    assert_eq!(told(&world, "mail"), None, "not again at once");
    // A process that has just started does not wait.
    let eager = AlertClaim {
        channel: "mail",
        after: None,
        now: world.now(),
        eager: true,
    };
    let claimed = world.tenant.claim_alert(&eager).unwrap().unwrap();
    assert_eq!(claimed.attempt, 2);
    let after = AlertClaim {
        after: Some(claimed.alert.seq),
        ..eager
    };
    assert_eq!(world.tenant.claim_alert(&after).unwrap(), None);
    settle(&world, "mail", &claimed, false);
    let delivery = world.tenant.alerts(None, 1).unwrap()[0].deliveries[0].clone();
    assert_eq!(delivery.last_error.as_deref(), Some("it is down"));
    assert_eq!(delivery.delivered_at, None);

    // Nobody was told, so the next failure takes its place and counts it.
    world.pass(30);
    fails(&world, "second");
    assert_eq!(told(&world, "mail"), failed("second", 1));
    world.pass(600);
    fails(&world, "third");
    assert_eq!(told(&world, "mail"), None, "now it is used up");
}

pub(crate) fn each_channel_has_its_own_delivery_and_its_own_hour(h: &dyn Harness) {
    let world = World::new(h);
    fails(&world, "0:00");
    assert_eq!(told(&world, "mail"), failed("0:00", 0));
    let claimed = claim_on(world.tenant.as_ref(), "webhook", world.now()).unwrap();
    settle(&world, "webhook", &claimed, false);
    world.pass(1_800);
    fails(&world, "0:30");
    assert_eq!(told(&world, "mail"), None, "the mail is not sent again");
    assert_eq!(
        told(&world, "webhook"),
        failed("0:00", 0),
        "it is tried again"
    );
    world.pass(1_800);
    fails(&world, "1:00");
    assert_eq!(
        told(&world, "mail"),
        None,
        "told on the webhook half an hour ago"
    );
    world.pass(1_800);
    fails(&world, "1:30");
    assert_eq!(told(&world, "mail"), failed("1:30", 2));
    assert_eq!(told(&world, "webhook"), failed("1:30", 2));
    // A channel that is new tells what is the newest.
    assert_eq!(told(&world, "desktop"), failed("1:30", 2));
    world.pass(1_200);
    // One that only now takes the last alert has its own hour from now on.
    world.pass(2_400);
    fails(&world, "2:30");
    assert_eq!(told(&world, "mail"), failed("2:30", 0));
    world.pass(1_800);
    assert_eq!(told(&world, "webhook"), failed("2:30", 0));
    world.pass(1_800);
    fails(&world, "3:30");
    assert_eq!(
        told(&world, "mail"),
        None,
        "told on the webhook half an hour ago"
    );
    world.pass(1_800);
    fails(&world, "4:00");
    assert_eq!(told(&world, "mail"), failed("4:00", 1));
    assert_eq!(told(&world, "webhook"), failed("4:00", 1));
}

pub(crate) fn a_claim_keeps_others_away_until_it_runs_out(h: &dyn Harness) {
    let world = World::new(h);
    let other = h.open().tenant(world.tenant.id());
    fails(&world, "first");
    let first = claim_on(world.tenant.as_ref(), "mail", world.now()).unwrap();
    assert_eq!(claim_on(other.as_ref(), "mail", world.now()), None);
    // Nor does one who looked at the clock earlier and waited for the store take it too.
    for earlier in [1, 100, 59_000] {
        let now = world.now() - TimeDelta::milliseconds(earlier);
        assert_eq!(claim_on(other.as_ref(), "mail", now), None, "{earlier} ms");
    }
    // While it is under way the slot is taken: it may be told any moment.
    fails(&world, "second");
    works(&world);
    assert_eq!(claim_on(other.as_ref(), "mail", world.now()), None);
    world.pass(CLAIM.num_seconds() - 1);
    assert_eq!(claim_on(other.as_ref(), "mail", world.now()), None);
    world.pass(1);
    // Whoever held it is gone; what is told now is the newest.
    let notice = claim_on(other.as_ref(), "mail", world.now()).unwrap();
    assert_eq!(notice.alert.kind, AlertKind::Recovery);
    assert_eq!((notice.attempt, notice.alert.held_back), (1, 2));
    // If it told after all, late, that counts; that it failed would not.
    settle(&world, "mail", &first, true);
    settle(&world, "mail", &notice, true);
    let alerts = world.tenant.alerts(None, 9).unwrap();
    assert!(
        alerts
            .iter()
            .all(|it| it.deliveries[0].delivered_at.is_some())
    );
    fails(&world, "third");
    assert_eq!(told(&world, "mail"), None, "the first took the slot");

    world.pass(7_200);
    fails(&world, "fourth");
    let stale = claim_on(world.tenant.as_ref(), "mail", world.now()).unwrap();
    world.pass(CLAIM.num_seconds());
    let fresh = claim_on(other.as_ref(), "mail", world.now()).unwrap();
    assert_eq!((stale.attempt, fresh.attempt), (1, 2));
    settle(&world, "mail", &stale, false);
    assert_eq!(claim_on(other.as_ref(), "mail", world.now()), None);
    settle(&world, "mail", &fresh, true);
}

pub(crate) fn two_processes_at_once_deliver_each_alert_once(h: &dyn Harness) {
    let world = World::new(h);
    let syncs: Vec<SyncId> = (0..10)
        .map(|number| {
            let sync = SyncId(world.id());
            let record = sync_record(sync, &format!("sync {number}"));
            world.tenant.put_sync(&record, &actor(start())).unwrap();
            let failure = failure(&world, "down");
            end(&world, sync, AlertStep::Failed(Box::new(failure)));
            sync
        })
        .collect();
    let now = world.now();
    let processes: Vec<_> = (0..4)
        .map(|_| {
            let tenant = h.open().tenant(world.tenant.id());
            std::thread::spawn(move || {
                let mut told = Vec::new();
                while let Some(claimed) = claim_on(tenant.as_ref(), "mail", now) {
                    tenant
                        .settle_alert("mail", &claimed, &Delivery::Told, now)
                        .unwrap();
                    told.push(claimed.alert.sync);
                }
                told
            })
        })
        .collect();
    let mut told: Vec<SyncId> = processes
        .into_iter()
        .flat_map(|process| process.join().unwrap())
        .collect();
    told.sort();
    let mut expected = syncs;
    expected.sort();
    assert_eq!(told, expected);
}

pub(crate) fn one_notice_tells_of_a_recovery(h: &dyn Harness) {
    let recovered =
        |error: &str, held_back: u64| Some((AlertKind::Recovery, error.to_owned(), held_back));
    let world = World::new(h);
    works(&world);
    assert_eq!(told(&world, "mail"), None, "it never failed");
    fails(&world, "0:00");
    assert_eq!(told(&world, "mail"), failed("0:00", 0));
    world.pass(600);
    fails(&world, "0:10");
    world.pass(600);
    works(&world);
    assert_eq!(told(&world, "mail"), recovered("0:00", 1));
    works(&world);
    assert_eq!(told(&world, "mail"), None, "one notice");
    // A failure that nobody was told of recovers in silence; the next one counts it.
    world.pass(600);
    fails(&world, "0:30");
    works(&world);
    assert_eq!(told(&world, "mail"), None);
    world.pass(1_800);
    fails(&world, "1:00");
    assert_eq!(told(&world, "mail"), failed("1:00", 1));
    // A channel that did not tell of the failure does not tell of its end, as another did.
    works(&world);
    assert_eq!(told(&world, "webhook"), None);
    assert_eq!(told(&world, "mail"), recovered("1:00", 0));
    // Where nobody was told in time, the notice tells it all.
    world.pass(7_200);
    fails(&world, "3:00");
    works(&world);
    assert_eq!(told(&world, "webhook"), recovered("3:00", 1));
    assert_eq!(told(&world, "mail"), None, "it was told already");
    // That took no slot.
    fails(&world, "again");
    assert_eq!(told(&world, "webhook"), failed("again", 0));
}

pub(crate) fn a_clock_that_was_set_back_blocks_nothing_for_long(h: &dyn Harness) {
    let world = World::new(h);
    world.pass(10 * 86_400);
    fails(&world, "ahead");
    let claimed = claim_on(world.tenant.as_ref(), "webhook", world.now()).unwrap();
    settle(&world, "webhook", &claimed, false);
    claim_on(world.tenant.as_ref(), "desktop", world.now()).unwrap();
    assert_eq!(told(&world, "mail"), failed("ahead", 0));
    world.pass(-9 * 86_400);
    fails(&world, "set back");
    assert_eq!(told(&world, "mail"), failed("set back", 0));
    assert!(told(&world, "webhook").is_some(), "no wait of days");
    assert!(told(&world, "desktop").is_some(), "no claim of days");
}

/// One step of a virtual week.
#[derive(Debug, Clone)]
struct Step {
    minutes: i64,
    sync: usize,
    end: End,
    /// Which channels take what they are given.
    up: [bool; CHANNELS.len()],
    /// A process that takes a claim and is gone.
    crash: bool,
    eager: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Fails,
    Works,
    Silent,
}

const CHANNELS: [&str; 3] = ["mail", "webhook", "desktop"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![6 => Just(End::Fails), 2 => Just(End::Works), 1 => Just(End::Silent)];
    let up = [
        proptest::bool::weighted(0.8),
        proptest::bool::weighted(0.5),
        proptest::bool::weighted(0.95),
    ];
    let minutes = prop_oneof![Just(0_i64), 1..20_i64, 40..70_i64];
    let step = (
        minutes,
        0..2_usize,
        end,
        up,
        proptest::bool::weighted(0.05),
        any::<bool>(),
    )
        .prop_map(|(minutes, sync, end, up, crash, eager)| Step {
            minutes,
            sync,
            end,
            up,
            crash,
            eager,
        });
    proptest::collection::vec(step, 400)
}

/// What was told.
#[derive(Debug, Clone, Copy)]
struct Told {
    at: DateTime<Utc>,
    sync: usize,
    channel: usize,
    kind: AlertKind,
    number: u64,
    held_back: u64,
}

pub(crate) fn a_virtual_week_of_failures_keeps_the_limits(h: &dyn Harness) {
    let store = h.open();
    let seed = std::cell::Cell::new(100);
    let mut runner = TestRunner::new(Config {
        cases: 6,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&steps(), |steps| {
        seed.set(seed.get() + 1);
        let name = format!("week {}", seed.get());
        let world = World::with(store.clone(), &name, seed.get());
        let told = live(&world, h, &steps);
        limits_hold(&told);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Lives through the week, two processes in turn; what is due is told after each run.
fn live(world: &World, h: &dyn Harness, steps: &[Step]) -> Vec<Told> {
    let second = SyncId(world.id());
    let orders = sync_record(second, "orders");
    world.tenant.put_sync(&orders, &actor(start())).unwrap();
    let syncs = [world.sync, second];
    let processes = [world.tenant.clone(), h.open().tenant(world.tenant.id())];
    let mut told: Vec<Told> = Vec::new();
    let mut failures = [0_u64; 2];
    // Until when a claim of a process that is gone holds.
    let mut gone: Option<DateTime<Utc>> = None;
    for (turn, step) in steps.iter().enumerate() {
        world.pass(step.minutes * 60 + 1);
        let now = world.now();
        let end_of_run = match step.end {
            End::Fails => {
                failures[step.sync] += 1;
                AlertStep::Failed(Box::new(failure(world, "down")))
            }
            End::Works => AlertStep::Works,
            End::Silent => AlertStep::Silent,
        };
        end(world, syncs[step.sync], end_of_run);
        let free = !told
            .iter()
            .any(|it| it.sync == step.sync && it.kind == AlertKind::Failure && now - it.at < SLOT);
        let undisturbed = gone.is_none_or(|until| until <= now);
        let tenant = &processes[turn % 2];
        if step.crash && claim_on(tenant.as_ref(), "mail", now).is_some() {
            gone = Some(now + CLAIM);
        }
        for (channel, name) in CHANNELS.iter().enumerate() {
            let mut after = None;
            loop {
                let claim = AlertClaim {
                    channel: name,
                    after,
                    now,
                    eager: step.eager,
                };
                let Some(claimed) = tenant.claim_alert(&claim).unwrap() else {
                    break;
                };
                after = Some(claimed.alert.seq);
                settle(world, name, &claimed, step.up[channel]);
                if step.up[channel] {
                    told.push(Told {
                        at: now,
                        sync: usize::from(claimed.alert.sync == second),
                        channel,
                        kind: claimed.alert.kind,
                        number: claimed.alert.number,
                        held_back: claimed.alert.held_back,
                    });
                }
            }
            // A failure that meets a free slot is told at once wherever it can be.
            let due = step.end == End::Fails && free && undisturbed && !step.crash;
            if due && step.up[channel] && step.eager {
                assert!(
                    told.iter().any(|it| it.at == now
                        && (it.sync, it.channel) == (step.sync, channel)
                        && it.number == failures[step.sync]),
                    "failure {} was not told on {name}: {told:?}",
                    failures[step.sync]
                );
            }
        }
    }
    assert!(told.len() > 20, "the week tells something: {told:?}");
    told
}

fn limits_hold(told: &[Told]) {
    let mut once = BTreeSet::new();
    for it in told {
        let failure = it.kind == AlertKind::Failure;
        assert!(
            once.insert((it.sync, it.channel, failure, it.number)),
            "told twice: {it:?}"
        );
    }
    for sync in 0..2 {
        // One an hour for the configuration, whatever the channel.
        let mut first_told: Vec<(u64, DateTime<Utc>)> = Vec::new();
        for it in told.iter().filter(|it| it.sync == sync) {
            let known = first_told.iter().any(|(number, _)| *number == it.number);
            if it.kind == AlertKind::Failure && !known {
                first_told.push((it.number, it.at));
            }
        }
        for pair in first_told.windows(2) {
            assert!(pair[1].1 - pair[0].1 >= SLOT, "too soon: {pair:?}");
        }
        for channel in 0..CHANNELS.len() {
            let mine: Vec<&Told> = told
                .iter()
                .filter(|it| (it.sync, it.channel) == (sync, channel))
                .collect();
            let failures: Vec<DateTime<Utc>> = mine
                .iter()
                .filter(|it| it.kind == AlertKind::Failure)
                .map(|it| it.at)
                .collect();
            for pair in failures.windows(2) {
                assert!(pair[1] - pair[0] >= SLOT, "{channel}: too soon: {pair:?}");
            }
            for pair in mine.windows(2) {
                // Every failure is told or counted, once; and no recovery follows another at once.
                let own = u64::from(pair[1].kind == AlertKind::Failure);
                assert_eq!(
                    pair[1].held_back,
                    pair[1].number - pair[0].number - own,
                    "{pair:?}"
                );
                let both = pair.iter().all(|it| it.kind == AlertKind::Recovery);
                assert!(!both || pair[1].number > pair[0].number, "{pair:?}");
            }
        }
    }
    let least = TimeDelta::days(1);
    assert!(told.last().unwrap().at - told[0].at > least, "a long time");
}
