//! Exit statuses and what `run --json` ends with.

use serde_json::json;
use tandem_sandbox::Table;

use crate::bench::{Bench, fields, key};

#[test]
fn a_run_that_did_its_work_ends_with_0_and_the_promised_names() {
    let bench = Bench::with_customers(30);
    let said = bench.tandem(&["run", "customers", "--json"]);
    assert_eq!(said.status, 0, "{said:?}");
    let names = [
        "id",
        "sync",
        "status",
        "simulated",
        "processed",
        "succeeded",
        "failed",
        "skipped",
        "conflicts",
        "created",
        "updated",
        "deleted",
        "execution_time_ms",
        "error",
    ];
    let places: Vec<usize> = names
        .iter()
        .map(|name| said.out.find(&format!("\"{name}\":")).unwrap())
        .collect();
    assert!(
        places.is_sorted(),
        "the names come in the promised order: {}",
        said.out
    );
    let run = said.json();
    assert_eq!(run.as_object().unwrap().len(), names.len());
    assert_eq!(run["created"], json!({"source": 0, "target": 30}));
    assert_eq!(
        (&run["status"], &run["processed"]),
        (&json!("completed"), &json!(30))
    );
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 30);
    assert_eq!(said.err, "", "no progress where nobody watches");

    let again = bench.tandem(&["--json", "run", "customers"]).json();
    assert_eq!(
        again["created"],
        json!({"source": 0, "target": 0}),
        "the second run writes nothing"
    );
    assert_eq!(again["updated"], json!({"source": 0, "target": 0}));
    let watched = bench.tandem(&["run", "customers", "--progress", "--full"]);
    assert!(watched.err.contains("customers: "), "{watched:?}");
}

#[test]
fn a_simulation_writes_nothing_and_says_what_it_would() {
    let bench = Bench::with_customers(5);
    let said = bench.tandem(&["run", "customers", "--simulate"]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(
        said.out.contains("right: 5 would be created"),
        "{}",
        said.out
    );
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 0);
}

#[test]
fn a_new_conflict_ends_with_3() {
    let bench = Bench::with_customers(5);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    for (erp, city) in [(&bench.left, "Oslo"), (&bench.right, "Bern")] {
        erp.edit(Table::Customers, &key(2), &fields(json!({"city": city})))
            .unwrap();
    }
    let said = bench.tandem(&["run", "customers"]);
    assert_eq!(said.status, 3, "{said:?}");
    assert!(said.out.contains("1 new conflict"), "{}", said.out);
}

#[test]
fn a_guard_ends_with_4_and_names_the_number_that_confirms() {
    let bench = Bench::with_customers(30);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    for n in 1..=20 {
        bench.left.delete(Table::Customers, &key(n)).unwrap();
    }
    let refused = bench.tandem(&["run", "customers"]);
    assert_eq!(refused.status, 4, "{refused:?}");
    assert!(
        refused.out.contains("--allow-deletes 20"),
        "{}",
        refused.out
    );
    assert_eq!(
        bench.right.count(Table::Customers).unwrap(),
        30,
        "nothing was deleted"
    );
    let wrong = bench.tandem(&["run", "customers", "--allow-deletes", "19"]);
    assert_eq!(wrong.status, 4, "{wrong:?}");
    let right = bench.tandem(&["run", "customers", "--allow-deletes", "20"]);
    assert_eq!(right.status, 0, "{right:?}");
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 10);
}

#[test]
fn an_unreachable_system_ends_with_5_and_names_address_cause_and_remedy() {
    let bench = Bench::with_customers(3);
    let moved = bench.path("elsewhere.db");
    std::fs::rename(bench.right.path(), &moved).unwrap();
    let said = bench.tandem(&["run", "customers"]);
    assert_eq!(said.status, 5, "{said:?}");
    assert!(said.out.contains("right.db"), "the address: {}", said.out);
    assert!(said.out.contains("fix: "), "the remedy: {}", said.out);
    let errors = bench.tandem(&["errors", "list", "--json"]).json();
    let id = errors[0]["id"].as_str().unwrap();
    let shown = bench.tandem(&["errors", "show", id]);
    assert!(shown.out.contains("diagnostics:"), "{shown:?}");
    assert_eq!(bench.tandem(&["errors", "resolve", id]).status, 0);
    assert_eq!(bench.tandem(&["errors", "list"]).out, "No errors.\n");

    std::fs::rename(moved, bench.right.path()).unwrap();
    let test = bench.tandem(&["connections", "test", "right"]);
    assert_eq!(test.status, 0, "{test:?}");
    let back = bench.tandem(&["run", "customers"]);
    assert_eq!(back.status, 0, "nothing is lost: {back:?}");
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 3);
}

#[test]
fn a_wrong_command_line_ends_with_2_and_an_unknown_name_with_1_and_a_hint() {
    let bench = Bench::with_customers(1);
    for wrong in [
        &["run"][..],
        &["frobnicate"],
        &["apply"],
        &["conflicts", "resolve", "0190"],
        &["runs", "list", "--status", "odd"],
    ] {
        assert_eq!(bench.tandem(wrong).status, 2, "{wrong:?}");
    }
    let said = bench.tandem(&["run", "custmers"]);
    assert_eq!(said.status, 1);
    assert!(
        said.err.contains("Did you mean \"customers\"?"),
        "{}",
        said.err
    );
    let paused = bench.tandem(&["syncs", "pause", "customers"]);
    assert_eq!(paused.status, 0, "{paused:?}");
    let said = bench.tandem(&["run", "customers"]);
    assert!(
        said.status == 1 && said.err.contains("tandem syncs resume"),
        "{said:?}"
    );
    assert_eq!(bench.tandem(&["syncs", "resume", "customers"]).status, 0);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
}

#[test]
fn what_happened_can_be_looked_at() {
    let bench = Bench::with_customers(2);
    let run = bench.tandem(&["run", "customers", "--json"]).json();
    let id = run["id"].as_str().unwrap();
    let list = bench.tandem(&["runs", "list"]);
    assert!(
        list.out.contains(id) && list.out.contains("completed"),
        "{}",
        list.out
    );
    let diff = bench.tandem(&["runs", "diff", &id[..id.len() - 2]]);
    assert!(
        diff.out.contains("+ create right C-001") && diff.out.contains("city: Rome"),
        "{diff:?}"
    );
    let audit = bench.tandem(&["audit", "list", "--json"]).json();
    assert!(
        audit
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["actor"] == "tester"),
        "{audit}"
    );
    assert_eq!(bench.tandem(&["audit", "verify"]).status, 0);
    for shell in ["bash", "zsh", "fish"] {
        let said = bench.tandem(&["completions", shell]);
        assert!(said.status == 0 && said.out.contains("tandem"), "{shell}");
    }
    for verb in [
        &["connections", "list"][..],
        &["syncs", "list"],
        &["syncs", "show", "customers"],
        &["tenants", "list"],
    ] {
        let said = bench.tandem(verb);
        assert!(said.status == 0 && !said.out.contains('\x1b'), "{said:?}");
    }
}

#[test]
fn tenants_see_nothing_of_each_other() {
    let bench = Bench::with_customers(1);
    assert_eq!(bench.tandem(&["tenants", "create", "other"]).status, 0);
    let said = bench.tandem(&["--tenant", "other", "run", "customers"]);
    assert_eq!(said.status, 1, "{said:?}");
    let run = bench.tandem(&["run", "customers", "--json"]).json();
    let said = bench.tandem(&[
        "--tenant",
        "other",
        "runs",
        "show",
        run["id"].as_str().unwrap(),
    ]);
    assert_eq!(said.status, 1, "{said:?}");
    assert_eq!(
        bench.tandem(&["tenants", "remove", "other"]).status,
        1,
        "only with --yes"
    );
    assert_eq!(
        bench
            .tandem(&["tenants", "remove", "other", "--yes"])
            .status,
        0
    );
    let said = bench.tandem(&["--tenant", "other", "runs", "list"]);
    assert!(
        said.status == 1 && said.err.contains("There is no tenant"),
        "{said:?}"
    );
}

#[test]
fn a_connection_is_isolated_probed_and_reset_by_hand_and_the_log_says_who() {
    let bench = Bench::with_customers(2);
    let isolated = bench.tandem(&["connections", "isolate", "right"]);
    assert_eq!(isolated.status, 0, "{isolated:?}");
    assert!(isolated.out.contains("isolated"), "{isolated:?}");
    let run = bench.tandem(&["run", "customers"]);
    assert_eq!(run.status, 5, "{run:?}");
    assert!(run.out.contains("isolated by an admin"), "{run:?}");
    assert!(run.out.contains("Reset right"), "{run:?}");
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 0);
    let probed = bench.tandem(&["connections", "probe", "right"]);
    assert_eq!(probed.status, 1, "{probed:?}");
    assert!(
        probed.err.contains("connections reset \"right\""),
        "{probed:?}"
    );

    let reset = bench.tandem(&["connections", "reset", "right", "--json"]);
    assert_eq!(reset.json()["circuit"], json!("closed"));
    let probed = bench.tandem(&["connections", "probe", "right", "--json"]);
    assert_eq!(probed.status, 0, "{probed:?}");
    assert_eq!(probed.json()["connection"]["circuit"], json!("closed"));
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 2);

    let unknown = bench.tandem(&["connections", "isolate", "rigth"]);
    assert_eq!(unknown.status, 1);
    assert!(unknown.err.contains("right"), "{unknown:?}");
    let audit = bench
        .tandem(&["audit", "list", "--json", "--limit", "50"])
        .out;
    for action in ["connection.isolate", "connection.probe", "connection.reset"] {
        assert!(audit.contains(action), "{action}: {audit}");
    }
}
