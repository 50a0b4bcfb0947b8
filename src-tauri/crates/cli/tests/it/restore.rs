//! Bringing back a value that a rule or a person decided against.

use serde_json::{Value, json};
use tandem_sandbox::Table;

use crate::bench::{Bench, fields, key};
use crate::conflicts::contested;

fn city(bench: &Bench) -> [Value; 2] {
    [&bench.left, &bench.right].map(|erp| {
        let record = erp.record(Table::Customers, &key(2)).unwrap();
        record.unwrap()["city"].clone()
    })
}

/// `records restore` of customer 2's city.
fn restoring(from: &str) -> Vec<&str> {
    let mut args: Vec<&str> = "records restore customers --source C-002 --field city --from"
        .split(' ')
        .collect();
    args.push(from);
    args
}

fn restore(bench: &Bench, from: &str, more: &[&str]) -> crate::bench::Said {
    let mut args = restoring(from);
    args.extend(more);
    bench.tandem(&args)
}

fn conflict(bench: &Bench) -> String {
    let list = bench.tandem(&["conflicts", "list", "--state", "all", "--json"]);
    list.json()[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn what_a_rule_decided_against_comes_back_and_can_be_exchanged_again() {
    let bench = Bench::with_customers(3);
    let rule = bench.workspace() + "\n[syncs.conflict]\ndefault = \"source_wins\"\n";
    let file = bench.write("rule.toml", &rule);
    assert_eq!(bench.tandem(&["apply", "-f", &file]).status, 0);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    for (erp, city) in [(&bench.left, "Oslo"), (&bench.right, "Bern")] {
        erp.edit(Table::Customers, &key(2), &fields(json!({"city": city})))
            .unwrap();
    }
    let run = bench.tandem(&["run", "customers", "--json"]).json();
    let run = run["id"].as_str().unwrap().to_owned();
    assert_eq!(city(&bench), ["Oslo", "Oslo"]);

    let said = restore(&bench, &run, &["--note", "the shop was right"]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.contains("the shop was right"), "{}", said.out);
    assert_eq!(city(&bench), ["Bern", "Bern"]);
    // It is written down who did it, and what it replaced lost in turn.
    let log = bench.tandem(&["audit", "list", "--json"]).json();
    let row = log.as_array().unwrap().iter();
    let row = row.clone().find(|it| it["action"] == "record.restore");
    assert_eq!(row.unwrap()["actor"], "tester", "{log}");
    let runs = bench.tandem(&["runs", "list", "--json"]).json();
    let carried_out = runs[0]["id"].as_str().unwrap();
    let said = restore(&bench, carried_out, &[]);
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(city(&bench), ["Oslo", "Oslo"]);
    let idle = bench.tandem(&["run", "customers", "--json"]).json();
    assert_eq!(idle["updated"], json!({"source": 0, "target": 0}));
}

#[test]
fn what_a_person_decided_against_comes_back() {
    let bench = contested(&[2], false);
    let id = conflict(&bench);
    let undecided = restore(&bench, &id, &[]);
    assert!(
        undecided.status == 1 && undecided.err.contains("waits"),
        "{undecided:?}"
    );
    let custom = "city=json:\"Graz\"";
    let said = bench.tandem(&["conflicts", "resolve", &id, "--field", custom]);
    assert_eq!(said.status, 0, "{said:?}");
    // Both sides' lost.
    let which = restore(&bench, &id, &[]);
    assert!(
        which.status == 1 && which.err.contains("--lost-on"),
        "{which:?}"
    );
    assert_eq!(restore(&bench, &id, &["--lost-on", "target"]).status, 0);
    assert_eq!(city(&bench), ["Bern", "Bern"]);
    let again = restore(&bench, &id, &["--lost-on", "target"]);
    assert!(
        again.status == 1 && again.err.contains("says that already"),
        "{again:?}"
    );

    let refused = [
        (vec!["--field", "credit_limit"], "No value of credit_limit"),
        (vec!["--field", "citty"], "Did you mean \"city\"?"),
        (vec!["--source", "C-999"], "C-999"),
        (vec!["--source", "C-001"], "No value of city"),
    ];
    for (change, why) in refused {
        let mut args = restoring(&id);
        let at = args.iter().position(|it| *it == change[0]).unwrap();
        args[at + 1] = change[1];
        let said = bench.tandem(&args);
        assert!(said.status == 1 && said.err.contains(why), "{said:?}");
    }
    let unknown = restore(&bench, "019a0000-0000-7000-8000-000000000001", &[]);
    assert_eq!(unknown.status, 1, "{unknown:?}");
    assert_eq!(city(&bench), ["Bern", "Bern"], "a refusal changes nothing");
}

#[test]
fn a_record_edited_since_keeps_what_it_says() {
    let bench = contested(&[2], false);
    let id = conflict(&bench);
    bench.tandem(&["conflicts", "resolve", &id, "--take", "source"]);
    assert_eq!(city(&bench), ["Oslo", "Oslo"]);
    // One side moved on: nothing is written, a person looks at it.
    bench
        .right
        .edit(Table::Customers, &key(2), &fields(json!({"city": "Graz"})))
        .unwrap();
    let said = restore(&bench, &id, &[]);
    assert_eq!(said.status, 3, "{said:?}");
    assert_eq!(city(&bench), ["Oslo", "Graz"]);
    // The edit is an ordinary one: the next run carries it over, and nothing is left to decide.
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    assert_eq!(city(&bench), ["Graz", "Graz"]);
    let open = bench.tandem(&["conflicts", "list", "--json"]).json();
    assert_eq!(open, json!([]));
    // Both moved on alike: the decision is void, and says so.
    for erp in [&bench.left, &bench.right] {
        erp.edit(Table::Customers, &key(2), &fields(json!({"city": "Linz"})))
            .unwrap();
    }
    let said = restore(&bench, &id, &[]);
    assert!(said.err.contains("nothing was written"), "{said:?}");
    assert_eq!(city(&bench), ["Linz", "Linz"]);
}
