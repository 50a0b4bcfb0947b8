//! MySQL or MariaDB, where the environment names one: `TANDEM_TEST_MYSQL=mysql://user:password@host:port/database`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use serde_json::{Value as Json, json};
use tandem_connectors::{build, check_settings};
use tandem_engine::ports::WritableConnector;
use tokio::sync::Mutex;

use crate::clock::clock;
use crate::doubles::shop::iso;
use crate::system::{Fields, System};
use crate::systems::Password;

pub(crate) struct Mysql {
    direct: Mutex<Conn>,
    connector: Arc<dyn WritableConnector>,
    table: String,
    flagged: bool,
}

/// A connection to the server under test, and its settings without collections.
pub(crate) async fn server() -> Option<(Conn, Json, String)> {
    let Ok(url) = std::env::var("TANDEM_TEST_MYSQL") else {
        eprintln!("skipped: TANDEM_TEST_MYSQL names no server");
        return None;
    };
    let options = mysql_async::OptsBuilder::from_opts(Opts::from_url(&url).unwrap());
    let mut direct = Conn::new(options.prefer_socket(false)).await.unwrap();
    direct
        .query_drop("SET SESSION time_zone = '+00:00'")
        .await
        .unwrap();
    let url = reqwest::Url::parse(&url).unwrap();
    let settings = json!({
        "host": url.host_str(), "port": url.port().unwrap_or(3306), "allow_private": true,
        "database": url.path().trim_start_matches('/'), "user": url.username(),
        "password": { "secret": "mysql" },
    });
    let password = url.password().unwrap_or_default().to_owned();
    Some((direct, settings, password))
}

/// A name that no other test has.
pub(crate) fn name(of: &str) -> String {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    format!("{of} {} {number}", std::process::id())
}

impl Mysql {
    async fn new(columns: &str, more: &str, flagged: bool, mut collection: Json) -> Option<Self> {
        let (mut direct, mut settings, password) = server().await?;
        let name = name("my `items`");
        let table = format!("`{}`", name.replace('`', "``"));
        for statement in [
            format!("CREATE TABLE {table} ({columns}) CHARACTER SET utf8mb4"),
            more.replace("TABLE_NAME", &table),
        ] {
            if !statement.is_empty() {
                direct.query_drop(statement).await.unwrap();
            }
        }
        collection["table"] = name.into();
        settings["collections"] = json!({ "items": collection });
        assert_eq!(check_settings("mysql", &settings), []);
        let secrets = Arc::new(Password(password));
        let connector = build("mysql", &settings, "items", secrets, clock()).unwrap();
        Some(Self {
            direct: Mutex::new(direct),
            connector,
            table,
            flagged,
        })
    }

    /// No help for syncing but a time.
    pub(crate) async fn plain() -> Option<Self> {
        let columns = "id bigint AUTO_INCREMENT PRIMARY KEY, name text, email varchar(80) UNIQUE,
            price decimal(60, 30), big bigint, updated_at timestamp(3) NULL";
        let collection = json!({
            "modified_at": { "column": "updated_at" },
            "changes": { "column": "updated_at", "overlap_ms": 0 },
            "lookup": ["email"], "page_size": 10,
        });
        Self::new(columns, "", false, collection).await
    }

    /// Version and time kept by a trigger, a flag for deleted rows.
    pub(crate) async fn flagged() -> Option<Self> {
        let columns = "id int unsigned AUTO_INCREMENT PRIMARY KEY, name text, email varchar(80),
            price decimal(60, 30), big bigint, updated_at datetime(3),
            row_version int NOT NULL DEFAULT 1, deleted tinyint(1) NOT NULL DEFAULT 0,
            live_email varchar(80) AS (IF(deleted, NULL, email)) STORED UNIQUE";
        let more = "CREATE TRIGGER touch BEFORE UPDATE ON TABLE_NAME FOR EACH ROW BEGIN
                IF NEW.row_version = OLD.row_version THEN
                    SET NEW.row_version = OLD.row_version + 1, NEW.updated_at = '2026-02-28 10:00:00';
                END IF;
            END";
        let collection = json!({
            "version": { "column": { "name": "row_version" } },
            "modified_at": { "column": "updated_at" },
            "deleted": { "column": "deleted" },
            "changes": { "column": "updated_at", "overlap_ms": 0, "tombstones": true },
            "columns": ["name", "email", "price", "big"],
            "zone": "UTC", "lookup": ["email"], "page_size": 10,
        });
        let more = more.replace("TRIGGER touch", &format!("TRIGGER `{}`", name("touch")));
        Self::new(columns, &more, true, collection).await
    }

    async fn changed(&self, sql: String, params: Vec<mysql_async::Value>) {
        let mut direct = self.direct.lock().await;
        direct.exec_drop(sql, params).await.unwrap();
        assert_eq!(direct.affected_rows(), 1);
    }
}

/// A JSON text as what SQL would say: null, or the text of a text or number.
fn plain(json: &str) -> mysql_async::Value {
    match serde_json::from_str(json).unwrap() {
        Json::Null => mysql_async::Value::NULL,
        Json::String(text) => text.into(),
        _ => json.into(),
    }
}

/// An instant as these tables' columns hold it.
fn at(at_ms: i64) -> mysql_async::Value {
    iso(at_ms).replace('T', " ").replace('Z', "").into()
}

#[async_trait]
impl System for Mysql {
    fn connector(&self) -> Arc<dyn WritableConnector> {
        Arc::clone(&self.connector)
    }

    async fn insert(&self, fields: &Fields, at_ms: i64) -> String {
        let sql = format!(
            "INSERT INTO {} (name, email, price, big, updated_at) VALUES (?, ?, ?, ?, ?)",
            self.table
        );
        let mut values: Vec<_> = ["name", "email", "price", "big"]
            .iter()
            .map(|name| {
                fields
                    .get(*name)
                    .map_or(mysql_async::Value::NULL, |it| plain(it))
            })
            .collect();
        values.push(at(at_ms));
        let mut direct = self.direct.lock().await;
        direct.exec_drop(sql, values).await.unwrap();
        direct.last_insert_id().unwrap().to_string()
    }

    async fn edit(&self, id: &str, field: &str, json: &str, at_ms: i64) {
        let bump = if self.flagged {
            ", row_version = row_version + 1"
        } else {
            ""
        };
        let table = &self.table;
        let sql = format!("UPDATE {table} SET {field} = ?, updated_at = ?{bump} WHERE id = ?");
        self.changed(sql, vec![plain(json), at(at_ms), id.into()])
            .await;
    }

    async fn remove(&self, id: &str, at_ms: i64) {
        let table = &self.table;
        if self.flagged {
            let sql = format!(
                "UPDATE {table} SET deleted = 1, updated_at = ?, row_version = row_version + 1 WHERE id = ?"
            );
            self.changed(sql, vec![at(at_ms), id.into()]).await;
        } else {
            let sql = format!("DELETE FROM {table} WHERE id = ?");
            self.changed(sql, vec![id.into()]).await;
        }
    }

    async fn read(&self, id: &str) -> Option<Fields> {
        let live = if self.flagged { " AND NOT deleted" } else { "" };
        // Decimals without the zeros that their scale fills up with.
        let sql = format!(
            "SELECT JSON_QUOTE(name), JSON_QUOTE(email),
                    TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(price AS CHAR))),
                    CAST(big AS CHAR)
               FROM {} WHERE id = ?{live}",
            self.table
        );
        type Texts = (
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
        );
        let row: Option<Texts> = self
            .direct
            .lock()
            .await
            .exec_first(sql, (id,))
            .await
            .unwrap();
        let (name, email, price, big) = row?;
        let members = [
            ("name", name),
            ("email", email),
            ("price", price),
            ("big", big),
        ];
        Some(
            members
                .into_iter()
                .map(|(name, json)| (name.to_owned(), json.unwrap_or_else(|| "null".to_owned())))
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
        self.direct
            .lock()
            .await
            .query_first(sql)
            .await
            .unwrap()
            .unwrap()
    }

    fn tombstones(&self) -> bool {
        self.flagged
    }
}
