//! The demo tells its story and checks it.

use crate::bench::Bench;

#[test]
fn every_step_of_the_demo_holds() {
    let bench = Bench::new();
    let store = bench.path("demo.db");
    let store = store.to_str().unwrap();
    let said = bench.tandem(&["demo", "--json", "--store", store]);
    assert_eq!(said.status, 0, "{said:?}");
    let report = said.json();
    let steps = report["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 7, "{report}");
    assert!(steps.iter().all(|step| step["held"] == true), "{report}");
    assert!(!bench.store().exists(), "the everyday store is left alone");

    let conflicts = bench.tandem(&[
        "conflicts",
        "list",
        "--state",
        "resolved",
        "--json",
        "--store",
        store,
    ]);
    assert_eq!(
        conflicts.json().as_array().unwrap().len(),
        20,
        "{conflicts:?}"
    );
    let again = bench.tandem(&["demo", "--store", store]);
    assert_eq!(again.status, 1, "a used store is refused: {again:?}");
}
