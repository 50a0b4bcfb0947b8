//! `PostgreSQL`: values cross as texts and are cast by the server to and from the column's own type,
//! so that nothing is lost on the way; several statements are sent without waiting in between.

mod catalogue;
mod connect;
mod encode;
mod errors;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use futures::future::join_all;
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass, Health};
use tandem_engine::ports::{Clock, Secrets};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row};

use super::bounds::{Held, TOO_LARGE};
use super::dialect::{Database, Dialect, Found, RowOutcome, RowWrite, Statement, Verb};
use super::sessions::Sessions;
use super::settings::{ServerSettings, SqlCollection};
use super::table::Described;
use super::values::Cell;
use connect::Connect;
use encode::PostgresDialect;
use errors::Place;

/// Where it listens unless said otherwise.
const PORT: u16 = 5432;
/// Prepared statements kept per connection.
const KEPT_STATEMENTS: usize = 200;

/// One table of one database.
pub(crate) struct Postgres {
    connect: Connect,
    place: Place,
    schema: Option<String>,
    table: String,
    sessions: Sessions<Session>,
    clock: Arc<dyn Clock>,
}

/// One connection with what it has prepared.
struct Session {
    client: Client,
    prepared: HashMap<String, tokio_postgres::Statement>,
}

impl Postgres {
    pub(crate) fn new(
        settings: &ServerSettings,
        name: &str,
        collection: &SqlCollection,
        secrets: &dyn Secrets,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectorError> {
        let place = Place::new(settings);
        Ok(Self {
            connect: Connect::new(settings, secrets, &place)?,
            place,
            schema: collection.schema.clone(),
            table: collection.table.clone().unwrap_or_else(|| name.to_owned()),
            sessions: Sessions::new(
                settings.limits.in_flight,
                Duration::from_secs(settings.limits.call_timeout_s),
            ),
            clock,
        })
    }

    async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session, &Place) -> Result<T, ConnectorError>,
        writes: bool,
    ) -> Result<T, ConnectorError> {
        let place = &self.place;
        self.sessions
            .with(
                |session| !session.client.is_closed(),
                async || {
                    Ok(Session {
                        client: self.connect.open(place).await?,
                        prepared: HashMap::new(),
                    })
                },
                async |session| work(session, place).await,
                writes,
                || place.error(ErrorClass::Timeout, "no answer in time"),
            )
            .await
    }
}

impl Session {
    async fn prepare(&mut self, sql: &str) -> Result<tokio_postgres::Statement, Error> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        if self.prepared.len() >= KEPT_STATEMENTS {
            self.prepared.clear();
        }
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    async fn rows(&mut self, statement: &Statement, held: &Held) -> Result<Found, Error> {
        let prepared = self.prepare(&statement.sql).await?;
        query(&self.client, &prepared, &statement.params, held).await
    }
}

async fn query(
    client: &Client,
    prepared: &tokio_postgres::Statement,
    params: &[Cell],
    held: &Held,
) -> Result<Found, Error> {
    let texts: Vec<Option<String>> = params.iter().map(Cell::plain).collect();
    let params: Vec<&(dyn ToSql + Sync)> = texts
        .iter()
        .map(|text| text as &(dyn ToSql + Sync))
        .collect();
    let mut rows = pin!(client.query_raw(prepared, params).await?);
    let mut found = Found::default();
    while let Some(row) = rows.try_next().await? {
        let cells = cells(&row)?;
        // Whatever else comes is read and dropped, row by row.
        if !held.take(cells, &mut found.rows) {
            found.more = true;
            break;
        }
    }
    Ok(found)
}

fn cells(row: &Row) -> Result<Vec<Cell>, Error> {
    (0..row.len())
        .map(|index| {
            let text: Option<String> = row.try_get(index)?;
            Ok(match text {
                None => Cell::Null,
                Some(text) if text == TOO_LARGE => Cell::TooLarge,
                Some(text) => Cell::Text(text),
            })
        })
        .collect()
}

#[async_trait]
impl Database for Postgres {
    fn dialect(&self) -> &dyn Dialect {
        &PostgresDialect
    }

    async fn describe(&self) -> Result<Described, ConnectorError> {
        let (schema, table) = (self.schema.as_deref(), self.table.as_str());
        self.with(
            async |session, place| catalogue::describe(&session.client, place, schema, table).await,
            false,
        )
        .await
    }

    async fn select(&self, statement: &Statement) -> Result<Found, ConnectorError> {
        self.with(
            async |session, place| {
                session
                    .rows(statement, &Held::default())
                    .await
                    .map_err(|error| place.statement(&error, statement))
            },
            false,
        )
        .await
    }

    async fn write(&self, rows: &[RowWrite]) -> Result<Vec<RowOutcome>, ConnectorError> {
        self.with(
            async |session, place| match together(session, place, rows).await? {
                Some(outcomes) => Ok(outcomes),
                None => one_by_one(session, place, rows).await,
            },
            true,
        )
        .await
    }

    async fn health(&self) -> Result<Health, ConnectorError> {
        let started = self.clock.monotonic();
        let (system, identity, now) = self
            .with(
                async |session, place| catalogue::identity(&session.client, place).await,
                false,
            )
            .await?;
        let passed = self.clock.monotonic().saturating_sub(started);
        let ours = self.clock.now() - passed / 2;
        let now: Option<DateTime<Utc>> = now;
        Ok(Health {
            system,
            identity: Some(identity),
            clock_offset_ms: now.map(|now| (now - ours).num_milliseconds()),
            latency_ms: u64::try_from(passed.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

async fn run(session: &Session, place: &Place, sql: &str) -> Result<(), ConnectorError> {
    session
        .client
        .batch_execute(sql)
        .await
        .map_err(|error| place.failed(&error))
}

async fn commit(session: &Session, place: &Place) -> Result<(), ConnectorError> {
    session
        .client
        .batch_execute("COMMIT")
        .await
        .map_err(|error| {
            let mut failed = place.failed(&error);
            // A server that answered did not commit; one that fell silent may have.
            if error.as_db_error().is_none() {
                failed.applied = Applied::Maybe;
            }
            failed
        })
}

/// All rows at once, without waiting for one another's answers; `None` if one was refused, which
/// undoes them all.
async fn together(
    session: &mut Session,
    place: &Place,
    rows: &[RowWrite],
) -> Result<Option<Vec<RowOutcome>>, ConnectorError> {
    let mut prepared = Vec::with_capacity(rows.len());
    for row in rows {
        let statement = &row.statement;
        match session.prepare(&statement.sql).await {
            Ok(statement) => prepared.push(statement),
            Err(error) => {
                let failed = place.statement(&error, statement);
                return if refuses_one(&failed) {
                    Ok(None)
                } else {
                    Err(failed)
                };
            }
        }
    }
    run(session, place, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let held = Held::default();
    let client = &session.client;
    let calls = rows
        .iter()
        .zip(&prepared)
        .map(|(row, prepared)| act(client, prepared, row, &held));
    let mut acted = Vec::with_capacity(rows.len());
    for (result, row) in join_all(calls).await.into_iter().zip(rows) {
        match result {
            Ok(done) => acted.push(done),
            Err(error) => {
                let failed = place.statement(&error, &row.statement);
                if !refuses_one(&failed) {
                    return Err(failed);
                }
                run(session, place, "ROLLBACK").await?;
                return Ok(None);
            }
        }
    }
    let mut outcomes = Vec::with_capacity(rows.len());
    let reads: Vec<Statement> = rows
        .iter()
        .zip(acted.iter())
        .map(|(row, acted)| read_back(row, acted))
        .collect();
    let mut readers = Vec::with_capacity(reads.len());
    for read in &reads {
        readers.push(
            session
                .prepare(&read.sql)
                .await
                .map_err(|error| place.statement(&error, read))?,
        );
    }
    let client = &session.client;
    let calls = reads
        .iter()
        .zip(&readers)
        .map(|(read, prepared)| query(client, prepared, &read.params, &held));
    for ((found, read), (row, acted)) in join_all(calls)
        .await
        .into_iter()
        .zip(&reads)
        .zip(rows.iter().zip(acted))
    {
        let found = found.map_err(|error| place.statement(&error, read))?;
        outcomes.push(outcome(row, &acted, found));
    }
    commit(session, place).await?;
    Ok(Some(outcomes))
}

/// Each row between savepoints, so that one refused leaves the others be.
async fn one_by_one(
    session: &mut Session,
    place: &Place,
    rows: &[RowWrite],
) -> Result<Vec<RowOutcome>, ConnectorError> {
    run(session, place, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let mut outcomes = Vec::with_capacity(rows.len());
    let held = Held::default();
    for row in rows {
        run(session, place, "SAVEPOINT one").await?;
        match one(session, row, &held).await {
            Ok(outcome) => {
                run(session, place, "RELEASE SAVEPOINT one").await?;
                outcomes.push(outcome);
            }
            Err(error) => {
                let failed = place.statement(&error, &row.statement);
                if !refuses_one(&failed) {
                    return Err(failed);
                }
                run(
                    session,
                    place,
                    "ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one",
                )
                .await?;
                outcomes.push(RowOutcome::Rejected(failed));
            }
        }
    }
    // Constraints checked late show here, and then nothing has landed.
    commit(session, place).await?;
    Ok(outcomes)
}

async fn one(session: &mut Session, row: &RowWrite, held: &Held) -> Result<RowOutcome, Error> {
    let prepared = session.prepare(&row.statement.sql).await?;
    let acted = act(&session.client, &prepared, row, held).await?;
    let read = read_back(row, &acted);
    let found = session.rows(&read, held).await?;
    Ok(outcome(row, &acted, found))
}

/// What a write did: the new id's columns, or how many rows it met.
enum Acted {
    Made(Vec<Cell>),
    Taken,
    Rows(u64),
}

async fn act(
    client: &Client,
    prepared: &tokio_postgres::Statement,
    row: &RowWrite,
    held: &Held,
) -> Result<Acted, Error> {
    if row.verb == Verb::Insert {
        let made = query(client, prepared, &row.statement.params, held).await?;
        return Ok(made
            .rows
            .into_iter()
            .next()
            .map_or(Acted::Taken, Acted::Made));
    }
    let texts: Vec<Option<String>> = row.statement.params.iter().map(Cell::plain).collect();
    let params: Vec<&(dyn ToSql + Sync)> = texts
        .iter()
        .map(|text| text as &(dyn ToSql + Sync))
        .collect();
    client.execute(prepared, &params).await.map(Acted::Rows)
}

/// Reads the row as its triggers left it, or finds out why no row was met.
fn read_back(row: &RowWrite, acted: &Acted) -> Statement {
    let mut read = row.read.clone();
    if let Acted::Made(key) = acted {
        read.params.clone_from(key);
    }
    read
}

fn outcome(row: &RowWrite, acted: &Acted, found: Found) -> RowOutcome {
    match (acted, found.rows.into_iter().next()) {
        (Acted::Taken, _) => RowOutcome::Taken,
        (Acted::Rows(0), Some(_)) => RowOutcome::Conflict,
        (Acted::Rows(0), None) => RowOutcome::Gone,
        _ if row.verb == Verb::Delete => RowOutcome::Done(None),
        (_, cells) => RowOutcome::Done(cells),
    }
}

/// Whether a failure is about its own row, not about the call.
fn refuses_one(error: &ConnectorError) -> bool {
    matches!(error.class, ErrorClass::Rejected | ErrorClass::Forbidden)
}
