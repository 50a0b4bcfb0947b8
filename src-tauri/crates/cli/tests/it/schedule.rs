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

/// What became of the first run that `serve` starts by itself, a day late.
fn first_run_of_serve(bench: &Bench) -> serde_json::Value {
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
        .env("TANDEM_ANCHOR", bench.anchor())
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _serve = Stays(serve);
    // A minute at the most.
    for _ in 0..600 {
        let run = bench.tandem(&["runs", "list", "--json"]).json()[0].clone();
        if run["finished_at"].is_string() {
            return run;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("nothing was run")
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
    let run = first_run_of_serve(&bench);
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

#[test]
fn a_scheduled_run_that_cannot_begin_is_recorded_and_alerts() {
    let bench = Bench::with_customers(1);
    let keyed = r#"
[[connections]]
name = "shop"
kind = "rest"
base_url = "http://127.0.0.1:9"
allow_private = true
auth = { type = "bearer", token = { secret = "shop-key" } }
[connections.collections.customers]
list = { path = "/customers", records = "/data" }
create = { path = "/customers" }
update = { path = "/customers/{{ id }}" }
delete = { path = "/customers/{{ id }}" }
"#;
    let workspace = bench.workspace().replace(
        "source = { connection = \"left\"",
        "schedule = \"0 * * * *\"\nsource = { connection = \"shop\"",
    );
    let file = bench.write("keyed.toml", &(keyed.to_owned() + &workspace));
    let applied = bench.tandem(&["apply", "-f", &file]);
    assert_eq!(applied.status, 0, "{applied:?}");
    let run = first_run_of_serve(&bench);
    assert_eq!(
        (&run["status"], &run["trigger"]),
        (&"failed".into(), &"schedule".into()),
        "{run}"
    );
    let shown = bench.tandem(&["errors", "list"]).out;
    assert!(shown.contains("shop-key"), "{shown}");
    let alerts = bench.tandem(&["alerts", "list", "--json"]).json();
    let alert = alerts[0].to_string();
    assert!(
        alert.contains("shop-key") && alert.contains("TANDEM_SECRET_SHOP_KEY"),
        "the alert says what is missing and how to provide it: {alerts}"
    );
    // By hand it is the same, with the exit status of a run that failed.
    let said = bench.tandem(&["run", "customers"]);
    assert_eq!(said.status, 5, "{said:?}");
    assert!(said.out.contains("shop-key"), "{said:?}");
}
