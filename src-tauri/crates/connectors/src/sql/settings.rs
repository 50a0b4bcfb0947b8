//! What the workspace file says of a database and the tables in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rest::settings::TimeFormat;
use crate::settings::{Limits, SecretRef};

/// A connection of kind `postgres` or `mysql` (MySQL, MariaDB).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Name or address of the server; a path is the folder of its socket.
    pub host: String,
    /// Port; none: 5432 of PostgreSQL, 3306 of MySQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// Password, where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// Whether the connection is encrypted; none: `prefer` on this machine where no CA file is named,
    /// else `require`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsMode>,
    /// A file with the certificate authorities to trust, PEM; none: the machine's. A relative path
    /// starts at the workspace file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Whether the server may be on this machine or in a private network.
    #[serde(default)]
    pub allow_private: bool,
    /// How much and how long.
    #[serde(default)]
    pub limits: Limits,
    /// Its collections, by name.
    pub collections: BTreeMap<String, SqlCollection>,
}

/// Whether a connection is encrypted. A certificate is always checked; there is no switch for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    /// Never.
    Disable,
    /// Where the server offers it; on this machine only.
    Prefer,
    /// Always.
    Require,
}

/// A connection of kind `sqlite`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqliteSettings {
    /// The database's file; it has to exist. A relative path starts at the workspace file's folder.
    pub file: String,
    /// How long to wait for another process to finish writing, milliseconds.
    #[serde(default = "busy")]
    pub busy_timeout_ms: u32,
    /// Its collections, by name.
    pub collections: BTreeMap<String, SqlCollection>,
}

/// One table as a collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlCollection {
    /// The table; none: the collection's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Its schema (PostgreSQL) or database (MySQL); none: the first of the search path that has it,
    /// or the connection's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The columns that are the id; none: the primary key.
    #[serde(default)]
    pub key: Vec<String>,
    /// The columns to read; none: all that can be.
    #[serde(default)]
    pub columns: Vec<String>,
    /// What tells one state of a row from the next; none: `xmin` in PostgreSQL, `content` elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<SqlVersion>,
    /// When a row was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<ModifiedColumn>,
    /// The column that marks deleted rows; deleting then sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<DeletedColumn>,
    /// How to learn of changes; none: by listing everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<SqlChanges>,
    /// Columns the database sets itself; never written.
    #[serde(default)]
    pub read_only: Vec<String>,
    /// Columns to look rows up by; they should have an index.
    #[serde(default)]
    pub lookup: Vec<String>,
    /// The zone in which times without an offset are meant, as `Europe/Berlin`; none: they are
    /// handed on as they stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Rows a page.
    #[serde(default = "page")]
    pub page_size: usize,
    /// Most writes in one transaction.
    #[serde(default = "hundred")]
    pub bulk: usize,
}

/// What tells one state of a row from the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SqlVersion {
    /// The system column `xmin` (PostgreSQL): changes with each update.
    Xmin,
    /// A digest of the row's own content (SQLite, MySQL).
    Content,
    /// A column: `{ column = { name = "row_version" } }`.
    Column {
        /// Its name.
        name: String,
        /// Whether our updates have to count it up, because no trigger does.
        #[serde(default)]
        bump: bool,
    },
}

/// When a row was last changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModifiedColumn {
    /// The column.
    pub column: String,
    /// How it is written, where it is no timestamp by its type.
    #[serde(default)]
    pub format: TimeFormat,
}

/// The column that marks deleted rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletedColumn {
    /// The column.
    pub column: String,
    /// Its value in deleted rows; none: true, 1, or for a time any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<serde_json::Value>,
}

/// How to learn of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlChanges {
    /// The column that rises with each change; it should have an index.
    pub column: String,
    /// How far to read again before the cursor, milliseconds, since a transaction stamps its rows
    /// when it begins and shows them when it ends; none: 0 in SQLite, 5,000 elsewhere. Only for
    /// columns that are times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_ms: Option<u32>,
    /// Whether rows are only ever deleted by the `deleted` column, so that changes show deletes.
    #[serde(default)]
    pub tombstones: bool,
}

fn busy() -> u32 {
    5_000
}

fn page() -> usize {
    500
}

fn hundred() -> usize {
    100
}
