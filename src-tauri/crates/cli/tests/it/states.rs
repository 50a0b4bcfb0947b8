//! Every state that a pair, a record, a conflict or a run can be in, and the verb that leaves it. A
//! state that is new does not compile until it has its row; each row is played through the binary,
//! and stands in the README.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tandem_app::wire::{WireConflictState, WirePairState, WireRunStatus, WireSetAside};
use tandem_sandbox::Table;

use crate::bench::{Bench, customer, key};
use crate::conflicts::contested;
use crate::pairs::{city, edit, pair};
use crate::plans::simulated;

/// The verb that leaves a state, and a play of it.
type Row = (&'static str, fn());

macro_rules! every {
    ($name:ident: $ty:ty { $($state:ident => $row:expr,)* }) => {
        /// The states by their words, each with its row.
        fn $name() -> Vec<(String, Row)> {
            // Says of every state that there is which one it is: a new one does not compile.
            let row = |state: $ty| -> Row {
                match state { $(<$ty>::$state => $row,)* }
            };
            [$(<$ty>::$state),*]
                .into_iter()
                .map(|state| (word(state), row(state)))
                .collect()
        }
    };
}

fn word(state: impl serde::Serialize) -> String {
    serde_json::to_value(state)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

every!(pairs: WirePairState {
    Active => ("pairs unlink ID", an_active_pair),
    Unpaired => ("pairs link SYNC --source ID --target ID", an_unpaired_record),
    Closed => ("runs rollback RUN", a_closed_pair),
    Excluded => ("pairs relink ID", an_excluded_pair),
    Quarantined => ("pairs link SYNC --source ID --target ID", a_quarantined_pair),
});

every!(records: WireSetAside {
    Unusable => ("set-aside retry ID", an_unusable_record),
    Quarantined => ("set-aside drop ID", a_quarantined_record),
    Uncertain => ("set-aside retry ID", an_uncertain_record),
    Deferred => ("set-aside retry ID", a_deferred_record),
});

every!(conflicts: WireConflictState {
    Open => ("conflicts resolve ID", an_open_conflict),
    Decided => ("conflicts undo ID", a_decided_conflict),
    Resolved => ("records restore SYNC", a_resolved_conflict),
    Closed => ("run SYNC", a_closed_conflict),
});

every!(runs: WireRunStatus {
    Pending => ("runs cancel RUN", a_pending_run),
    Running => ("runs cancel RUN", a_running_run),
    Completed => ("runs rollback RUN", a_completed_run),
    Failed => ("errors retry RUN", a_failed_run),
    Partial => ("errors retry RUN", a_partial_run),
});

/// Plays every row of a table; each stands in the README.
fn play(kind: &str, rows: Vec<(String, Row)>) {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    for (state, (verb, play)) in rows {
        let line = format!("| {kind} | {state} | `{verb}` |");
        assert!(readme.contains(&line), "the README does not say: {line}");
        play();
    }
}

#[test]
fn every_state_of_a_pair_can_be_left() {
    play("pair", pairs());
}

#[test]
fn every_state_of_a_record_set_aside_can_be_left() {
    play("record", records());
}

#[test]
fn every_state_of_a_conflict_can_be_left() {
    play("conflict", conflicts());
}

#[test]
fn every_state_of_a_run_can_be_left() {
    play("run", runs());
}

/// A plan bears no state of its own: it is as good as what it was made of.
#[test]
fn every_state_of_a_plan_can_be_left() {
    let row = |state: &str, verb, play: fn()| (state.to_owned(), (verb, play));
    play(
        "plan",
        vec![
            row("reviewed", "plans apply HASH", a_reviewed_plan),
            row("outdated", "run SYNC --simulate", an_outdated_plan),
        ],
    );
}

fn a_reviewed_plan() {
    let bench = Bench::with_customers(3);
    let hash = simulated(&bench);
    does(&bench, &["plans", "apply", &hash]);
    assert_eq!(pair(&bench, 1)["state"], "active");
}

fn an_outdated_plan() {
    let bench = in_step();
    edit(&bench.left, 2, "Bern");
    let outdated = simulated(&bench);
    edit(&bench.left, 2, "Graz");
    let applied = bench.tandem(&["plans", "apply", &outdated]);
    assert_eq!(applied.status, 3, "{applied:?}");
    let hash = simulated(&bench);
    assert_ne!(hash, outdated);
    does(&bench, &["plans", "apply", &hash]);
    assert_eq!(city(&bench.right, 2), json!("Graz"));
}

/// A verb that has to do what it says.
fn does(bench: &Bench, args: &[&str]) {
    let said = bench.tandem(args);
    assert_eq!(said.status, 0, "{args:?}: {said:?}");
}

fn run(bench: &Bench) -> Value {
    bench.tandem(&["run", "customers", "--json"]).json()
}

fn number(bench: &Bench, n: u32) -> String {
    pair(bench, n)["id"].as_str().unwrap().to_owned()
}

/// Customers on both sides, in step.
fn in_step() -> Bench {
    let bench = Bench::with_customers(3);
    does(&bench, &["run", "customers"]);
    bench
}

/// The same workspace, changed.
fn with(bench: &Bench, change: impl FnOnce(String) -> String) {
    let file = bench.write("changed.toml", &change(bench.workspace()));
    does(bench, &["apply", "-f", &file]);
}

fn an_active_pair() {
    let bench = in_step();
    assert_eq!(pair(&bench, 1)["state"], "active");
    does(&bench, &["pairs", "unlink", &number(&bench, 1)]);
    assert_eq!(pair(&bench, 1)["state"], "excluded");
}

fn an_unpaired_record() {
    let bench = in_step();
    with(&bench, |file| {
        file.replace(
            "name = \"customers\"\n",
            "name = \"customers\"\ndirection = \"source_to_target\"\n",
        )
    });
    bench
        .right
        .insert_all(Table::Customers, &[customer(9)])
        .unwrap();
    run(&bench);
    assert_eq!(pair(&bench, 9)["state"], "unpaired");
    does(&bench, &["pairs", "unlink", &number(&bench, 1)]);
    does(
        &bench,
        &[
            "pairs",
            "link",
            "customers",
            "--source",
            &key(1),
            "--target",
            &key(9),
        ],
    );
    assert_eq!(pair(&bench, 9)["state"], "active");
}

fn a_closed_pair() {
    let bench = in_step();
    bench.left.purge(Table::Customers, &key(1)).unwrap();
    let deleting = run(&bench);
    assert_eq!(pair(&bench, 1)["state"], "closed", "{deleting}");
    // Made anew under the same number, which a deleted row would stand in the way of.
    bench.right.purge(Table::Customers, &key(1)).unwrap();
    let id = deleting["id"].as_str().unwrap();
    let said = bench.tandem(&["runs", "rollback", id]);
    assert_eq!(said.status, 0, "{said:?}");
    assert_ne!(pair(&bench, 1)["state"], "closed");
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 3);
}

fn an_excluded_pair() {
    let bench = in_step();
    does(&bench, &["pairs", "unlink", &number(&bench, 1)]);
    assert_eq!(pair(&bench, 1)["state"], "excluded");
    does(&bench, &["pairs", "relink", &number(&bench, 1)]);
    run(&bench);
    assert_eq!(pair(&bench, 1)["state"], "active");
}

/// Two records of the same match key on the left, one on the right.
fn twins() -> Bench {
    let bench = Bench::with_customers(0);
    with(&bench, |file| {
        file.replace(
            "match_key = [\"customer_no\"]",
            "match_key = [\"last_name\"]",
        )
    });
    let twin = |n: u32| {
        let mut row = customer(n);
        row.insert("last_name".into(), json!("Twin"));
        row
    };
    bench
        .left
        .insert_all(Table::Customers, &[twin(1), twin(2)])
        .unwrap();
    bench
        .right
        .insert_all(Table::Customers, &[twin(3)])
        .unwrap();
    run(&bench);
    bench
}

fn a_quarantined_pair() {
    let bench = twins();
    for n in [1, 2] {
        assert_eq!(pair(&bench, n)["state"], "quarantined");
    }
    does(
        &bench,
        &[
            "pairs",
            "link",
            "customers",
            "--source",
            &key(1),
            "--target",
            &key(3),
        ],
    );
    assert_eq!(pair(&bench, 1)["state"], "active");
}

/// The one record that is set aside for that reason, by its id in the list.
fn waiting(bench: &Bench, why: &str) -> Vec<String> {
    let list = bench.tandem(&["set-aside", "list", "--json"]).json();
    let rows = list.as_array().unwrap().iter();
    rows.filter(|it| it["why"] == why)
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

fn an_unusable_record() {
    let bench = in_step();
    with(&bench, |file| {
        file + "\n[syncs.validation.source.schema]\ntype = \"object\"\n\
                [syncs.validation.source.schema.properties.city]\ntype = \"string\"\nmaxLength = 6\n"
    });
    edit(&bench.left, 1, "Llanfairpwll");
    run(&bench);
    let id = waiting(&bench, "unusable").remove(0);
    assert_eq!(id, "customers:source:C-001");
    let still = bench.tandem(&["set-aside", "retry", &id]);
    assert_eq!(still.status, 3, "nothing was corrected: {still:?}");
    edit(&bench.left, 1, "Bangor");
    does(&bench, &["set-aside", "retry", &id]);
    assert_eq!(waiting(&bench, "unusable"), [""; 0]);
    assert_eq!(city(&bench.right, 1), json!("Bangor"));
    // Or for good.
    edit(&bench.left, 1, "Llanfairpwll");
    run(&bench);
    does(&bench, &["set-aside", "drop", &id]);
    assert_eq!(waiting(&bench, "unusable"), [""; 0]);
    assert_eq!(pair(&bench, 1)["state"], "excluded");
    bench.tandem(&["run", "customers", "--full"]);
    assert_eq!(waiting(&bench, "unusable"), [""; 0], "not tried again");
    let gone = bench.tandem(&["set-aside", "retry", &id]);
    assert!(
        gone.status == 1 && gone.err.contains("No record is set aside"),
        "{gone:?}"
    );
}

fn a_quarantined_record() {
    let bench = twins();
    let ids = waiting(&bench, "quarantined");
    assert!(
        ids.contains(&"customers:source:C-001".to_owned()),
        "{ids:?}"
    );
    for id in &ids {
        does(&bench, &["set-aside", "drop", id]);
    }
    assert_eq!(waiting(&bench, "quarantined"), [""; 0]);
    assert_eq!(pair(&bench, 1)["state"], "excluded");
}

/// A record that the right side refuses to take.
fn refused() -> Bench {
    let bench = in_step();
    let db = rusqlite::Connection::open(bench.right.path()).unwrap();
    db.execute_batch(
        "CREATE TRIGGER no BEFORE INSERT ON customers BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .unwrap();
    bench
        .left
        .insert_all(Table::Customers, &[customer(7)])
        .unwrap();
    assert_eq!(run(&bench)["status"], "partial");
    bench
}

fn taken(bench: &Bench) {
    let db = rusqlite::Connection::open(bench.right.path()).unwrap();
    db.execute_batch("DROP TRIGGER no").unwrap();
}

fn a_deferred_record() {
    let bench = refused();
    let id = waiting(&bench, "deferred").remove(0);
    assert_eq!(bench.tandem(&["set-aside", "retry", &id]).status, 3);
    taken(&bench);
    does(&bench, &["set-aside", "retry", &id]);
    assert_eq!(waiting(&bench, "deferred"), [""; 0]);
    assert_eq!(pair(&bench, 7)["state"], "active");
}

fn an_uncertain_record() {
    let bench = refused();
    // As a process leaves it that died between the call and its answer.
    let db = rusqlite::Connection::open(bench.store()).unwrap();
    db.execute(
        "UPDATE links SET uncertain_create = randomblob(16) WHERE state = 1",
        [],
    )
    .unwrap();
    drop(db);
    let id = waiting(&bench, "uncertain").remove(0);
    taken(&bench);
    does(&bench, &["set-aside", "retry", &id]);
    assert_eq!(waiting(&bench, "uncertain"), [""; 0]);
    assert_eq!(pair(&bench, 7)["state"], "active");
}

/// The newest conflict: its id and where it stands.
fn conflict(bench: &Bench) -> (String, Value) {
    let list = bench.tandem(&["conflicts", "list", "--state", "all", "--json"]);
    let newest = list.json()[0].clone();
    (
        newest["id"].as_str().unwrap().to_owned(),
        newest["state"].clone(),
    )
}

fn an_open_conflict() {
    let bench = contested(&[2], false);
    let (id, state) = conflict(&bench);
    assert_eq!(state, "open");
    does(&bench, &["conflicts", "resolve", &id, "--take", "source"]);
    assert_eq!(conflict(&bench).1, "resolved");
}

fn a_decided_conflict() {
    let bench = contested(&[2], false);
    let (id, _) = conflict(&bench);
    let away = bench.path("away.db");
    std::fs::rename(bench.right.path(), &away).unwrap();
    let kept = bench.tandem(&["conflicts", "resolve", &id, "--take", "source"]);
    assert_eq!(kept.status, 3, "{kept:?}");
    assert_eq!(conflict(&bench).1, "decided");
    does(&bench, &["conflicts", "undo", &id]);
    assert_eq!(conflict(&bench).1, "open");
    let kept = bench.tandem(&["conflicts", "resolve", &id, "--take", "source"]);
    assert_eq!(kept.status, 3, "{kept:?}");
    std::fs::rename(&away, bench.right.path()).unwrap();
    does(&bench, &["connections", "reset", "right"]);
    run(&bench);
    assert_eq!(conflict(&bench).1, "resolved", "or by the next run");
}

fn a_resolved_conflict() {
    let bench = contested(&[2], false);
    let (id, _) = conflict(&bench);
    does(&bench, &["conflicts", "resolve", &id, "--take", "source"]);
    does(
        &bench,
        &[
            "records",
            "restore",
            "customers",
            "--source",
            &key(2),
            "--field",
            "city",
            "--from",
            &id,
        ],
    );
    assert_eq!(city(&bench.left, 2), json!("Bern"));
}

fn a_closed_conflict() {
    let bench = contested(&[2], false);
    let (id, _) = conflict(&bench);
    edit(&bench.left, 2, "Bern");
    run(&bench);
    assert_eq!(conflict(&bench), (id.clone(), json!("closed")));
    edit(&bench.left, 2, "Oslo");
    edit(&bench.right, 2, "Graz");
    run(&bench);
    let (next, state) = conflict(&bench);
    assert_eq!(state, "open");
    assert_ne!(next, id, "another disagreement is another conflict");
}

/// The newest run: its id and where it stands.
fn newest(bench: &Bench) -> Option<(String, Value)> {
    let list = bench.tandem(&["runs", "list", "--json"]).json();
    let newest = list.get(0)?;
    Some((
        newest["id"].as_str().unwrap().to_owned(),
        newest["status"].clone(),
    ))
}

/// A run that cannot go on, since the right side is locked, and is cancelled then.
fn cancelled(pending: bool) {
    let bench = Bench::with_customers(1_000);
    let lock = rusqlite::Connection::open(bench.right.path()).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .env("TANDEM_STORE", bench.store())
        .env("TANDEM_ANCHOR", bench.anchor())
        .args(["run", "customers", "--json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let id = loop {
        match newest(&bench) {
            Some((id, state)) if state == "running" => break id,
            _ => assert!(child.try_wait().unwrap().is_none(), "it ended"),
        }
    };
    if pending {
        // As it was the moment before, which is too short to meet.
        let db = rusqlite::Connection::open(bench.store()).unwrap();
        db.execute("UPDATE sync_history SET sync_status = 'pending'", [])
            .unwrap();
        assert_eq!(newest(&bench).unwrap().1, "pending");
    }
    does(&bench, &["runs", "cancel", &id]);
    drop(lock);
    child.wait().unwrap();
    let shown = bench.tandem(&["runs", "show", &id, "--json"]).json();
    assert_eq!(shown["status"], "failed", "{shown}");
    assert!(shown.to_string().contains("cancel"), "{shown}");
}

fn a_pending_run() {
    cancelled(true);
}

fn a_running_run() {
    cancelled(false);
}

fn a_completed_run() {
    let bench = Bench::with_customers(3);
    let done = run(&bench);
    assert_eq!(done["status"], "completed");
    let id = done["id"].as_str().unwrap();
    does(&bench, &["runs", "rollback", id, "--allow-deletes", "3"]);
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 0);
}

fn a_failed_run() {
    let bench = in_step();
    let away = bench.path("away.db");
    std::fs::rename(bench.right.path(), &away).unwrap();
    let failed = run(&bench);
    assert_eq!(failed["status"], "failed");
    std::fs::rename(&away, bench.right.path()).unwrap();
    does(&bench, &["connections", "reset", "right"]);
    does(&bench, &["errors", "retry", failed["id"].as_str().unwrap()]);
}

fn a_partial_run() {
    let bench = refused();
    let (id, state) = newest(&bench).unwrap();
    assert_eq!(state, "partial");
    taken(&bench);
    does(&bench, &["errors", "retry", &id]);
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 4);
}
