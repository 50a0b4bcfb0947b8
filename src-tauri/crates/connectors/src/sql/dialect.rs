//! What differs between databases: how a statement is written, and how one is carried out.

use async_trait::async_trait;
use chrono_tz::Tz;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{ConnectorError, Health};
use xxhash_rust::xxh3::Xxh3;

use super::table::{Column, Described};
use super::values::Cell;

/// A statement with its parameters, numbered from 1.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) params: Vec<Cell>,
}

/// How a statement is written.
pub(crate) trait Dialect: Send + Sync {
    /// A name as SQL takes it.
    fn quote(&self, name: &str) -> String;
    /// The n-th parameter, where a value of this column's type is expected.
    fn param(&self, n: usize, column: &Column) -> String;
    /// A column as it is selected.
    fn read(&self, column: &Column) -> String;
    /// The bytes of a column's value; `None`: it has a fixed size.
    fn length(&self, column: &Column) -> Option<String>;
    /// What is selected in place of a value that is too large.
    fn too_large(&self) -> String;
    /// A column as text, for comparing versions.
    fn text_of(&self, column: &Column) -> String;
    /// The n-th parameter as text.
    fn text_param(&self, n: usize) -> String;
    /// Whether a column is something else than a parameter, null included.
    fn differs(&self, column: &str, param: &str) -> String;
    /// A row without any value given.
    fn no_values(&self) -> &'static str {
        "DEFAULT VALUES"
    }
    /// Whether an insert can give back the new row's id, and say what becomes of a row that has its
    /// key already. Where not, [`RowWrite::revive`] is a statement of its own.
    fn inserts_answer(&self) -> bool {
        true
    }
    /// What the version is selected as, where it is no column of the table.
    fn system_version(&self) -> Option<&'static str>;
    /// The latest value of a column, `overlap_ms` earlier.
    fn latest(&self, column: &Column, overlap_ms: u32) -> Result<String, String>;
    /// A value as a parameter; the error says why the column cannot hold it exactly.
    fn encode(&self, column: &Column, value: &Value, zone: Option<Tz>) -> Result<Cell, String>;
    /// Whether a text is a whole number that such a column can hold.
    fn is_whole(&self, _: &Column, text: &str) -> bool {
        text.parse::<i64>().is_ok()
    }
    /// How far changes are read again, milliseconds, unless set.
    fn overlap_ms(&self) -> u32;
}

/// What a row write is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// The statement returns the new id's columns, where inserts answer.
    Insert,
    Update,
    Delete,
}

/// One row to write within a transaction.
#[derive(Debug, Clone)]
pub(crate) struct RowWrite {
    pub(crate) verb: Verb,
    pub(crate) statement: Statement,
    /// Selects the row by its id; an insert's id is put in once it is known, where it is null.
    pub(crate) read: Statement,
    /// What to do where an insert's key is taken, unless the insert says so itself: makes a row that
    /// is marked as deleted live again.
    pub(crate) revive: Option<Statement>,
    /// The digest that the row's content has to have beforehand.
    pub(crate) expected_content: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum RowOutcome {
    /// A row to insert has a live row's key.
    Taken,
    /// The row as it stands at the end of the transaction; `None` after a delete.
    Done(Option<Vec<Cell>>),
    /// It exists, but not in the version expected.
    Conflict,
    /// It does not exist.
    Gone,
    /// The database refused it.
    Rejected(ConnectorError),
}

/// Rows of a query.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Whether there were more, which were not read.
    pub(crate) more: bool,
}

/// How a statement is carried out.
#[async_trait]
pub(crate) trait Database: Send + Sync {
    /// How its statements are written.
    fn dialect(&self) -> &dyn Dialect;
    /// The live catalogue's word on the table.
    async fn describe(&self) -> Result<Described, ConnectorError>;
    /// Runs a query, as far as its rows stay below [`PAGE`](super::bounds::PAGE); the first row always.
    async fn select(&self, statement: &Statement) -> Result<Found, ConnectorError>;
    /// Carries out all rows in one transaction; one that is refused is refused alone.
    async fn write(&self, rows: &[RowWrite]) -> Result<Vec<RowOutcome>, ConnectorError>;
    /// Who is there.
    async fn health(&self) -> Result<Health, ConnectorError>;
}

/// A digest of a row's content: what tells one state from the next where nothing else does.
pub(crate) fn content_version(cells: &[Cell]) -> String {
    // Taken in piece by piece: a row can be large.
    let mut digest = Xxh3::new();
    for cell in cells {
        match cell {
            Cell::Null => digest.update(b"n"),
            Cell::Binary => digest.update(b"b"),
            Cell::TooLarge => digest.update(b"l"),
            Cell::Integer(number) => digest.update(format!("i{number}").as_bytes()),
            Cell::Real(number) => digest.update(format!("r{number:?}").as_bytes()),
            Cell::Text(value) => {
                digest.update(format!("t{}:", value.len()).as_bytes());
                digest.update(value.as_bytes());
            }
        }
        digest.update(b"\0");
    }
    format!("{:032x}", digest.digest128())
}
