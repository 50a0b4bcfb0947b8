//! A failure is told although a process dies around it: the alert is stored with the run's end, and
//! stays in the outbox until somebody was told. It may be told twice, never not at all.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tandem_engine::failpoints::Point;
use tandem_sandbox::{Fault, FaultKind};

use super::process::armed;
use super::town::{SYNC, Town};

/// A process that serves tells what waits as soon as it stands; longer than this it never takes.
const AT_ONCE: Duration = Duration::from_secs(20);

/// A town whose storefront lets nobody in.
fn locked_out(stream: u64) -> Town {
    let town = Town::linked(stream);
    let mut refusal = Fault::next(FaultKind::Status {
        code: 401,
        retry_after: None,
    });
    refusal.times = None;
    town.storefront().inject(refusal);
    town
}

/// Serves until the process died or nothing waits to be told any more. The alerts it told.
fn serve(town: &Town, mut command: Command) -> usize {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let errors = BufReader::new(child.stderr.take().unwrap());
    let told = std::thread::spawn(move || {
        let lines = errors.lines().map_while(Result::ok);
        lines.filter(|line| line.starts_with("alert: ")).count()
    });
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() && !nothing_waits(town) {
        assert!(since.elapsed() < AT_ONCE, "it waits to be told");
        std::thread::sleep(Duration::from_millis(20));
    }
    // It may have died by itself.
    let _ = child.kill();
    child.wait().unwrap();
    told.join().unwrap()
}

/// Whether every alert was told, as far as the store knows.
fn nothing_waits(town: &Town) -> bool {
    let books = town.books();
    let alerts = books.number("SELECT count(*) FROM alert_outbox");
    let told = "SELECT count(*) FROM alert_deliveries WHERE delivered_at IS NOT NULL";
    alerts == books.number(told)
}

fn serve_plainly(town: &Town) -> usize {
    town.books().let_claims_run_out();
    serve(town, town.tandem.command("TANDEM_BIN", &["serve"]))
}

fn serve_and_die(town: &Town, point: Point) -> usize {
    let mut command = town.tandem.command("TANDEM_FAILPOINTS_BIN", &["serve"]);
    command.env("FAILPOINTS", armed(point, 0, "return"));
    serve(town, command)
}

#[test]
fn an_alert_outlives_the_process_that_owes_it() {
    for (stream, point, told, waits) in [
        (30, Point::AlertSending, 0, true),
        (31, Point::AlertSent, 1, true),
        (32, Point::AlertMarked, 1, false),
    ] {
        let town = locked_out(stream);
        town.tandem.must(&[5], &["run", SYNC]);
        assert!(!nothing_waits(&town), "a failure owes an alert");
        assert_eq!(serve_and_die(&town, point), told, "{}", point.name());
        assert_eq!(nothing_waits(&town), !waits, "{}", point.name());
        if waits {
            assert_eq!(serve_plainly(&town), 1, "{}", point.name());
        }
    }
}

#[test]
fn a_failure_whose_run_died_is_told_by_the_next() {
    for (stream, point) in [(33, Point::Finishing), (34, Point::Finished)] {
        let town = locked_out(stream);
        let said = town.survive(|tandem| tandem.dies_at(point, 0, &["run", SYNC]));
        assert!(said.aborted(), "{said:#?}");
        // The end of a run and its alert are stored together or not at all.
        assert_eq!(nothing_waits(&town), point == Point::Finishing);
        town.tandem.must(&[5], &["run", SYNC]);
        assert_eq!(serve_plainly(&town), 1, "{}", point.name());
        assert!(nothing_waits(&town), "{}", point.name());
    }
}
