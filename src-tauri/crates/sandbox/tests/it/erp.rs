//! The ERP through its own handle and through a second connection.

use serde_json::{Value, json};
use tandem_sandbox::{Clock, Erp, SandboxError, Table};

use crate::shop::{NOON, object};

fn erp(folder: &tempfile::TempDir, clock: &Clock) -> Erp {
    Erp::open(&folder.path().join("erp.db"), clock.clone()).unwrap()
}

#[test]
fn triggers_keep_version_and_time_whoever_writes() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(NOON);
    let erp = erp(&folder, &clock);
    erp.insert(
        Table::Customers,
        &object(json!({ "customer_no": "K-1", "last_name": "Müller", "credit_limit": "19.90" })),
    )
    .unwrap();
    let row = erp.record(Table::Customers, "K-1").unwrap().unwrap();
    assert_eq!(
        (&row["row_version"], &row["modified_at"]),
        (&json!(1), &json!("2026-03-01T10:00:00.000Z"))
    );
    assert_eq!(
        (&row["credit_limit"], &row["email"], &row["deleted"]),
        (&json!(19.9), &Value::Null, &json!(0))
    );

    clock.advance(1_250);
    erp.set_clock_offset_ms(500).unwrap();
    let other = rusqlite::Connection::open(erp.path()).unwrap();
    other
        .execute(
            "UPDATE customers SET city = 'Köln' WHERE customer_no = 'K-1'",
            [],
        )
        .unwrap();
    let row = erp.record(Table::Customers, "K-1").unwrap().unwrap();
    assert_eq!(
        (&row["row_version"], &row["modified_at"]),
        (&json!(2), &json!("2026-03-01T10:00:01.750Z"))
    );

    erp.delete(Table::Customers, "K-1").unwrap();
    assert_eq!(erp.count(Table::Customers).unwrap(), 0);
    assert_eq!(
        erp.records(Table::Customers).unwrap()[0]["row_version"],
        json!(3)
    );
    erp.purge(Table::Customers, "K-1").unwrap();
    assert!(erp.records(Table::Customers).unwrap().is_empty());
}

#[test]
fn the_machines_clock_is_skewed_by_the_offset() {
    let folder = tempfile::tempdir().unwrap();
    let erp = erp(&folder, &Clock::machine());
    let stamp = |sku: &str| {
        erp.insert(
            Table::Products,
            &object(json!({ "sku": sku, "name": "x", "price": 1 })),
        )
        .unwrap();
        erp.record(Table::Products, sku).unwrap().unwrap()["modified_at"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let before = stamp("a");
    erp.set_clock_offset_ms(-3_600_000).unwrap();
    assert!(stamp("b") < before);
    erp.set_clock_offset_ms(3_600_000).unwrap();
    assert!(stamp("c") > before);
}

#[test]
fn edits_of_what_is_not_there_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let erp = erp(&folder, &Clock::manual(NOON));
    let city = object(json!({ "city": "Köln" }));
    assert!(matches!(
        erp.edit(Table::Customers, "K-9", &city),
        Err(SandboxError::NoRecord { .. })
    ));
    assert!(matches!(
        erp.edit(Table::Products, "x", &city),
        Err(SandboxError::NoColumn { .. })
    ));
    let nameless = object(json!({ "customer_no": "K-1" }));
    assert!(matches!(
        erp.insert(Table::Customers, &nameless),
        Err(SandboxError::Database(_))
    ));
}
