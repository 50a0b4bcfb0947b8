//! Two processes on one store: one run at a time, and whoever held the lease and stood still for too
//! long finds that it is another's, before it sends anything more.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tandem_sandbox::{Fault, FaultKind};

use super::process::said;
use super::town::{SYNC, Town};

/// Nothing here is waited for longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A run in a process of its own, on a clock that can be told to be later.
fn a_run(town: &Town) -> Command {
    let mut command = town.tandem.command("TANDEM_FAILPOINTS_BIN", &["run", SYNC]);
    command
        .env("TANDEM_SKIPPED_TIME", town.store_folder().join("skipped"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(
            since.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn a_holder_that_stood_still_sends_nothing_once_another_took_over() {
    for after in [0, 1, 3] {
        let mut town = Town::linked(50 + u64::from(after));
        town.edit();
        let storefront = town.storefront();
        // It stands still while one of its writes is on its way.
        storefront.inject(Fault {
            fault: FaultKind::Delay { ms: 1_500 },
            method: Some("POST".to_owned()),
            path: Some("/customers/bulk".to_owned()),
            after,
            times: Some(1),
        });
        let holder = a_run(&town).spawn().unwrap();
        until("the write", || storefront.faults().is_empty());
        // All else it does meanwhile is done by then: a process that stands still within a transaction
        // of the ERP's database would lock everybody out of it.
        until("the others", || {
            let before = town.rows();
            std::thread::sleep(Duration::from_millis(300));
            town.rows() == before
        });
        signal(&holder, Signal::STOP);
        let writes = storefront.stats().writes;
        until("its last call", || storefront.stats().writes > writes);

        // The lease, and the time that call may take at most.
        std::fs::write(town.store_folder().join("skipped"), "95").unwrap();
        let successor = said(a_run(&town).output().unwrap());
        // Not partial where the first had parked the conflicts already.
        assert!(
            matches!(successor.status.code(), Some(0 | 3)),
            "{successor:#?}"
        );
        town.holds();
        let (writes, rows) = (storefront.stats().writes, town.rows());

        signal(&holder, Signal::CONT);
        let woken = said(holder.wait_with_output().unwrap());
        assert_eq!(woken.status.code(), Some(5), "{woken:#?}");
        assert_ne!(woken.json()["id"], successor.json()["id"]);
        assert_eq!(storefront.stats().writes, writes, "sent after it woke");
        assert_eq!(town.rows(), rows, "written after it woke");
        town.recovers();
        town.is_sound();
    }
}

#[test]
fn a_second_process_joins_the_run_that_is_on() {
    let mut town = Town::linked(55);
    town.edit();
    let storefront = town.storefront();
    storefront.reset_stats();
    storefront.set_latency_ms(30);
    let first = a_run(&town).spawn().unwrap();
    until("the first run", || storefront.stats().requests > 0);
    let second = said(a_run(&town).output().unwrap());
    let first = said(first.wait_with_output().unwrap());
    for run in [&first, &second] {
        assert_eq!(run.status.code(), Some(3), "{run:#?}");
    }
    assert_eq!(first.json()["id"], second.json()["id"], "one run");
    let created = first.json()["created"].clone();
    assert_eq!(created, json!({"source": 3, "target": 3}));
    storefront.set_latency_ms(0);
    town.recovers();
    town.is_sound();
}
