//! The ERP: two SQL tables in a SQLite file, which others may open and write at the same time (WAL).
//!
//! Triggers keep `row_version` (+1 with every update) and `modified_at` (`2026-03-01T10:00:00.123Z`), whoever writes;
//! since they run after the statement, `RETURNING` shows the values from before them. People delete by setting
//! `deleted` to 1. The table `erp_clock` sets the time the triggers use.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use serde_json::{Map, Number, Value};

use crate::clock::{Clock, iso_ms};
use crate::error::SandboxError;

/// How long an edit waits for another writer.
const BUSY: Duration = Duration::from_secs(10);

/// One of the ERP's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `customers`, by `customer_no`.
    Customers,
    /// `products`, by `sku`.
    Products,
}

impl Table {
    /// Its name in SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Products => "products",
        }
    }

    /// Its primary key's column.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Customers => "customer_no",
            Self::Products => "sku",
        }
    }

    /// The columns a person may set.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Customers => &[
                "customer_no",
                "first_name",
                "last_name",
                "email",
                "phone",
                "street",
                "city",
                "postcode",
                "country",
                "credit_limit",
                "status",
                "birthday",
                "notes",
                "payment_terms",
                "deleted",
            ],
            Self::Products => &[
                "sku",
                "name",
                "price",
                "stock",
                "category",
                "active",
                "description",
                "weight_grams",
                "warehouse_bin",
                "deleted",
            ],
        }
    }
}

/// The ERP database, as a person working in the ERP reaches it.
#[derive(Debug)]
pub struct Erp {
    path: PathBuf,
    connection: Mutex<Connection>,
    clock: Clock,
}

impl Erp {
    /// Opens the file, creating it and its tables where they are missing.
    ///
    /// # Errors
    /// [`SandboxError::Database`].
    pub fn open(path: &Path, clock: Clock) -> Result<Self, SandboxError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(include_str!("schema.sql"))?;
        let erp = Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            clock,
        };
        erp.set_clock_offset_ms(0)?;
        Ok(erp)
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets the ERP's clock off by so many milliseconds. On a manual clock, also takes over that clock's time; it then
    /// stands still until this is called again.
    ///
    /// # Errors
    /// [`SandboxError::Database`].
    pub fn set_clock_offset_ms(&self, offset_ms: i64) -> Result<(), SandboxError> {
        let fixed = self.clock.fixed_ms().map(|ms| iso_ms(ms + offset_ms));
        let sign = if offset_ms < 0 { '-' } else { '+' };
        let size = offset_ms.unsigned_abs();
        let skew = format!("{sign}{}.{:03} seconds", size / 1_000, size % 1_000);
        self.lock()
            .execute("UPDATE erp_clock SET fixed = ?1, skew = ?2", (fixed, skew))?;
        Ok(())
    }

    /// A person adds a row; columns not named keep their defaults.
    ///
    /// # Errors
    /// [`SandboxError::NoColumn`], [`SandboxError::Database`] (a key that exists, a missing name …).
    pub fn insert(&self, table: Table, row: &Map<String, Value>) -> Result<(), SandboxError> {
        self.insert_all(table, std::slice::from_ref(row))
    }

    /// Adds many rows in one transaction.
    ///
    /// # Errors
    /// As [`Erp::insert`]; then none is added.
    pub fn insert_all(
        &self,
        table: Table,
        rows: &[Map<String, Value>],
    ) -> Result<(), SandboxError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for row in rows {
            let columns = columns(table, row)?;
            let marks = vec!["?"; columns.len()].join(", ");
            let sql = format!(
                "INSERT INTO {} ({}) VALUES ({marks})",
                table.name(),
                columns.join(", ")
            );
            transaction
                .prepare_cached(&sql)?
                .execute(params_from_iter(row.values().map(to_sql)))?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// A person changes the columns named.
    ///
    /// # Errors
    /// [`SandboxError::NoColumn`], [`SandboxError::NoRecord`], [`SandboxError::Database`].
    pub fn edit(
        &self,
        table: Table,
        key: &str,
        patch: &Map<String, Value>,
    ) -> Result<(), SandboxError> {
        let sets: Vec<String> = columns(table, patch)?
            .into_iter()
            .map(|c| format!("{c} = ?"))
            .collect();
        let sql = format!(
            "UPDATE {} SET {} WHERE {} = ?",
            table.name(),
            sets.join(", "),
            table.key()
        );
        let values = patch
            .values()
            .map(to_sql)
            .chain([SqlValue::Text(key.to_owned())]);
        let changed = self.lock().execute(&sql, params_from_iter(values))?;
        if changed == 0 {
            Err(no_record(table, key))
        } else {
            Ok(())
        }
    }

    /// A person deletes a row, as this ERP does it: `deleted` becomes 1.
    ///
    /// # Errors
    /// [`SandboxError::NoRecord`], [`SandboxError::Database`].
    pub fn delete(&self, table: Table, key: &str) -> Result<(), SandboxError> {
        self.edit(
            table,
            key,
            &Map::from_iter([("deleted".to_owned(), Value::from(1))]),
        )
    }

    /// An administrator removes a row for good, behind the ERP's back.
    ///
    /// # Errors
    /// [`SandboxError::NoRecord`], [`SandboxError::Database`].
    pub fn purge(&self, table: Table, key: &str) -> Result<(), SandboxError> {
        let sql = format!("DELETE FROM {} WHERE {} = ?", table.name(), table.key());
        let changed = self.lock().execute(&sql, [key])?;
        if changed == 0 {
            Err(no_record(table, key))
        } else {
            Ok(())
        }
    }

    /// Rows not deleted.
    ///
    /// # Errors
    /// [`SandboxError::Database`].
    pub fn count(&self, table: Table) -> Result<usize, SandboxError> {
        let sql = format!("SELECT count(*) FROM {} WHERE deleted = 0", table.name());
        let count: i64 = self.lock().query_row(&sql, [], |row| row.get(0))?;
        // A count is never negative.
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// All rows by key with every column, deleted ones included: the independent view for checkers.
    ///
    /// # Errors
    /// [`SandboxError::Database`].
    pub fn records(&self, table: Table) -> Result<Vec<Map<String, Value>>, SandboxError> {
        let connection = self.lock();
        let mut statement = connection.prepare(&format!(
            "SELECT * FROM {} ORDER BY {}",
            table.name(),
            table.key()
        ))?;
        let rows = statement.query_map([], to_map)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One row with every column; `None` where there is none.
    ///
    /// # Errors
    /// [`SandboxError::Database`].
    pub fn record(
        &self,
        table: Table,
        key: &str,
    ) -> Result<Option<Map<String, Value>>, SandboxError> {
        let sql = format!("SELECT * FROM {} WHERE {} = ?", table.name(), table.key());
        Ok(self.lock().query_row(&sql, [key], to_map).optional()?)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn columns(table: Table, row: &Map<String, Value>) -> Result<Vec<&str>, SandboxError> {
    row.keys()
        .map(|name| match table.columns().contains(&name.as_str()) {
            true => Ok(name.as_str()),
            false => Err(SandboxError::NoColumn {
                table: table.name(),
                column: name.clone(),
            }),
        })
        .collect()
}

fn no_record(table: Table, key: &str) -> SandboxError {
    SandboxError::NoRecord {
        system: "the ERP",
        collection: table.name().to_owned(),
        key: key.to_owned(),
    }
}

fn to_sql(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(b) => SqlValue::Integer(i64::from(*b)),
        Value::String(text) => SqlValue::Text(text.clone()),
        Value::Number(n) => match n.as_i64() {
            Some(whole) => SqlValue::Integer(whole),
            // As text: the column's NUMERIC affinity converts it.
            None => SqlValue::Text(n.to_string()),
        },
        Value::Array(_) | Value::Object(_) => SqlValue::Text(value.to_string()),
    }
}

fn to_map(row: &rusqlite::Row<'_>) -> rusqlite::Result<Map<String, Value>> {
    let names: Vec<String> = row
        .as_ref()
        .column_names()
        .iter()
        .map(ToString::to_string)
        .collect();
    names
        .into_iter()
        .enumerate()
        .map(|(at, name)| {
            let value = match row.get_ref(at)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(n) => Value::from(n),
                ValueRef::Real(n) => Number::from_f64(n).map_or(Value::Null, Value::Number),
                ValueRef::Text(text) => Value::String(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
            };
            Ok((name, value))
        })
        .collect()
}
