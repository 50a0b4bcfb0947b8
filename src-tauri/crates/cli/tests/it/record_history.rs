//! Who changed this record, when, by which rule: over all runs.

use serde_json::{Value, json};
use tandem_sandbox::Table;

use crate::bench::{Bench, fields, key};

fn edit(bench: &Bench, left: Option<&str>, right: Option<&str>) {
    for (erp, city) in [(&bench.left, left), (&bench.right, right)] {
        if let Some(city) = city {
            erp.edit(Table::Customers, &key(2), &fields(json!({ "city": city })))
                .unwrap();
        }
    }
}

fn history(bench: &Bench, more: &[&str]) -> Value {
    let mut args: Vec<&str> = "records history customers --json".split(' ').collect();
    args.extend(more);
    let said = bench.tandem(&args);
    assert_eq!(said.status, 0, "{said:?}");
    said.json()
}

/// Kind, system, reason, whether a person decided, and the city: before and after.
fn told(history: &Value) -> Vec<String> {
    let events = history["events"]["items"].as_array().unwrap();
    events
        .iter()
        .map(|event| {
            let change = &event["change"];
            let city = change["fields"].as_array().unwrap().iter();
            let city = city.clone().find(|it| it["field"] == "city");
            let value = |name: &str| city.map_or(Value::Null, |city| city[name].clone());
            let decided = &event["decided"]["actor"];
            format!(
                "{} {} {} {} {} → {}",
                change["kind"],
                change["system"],
                change["reason"],
                decided,
                value("before"),
                value("after")
            )
            .replace('"', "")
        })
        .collect()
}

#[test]
fn a_records_history_tells_run_rule_and_person() {
    let bench = Bench::with_customers(3);
    let run = |bench: &Bench| bench.tandem(&["run", "customers", "--json"]).json();
    run(&bench);
    edit(&bench, Some("Oslo"), None);
    run(&bench);
    // A simulation is no history, and neither is a run that writes nothing.
    edit(&bench, None, Some("Bern"));
    bench.tandem(&["run", "customers", "--simulate"]);
    let third = run(&bench)["id"].as_str().unwrap().to_owned();
    run(&bench);
    edit(&bench, Some("Riga"), Some("Kiel"));
    assert_eq!(run(&bench)["conflicts"], 1);
    let list = bench.tandem(&["conflicts", "list", "--json"]).json();
    let conflict = list[0]["id"].as_str().unwrap().to_owned();
    let resolve = [
        "conflicts",
        "resolve",
        &conflict,
        "--field",
        "city=target",
        "--note",
        "the shop knows",
    ];
    assert_eq!(bench.tandem(&resolve).status, 0);
    bench.tandem(&["runs", "rollback", &third]);
    run(&bench);
    edit(&bench, Some("Rome"), None);
    run(&bench);

    let all = history(&bench, &["--source", "C-002"]);
    assert_eq!(
        told(&all),
        [
            "update right one_sided null Kiel → Rome",
            "update left resolved tester Riga → Kiel",
            "update left one_sided null Oslo → Bern",
            "update right one_sided null Rome → Oslo",
            "create right new null null → Rome",
        ],
        "{all:#}"
    );
    let decided = &all["events"]["items"][1];
    assert_eq!(decided["decided"]["note"], "the shop knows");
    assert_eq!(decided["decided"]["conflict"], conflict.as_str());
    assert_eq!(all["events"]["items"][2]["run_id"], third.as_str());
    // By its partner's id it is the same, page by page too, and by field just what is about it.
    assert_eq!(history(&bench, &["--target", "C-002"]), all);
    let few = history(&bench, &["--source", "C-002", "--limit", "2"]);
    assert_eq!(told(&few), told(&all)[..2]);
    let names = history(&bench, &["--source", "C-002", "--field", "last_name"]);
    assert_eq!(told(&names), ["create right new null null → Rome"]);
    let text = bench.tandem(&["records", "history", "customers", "--source", "C-002"]);
    for words in ["decided by tester", "the shop knows", "city: Riga → Kiel"] {
        assert!(text.out.contains(words), "{words}: {}", text.out);
    }
    let unknown = bench.tandem(&["records", "history", "customers", "--source", "C-999"]);
    assert_eq!(unknown.status, 1, "{unknown:?}");
}

/// An erased record keeps when it was written and by whom, not what.
#[test]
fn an_erased_record_keeps_no_values_in_its_history() {
    let bench = Bench::with_customers(3);
    bench.tandem(&["run", "customers"]);
    edit(&bench, Some("Oslo"), None);
    bench.tandem(&["run", "customers"]);
    let erase = [
        "records",
        "erase",
        "customers",
        "--source",
        "C-002",
        "--yes",
    ];
    assert_eq!(bench.tandem(&erase).status, 0);
    let all = history(&bench, &["--source", "C-002"]);
    let events = all["events"]["items"].as_array().unwrap();
    assert_eq!(events.len(), 2, "{all:#}");
    for event in events {
        assert_eq!(event["erased"], true);
        assert_eq!(event["change"]["fields"], json!([]));
    }
    assert!(!all.to_string().contains("Oslo"), "{all}");
}
