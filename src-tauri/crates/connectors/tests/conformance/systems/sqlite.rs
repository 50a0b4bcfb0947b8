//! `SQLite` files: one table without any help for syncing, one with all of it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use serde_json::{Value as Json, json};
use tandem_connectors::check_settings;
use tandem_engine::ports::WritableConnector;

use crate::clock::{ListedSecrets, build, clock};
use crate::doubles::shop::iso;
use crate::system::{Fields, System};

pub(crate) struct Sqlite {
    direct: Mutex<Connection>,
    connector: Arc<dyn WritableConnector>,
    table: &'static str,
    flagged: bool,
    _folder: tempfile::TempDir,
}

pub(crate) fn connector(settings: &Json) -> Arc<dyn WritableConnector> {
    assert_eq!(check_settings("sqlite", settings), []);
    build("sqlite", settings, "items", &ListedSecrets(&[]), clock()).unwrap()
}

impl Sqlite {
    fn new(schema: &str, table: &'static str, flagged: bool, collection: &Json) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.db");
        let direct = Connection::open(&file).unwrap();
        direct.pragma_update(None, "journal_mode", "wal").unwrap();
        direct.execute_batch(schema).unwrap();
        let settings = json!({ "file": file, "collections": { "items": collection } });
        Self {
            direct: Mutex::new(direct),
            connector: connector(&settings),
            table,
            flagged,
            _folder: folder,
        }
    }

    /// No version, no time, a name that needs quoting.
    pub(crate) async fn plain() -> Option<Self> {
        let schema = "CREATE TABLE \"my \"\"items\"\"\" (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, email VARCHAR(80) UNIQUE,
            price NUMERIC, big INTEGER, updated_at TEXT)";
        let collection = json!({ "table": "my \"items\"", "lookup": ["email"], "page_size": 10 });
        Some(Self::new(
            schema,
            "\"my \"\"items\"\"\"",
            false,
            &collection,
        ))
    }

    /// Version and time kept by triggers, a flag for deleted rows.
    pub(crate) async fn flagged() -> Option<Self> {
        let schema = "CREATE TABLE items (
                id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(8)))), name TEXT, email TEXT,
                price DECIMAL(20, 2), big INTEGER, updated_at TEXT,
                row_version INTEGER NOT NULL DEFAULT 1, deleted BOOLEAN NOT NULL DEFAULT 0);
            CREATE UNIQUE INDEX items_email ON items (email) WHERE NOT deleted;
            CREATE TRIGGER items_touch AFTER UPDATE ON items WHEN NEW.row_version = OLD.row_version BEGIN
                UPDATE items SET row_version = OLD.row_version + 1, updated_at = '2026-02-28T10:00:00.000Z'
                WHERE id = NEW.id;
            END";
        let collection = json!({
            "version": { "column": { "name": "row_version" } },
            "modified_at": { "column": "updated_at" },
            "deleted": { "column": "deleted" },
            "changes": { "column": "updated_at", "tombstones": true },
            "lookup": ["email"], "page_size": 10,
        });
        Some(Self::new(schema, "items", true, &collection))
    }
}

/// A JSON scalar as `SQLite` would be given it.
fn bound(json: &str) -> rusqlite::types::Value {
    use rusqlite::types::Value;
    match serde_json::from_str::<Json>(json).unwrap() {
        Json::Null => Value::Null,
        Json::String(text) => Value::Text(text),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Real(number.as_f64().unwrap()),
        },
        other => panic!("{other}"),
    }
}

#[async_trait]
impl System for Sqlite {
    fn connector(&self) -> Arc<dyn WritableConnector> {
        Arc::clone(&self.connector)
    }

    async fn insert(&self, fields: &Fields, at_ms: i64) -> String {
        let sql = format!(
            "INSERT INTO {} (name, email, price, big, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
             RETURNING CAST(id AS TEXT)",
            self.table
        );
        let values: Vec<_> = ["name", "email", "price", "big"]
            .iter()
            .map(|name| bound(&fields[*name]))
            .collect();
        let direct = self.direct.lock().unwrap();
        direct
            .query_row(
                &sql,
                params![values[0], values[1], values[2], values[3], iso(at_ms)],
                |row| row.get(0),
            )
            .unwrap()
    }

    async fn edit(&self, id: &str, field: &str, json: &str, at_ms: i64) {
        let bump = if self.flagged {
            ", row_version = row_version + 1"
        } else {
            ""
        };
        let sql = format!(
            "UPDATE {} SET {field} = ?2, updated_at = ?3{bump} WHERE CAST(id AS TEXT) = ?1",
            self.table
        );
        let direct = self.direct.lock().unwrap();
        assert_eq!(
            direct
                .execute(&sql, params![id, bound(json), iso(at_ms)])
                .unwrap(),
            1
        );
    }

    async fn remove(&self, id: &str, at_ms: i64) {
        let sql = if self.flagged {
            "UPDATE items SET deleted = 1, updated_at = ?2, row_version = row_version + 1 WHERE id = ?1"
                .to_owned()
        } else {
            format!(
                "DELETE FROM {} WHERE CAST(id AS TEXT) = ?1 AND ?2 IS NOT NULL",
                self.table
            )
        };
        assert_eq!(
            self.direct
                .lock()
                .unwrap()
                .execute(&sql, params![id, iso(at_ms)])
                .unwrap(),
            1
        );
    }

    async fn read(&self, id: &str) -> Option<Fields> {
        let live = if self.flagged { " AND NOT deleted" } else { "" };
        let sql = format!(
            "SELECT name, email, price, big FROM {} WHERE CAST(id AS TEXT) = ?1{live}",
            self.table
        );
        let direct = self.direct.lock().unwrap();
        let mut statement = direct.prepare(&sql).unwrap();
        let mut rows = statement.query([id]).unwrap();
        let row = rows.next().unwrap()?;
        let names = ["name", "email", "price", "big"];
        Some(
            names
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    let json = match row.get_ref(index).unwrap() {
                        ValueRef::Null => "null".to_owned(),
                        ValueRef::Integer(number) => number.to_string(),
                        ValueRef::Real(number) => number.to_string(),
                        ValueRef::Text(text) => {
                            serde_json::to_string(std::str::from_utf8(text).unwrap()).unwrap()
                        }
                        ValueRef::Blob(_) => panic!("a blob"),
                    };
                    ((*name).to_owned(), json)
                })
                .collect(),
        )
    }

    async fn count(&self) -> usize {
        let live = if self.flagged {
            " WHERE NOT deleted"
        } else {
            ""
        };
        let sql = format!("SELECT count(*) FROM {}{live}", self.table);
        let count: i64 = self
            .direct
            .lock()
            .unwrap()
            .query_row(&sql, [], |row| row.get(0))
            .unwrap();
        usize::try_from(count).unwrap()
    }

    fn exact(&self) -> bool {
        false
    }

    fn tombstones(&self) -> bool {
        self.flagged
    }
}
