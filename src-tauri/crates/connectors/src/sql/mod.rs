//! Tables of SQL databases as collections: one connector, and what each database does differently.

mod bounds;
mod check;
mod dialect;
mod mysql;
mod postgres;
mod server;
mod sessions;
/// What the workspace file says of databases and tables.
pub mod settings;
mod sqlite;
mod statements;
mod table;
pub(crate) mod values;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use tandem_domain::collection::CollectionSchema;
use tandem_domain::ids::{RecordId, Version};
use tandem_domain::record::{NativeBody, NativeFields, NativeRecord};
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    Capabilities, ChangeDetection, Connector, ConnectorError, Cursor, ErrorClass, Fetched, Health,
    ListRequest, NativeChange, Page, PageToken, Receipt, Unreadable, WritableConnector,
    WriteOperation, WriteOutcome,
};
use tandem_engine::ports::{Clock, Secrets};
use tokio::sync::OnceCell;

pub(crate) use check::{check_mysql, check_postgres, check_sqlite};

use crate::json::{cut, parse_epoch, parse_iso};
use crate::rest::settings::TimeFormat;
use dialect::{Database, RowOutcome, content_version};
use settings::{ServerSettings, SqlCollection, SqliteSettings};
use statements::Statements;
use table::Table;
use values::{Cell, decode};

/// Ids of one look-up statement; further ones go into the next.
const IDS_AT_ONCE: usize = 100;
/// Bytes kept of a row that is no record.
const KEPT: usize = 4 * 1024;

/// One table of a database.
pub(crate) struct SqlConnector {
    name: String,
    settings: SqlCollection,
    zone: Option<Tz>,
    database: Box<dyn Database>,
    table: OnceCell<Table>,
    in_flight: usize,
    clock: Arc<dyn Clock>,
}

/// Where a listing stands; what a page token holds.
#[derive(Serialize, Deserialize)]
struct Progress {
    after: Vec<Cell>,
    cursor: Option<Cell>,
}

/// One collection of a `PostgreSQL` database.
pub(crate) fn postgres(
    settings: &ServerSettings,
    collection: &str,
    secrets: &dyn Secrets,
    clock: Arc<dyn Clock>,
) -> Result<SqlConnector, ConnectorError> {
    let described = pick(&settings.collections, collection)?;
    let database =
        postgres::Postgres::new(settings, collection, described, secrets, Arc::clone(&clock))?;
    SqlConnector::new(
        collection,
        described,
        Box::new(database),
        settings.limits.in_flight,
        clock,
    )
}

/// One collection of a MySQL or MariaDB database.
pub(crate) fn mysql(
    settings: &ServerSettings,
    collection: &str,
    secrets: &dyn Secrets,
    clock: Arc<dyn Clock>,
) -> Result<SqlConnector, ConnectorError> {
    let described = pick(&settings.collections, collection)?;
    let database = mysql::Mysql::new(settings, collection, described, secrets, Arc::clone(&clock))?;
    SqlConnector::new(
        collection,
        described,
        Box::new(database),
        settings.limits.in_flight,
        clock,
    )
}

/// One collection of a `SQLite` file.
pub(crate) fn sqlite(
    settings: &SqliteSettings,
    collection: &str,
    clock: Arc<dyn Clock>,
) -> Result<SqlConnector, ConnectorError> {
    let described = pick(&settings.collections, collection)?;
    let database = sqlite::Sqlite::new(settings, collection, described, Arc::clone(&clock));
    // One connection, one writer: more calls at once would only wait for each other.
    SqlConnector::new(collection, described, Box::new(database), 1, clock)
}

fn pick<'a>(
    collections: &'a std::collections::BTreeMap<String, SqlCollection>,
    name: &str,
) -> Result<&'a SqlCollection, ConnectorError> {
    collections.get(name).ok_or_else(|| {
        let known: Vec<&str> = collections.keys().map(String::as_str).collect();
        configuration(format!(
            "no collection {name:?} is described; there are: {}",
            known.join(", ")
        ))
    })
}

pub(crate) fn configuration(message: impl Into<String>) -> ConnectorError {
    ConnectorError::new(ErrorClass::Configuration, message)
}

impl SqlConnector {
    fn new(
        name: &str,
        settings: &SqlCollection,
        database: Box<dyn Database>,
        in_flight: usize,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectorError> {
        let zone = settings
            .zone
            .as_ref()
            .map(|zone| {
                zone.parse()
                    .map_err(|_| configuration(format!("{zone:?} is no time zone")))
            })
            .transpose()?;
        Ok(Self {
            name: name.to_owned(),
            settings: settings.clone(),
            zone,
            database,
            table: OnceCell::new(),
            in_flight,
            clock,
        })
    }

    async fn statements(&self) -> Result<Statements<'_>, ConnectorError> {
        let table = self
            .table
            .get_or_try_init(|| async {
                let described = self.database.describe().await?;
                Table::resolve(described, &self.settings).map_err(configuration)
            })
            .await?;
        Ok(Statements {
            table,
            settings: &self.settings,
            dialect: self.database.dialect(),
            zone: self.zone,
        })
    }

    /// Makes a record of a row.
    fn record(
        &self,
        statements: &Statements<'_>,
        cells: Vec<Cell>,
    ) -> Result<NativeRecord, Unreadable> {
        let table = statements.table;
        let key = table.key.iter().filter_map(|place| cells.get(*place));
        let id = statements.id_of(key);
        let Some(known) = id.clone() else {
            return Err(Unreadable {
                id,
                reason: "its key is null, binary or too long".to_owned(),
                text: shown(&cells),
            });
        };
        let version = self.version(table, &cells);
        let deleted = statements.is_deleted(&cells);
        let text = shown(&cells);
        let mut fields = NativeFields::new();
        for (column, cell) in table.columns.iter().zip(cells) {
            match decode(column, cell, self.zone) {
                Ok(value) => fields.insert(column.name.clone(), value),
                Err(reason) => return Err(Unreadable { id, reason, text }),
            };
        }
        Ok(NativeRecord {
            id: known,
            version,
            updated_at: self.updated_at(&fields),
            body: if deleted {
                NativeBody::Deleted
            } else {
                NativeBody::Live {
                    fields,
                    complete: true,
                }
            },
        })
    }

    fn version(&self, table: &Table, cells: &[Cell]) -> Option<Version> {
        let text = match (table.version, cells.get(table.columns.len())) {
            (Some(place), _) => cells.get(place)?.plain()?,
            (None, Some(system)) => system.plain()?,
            // Of what is not known there is no digest.
            (None, None) if cells.contains(&Cell::TooLarge) => return None,
            (None, None) => content_version(cells),
        };
        Version::new(text).ok()
    }

    fn updated_at(&self, fields: &NativeFields) -> Option<DateTime<Utc>> {
        let modified = self.settings.modified_at.as_ref()?;
        let value = fields.get(&modified.column)?;
        match (value, modified.format) {
            (Value::Timestamp(time), _) => Some(*time),
            (Value::Text(text), TimeFormat::Iso) => parse_iso(text),
            (value, TimeFormat::EpochMs) => parse_epoch(value.plain()?.parse().ok()?, 1_000),
            (value, TimeFormat::EpochS) => parse_epoch(value.plain()?.parse().ok()?, 1),
            _ => None,
        }
    }

    async fn list_page(&self, request: &ListRequest) -> Result<Page, ConnectorError> {
        let statements = self.statements().await?;
        let since: Option<Cell> = request.since.as_ref().map(read_cursor).transpose()?;
        let progress = match &request.page {
            Some(token) => serde_json::from_str(&token.0).map_err(|error| {
                configuration(format!("this page token was not made here: {error}"))
            })?,
            // Changes made from here on are stamped no earlier than what is latest now.
            None => Progress {
                after: Vec::new(),
                cursor: self.latest(&statements).await?.or_else(|| since.clone()),
            },
        };
        let statement = statements
            .page(since.as_ref(), &progress.after)
            .map_err(configuration)?;
        let found = self.database.select(&statement).await?;
        let mut more = found.more || found.rows.len() >= self.settings.page_size;
        let mut page = Page {
            cursor: progress.cursor.as_ref().map(write_cursor),
            ..Page::default()
        };
        let changes = statements.table.changes.filter(|_| since.is_some());
        let order: Vec<usize> = changes
            .into_iter()
            .chain(statements.table.key.iter().copied())
            .collect();
        let (mut taken, mut last) = (0, Vec::new());
        for cells in found.rows {
            taken += bounds::takes(statements.table, &cells);
            if taken > bounds::RECORDS && !last.is_empty() {
                more = true;
                break;
            }
            last = order
                .iter()
                .filter_map(|place| cells.get(*place).cloned())
                .collect();
            match self.record(&statements, cells) {
                Ok(record) => page.records.push(record),
                Err(unreadable) => page.unreadable.push(unreadable),
            }
        }
        if more && !last.is_empty() {
            // Nothing is greater than null: what follows would be taken for not being there.
            if last.iter().any(|cell| cell.plain().is_none()) {
                return Err(ConnectorError::new(
                    ErrorClass::Protocol,
                    format!(
                        "{}: a row's key is null, binary or too large, and no page can begin after it; correct the row, or name other columns in `key`",
                        self.name
                    ),
                ));
            }
            let next = Progress {
                after: last,
                cursor: progress.cursor,
            };
            // A struct of texts and numbers always serialises.
            page.next = serde_json::to_string(&next).ok().map(PageToken);
        }
        Ok(page)
    }

    async fn latest(&self, statements: &Statements<'_>) -> Result<Option<Cell>, ConnectorError> {
        let Some(statement) = statements.latest().map_err(configuration)? else {
            return Ok(None);
        };
        let found = self.database.select(&statement).await?;
        Ok(found
            .rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .filter(|cell| *cell != Cell::Null))
    }

    async fn fetch(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        let statements = self.statements().await?;
        let mut found = std::collections::HashMap::new();
        let keys: Vec<Vec<Cell>> = ids
            .iter()
            .filter_map(|id| statements.key_cells(id))
            .collect();
        let mut wanted: Vec<&[Vec<Cell>]> = keys.chunks(IDS_AT_ONCE).rev().collect();
        while let Some(chunk) = wanted.pop() {
            let rows = self.database.select(&statements.by_ids(chunk)).await?;
            if rows.more {
                // Too large together: in halves. One row alone is never more than one.
                let (first, second) = chunk.split_at(chunk.len() / 2);
                wanted.extend([second, first]);
                continue;
            }
            for cells in rows.rows {
                match self.record(&statements, cells) {
                    Ok(record) => {
                        let id = record.id.clone();
                        found.insert(id, crate::rest::fetched(record));
                    }
                    Err(Unreadable {
                        id: Some(id),
                        reason,
                        ..
                    }) => {
                        found.insert(id, Fetched::Unknown(reason));
                    }
                    Err(_) => {}
                }
            }
        }
        Ok(ids
            .iter()
            .map(|id| found.get(id).cloned().unwrap_or(Fetched::Gone))
            .collect())
    }

    fn receipt(
        &self,
        statements: &Statements<'_>,
        operation: &WriteOperation,
        cells: Option<Vec<Cell>>,
    ) -> Option<Receipt> {
        let own = match &operation.change {
            NativeChange::Create { .. } => None,
            NativeChange::Update { id, .. } | NativeChange::Delete { id, .. } => Some(id.clone()),
        };
        let Some(cells) = cells else {
            return Some(Receipt {
                id: own?,
                version: None,
                updated_at: None,
                record: None,
            });
        };
        let key = statements
            .table
            .key
            .iter()
            .filter_map(|place| cells.get(*place));
        let id = own.or_else(|| statements.id_of(key));
        let version = self.version(statements.table, &cells);
        if let Ok(record) = self.record(statements, cells) {
            let fields = match record.body {
                NativeBody::Live { fields, .. } => Some(fields),
                NativeBody::Deleted => None,
            };
            return Some(Receipt {
                id: record.id,
                version: record.version,
                updated_at: record.updated_at,
                record: fields,
            });
        }
        Some(Receipt {
            id: id?,
            version,
            updated_at: None,
            record: None,
        })
    }
}

/// A row as it is shown where it is no record: the beginning of each value.
fn shown(cells: &[Cell]) -> String {
    let mut text = String::new();
    for cell in cells {
        if text.len() > KEPT {
            break;
        }
        let comma = if text.is_empty() { "" } else { ", " };
        text.push_str(comma);
        text.push_str(&match cell {
            Cell::Text(value) => format!("{:?}", cut(value, KEPT)),
            other => format!("{other:?}"),
        });
    }
    cut(&text, KEPT).to_owned()
}

fn write_cursor(cell: &Cell) -> Cursor {
    // A cell always serialises.
    Cursor(serde_json::to_string(cell).unwrap_or_default())
}

fn read_cursor(cursor: &Cursor) -> Result<Cell, ConnectorError> {
    serde_json::from_str(&cursor.0)
        .map_err(|_| configuration("this cursor is not one of this table; run a full listing"))
}

#[async_trait]
impl Connector for SqlConnector {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            changes: match &self.settings.changes {
                None => ChangeDetection::Full,
                Some(changes) if changes.tombstones => ChangeDetection::Feed,
                Some(_) => ChangeDetection::Since,
            },
            conditional_writes: true,
            idempotent_creates: false,
            writes_echo: true,
            bulk: self.settings.bulk,
            in_flight: self.in_flight,
            lookup: self.settings.lookup.clone(),
            filtered: false,
        }
    }

    async fn check(&self) -> Result<Health, ConnectorError> {
        let health = self.database.health().await?;
        self.statements().await?;
        Ok(health)
    }

    async fn identity(&self) -> Result<Option<String>, ConnectorError> {
        Ok(self.database.health().await?.identity)
    }

    async fn describe(&self) -> Result<CollectionSchema, ConnectorError> {
        // The live catalogue, not what it was when this connector was set up.
        let described = self.database.describe().await?;
        Ok(Table::resolve(described, &self.settings)
            .map_err(configuration)?
            .schema())
    }

    async fn list(&self, request: &ListRequest) -> Result<Page, ConnectorError> {
        self.list_page(request).await
    }

    async fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        self.fetch(ids).await
    }

    async fn find(&self, field: &str, value: &str) -> Result<Vec<NativeRecord>, ConnectorError> {
        let statements = self.statements().await?;
        if !self.settings.lookup.iter().any(|name| name == field) {
            return Err(configuration(format!(
                "{} cannot be looked up by {field}; add it to `lookup`",
                self.name
            )));
        }
        let Some((_, column)) = statements.table.column(field) else {
            return Ok(Vec::new());
        };
        let Ok(statement) = statements.by_value(column, value) else {
            // A value the column cannot hold is in none of its rows.
            return Ok(Vec::new());
        };
        let found = self.database.select(&statement).await?;
        if found.more {
            return Err(ConnectorError::new(
                ErrorClass::Protocol,
                format!(
                    "{}: the rows whose {field} is looked for are larger than {} together",
                    self.name,
                    bounds::size(bounds::PAGE)
                ),
            ));
        }
        Ok(found
            .rows
            .into_iter()
            .filter_map(|cells| self.record(&statements, cells).ok())
            .collect())
    }
}

#[async_trait]
impl WritableConnector for SqlConnector {
    async fn write(
        &self,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, ConnectorError> {
        if operations.len() > self.settings.bulk {
            let most = self.settings.bulk;
            return Err(configuration(format!(
                "{} takes at most {most} writes at a time",
                self.name
            )));
        }
        let statements = self.statements().await?;
        let mut rows = Vec::with_capacity(operations.len());
        let mut outcomes: Vec<Option<WriteOutcome>> = Vec::with_capacity(operations.len());
        for operation in operations {
            let planned = match &operation.change {
                NativeChange::Create { fields } => statements.insert(fields).map(Some),
                NativeChange::Update {
                    id,
                    patch,
                    if_version,
                } => statements
                    .key_cells(id)
                    .map(|key| statements.update(&key, patch, if_version.as_ref()))
                    .transpose(),
                NativeChange::Delete { id, if_version } => statements
                    .key_cells(id)
                    .map(|key| statements.delete(&key, if_version.as_ref(), self.clock.now()))
                    .transpose(),
            };
            match planned {
                Ok(Some(row)) => {
                    rows.push(row);
                    outcomes.push(None);
                }
                Ok(None) => outcomes.push(Some(WriteOutcome::Gone)),
                Err(why) => outcomes.push(Some(WriteOutcome::Rejected(ConnectorError::new(
                    ErrorClass::Rejected,
                    why,
                )))),
            }
        }
        let mut done = if rows.is_empty() {
            Vec::new()
        } else {
            self.database.write(&rows).await?
        }
        .into_iter();
        let lost = || {
            ConnectorError::new(
                ErrorClass::Protocol,
                "the database did not tell what became of a row",
            )
        };
        outcomes
            .into_iter()
            .zip(operations)
            .map(|(outcome, operation)| match outcome {
                Some(outcome) => Ok(outcome),
                None => match done.next().ok_or_else(lost)? {
                    RowOutcome::Done(cells) => self
                        .receipt(&statements, operation, cells)
                        .map(WriteOutcome::Done)
                        .ok_or_else(lost),
                    RowOutcome::Conflict => Ok(WriteOutcome::VersionConflict),
                    RowOutcome::Gone => Ok(WriteOutcome::Gone),
                    RowOutcome::Taken => Ok(WriteOutcome::Rejected(ConnectorError::new(
                        ErrorClass::Rejected,
                        "a row with this key exists already",
                    ))),
                    RowOutcome::Rejected(error) => Ok(WriteOutcome::Rejected(error)),
                },
            })
            .collect()
    }

    fn as_read_only(&self) -> &dyn Connector {
        self
    }
}
