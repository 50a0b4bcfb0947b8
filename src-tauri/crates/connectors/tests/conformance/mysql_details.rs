//! What is MySQL's and MariaDB's own: types there and back, collations, engines, keys; skipped without
//! a server.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::{Value as Json, json};
use tandem_connectors::build;
use tandem_domain::collection::NativeType;
use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;
use tandem_engine::ports::WritableConnector;
use tandem_engine::ports::connector::{
    ErrorClass, Fetched, NativeChange, WriteOperation, WriteOutcome,
};

use crate::clock::clock;
use crate::system::{id, key, list, update};
use crate::systems::Password;
use crate::systems::mysql::{name, server};

/// A table of its own, and a connector to it.
async fn table(
    columns: &str,
    mut collection: Json,
) -> Option<(Conn, String, std::sync::Arc<dyn WritableConnector>)> {
    let (mut direct, mut settings, password) = server().await?;
    let table = name("details");
    direct
        .query_drop(format!("CREATE TABLE `{table}` {columns}"))
        .await
        .unwrap();
    collection["table"] = table.clone().into();
    settings["collections"] = json!({ "items": collection });
    let secrets = std::sync::Arc::new(Password(password));
    let connector = build("mysql", &settings, "items", secrets, clock()).unwrap();
    Some((direct, table, connector))
}

fn create(n: u128, fields: &NativeFields) -> WriteOperation {
    WriteOperation {
        key: key(n),
        change: NativeChange::Create {
            fields: fields.clone().into(),
        },
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[tokio::test]
async fn mysql_types_survive() {
    let columns =
        "(id bigint unsigned PRIMARY KEY, n decimal(27, 10), f double, ok boolean, flag bit(1),
        day date, at timestamp(6) NULL, local datetime(6), j json, mood enum('good', 'bad'),
        short varchar(3), fixed char(3), raw blob, y year, t time,
        sum decimal(28, 10) AS (n * 2) STORED)";
    let Some((mut direct, table, connector)) =
        table(columns, json!({ "zone": "Europe/Berlin" })).await
    else {
        return;
    };
    let schema = connector.describe().await.unwrap();
    assert!(!schema.fields.contains_key("raw") && !schema.fields["sum"].writable);
    let n = &schema.fields["n"];
    assert_eq!(
        (n.ty, n.max_precision, n.scale),
        (NativeType::Decimal, Some(27), Some(10))
    );
    assert_eq!(schema.fields["short"].max_length, Some(3));
    assert_eq!(schema.fields["j"].ty, NativeType::Json);
    let instant = |text: &str| Value::Timestamp(text.parse().unwrap());
    let number = |text: &str| Value::from_json_text(text).unwrap();
    let fields = NativeFields::from([
        ("id".into(), number("18446744073709551615")),
        ("n".into(), number("12345678901234567.0123456789")),
        ("f".into(), number("0.1")),
        ("ok".into(), Value::Bool(true)),
        ("flag".into(), Value::Bool(true)),
        ("day".into(), Value::Date("2026-01-31".parse().unwrap())),
        ("at".into(), instant("2026-07-01T08:00:00.123456Z")),
        ("local".into(), instant("2026-07-01T08:00:00Z")),
        ("j".into(), number("{\"n\":9007199254740993,\"l\":[0.10]}")),
        ("mood".into(), text("good")),
        ("short".into(), text("abc")),
        ("t".into(), text("11:22:33")),
    ]);
    let outcomes = connector.write(&[create(1, &fields)]).await.unwrap();
    let [WriteOutcome::Done(receipt)] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    assert_eq!(receipt.id, id("18446744073709551615"));
    let echo = receipt.record.as_ref().unwrap();
    for (name, value) in &fields {
        assert_eq!(&echo[name], value, "{name}");
    }
    let held: String = direct
        .query_first(format!("SELECT CAST(local AS CHAR) FROM `{table}`"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(held, "2026-07-01 10:00:00.000000");
    // A row is found by an id that no float can hold; nothing too long is cut, nothing bent to fit,
    // and what is refused is not told.
    let all = list(&*connector, None).await;
    assert_eq!(all.records.len(), 1);
    let read = connector.get(&[all.records[0].id.clone()]).await.unwrap();
    assert!(matches!(read.as_slice(), [Fetched::Found(_)]), "{read:?}");
    for (field, value) in [
        ("short", "abcd"),
        ("mood", "odd"),
        ("day", "2026-02-30"),
        ("n", "secret-value"),
        ("id", "-1"),
        ("short", "secret-value"),
    ] {
        let mut bad = fields.clone();
        bad.insert("id".into(), number("7"));
        bad.insert(field.into(), text(value));
        let outcomes = connector.write(&[create(2, &bad)]).await.unwrap();
        let [WriteOutcome::Rejected(error)] = outcomes.as_slice() else {
            panic!("{field}: {outcomes:?}")
        };
        assert!(!format!("{error:?}").contains("secret-value"), "{error:?}");
    }
    let health = connector.check().await.unwrap();
    assert!(health.clock_offset_ms.is_some() && health.identity.is_some());
}

/// The database's own collation decides what a look-up finds and what is a duplicate; the id stays
/// as it is written there, and a record's version is told apart letter by letter.
#[tokio::test]
async fn mysql_keys_are_compared_as_the_database_does() {
    let columns =
        "(sku varchar(40) COLLATE utf8mb4_general_ci PRIMARY KEY, name text, rev varchar(9))
        CHARACTER SET utf8mb4";
    let collection = json!({ "lookup": ["sku"], "version": { "column": { "name": "rev" } } });
    let Some((mut direct, table, connector)) = table(columns, collection).await else {
        return;
    };
    direct
        .query_drop(format!(
            "INSERT INTO `{table}` VALUES ('SKU-00003', 'x', 'a')"
        ))
        .await
        .unwrap();
    let found = connector.find("sku", "sku-00003 ").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, id("SKU-00003"));
    let twin = NativeFields::from([
        ("sku".into(), text("sku-00003")),
        ("name".into(), text("y")),
    ]);
    let other = NativeFields::from([("sku".into(), text("SKU-4")), ("name".into(), text("z"))]);
    let outcomes = connector
        .write(&[create(1, &twin), create(2, &other)])
        .await
        .unwrap();
    assert!(
        matches!(
            outcomes.as_slice(),
            [WriteOutcome::Rejected(_), WriteOutcome::Done(_)]
        ),
        "{outcomes:?}"
    );
    let stale = tandem_domain::ids::Version::new("A").unwrap();
    let patch = [("name", "\"stale\"")];
    let outcomes = connector
        .write(&[update(3, "SKU-00003", &patch, Some(stale))])
        .await
        .unwrap();
    assert!(
        matches!(outcomes.as_slice(), [WriteOutcome::VersionConflict]),
        "{outcomes:?}"
    );
}

/// Rows that cannot be written together or not at all are refused before anything is written, and so
/// is a row whose id nobody would know.
#[tokio::test]
async fn mysql_refuses_what_it_could_not_keep_its_word_on() {
    let Some((_, _, connector)) =
        table("(id int PRIMARY KEY, name text) ENGINE = MyISAM", json!({})).await
    else {
        return;
    };
    let error = connector.check().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Configuration, "{error}");
    assert!(error.message.contains("InnoDB"), "{error}");
    let columns = "(id char(36) PRIMARY KEY DEFAULT (uuid()), name text)";
    let Some((_, _, connector)) = table(columns, json!({})).await else {
        return;
    };
    let nameless = NativeFields::from([("name".into(), text("x"))]);
    let outcomes = connector.write(&[create(1, &nameless)]).await.unwrap();
    let [WriteOutcome::Rejected(error)] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    assert!(error.message.contains("AUTO_INCREMENT"), "{error}");
}

/// A marked row's key stays taken: making the record again revives it, a live one is left alone.
#[tokio::test]
async fn mysql_revives_a_marked_row() {
    let columns =
        "(no varchar(9) PRIMARY KEY, name text, note text, gone tinyint NOT NULL DEFAULT 0)";
    let collection = json!({ "deleted": { "column": "gone" } });
    let Some((mut direct, table, connector)) = table(columns, collection).await else {
        return;
    };
    direct
        .query_drop(format!(
            "INSERT INTO `{table}` VALUES ('a', 'old', 'kept', 1), ('b', 'live', NULL, 0)"
        ))
        .await
        .unwrap();
    let made = |no: &str| {
        NativeFields::from([
            ("no".to_owned(), text(no)),
            ("name".to_owned(), text("new")),
        ])
    };
    let outcomes = connector
        .write(&[
            create(1, &made("a")),
            create(2, &made("b")),
            create(3, &made("c")),
        ])
        .await
        .unwrap();
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                WriteOutcome::Done(_),
                WriteOutcome::Rejected(_),
                WriteOutcome::Done(_)
            ]
        ),
        "{outcomes:?}"
    );
    let rows: Vec<(String, String, Option<String>, i64)> = direct
        .query(format!(
            "SELECT no, name, note, gone FROM `{table}` ORDER BY no"
        ))
        .await
        .unwrap();
    let expected = [
        ("a".into(), "new".into(), Some("kept".into()), 0),
        ("b".into(), "live".into(), None, 0),
        ("c".into(), "new".into(), None, 0),
    ];
    assert_eq!(rows, expected);
}
