//! Settling conflicts from the terminal.

use serde_json::{Value, json};
use tandem_sandbox::{Erp, Table};

use crate::bench::{Bench, fields, key};

/// Five linked customers; those named differ in `city`, and in `credit_limit` too where `both`.
pub(crate) fn contested(numbers: &[u32], both: bool) -> Bench {
    let bench = Bench::with_customers(5);
    assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
    for n in numbers {
        for (erp, city, limit) in [(&bench.left, "Oslo", 200), (&bench.right, "Bern", 300)] {
            let edit = if both {
                json!({"city": city, "credit_limit": limit})
            } else {
                json!({"city": city})
            };
            erp.edit(Table::Customers, &key(*n), &fields(edit)).unwrap();
        }
    }
    assert_eq!(bench.tandem(&["run", "customers"]).status, 3);
    bench
}

fn value(erp: &Erp, n: u32, field: &str) -> Value {
    erp.record(Table::Customers, &key(n)).unwrap().unwrap()[field].clone()
}

fn open(bench: &Bench) -> Vec<Value> {
    bench
        .tandem(&["conflicts", "list", "--json"])
        .json()
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn field_by_field_with_a_value_of_ones_own() {
    let bench = contested(&[2], true);
    let id = open(&bench)[0]["id"].as_str().unwrap().to_owned();
    let shown = bench.tandem(&["conflicts", "show", &id]);
    for part in ["C-002", "Rome", "Oslo", "Bern", "(undecided)"] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    let half = bench.tandem(&["conflicts", "resolve", &id, "--field", "city=source"]);
    assert!(
        half.status == 1 && half.err.contains("Nothing is chosen for credit_limit"),
        "{half:?}"
    );
    assert_eq!(
        value(&bench.right, 2, "city"),
        json!("Bern"),
        "nothing was written"
    );
    let misspelt = bench.tandem(&["conflicts", "resolve", &id, "--field", "citty=source"]);
    assert!(
        misspelt.err.contains("Did you mean \"city\"?"),
        "{misspelt:?}"
    );
    let unfit = bench.tandem(&[
        "conflicts",
        "resolve",
        &id,
        "--field",
        "city=source",
        "--field",
        "credit_limit=json:\"much\"",
    ]);
    assert!(
        unfit.status == 1 && unfit.err.contains("credit_limit"),
        "{unfit:?}"
    );

    let said = bench.tandem(&[
        "conflicts",
        "resolve",
        &id,
        "--field",
        "city=source",
        "--field",
        "credit_limit=json:\"250.50\"",
        "--note",
        "asked the customer",
    ]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(
        said.out.contains("resolved") && said.out.contains("asked the customer"),
        "{}",
        said.out
    );
    for erp in [&bench.left, &bench.right] {
        assert_eq!(value(erp, 2, "city"), json!("Oslo"));
        assert_eq!(value(erp, 2, "credit_limit").as_f64(), Some(250.5));
    }
    let idle = bench.tandem(&["run", "customers", "--json"]);
    assert_eq!(idle.status, 0, "{idle:?}");
    assert_eq!(idle.json()["updated"], json!({"source": 0, "target": 0}));
}

#[test]
fn all_at_once_where_a_field_is_contested() {
    let bench = contested(&[1, 3, 4], false);
    let none = bench.tandem(&[
        "conflicts",
        "resolve",
        "--all",
        "--where",
        "credit_limit",
        "--take",
        "target",
    ]);
    assert_eq!(none.status, 0, "{none:?}");
    assert_eq!(open(&bench).len(), 3);
    let said = bench.tandem(&[
        "conflicts",
        "resolve",
        "--all",
        "--where",
        "city",
        "--take",
        "target",
    ]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.starts_with("3 conflicts settled"), "{}", said.out);
    for n in [1, 3, 4] {
        assert_eq!(value(&bench.left, n, "city"), json!("Bern"));
    }
    assert_eq!(open(&bench).len(), 0);
}

#[test]
fn a_delete_against_an_edit_is_restored_or_carried_through() {
    for (flag, live) in [("--restore", true), ("--delete-both", false)] {
        let bench = Bench::with_customers(5);
        assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
        if live {
            bench.left.purge(Table::Customers, &key(3)).unwrap();
        } else {
            bench.left.delete(Table::Customers, &key(3)).unwrap();
        }
        bench
            .right
            .edit(Table::Customers, &key(3), &fields(json!({"city": "Bern"})))
            .unwrap();
        assert_eq!(bench.tandem(&["run", "customers"]).status, 3);
        let id = open(&bench)[0]["id"].as_str().unwrap().to_owned();
        let fields = bench.tandem(&["conflicts", "resolve", &id, "--take", "source"]);
        assert_eq!(fields.status, 1, "it is not about fields: {fields:?}");
        let said = bench.tandem(&["conflicts", "resolve", &id, flag]);
        assert_eq!(said.status, 0, "{flag}: {said:?}");
        let wanted = if live { 5 } else { 4 };
        for erp in [&bench.left, &bench.right] {
            assert_eq!(erp.count(Table::Customers).unwrap(), wanted, "{flag}");
        }
    }
}

#[test]
fn a_record_edited_since_is_reopened_and_not_written() {
    let bench = contested(&[2], false);
    let id = open(&bench)[0]["id"].as_str().unwrap().to_owned();
    bench
        .right
        .edit(Table::Customers, &key(2), &fields(json!({"city": "Graz"})))
        .unwrap();
    let said = bench.tandem(&["conflicts", "resolve", &id, "--take", "source"]);
    assert_eq!(said.status, 3, "{said:?}");
    assert!(said.err.contains("changed meanwhile"), "{}", said.err);
    assert_eq!(value(&bench.right, 2, "city"), json!("Graz"));
    assert_eq!(value(&bench.left, 2, "city"), json!("Oslo"));
    let again = bench.tandem(&["conflicts", "resolve", &id, "--take", "target"]);
    assert_eq!(again.status, 0, "{again:?}");
    assert_eq!(value(&bench.left, 2, "city"), json!("Graz"));
}
