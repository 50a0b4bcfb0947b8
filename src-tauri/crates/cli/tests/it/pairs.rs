//! Pairs by hand: unlinked, linked anew, reviewed; records that are set aside.

use serde_json::{Value, json};
use tandem_sandbox::{Erp, Table};

use crate::bench::{Bench, Said, customer, fields, key};
use crate::conflicts::contested;

pub(crate) fn edit(erp: &Erp, n: u32, city: &str) {
    erp.edit(Table::Customers, &key(n), &fields(json!({"city": city})))
        .unwrap();
}

pub(crate) fn city(erp: &Erp, n: u32) -> Value {
    let record = erp.record(Table::Customers, &key(n)).unwrap();
    record.unwrap()["city"].clone()
}

/// The pair of customer `n`.
pub(crate) fn pair(bench: &Bench, n: u32) -> Value {
    let list = bench.tandem(&["pairs", "list", "--json"]).json();
    let of = |it: &&Value| it["source_record_id"] == key(n) || it["target_record_id"] == key(n);
    list.as_array().unwrap().iter().find(of).unwrap().clone()
}

fn refused(said: &Said, why: &str) {
    assert!(
        said.status == 1 && said.err.contains(why),
        "{why}: {said:?}"
    );
}

fn link(bench: &Bench, source: u32, target: u32) -> Said {
    let (source, target) = (key(source), key(target));
    bench.tandem(&[
        "pairs",
        "link",
        "customers",
        "--source",
        &source,
        "--target",
        &target,
    ])
}

#[test]
fn case_47_an_unlinked_pair_stays_alone_until_it_is_linked_by_hand() {
    let bench = contested(&[2], false);
    let list = bench.tandem(&["conflicts", "list", "--json"]).json();
    let id = list[0]["id"].as_str().unwrap().to_owned();
    let said = bench.tandem(&["conflicts", "resolve", &id, "--unlink"]);
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(pair(&bench, 2)["state"], "excluded");
    // What is said of them meanwhile stays where it is said.
    edit(&bench.left, 2, "Graz");
    for full in [&["run", "customers"][..], &["run", "customers", "--full"]] {
        assert_eq!(bench.tandem(full).status, 0);
    }
    assert_eq!(city(&bench.left, 2), json!("Graz"));
    assert_eq!(city(&bench.right, 2), json!("Bern"));
    assert_eq!(bench.left.count(Table::Customers).unwrap(), 5);

    let said = bench.tandem(&["conflicts", "relink", &id, "--json"]).json();
    assert_eq!(
        (&said["state"], &said["waiting"]),
        (&json!("active"), &json!(true))
    );
    // Read anew and met for the first time: `first_sync` decides, and leaves it to a person.
    let run = bench.tandem(&["run", "customers", "--json"]);
    assert_eq!(
        (run.status, &run.json()["conflicts"]),
        (3, &json!(1)),
        "{run:?}"
    );
    let number = pair(&bench, 2)["id"].as_str().unwrap().to_owned();
    let said = bench.tandem(&["pairs", "confirm", &number, "--take", "source"]);
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(city(&bench.right, 2), json!("Graz"));
    // In step again.
    edit(&bench.right, 2, "Linz");
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    assert_eq!(city(&bench.left, 2), json!("Linz"));
    let log = bench.tandem(&["audit", "list", "--json"]).json();
    let linked = |it: &Value| it["action"] == "pair.link" && it["actor"] == "tester";
    assert!(log.as_array().unwrap().iter().any(linked), "{log}");
}

#[test]
fn the_first_sync_policy_decides_about_a_pair_linked_by_hand() {
    let bench = Bench::with_customers(3);
    let rule = bench.workspace() + "\n[syncs.conflict]\nfirst_sync = \"target_wins\"\n";
    let file = bench.write("rule.toml", &rule);
    assert_eq!(bench.tandem(&["apply", "-f", &file]).status, 0);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    let number = pair(&bench, 1)["id"].as_str().unwrap().to_owned();
    assert_eq!(bench.tandem(&["pairs", "unlink", &number]).status, 0);
    edit(&bench.left, 1, "Oslo");
    edit(&bench.right, 1, "Bern");
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    assert_eq!(city(&bench.left, 1), json!("Oslo"), "left alone");
    assert_eq!(bench.tandem(&["pairs", "relink", &number]).status, 0);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    for erp in [&bench.left, &bench.right] {
        assert_eq!(city(erp, 1), json!("Bern"));
    }
}

#[test]
fn linking_by_hand_says_why_it_does_not() {
    let bench = Bench::with_customers(4);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    refused(&link(&bench, 1, 1), "linked already");
    refused(&link(&bench, 1, 2), "is linked with C-001 already");
    refused(&link(&bench, 9, 2), "no such record");
    let other = bench.tandem(&["tenants", "create", "other"]);
    assert_eq!(other.status, 0);
    let (one, two) = (key(1), key(2));
    let theirs = [
        "--tenant",
        "other",
        "pairs",
        "link",
        "customers",
        "--source",
        &one,
        "--target",
        &two,
    ];
    refused(&bench.tandem(&theirs), "no sync");
    refused(&bench.tandem(&["pairs", "relink", "999"]), "no pair");
    let number = pair(&bench, 1)["id"].as_str().unwrap().to_owned();
    refused(
        &bench.tandem(&["pairs", "relink", &number]),
        "linked already",
    );
    refused(
        &bench.tandem(&["pairs", "confirm", &number, "--take", "source"]),
        "waits for no review",
    );
    assert_eq!(bench.tandem(&["pairs", "unlink", &number]).status, 0);
    refused(
        &bench.tandem(&["pairs", "unlink", &number]),
        "left alone already",
    );
    // A deleted record cannot be linked.
    bench.left.delete(Table::Customers, &key(1)).unwrap();
    refused(
        &bench.tandem(&["pairs", "relink", &number]),
        "no such record",
    );

    // Two that are each left alone become a pair; who stays behind stays alone.
    let number = pair(&bench, 2)["id"].as_str().unwrap().to_owned();
    let other = pair(&bench, 3)["id"].as_str().unwrap().to_owned();
    for number in [&number, &other] {
        assert_eq!(bench.tandem(&["pairs", "unlink", number]).status, 0);
    }
    let said = link(&bench, 2, 3);
    assert_eq!(said.status, 0, "{said:?}");
    let list = bench
        .tandem(&["pairs", "list", "--state", "excluded", "--json"])
        .json();
    let left: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["source_record_id"].clone(),
                it["target_record_id"].clone(),
            )
        })
        .collect();
    assert!(left.contains(&(Value::Null, json!("C-002"))), "{left:?}");
    assert!(left.contains(&(json!("C-003"), Value::Null)), "{left:?}");
    let run = bench.tandem(&["run", "customers", "--json"]).json();
    assert_eq!(run["conflicts"], json!(1), "they differ: {run}");
    let count = |erp: &Erp| erp.count(Table::Customers).unwrap();
    assert_eq!(
        (count(&bench.left), count(&bench.right)),
        (3, 4),
        "none is made"
    );
}

#[test]
fn two_met_for_the_first_time_are_not_the_same() {
    let bench = Bench::with_customers(2);
    for (erp, city) in [(&bench.left, "Oslo"), (&bench.right, "Bern")] {
        let mut row = customer(9);
        row.insert("city".into(), json!(city));
        erp.insert_all(Table::Customers, &[row]).unwrap();
    }
    assert_eq!(bench.tandem(&["run", "customers"]).status, 3);
    let met = pair(&bench, 9);
    assert!(met["conflict"].is_string(), "{met}");
    let number = met["id"].as_str().unwrap();
    let table = bench.tandem(&["pairs", "list", "--sync", "customers"]).out;
    assert!(
        table.contains("C-009") && table.contains("conflict "),
        "{table}"
    );
    let said = bench.tandem(&["pairs", "reject", number, "--note", "namesakes"]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.contains("namesakes"), "{}", said.out);
    assert_eq!(pair(&bench, 9)["state"], "excluded");
    let idle = bench
        .tandem(&["run", "customers", "--full", "--json"])
        .json();
    assert_eq!(idle["created"], json!({"source": 0, "target": 0}), "{idle}");
    assert_eq!(city(&bench.left, 9), json!("Oslo"));
    assert_eq!(city(&bench.right, 9), json!("Bern"));
    let none = bench.tandem(&["set-aside", "list"]);
    assert!(none.out.starts_with("No record is set aside"), "{none:?}");
}
