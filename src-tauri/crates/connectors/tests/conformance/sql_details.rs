//! What only tables do: types, triggers, wrong names, files that are not there.

use rusqlite::Connection;
use serde_json::json;
use tandem_domain::collection::NativeType;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    ErrorClass, ListRequest, NativeChange, WriteOperation, WriteOutcome,
};

use crate::clock::{ListedSecrets, build, clock};
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
                fields: native(&fields).into(),
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
        change: NativeChange::Create {
            fields: fields.into(),
        },
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

/// A cursor moved back stays in the column's own way of writing, or it would skip rows.
#[tokio::test]
async fn case_26_an_overlap_keeps_the_way_of_writing() {
    for (times, expected) in [
        (
            [
                "2026-03-01T09:59:58Z",
                "2026-03-01T09:59:59.500Z",
                "2026-03-01T10:00:00Z",
            ],
            2,
        ),
        (
            [
                "2026-03-01 09:59:58",
                "2026-03-01 09:59:59.500",
                "2026-03-01 10:00:00",
            ],
            2,
        ),
        (
            [
                "2026-03-01T09:59:58",
                "2026-03-01T09:59:59.500",
                "2026-03-01T10:00:00",
            ],
            2,
        ),
        (["a", "b", "c"], 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.db");
        let direct = Connection::open(&file).unwrap();
        direct
            .execute_batch("CREATE TABLE items (id INTEGER PRIMARY KEY, at TEXT)")
            .unwrap();
        for at in times {
            direct
                .execute("INSERT INTO items (at) VALUES (?1)", [at])
                .unwrap();
        }
        direct
            .execute("INSERT INTO items (at) VALUES (NULL)", [])
            .unwrap();
        let changes = json!({ "column": "at", "overlap_ms": 1000 });
        let connector =
            connector(&json!({ "file": file, "collections": { "items": { "changes": changes } } }));
        let all = connector.list(&ALL).await.unwrap();
        // Case 27: a row without a time is in every full listing.
        assert_eq!(all.records.len(), 4);
        let changed = connector
            .list(&ListRequest {
                since: all.cursor,
                page: None,
            })
            .await
            .unwrap();
        assert_eq!(changed.records.len(), expected, "{times:?}");
    }
}

/// PostgreSQL's types, there and back; skipped without a server.
#[tokio::test]
async fn postgres_types_survive() {
    let Ok(url) = std::env::var("TANDEM_TEST_POSTGRES") else {
        eprintln!("skipped: TANDEM_TEST_POSTGRES names no server");
        return;
    };
    let config: tokio_postgres::Config = url.parse().unwrap();
    let (direct, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let schema = format!("types_{}", std::process::id());
    direct
        .batch_execute(&format!(
            "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema};
             CREATE TYPE {schema}.mood AS ENUM ('good', 'bad');
             CREATE TABLE {schema}.items (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n numeric(30, 10),
                 f float8, ok boolean, day date, at timestamptz, local timestamp, j jsonb, tags text[],
                 numbers int[], mood {schema}.mood, short varchar(3), fixed char(3), raw bytea,
                 sum numeric GENERATED ALWAYS AS (n * 2) STORED)"
        ))
        .await
        .unwrap();
    let url = reqwest::Url::parse(&url).unwrap();
    let settings = json!({
        "host": url.host_str(), "port": url.port().unwrap_or(5432), "allow_private": true,
        "database": url.path().trim_start_matches('/'), "user": url.username(), "password": { "secret": "p" },
        "collections": { "items": { "schema": schema, "zone": "Europe/Berlin" } },
    });
    let password: &'static str =
        Box::leak(url.password().unwrap_or("x").to_owned().into_boxed_str());
    let list: &'static [(&str, &str)] = Box::leak(Box::new([("p", password)]));
    let connector = build(
        "postgres",
        &settings,
        "items",
        &ListedSecrets(list),
        clock(),
    )
    .unwrap();
    let schema_seen = connector.describe().await.unwrap();
    assert!(!schema_seen.fields.contains_key("raw") && !schema_seen.fields["sum"].writable);
    let n = &schema_seen.fields["n"];
    assert_eq!(
        (n.ty, n.max_precision, n.scale),
        (NativeType::Decimal, Some(30), Some(10))
    );
    assert_eq!(schema_seen.fields["short"].max_length, Some(3));
    let text = |text: &str| Value::Text(text.into());
    let instant = |text: &str| Value::Timestamp(text.parse().unwrap());
    let fields = tandem_domain::record::NativeFields::from([
        (
            "n".into(),
            Value::from_json_text("12345678901234567.0123456789").unwrap(),
        ),
        ("f".into(), Value::from_json_text("0.1").unwrap()),
        ("ok".into(), Value::Bool(true)),
        ("day".into(), Value::Date("2026-01-31".parse().unwrap())),
        ("at".into(), instant("2026-07-01T08:00:00.123456Z")),
        ("local".into(), instant("2026-07-01T08:00:00Z")),
        (
            "j".into(),
            Value::from_json_text("{\"n\":9007199254740993,\"l\":[0.10]}").unwrap(),
        ),
        (
            "tags".into(),
            Value::List(vec![text("a,b"), text("{\"}"), text("NULL")]),
        ),
        ("numbers".into(), Value::from_json_text("[1,2]").unwrap()),
        ("mood".into(), text("good")),
        ("short".into(), text("abc")),
    ]);
    let make = |n: u128, fields: &tandem_domain::record::NativeFields| WriteOperation {
        key: key(n),
        change: NativeChange::Create {
            fields: fields.clone().into(),
        },
    };
    let outcome = write_one(&*connector, make(1, &fields)).await;
    let WriteOutcome::Done(receipt) = outcome else {
        panic!("{outcome:?}")
    };
    let echo = receipt.record.unwrap();
    for (name, value) in &fields {
        assert_eq!(&echo[name], value, "{name}");
    }
    let held: String = direct
        .query_one(&format!("SELECT local::text FROM {schema}.items"), &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(held, "2026-07-01 10:00:00");
    // Too long is refused, not cut; an unknown word of an enum, a text as number too.
    for (name, value) in [
        ("short", "abcd"),
        ("mood", "odd"),
        ("numbers", "x"),
        ("n", "secret-value"),
    ] {
        let mut bad = fields.clone();
        bad.insert(name.into(), text(value));
        let outcome = write_one(&*connector, make(2, &bad)).await;
        let WriteOutcome::Rejected(error) = outcome else {
            panic!("{name}: {outcome:?}")
        };
        assert!(!format!("{error:?}").contains("secret-value"), "{error:?}");
    }
    // A clock told by the server, and who it is.
    let health = connector.check().await.unwrap();
    assert!(health.system.starts_with("PostgreSQL ") && health.clock_offset_ms.is_some());
    direct
        .batch_execute(&format!("DROP SCHEMA {schema} CASCADE"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_record_made_again_under_the_key_of_a_marked_row_revives_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    let direct = Connection::open(&file).unwrap();
    direct
        .execute_batch(
            "CREATE TABLE items (no TEXT PRIMARY KEY, name TEXT, note TEXT, gone INTEGER NOT NULL DEFAULT 0);
             INSERT INTO items VALUES ('a', 'old', 'kept', 1), ('b', 'live', NULL, 0)",
        )
        .unwrap();
    let settings = json!({ "file": file, "collections": { "items": {
        "key": ["no"], "deleted": { "column": "gone" },
    } } });
    let connector = connector(&settings);
    let create = |no: &str, k: u128| WriteOperation {
        key: key(k),
        change: NativeChange::Create {
            fields: [("no", no), ("name", "new")]
                .map(|(name, text)| (name.to_owned(), Value::Text(text.to_owned())))
                .into_iter()
                .collect::<tandem_domain::record::NativeFields>()
                .into(),
        },
    };
    let outcomes = connector
        .write(&[create("a", 1), create("b", 2), create("c", 3)])
        .await
        .unwrap();
    assert!(matches!(outcomes[0], WriteOutcome::Done(_)), "{outcomes:?}");
    assert!(
        matches!(outcomes[1], WriteOutcome::Rejected(_)),
        "a live row is never overwritten: {outcomes:?}"
    );
    assert!(matches!(outcomes[2], WriteOutcome::Done(_)), "{outcomes:?}");
    let rows: Vec<(String, String, Option<String>, i64)> = direct
        .prepare("SELECT no, name, note, gone FROM items ORDER BY no")
        .unwrap()
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let expected = [
        ("a", "new", Some("kept"), 0),
        ("b", "live", None, 0),
        ("c", "new", None, 0),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(no, name, note, gone)| {
            (
                (*no).to_owned(),
                (*name).to_owned(),
                note.map(str::to_owned),
                *gone,
            )
        })
        .collect();
    assert_eq!(rows, expected);
}
