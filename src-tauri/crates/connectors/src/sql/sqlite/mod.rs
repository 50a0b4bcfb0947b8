//! `SQLite` files: a connection of our own on a blocking thread, waiting for other writers, never
//! creating the file.
//!
//! What a column holds is told by its declared type's affinity. `REAL` and whatever `NUMERIC` stores
//! as a float is read as the shortest decimal that is that float (0.1, not 0.1000000000000000055…),
//! and a number of more than 15 digits is refused there instead of being rounded. `TEXT` is text.

mod catalogue;
mod encode;
mod errors;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, ToSql, TransactionBehavior, params_from_iter};
use tandem_engine::ports::Clock;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass, Health};

use super::bounds::{self, Held, TOO_LARGE};
use super::dialect::{
    Database, Dialect, Found, RowOutcome, RowWrite, Statement, Verb, content_version,
};
use super::settings::{SqlCollection, SqliteSettings};
use super::table::Described;
use super::values::Cell;
use crate::paths::{self, NotPlain};
use encode::SqliteDialect;
use errors::Place;

/// One table of one file.
pub(crate) struct Sqlite {
    place: Arc<Place>,
    table: String,
    busy: Duration,
    connection: Arc<Mutex<Option<Connection>>>,
    clock: Arc<dyn Clock>,
}

impl Sqlite {
    pub(crate) fn new(
        settings: &SqliteSettings,
        name: &str,
        collection: &SqlCollection,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            place: Arc::new(Place {
                file: settings.file.clone(),
            }),
            table: collection.table.clone().unwrap_or_else(|| name.to_owned()),
            busy: Duration::from_millis(u64::from(settings.busy_timeout_ms)),
            connection: Arc::default(),
            clock,
        }
    }

    /// Does something with the connection on a thread that may block.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &Place) -> Result<T, ConnectorError> + Send + 'static,
    ) -> Result<T, ConnectorError> {
        let (shared, place, busy) = (
            Arc::clone(&self.connection),
            Arc::clone(&self.place),
            self.busy,
        );
        tokio::task::spawn_blocking(move || {
            // A thread that panicked left the connection as it was: its transaction rolled back.
            let mut held = shared
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if held.is_none() {
                *held = Some(open(&place, busy)?);
            }
            match held.as_mut() {
                Some(connection) => work(connection, &place),
                None => Err(place.error(ErrorClass::Connect, "it could not be opened")),
            }
        })
        .await
        .map_err(|error| ConnectorError::new(ErrorClass::Transient, error.to_string()))?
    }
}

fn open(place: &Place, busy: Duration) -> Result<Connection, ConnectorError> {
    let path = plain_file(place)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| place.failed(&error))?;
    connection
        .busy_timeout(busy)
        .map_err(|error| place.failed(&error))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection
        .set_limit(Limit::SQLITE_LIMIT_LENGTH, bounds::ENGINE)
        .map_err(|error| place.failed(&error))?;
    connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;")
        .map_err(|error| place.failed(&error))?;
    Ok(connection)
}

/// The file by its real place: an address of `SQLite`'s own (`file:…?…`) is none.
fn plain_file(place: &Place) -> Result<PathBuf, ConnectorError> {
    paths::plain_file(Path::new(&place.file)).map_err(|why| {
        let class = match why {
            NotPlain::Missing(_) => ErrorClass::Connect,
            _ => ErrorClass::Configuration,
        };
        place.error(class, &why.to_string())
    })
}

#[async_trait]
impl Database for Sqlite {
    fn dialect(&self) -> &dyn Dialect {
        &SqliteDialect
    }

    async fn describe(&self) -> Result<Described, ConnectorError> {
        let table = self.table.clone();
        self.with(move |connection, place| catalogue::describe(connection, place, &table))
            .await
    }

    async fn select(&self, statement: &Statement) -> Result<Found, ConnectorError> {
        let statement = statement.clone();
        self.with(move |connection, place| {
            rows(connection, &statement, &Held::default())
                .map_err(|error| place.statement(&error, &statement))
        })
        .await
    }

    async fn write(&self, rows: &[RowWrite]) -> Result<Vec<RowOutcome>, ConnectorError> {
        let rows = rows.to_vec();
        self.with(move |connection, place| write(connection, place, &rows))
            .await
    }

    async fn health(&self) -> Result<Health, ConnectorError> {
        let started = self.clock.monotonic();
        let identity = self
            .with(|connection, place| {
                connection
                    .query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
                        row.get::<_, i64>(0)
                    })
                    .map_err(|error| place.failed(&error))?;
                Ok(place.identity())
            })
            .await?;
        let passed = self.clock.monotonic().saturating_sub(started);
        Ok(Health {
            system: format!("SQLite {}", rusqlite::version()),
            identity,
            // A file has no clock but this machine's.
            clock_offset_ms: Some(0),
            latency_ms: u64::try_from(passed.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

fn rows(connection: &Connection, statement: &Statement, held: &Held) -> rusqlite::Result<Found> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    let columns = prepared.column_count();
    let mut found = Found::default();
    let mut rows = prepared.query(params_from_iter(&statement.params))?;
    while let Some(row) = rows.next()? {
        let mut cells = Vec::with_capacity(columns);
        for index in 0..columns {
            cells.push(cell(row.get_ref(index)?));
        }
        if !held.take(cells, &mut found.rows) {
            found.more = true;
            break;
        }
    }
    Ok(found)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).map_or(Cell::Binary, |text| Cell::Text(text.to_owned()))
        }
        ValueRef::Blob(blob) if blob == TOO_LARGE.as_bytes() => Cell::TooLarge,
        ValueRef::Blob(_) => Cell::Binary,
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value};
        Ok(match self {
            Self::Null | Self::Binary | Self::TooLarge => ToSqlOutput::Owned(Value::Null),
            Self::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// All rows in one transaction; each between savepoints, so that one refused leaves the others be.
fn write(
    connection: &mut Connection,
    place: &Place,
    rows: &[RowWrite],
) -> Result<Vec<RowOutcome>, ConnectorError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| place.failed(&error))?;
    let mut outcomes = Vec::with_capacity(rows.len());
    let held = Held::default();
    for row in rows {
        transaction
            .execute_batch("SAVEPOINT one")
            .map_err(|error| place.failed(&error))?;
        match write_row(&transaction, row, &held) {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => {
                let error = place.statement(&error, &row.statement);
                if !matches!(error.class, ErrorClass::Rejected | ErrorClass::Forbidden) {
                    return Err(error);
                }
                // Some constraints end the whole transaction; then nothing of it has landed.
                transaction
                    .execute_batch("ROLLBACK TO one")
                    .map_err(|error| place.failed(&error))?;
                outcomes.push(RowOutcome::Rejected(error));
            }
        }
        transaction
            .execute_batch("RELEASE one")
            .map_err(|error| place.failed(&error))?;
    }
    transaction.commit().map_err(|error| place.failed(&error))?;
    Ok(outcomes)
}

fn write_row(connection: &Connection, row: &RowWrite, held: &Held) -> rusqlite::Result<RowOutcome> {
    if let Some(expected) = &row.expected_content {
        match rows(connection, &row.read, &Held::default())?.rows.first() {
            None => return Ok(RowOutcome::Gone),
            Some(cells) if content_version(cells) != *expected => return Ok(RowOutcome::Conflict),
            Some(_) => {}
        }
    }
    let mut read = row.read.clone();
    if row.verb == Verb::Insert {
        let Some(key) = rows(connection, &row.statement, held)?
            .rows
            .into_iter()
            .next()
        else {
            return Ok(RowOutcome::Taken);
        };
        read.params = key;
    } else {
        let mut prepared = connection.prepare_cached(&row.statement.sql)?;
        if prepared.execute(params_from_iter(&row.statement.params))? == 0 {
            let there = !rows(connection, &row.read, held)?.rows.is_empty();
            return Ok(if there {
                RowOutcome::Conflict
            } else {
                RowOutcome::Gone
            });
        }
    }
    if row.verb == Verb::Delete {
        return Ok(RowOutcome::Done(None));
    }
    // Read back rather than RETURNING, which shows the row as it was before its triggers ran.
    Ok(RowOutcome::Done(
        rows(connection, &read, held)?.rows.into_iter().next(),
    ))
}
