//! Taking runs back from the terminal, on real sandbox databases.

use serde_json::json;
use tandem_sandbox::Table;

use crate::bench::{Bench, fields, key, many};

#[test]
fn a_run_of_many_records_is_previewed_and_taken_back_but_for_what_a_person_edited() {
    let many = many();
    let bench = Bench::with_customers(many);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    let before = bench.right.record(Table::Customers, &key(1)).unwrap();
    for n in 1..=many {
        let city = fields(json!({"city": format!("Newtown {n}")}));
        bench.left.edit(Table::Customers, &key(n), &city).unwrap();
    }
    let run = bench.tandem(&["run", "customers", "--json"]).json();
    assert_eq!(
        run["updated"],
        json!({"source": 0, "target": many}),
        "{run}"
    );
    let id = run["id"].as_str().unwrap();

    let preview = bench
        .tandem(&["runs", "rollback", id, "--simulate", "--json"])
        .json();
    assert_eq!(preview["updated"], json!({"source": 0, "target": many}));
    let planned = preview["planned"].as_array().unwrap();
    assert_eq!(planned.len(), many as usize);
    assert!(planned.iter().all(|it| it["reversible"] == "full"));
    let still = bench.right.record(Table::Customers, &key(1)).unwrap();
    assert_ne!(still, before, "a preview writes nothing");

    let person = fields(json!({"city": "A person's"}));
    bench
        .right
        .edit(Table::Customers, &key(7), &person)
        .unwrap();
    let said = bench.tandem(&["runs", "rollback", id]);
    assert_eq!(said.status, 3, "{said:?}");
    assert!(
        said.out.contains("city was left alone") && said.out.contains("A person's"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains(&format!(
            "right: 0 created, {} updated, 0 deleted",
            many - 1
        )),
        "{}",
        said.out
    );

    // Only the person's edit is for the next run to carry over.
    let next = bench.tandem(&["run", "customers", "--json"]).json();
    assert_eq!(next["updated"], json!({"source": 1, "target": 0}), "{next}");
    let next = bench
        .tandem(&["run", "customers", "--json", "--full"])
        .json();
    assert_eq!(next["updated"], json!({"source": 0, "target": 0}), "{next}");
    let listed = bench.tandem(&["runs", "list", "--json"]).json();
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["rolls_back"] == json!(id)),
        "history shows it: {listed}"
    );
}

#[test]
fn taking_back_what_a_run_made_is_guarded_and_a_simulation_cannot_be_taken_back() {
    let bench = Bench::with_customers(20);
    let run = bench.tandem(&["run", "customers", "--json"]).json();
    let id = run["id"].as_str().unwrap();
    let refused = bench.tandem(&["runs", "rollback", id]);
    assert_eq!(refused.status, 4, "{refused:?}");
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 20);
    let done = bench.tandem(&["runs", "rollback", id, "--allow-deletes", "20"]);
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!(bench.right.count(Table::Customers).unwrap(), 0);
    assert_eq!(bench.tandem(&["run", "customers", "--full"]).status, 0);
    assert_eq!(
        bench.right.count(Table::Customers).unwrap(),
        0,
        "not made again"
    );
    let simulated = bench
        .tandem(&["run", "customers", "--simulate", "--json"])
        .json();
    let said = bench.tandem(&["runs", "rollback", simulated["id"].as_str().unwrap()]);
    assert_eq!(said.status, 1, "{said:?}");
    assert_eq!(bench.tandem(&["runs", "rollback", "ffffffff"]).status, 1);
}
