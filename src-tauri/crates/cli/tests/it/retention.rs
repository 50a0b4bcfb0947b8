//! How long history is kept, from the workspace file to what a person is told afterwards.

use serde_json::{Value, json};
use tandem_sandbox::Table;

use crate::bench::{Bench, fields, key};

/// Moves every run so far into the past.
fn age(bench: &Bench, days: i64) {
    let micros = days * 86_400_000_000;
    rusqlite::Connection::open(bench.store())
        .unwrap()
        .execute_batch(&format!(
            "UPDATE sync_history SET started_at = started_at - {micros},
                 completed_at = completed_at - {micros}"
        ))
        .unwrap();
}

fn keep(bench: &Bench, table: &str) -> crate::bench::Said {
    let text = bench.workspace() + "\n[retention]\n" + table;
    let file = bench.write("kept.toml", &text);
    bench.tandem(&["apply", "-f", &file])
}

#[test]
fn a_retention_that_makes_no_sense_is_refused_with_its_line() {
    let bench = Bench::with_customers(1);
    for (table, told) in [
        ("history_days = 3", "7 to 36500 days"),
        ("audit_days = 0", "30 to 36500 days"),
        ("history_days = \"long\"", "no number of days"),
        ("histroy_days = 30", "Did you mean \"history_days\"?"),
    ] {
        let said = keep(&bench, table);
        assert_eq!(said.status, 1, "{said:?}");
        assert!(said.err.contains(told), "{table}: {}", said.err);
        assert!(said.err.contains("kept.toml:"), "{table}: {}", said.err);
    }
    let exported = bench.tandem(&["export"]).out;
    assert!(!exported.contains("retention"), "{exported}");
}

#[test]
fn old_details_go_and_whoever_asks_for_them_is_told() {
    let bench = Bench::with_customers(20);
    let run = bench.tandem(&["run", "customers", "--json"]).json();
    let id = run["id"].as_str().unwrap();
    age(&bench, 40);
    // Everything is kept unless somebody says otherwise.
    let said = bench.tandem(&["prune"]);
    assert!(said.out.contains("kept for good"), "{said:?}");
    assert_eq!(bench.tandem(&["runs", "diff", id]).status, 0);

    let said = keep(&bench, "history_days = 30");
    assert!(
        said.out.contains("~ retention history: updated"),
        "{said:?}"
    );
    assert!(said.out.contains("history_days: added 30"), "{said:?}");
    let again = keep(&bench, "history_days = 30");
    assert!(again.out.contains("= retention history"), "{again:?}");
    let exported = bench.tandem(&["export"]).out;
    assert!(exported.contains("history_days = 30"), "{exported}");

    let gone = bench.tandem(&["prune", "--json"]).json();
    assert_eq!((&gone["runs"], &gone["changes"]), (&json!(1), &json!(20)));
    for (verb, status) in [("diff", 1), ("rollback", 1)] {
        let said = bench.tandem(&["runs", verb, id]);
        assert_eq!(said.status, status, "{said:?}");
        assert!(
            said.err.contains("were removed on") && said.err.contains("retention of 30 days"),
            "{}",
            said.err
        );
    }
    let shown = bench.tandem(&["runs", "show", id]);
    assert!(shown.out.contains("retention of 30 days"), "{}", shown.out);
    assert!(
        shown.out.contains("20 created"),
        "counts stay: {}",
        shown.out
    );
    let audited = bench.tandem(&["audit", "list", "--json"]).json();
    assert!(
        audited.as_array().unwrap().iter().any(|row| {
            row["action"] == "history.prune" && row["details"]["changes"] == json!(20)
        }),
        "{audited}"
    );

    // What was agreed is still known: nothing to do, and an edit is an edit, no conflict.
    let idle = bench
        .tandem(&["run", "customers", "--full", "--json"])
        .json();
    let none = json!({"source": 0, "target": 0});
    for what in ["created", "updated", "deleted"] {
        assert_eq!(idle[what], none, "{idle}");
    }
    let city = fields(json!({"city": "Oslo"}));
    bench.left.edit(Table::Customers, &key(3), &city).unwrap();
    let next = bench.tandem(&["run", "customers", "--json"]).json();
    assert_eq!(next["updated"], json!({"source": 0, "target": 1}), "{next}");
    assert_eq!(next["conflicts"], Value::from(0));
}
