//! The schema as the migrations make it.

use std::collections::BTreeMap;

use crate::filled;

/// Every object with its statement, by type and name, as one text.
fn schema() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    filled(&path);
    let db = rusqlite::Connection::open(&path).unwrap();
    let version: i64 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    let mut statement = db
        .prepare(
            "SELECT sql FROM sqlite_schema
             WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type, name",
        )
        .unwrap();
    let objects: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    format!("-- version {version}\n{};\n", objects.join(";\n"))
}

/// An edited migration shows here. After adding a new one, run with `TANDEM_BLESS=1` once.
#[test]
fn the_schema_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sqlite/schema.sql");
    let now = schema();
    if std::env::var_os("TANDEM_BLESS").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert_eq!(now, committed, "an applied migration must not be edited");
}

fn rows(db: &rusqlite::Connection, sql: &str) -> Vec<BTreeMap<String, String>> {
    let mut statement = db.prepare(sql).unwrap();
    let names: Vec<String> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    statement
        .query_map([], |row| {
            names
                .iter()
                .enumerate()
                .map(|(at, name)| {
                    let value: rusqlite::types::Value = row.get(at)?;
                    let text = match value {
                        rusqlite::types::Value::Text(text) => text,
                        rusqlite::types::Value::Integer(number) => number.to_string(),
                        other => format!("{other:?}"),
                    };
                    Ok((name.clone(), text))
                })
                .collect()
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// SEC-001: every table but `tenants` has a tenant, and no foreign key leaves it out.
#[test]
fn every_table_and_every_foreign_key_holds_the_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    filled(&path);
    let db = rusqlite::Connection::open(&path).unwrap();
    let tables = rows(
        &db,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    assert_eq!(tables.len(), 23);
    for table in tables.iter().map(|row| row["name"].as_str()) {
        if table == "tenants" {
            continue;
        }
        let columns = rows(&db, &format!("PRAGMA table_info({table})"));
        let tenant = columns.iter().find(|column| column["name"] == "tenant_id");
        let tenant = tenant.unwrap_or_else(|| panic!("{table} has no tenant_id"));
        assert!(
            tenant["notnull"] == "1" || tenant["pk"] == "1",
            "{table}.tenant_id may be absent"
        );
        let mut keys: BTreeMap<String, Vec<(String, String, String, String)>> = BTreeMap::new();
        for key in rows(&db, &format!("PRAGMA foreign_key_list({table})")) {
            keys.entry(key["id"].clone()).or_default().push((
                key["from"].clone(),
                key["to"].clone(),
                key["table"].clone(),
                key["on_delete"].clone(),
            ));
        }
        assert!(!keys.is_empty(), "{table} belongs to nothing");
        for key in keys.values() {
            assert!(
                key.iter().any(|(from, to, parent, _)| from == "tenant_id"
                    && (to == "tenant_id" || parent == "tenants")),
                "a foreign key of {table} leaves the tenant out: {key:?}"
            );
            assert!(
                key.iter()
                    .all(|(_, _, _, on_delete)| on_delete == "CASCADE"),
                "{table}: {key:?}"
            );
        }
    }
}

/// Every statement in our sources that reads or changes a table of tenants' names the tenant.
#[test]
fn every_statement_names_the_tenant() {
    fn sources(folder: &std::path::Path, into: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else {
                into.push(path);
            }
        }
    }
    let mut files = Vec::new();
    sources(
        std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut files,
    );
    let ours = [
        "connections",
        "sync_configurations",
        "side_progress",
        "dictionaries",
        "links",
        "sync_history",
        "sync_errors",
        "operations",
        "conflicts",
        "conflict_decisions",
        "set_aside",
        "leases",
        "fingerprints",
        "circuits",
        "alert_outbox",
        "alert_states",
        "alert_told",
        "alert_deliveries",
        "audit_log",
        "audit_heads",
        "retention",
    ];
    let mut statements = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for literal in text.split('"').skip(1).step_by(2) {
            let words: Vec<&str> = literal
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .filter(|word| !word.is_empty())
                .collect();
            let touches = words.windows(2).any(|two| {
                ["FROM", "JOIN", "INTO", "UPDATE"].contains(&two[0]) && ours.contains(&two[1])
            });
            // The last journal row, of whoever; and ids that are looked up to refuse strangers.
            let exempt = literal.contains("max(seq) FROM operations")
                || literal.starts_with("SELECT tenant_id");
            if touches && !exempt {
                statements += 1;
                assert!(
                    words.contains(&"tenant_id"),
                    "{}: {literal}",
                    file.display()
                );
            }
        }
    }
    assert!(statements > 70, "only {statements} statements were found");
}

/// The plan's columns, by name (TASK-001, TASK-002).
#[test]
fn history_and_errors_keep_the_plans_columns() {
    let text = schema();
    let table = |name: &str| -> String {
        // A table made anew by a later migration has its name in quotes.
        let start = [
            format!("CREATE TABLE {name} ("),
            format!("CREATE TABLE \"{name}\" ("),
        ]
        .iter()
        .find_map(|head| text.find(head))
        .unwrap();
        text[start..].split(";\n").next().unwrap().to_owned()
    };
    let history = table("sync_history");
    for column in [
        "tenant_id",
        "sync_configuration_id",
        "sync_direction",
        "sync_status",
        "records_processed",
        "records_succeeded",
        "records_failed",
        "records_skipped",
        "execution_time_ms",
        "error_message",
        "data_snapshot_before",
        "data_snapshot_after",
        "started_at",
        "completed_at",
    ] {
        assert!(history.contains(&format!("\n    {column} ")), "{column}");
    }
    let errors = table("sync_errors");
    for column in [
        "tenant_id",
        "sync_history_id",
        "record_id",
        "error_type",
        "error_message",
        "error_details",
        "record_data",
        "retry_count",
        "is_resolved",
        "resolved_at",
    ] {
        assert!(errors.contains(&format!("\n    {column} ")), "{column}");
    }
    for status in ["pending", "running", "completed", "failed", "partial"] {
        assert!(history.contains(&format!("'{status}'")));
    }
    for kind in [
        "validation",
        "mapping",
        "conflict",
        "network",
        "authentication",
    ] {
        assert!(errors.contains(&format!("'{kind}'")));
    }
}
