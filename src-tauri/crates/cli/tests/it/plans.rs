//! Plans from the terminal: reviewed, then applied by their hash, on real sandbox databases.

use serde_json::{Value, json};
use tandem_sandbox::Table;

use crate::bench::{Bench, fields, key, many};
use crate::pairs::edit;

/// Simulates and gives the plan's hash.
pub(crate) fn simulated(bench: &Bench) -> String {
    let said = bench.tandem(&["run", "customers", "--simulate", "--json"]);
    assert_eq!(said.status, 0, "{said:?}");
    said.json()["plan_hash"].as_str().unwrap().to_owned()
}

fn apply(bench: &Bench, hash: &str) -> Value {
    bench.tandem(&["plans", "apply", hash, "--json"]).json()
}

#[test]
fn a_plan_for_many_records_is_applied_but_for_what_a_person_edited_since() {
    let many = many();
    let bench = Bench::with_customers(many);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    for n in 1..=many {
        let city = fields(json!({"city": format!("Newtown {n}")}));
        bench.left.edit(Table::Customers, &key(n), &city).unwrap();
    }
    let said = bench.tandem(&["run", "customers", "--simulate"]);
    let hash = simulated(&bench);
    let line = format!("to write just this: tandem plans apply {hash}");
    assert!(said.out.contains(&line), "{}", said.out);

    edit(&bench.left, 7, "Later still");
    edit(&bench.right, 8, "A person's");
    let said = bench.tandem(&["plans", "apply", &hash]);
    assert_eq!(said.status, 3, "{said:?}");
    assert!(
        said.out.contains(&format!(
            "right: 0 created, {} updated, 0 deleted",
            many - 2
        )) && said
            .out
            .contains("C-007: since an update was reviewed, city changed; it was left alone")
            && said
                .out
                .contains("C-008: an update of the target's record was reviewed"),
        "{}",
        said.out
    );
    let city = |n: u32| bench.right.record(Table::Customers, &key(n)).unwrap();
    assert!(format!("{:?}", city(9)).contains("Newtown 9"));
    assert!(!format!("{:?}", city(7)).contains("Later still"));

    // What was left is synced, or reviewed, as if it had just been edited.
    let next = bench.tandem(&["run", "customers", "--json"]).json();
    assert_eq!(next["updated"], json!({"source": 0, "target": 1}), "{next}");
    assert!(format!("{:?}", city(7)).contains("Later still"));
    let log = bench.tandem(&["audit", "list", "--json"]).json();
    assert!(log.to_string().contains("plan.apply"), "{log}");
}

#[test]
fn a_plan_that_cannot_be_applied_says_why_and_nothing_is_written() {
    let bench = Bench::with_customers(3);
    let unknown = bench.tandem(&["plans", "apply", "0123"]);
    assert_eq!(unknown.status, 1, "{unknown:?}");
    assert!(unknown.err.contains("no plan"), "{unknown:?}");

    let hash = simulated(&bench);
    let file = bench.write(
        "changed.toml",
        &bench.workspace().replace(
            "name = \"customers\"",
            "name = \"customers\"\nclock_tolerance_ms = 5000",
        ),
    );
    let changed = bench.tandem(&["apply", "-f", &file]);
    assert_eq!(changed.status, 0, "{changed:?}");
    let stale = bench.tandem(&["plans", "apply", &hash]);
    assert_eq!(stale.status, 1, "{stale:?}");
    for part in [
        "cannot be applied any more",
        "The sync customers was changed after it was planned",
        "tandem run customers --simulate",
    ] {
        assert!(stale.err.contains(part), "{part}: {stale:?}");
    }
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 0);

    // A new one is applied; there is nothing left of it then.
    let hash = simulated(&bench);
    assert_eq!(apply(&bench, &hash)["created"]["target"], 3);
    let again = apply(&bench, &hash);
    assert_eq!(again["created"]["target"], 0, "{again}");
    assert_eq!(again["left_alone"].as_array().unwrap().len(), 3, "{again}");
    assert_eq!(again["status"], "partial");
}
