//! Schedules: what is refused, what is shown, and `tandem serve` following them.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::alerts::Stays;
use crate::bench::Bench;

fn with_schedule(bench: &Bench, schedule: &str) -> String {
    let workspace = bench.workspace().replace(
        "match_key = [\"customer_no\"]",
        &format!("match_key = [\"customer_no\"]\nschedule = {schedule:?}"),
    );
    bench.write("scheduled.toml", &workspace)
}

#[test]
fn a_schedule_that_cannot_be_followed_is_refused_with_its_place() {
    let bench = Bench::with_customers(1);
    for (schedule, want) in [
        ("hourly", "cron pattern"),
        ("0 0 3 * * *", "cron pattern"),
        ("CRON_TZ=Europe/Bärlin 0 3 * * *", "Europe/Bärlin"),
        ("0 0 30 2 *", "never comes"),
    ] {
        let file = with_schedule(&bench, schedule);
        let said = bench.tandem(&["apply", "-f", &file]);
        assert_eq!(said.status, 1, "{schedule}: {said:?}");
        assert!(
            said.err.contains(want) && said.err.contains("scheduled.toml:"),
            "{schedule}: {}",
            said.err
        );
    }
}

#[test]
fn serve_runs_what_is_due_and_the_next_time_is_shown() {
    let bench = Bench::with_customers(3);
    let file = with_schedule(&bench, "0 * * * *");
    assert_eq!(bench.tandem(&["apply", "-f", &file]).status, 0);
    let listed = || bench.tandem(&["syncs", "list", "--json"]).json()[0].clone();
    assert!(listed()["next_run_at"].is_string(), "{}", listed());
    assert_eq!(bench.tandem(&["syncs", "pause", "customers"]).status, 0);
    assert!(listed()["next_run_at"].is_null(), "a paused one rests");
    assert_eq!(bench.tandem(&["syncs", "resume", "customers"]).status, 0);
    // As if nobody had followed it for a day.
    let day = 24 * 3600 * 1_000_000_i64;
    rusqlite::Connection::open(bench.store())
        .unwrap()
        .execute(
            "UPDATE sync_configurations SET updated_at = updated_at - ?1",
            [day],
        )
        .unwrap();
    let serve = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .env("TANDEM_STORE", bench.store())
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let serve = Stays(serve);
    let mut run = serde_json::Value::Null;
    // A minute at the most.
    for _ in 0..600 {
        run = bench.tandem(&["runs", "list", "--json"]).json()[0].clone();
        if run["status"] == "completed" {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(serve);
    assert_eq!(
        (&run["status"], &run["trigger"], &run["actor"]),
        (&"completed".into(), &"schedule".into(), &"schedule".into()),
        "{run}"
    );
    let rows = bench.right.count(tandem_sandbox::Table::Customers).unwrap();
    assert_eq!(rows, 3);
    let runs = bench.tandem(&["runs", "list", "--json"]).json();
    assert_eq!(runs.as_array().unwrap().len(), 1, "once: {runs}");
}
