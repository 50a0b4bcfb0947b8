//! What only tables do: types, triggers, wrong names, files that are not there.

use rusqlite::Connection;
use serde_json::json;
use tandem_connectors::build;
use tandem_domain::collection::NativeType;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    ErrorClass, ListRequest, NativeChange, WriteOperation, WriteOutcome,
};

use crate::clock::{ListedSecrets, clock};
use crate::system::{Fields, key, live, native, update, version, write_one};
use crate::systems::sqlite::connector;

const ALL: ListRequest = ListRequest {
    since: None,
    page: None,
};

#[tokio::test]
async fn sqlite_types_are_read_as_declared() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    let direct = Connection::open(&file).unwrap();
    direct
        .execute_batch(
            "CREATE TABLE items (a INTEGER, b TEXT, r REAL, d DECIMAL(12,2), t TEXT, ok BOOLEAN, day DATE,
                 at DATETIME, j JSON, raw BLOB, twice AS (a * 2), PRIMARY KEY (a, b));
             INSERT INTO items VALUES (1, 'x', 0.1, '10.50', '0.10', 1, '2026-01-31',
                 '2026-01-31T10:00:00Z', '{\"n\":9007199254740993}', x'00')",
        )
        .unwrap();
    let settings = json!({ "file": file, "collections": { "items": {} } });
    let connector = connector(&settings);
    let schema = connector.describe().await.unwrap();
    assert!(schema.complete && !schema.fields.contains_key("raw"));
    assert_eq!(schema.fields["ok"].ty, NativeType::Boolean);
    assert!(!schema.fields["twice"].writable && schema.fields["b"].primary_key);
    assert_eq!(schema.fields["d"].scale, Some(2));
    let page = connector.list(&ALL).await.unwrap();
    let record = &page.records[0];
    assert_eq!(record.id.as_str(), "[\"1\",\"x\"]");
    for (name, json) in [
        ("r", "0.1"),
        ("d", "10.5"),
        ("t", "\"0.10\""),
        ("ok", "true"),
        ("twice", "2"),
    ] {
        assert_eq!(
            live(record)[name],
            Value::from_json_text(json).unwrap(),
            "{name}"
        );
    }
    assert_eq!(
        live(record)["j"],
        Value::from_json_text("{\"n\":9007199254740993}").unwrap()
    );
    assert!(
        matches!(live(record)["day"], Value::Date(_))
            && matches!(live(record)["at"], Value::Timestamp(_))
    );
    // What would be rounded is refused; a text column keeps all digits.
    let now = version(&*connector, record.id.as_str()).await;
    for (column, landed) in [
        ("d", false),
        ("r", false),
        ("t", true),
        ("twice", false),
        ("nope", false),
    ] {
        let patch = [(column, "0.12345678901234567")];
        let outcome = write_one(
            &*connector,
            update(1, record.id.as_str(), &patch, now.clone()),
        )
        .await;
        assert_eq!(
            matches!(outcome, WriteOutcome::Done(_)),
            landed,
            "{column}: {outcome:?}"
        );
    }
    let kept: String = direct
        .query_row("SELECT t FROM items", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, "0.12345678901234567");
}

#[tokio::test]
async fn a_create_with_its_own_key_and_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    let direct = Connection::open(&file).unwrap();
    direct
        .execute_batch("CREATE TABLE items (sku TEXT PRIMARY KEY, stock INTEGER CHECK (stock >= 0), note TEXT NOT NULL DEFAULT 'none')")
        .unwrap();
    let connector = connector(&json!({ "file": file, "collections": { "items": {} } }));
    let make = |n: u128, sku: &str, stock: &str| {
        let fields = Fields::from([
            ("sku".into(), format!("{sku:?}")),
            ("stock".into(), stock.into()),
        ]);
        WriteOperation {
            key: key(n),
            change: NativeChange::Create {
                fields: native(&fields),
            },
        }
    };
    let outcomes = connector
        .write(&[
            make(1, "A", "1"),
            make(2, "B", "-1"),
            make(3, "A", "2"),
            make(4, "C", "3"),
        ])
        .await
        .unwrap();
    let WriteOutcome::Done(first) = &outcomes[0] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(first.id.as_str(), "A");
    assert_eq!(
        first.record.as_ref().unwrap()["note"],
        Value::Text("none".into())
    );
    for refused in [&outcomes[1], &outcomes[2]] {
        let WriteOutcome::Rejected(error) = refused else {
            panic!("{refused:?}")
        };
        let diagnostics = error.diagnostics.as_ref().unwrap();
        assert!(diagnostics.request.starts_with("INSERT INTO `items`"));
        assert!(!format!("{error:?}").contains("-1"), "values are not shown");
    }
    assert!(matches!(&outcomes[3], WriteOutcome::Done(_)));
}

/// Case 37: a vanished column is refused, never read as null.
#[tokio::test]
async fn case_37_a_vanished_column_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    let direct = Connection::open(&file).unwrap();
    direct
        .execute_batch("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, email TEXT); INSERT INTO items VALUES (1, 'n', 'e')")
        .unwrap();
    let connector = connector(&json!({ "file": file, "collections": { "items": {} } }));
    connector.list(&ALL).await.unwrap();
    direct
        .execute_batch("ALTER TABLE items DROP COLUMN email")
        .unwrap();
    let error = connector.list(&ALL).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Configuration, "{error}");
    assert!(
        !connector
            .describe()
            .await
            .unwrap()
            .fields
            .contains_key("email")
    );
}

#[tokio::test]
async fn a_busy_file_is_waited_for_and_then_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    let direct = Connection::open(&file).unwrap();
    direct
        .execute_batch("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); BEGIN IMMEDIATE")
        .unwrap();
    let settings = json!({ "file": file, "busy_timeout_ms": 50, "collections": { "items": {} } });
    let connector = connector(&settings);
    let fields = native(&Fields::from([("name".into(), "\"x\"".into())]));
    let make = [WriteOperation {
        key: key(1),
        change: NativeChange::Create { fields },
    }];
    let error = connector.write(&make).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient, "{error}");
    assert!(error.is_retryable());
    direct.execute_batch("COMMIT").unwrap();
    assert!(matches!(
        connector.write(&make).await.unwrap()[0],
        WriteOutcome::Done(_)
    ));
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.db");
    let missing = connector(&json!({ "file": file, "collections": { "items": {} } }));
    assert_eq!(
        missing.check().await.unwrap_err().class,
        ErrorClass::Connect
    );
    assert!(!file.exists(), "the file was created");
    Connection::open(&file)
        .unwrap()
        .execute_batch(
            "CREATE TABLE items (name TEXT); CREATE TABLE keyed (id INTEGER PRIMARY KEY)",
        )
        .unwrap();
    for (collection, says) in [
        (json!({}), "no primary key"),
        (json!({ "table": "nope" }), "no table"),
        (
            json!({ "table": "keyed", "modified_at": { "column": "nope" } }),
            "no column",
        ),
    ] {
        let settings = json!({ "file": file, "collections": { "items": collection } });
        let error = connector(&settings).check().await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Configuration);
        assert!(error.message.contains(says), "{error}");
    }
    let settings = json!({ "host": "127.0.0.1", "port": 1, "allow_private": true, "database": "d", "user": "u", "collections": { "items": {} } });
    let secrets = ListedSecrets(&[]);
    let unreachable = build("postgres", &settings, "items", &secrets, clock()).unwrap();
    let error = unreachable.check().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Connect, "{error}");
    assert!(
        error.message.contains("postgres://127.0.0.1:1/d"),
        "{error}"
    );
}
