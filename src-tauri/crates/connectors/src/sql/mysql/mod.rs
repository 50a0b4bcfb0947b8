//! MySQL and MariaDB: texts and whole numbers cross as they are, times in UTC; a row is locked, looked
//! at and written in one transaction, since there is no system column that tells its versions apart.

mod catalogue;
mod connect;
mod encode;
mod errors;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Params, Value};
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass, Health};
use tandem_engine::ports::{Clock, Secrets};

use super::bounds::{Held, TOO_LARGE};
use super::dialect::{
    Database, Dialect, Found, RowOutcome, RowWrite, Statement, Verb, content_version,
};
use super::sessions::Sessions;
use super::settings::{ServerSettings, SqlCollection};
use super::table::Described;
use super::values::Cell;
use connect::Connect;
use encode::MysqlDialect;
use errors::{Place, is_duplicate};

/// Where it listens unless said otherwise.
const PORT: u16 = 3306;

/// One table of one database.
pub(crate) struct Mysql {
    connect: Connect,
    place: Place,
    schema: String,
    table: String,
    sessions: Sessions<Conn>,
    clock: Arc<dyn Clock>,
}

impl Mysql {
    pub(crate) fn new(
        settings: &ServerSettings,
        name: &str,
        collection: &SqlCollection,
        secrets: &dyn Secrets,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectorError> {
        let place = Place::new(settings);
        let schema = collection.schema.as_ref().unwrap_or(&settings.database);
        Ok(Self {
            connect: Connect::new(settings, secrets, &place)?,
            place,
            schema: schema.clone(),
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
        work: impl AsyncFnOnce(&mut Conn, &Place) -> Result<T, ConnectorError>,
        writes: bool,
    ) -> Result<T, ConnectorError> {
        let place = &self.place;
        self.sessions
            .with(
                |session| !session.is_disconnected(),
                async || self.connect.open(place).await,
                async |session| work(session, place).await,
                writes,
                || place.error(ErrorClass::Timeout, "no answer in time"),
            )
            .await
    }
}

#[async_trait]
impl Database for Mysql {
    fn dialect(&self) -> &dyn Dialect {
        &MysqlDialect
    }

    async fn describe(&self) -> Result<Described, ConnectorError> {
        self.with(
            async |session, place| {
                catalogue::describe(session, place, &self.schema, &self.table).await
            },
            false,
        )
        .await
    }

    async fn select(&self, statement: &Statement) -> Result<Found, ConnectorError> {
        self.with(
            async |session, place| {
                query(session, statement, &Held::default())
                    .await
                    .map_err(|error| place.statement(&error, statement))
            },
            false,
        )
        .await
    }

    async fn write(&self, rows: &[RowWrite]) -> Result<Vec<RowOutcome>, ConnectorError> {
        self.with(
            async |session, place| write(session, place, rows).await,
            true,
        )
        .await
    }

    async fn health(&self) -> Result<Health, ConnectorError> {
        let started = self.clock.monotonic();
        let (system, identity, now) = self
            .with(
                async |session, place| catalogue::identity(session, place).await,
                false,
            )
            .await?;
        let passed = self.clock.monotonic().saturating_sub(started);
        let ours = self.clock.now() - passed / 2;
        Ok(Health {
            system,
            identity: Some(identity),
            clock_offset_ms: now.map(|now| (now - ours).num_milliseconds()),
            latency_ms: u64::try_from(passed.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

async fn query(session: &mut Conn, statement: &Statement, held: &Held) -> Result<Found, Error> {
    let mut answer = session
        .exec_iter(statement.sql.as_str(), params(&statement.params))
        .await?;
    let mut found = Found::default();
    while let Some(row) = answer.next().await? {
        let values = row.unwrap_raw().into_iter();
        let cells = values.map(|it| it.map_or(Cell::Null, cell)).collect();
        if !held.take(cells, &mut found.rows) {
            found.more = true;
            break;
        }
    }
    // Whatever else comes is read and dropped.
    answer.drop_result().await?;
    Ok(found)
}

fn params(cells: &[Cell]) -> Params {
    if cells.is_empty() {
        return Params::Empty;
    }
    Params::Positional(
        cells
            .iter()
            .map(|cell| match cell {
                Cell::Null | Cell::Binary | Cell::TooLarge => Value::NULL,
                Cell::Integer(number) => Value::Int(*number),
                Cell::Real(number) => Value::Double(*number),
                Cell::Text(text) => Value::Bytes(text.clone().into_bytes()),
            })
            .collect(),
    )
}

fn cell(value: Value) -> Cell {
    match value {
        Value::NULL => Cell::Null,
        Value::Int(number) => Cell::Integer(number),
        Value::UInt(number) => {
            i64::try_from(number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Integer)
        }
        // The shortest text that is this float.
        Value::Float(number) => Cell::Text(number.to_string()),
        Value::Double(number) => Cell::Real(number),
        Value::Bytes(bytes) => match String::from_utf8(bytes) {
            Ok(text) if text == TOO_LARGE => Cell::TooLarge,
            Ok(text) => Cell::Text(text),
            Err(_) => Cell::Binary,
        },
        // Times are asked for as texts.
        Value::Date(..) | Value::Time(..) => Cell::Text(value.as_sql(true).replace('\'', "")),
    }
}

/// What became of one row before the transaction's end.
enum Acted {
    Met,
    Taken,
    Missed,
    Conflict,
    Gone,
    Refused(ConnectorError),
}

/// All rows in one transaction. The server undoes a statement that it refuses by itself and leaves
/// the others be, so nothing is needed around each.
async fn write(
    session: &mut Conn,
    place: &Place,
    rows: &[RowWrite],
) -> Result<Vec<RowOutcome>, ConnectorError> {
    let failed = |error: Error| place.failed(&error);
    session
        .query_drop("START TRANSACTION")
        .await
        .map_err(failed)?;
    let held = Held::default();
    let watched: Vec<(usize, &Statement)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.expected_content.is_some())
        .map(|(index, row)| (index, &row.read))
        .collect();
    let mut before = select_each(session, place, &watched, " FOR UPDATE", &Held::default()).await?;
    let mut acted = Vec::with_capacity(rows.len());
    let mut reads: Vec<Statement> = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let mut read = row.read.clone();
        let current = before.remove(&index);
        acted.push(match (&row.expected_content, current) {
            (Some(_), None) => Acted::Gone,
            (Some(expected), Some(cells)) if content_version(&cells) != *expected => {
                Acted::Conflict
            }
            _ => act(session, place, row, &mut read).await?,
        });
        reads.push(read);
    }
    let wanted: Vec<(usize, &Statement)> = reads
        .iter()
        .enumerate()
        .filter(|(index, _)| matches!(acted.get(*index), Some(Acted::Met | Acted::Missed)))
        .collect();
    let mut after = select_each(session, place, &wanted, "", &held).await?;
    session.query_drop("COMMIT").await.map_err(|error| {
        let answered = matches!(error, Error::Server(_));
        let mut failed = place.failed(&error);
        // A server that answered did not commit; one that fell silent may have.
        if !answered {
            failed.applied = Applied::Maybe;
        }
        failed
    })?;
    Ok(acted
        .into_iter()
        .enumerate()
        .zip(rows)
        .map(
            |((index, acted), row)| match (acted, after.remove(&index)) {
                (Acted::Refused(error), _) => RowOutcome::Rejected(error),
                (Acted::Taken, _) => RowOutcome::Taken,
                (Acted::Conflict, _) | (Acted::Missed, Some(_)) => RowOutcome::Conflict,
                (Acted::Gone, _) | (Acted::Missed, None) => RowOutcome::Gone,
                (Acted::Met, _) if row.verb == Verb::Delete => RowOutcome::Done(None),
                (Acted::Met, cells) => RowOutcome::Done(cells),
            },
        )
        .collect())
}

/// Carries out one row's statement; puts a new row's id into `read`.
async fn act(
    session: &mut Conn,
    place: &Place,
    row: &RowWrite,
    read: &mut Statement,
) -> Result<Acted, ConnectorError> {
    match execute(session, &row.statement).await {
        Ok((0, _)) => Ok(Acted::Missed),
        Ok((_, made)) => {
            if row.verb == Verb::Insert && read.params.contains(&Cell::Null) {
                read.params = vec![made.map_or(Cell::Null, |id| cell(Value::UInt(id)))];
            }
            Ok(Acted::Met)
        }
        Err(error) if is_duplicate(&error) && row.revive.is_some() => {
            let Some(revive) = &row.revive else {
                return Ok(Acted::Taken);
            };
            match execute(session, revive).await {
                Ok((0, _)) => Ok(Acted::Taken),
                Ok(_) => Ok(Acted::Met),
                Err(error) => refused(place.statement(&error, revive)),
            }
        }
        Err(error) => refused(place.statement(&error, &row.statement)),
    }
}

/// How many rows a statement met, and what id was counted up for a new one.
async fn execute(session: &mut Conn, statement: &Statement) -> Result<(u64, Option<u64>), Error> {
    let answer = session
        .exec_iter(statement.sql.as_str(), params(&statement.params))
        .await?;
    let told = (answer.affected_rows(), answer.last_insert_id());
    answer.drop_result().await?;
    Ok(told)
}

/// A failure that is about its own row, not about the call.
fn refused(error: ConnectorError) -> Result<Acted, ConnectorError> {
    match error.class {
        ErrorClass::Rejected | ErrorClass::Forbidden => Ok(Acted::Refused(error)),
        _ => Err(error),
    }
}

/// One row for each of several selections, in one call; those too large together one by one.
async fn select_each(
    session: &mut Conn,
    place: &Place,
    wanted: &[(usize, &Statement)],
    ending: &str,
    held: &Held,
) -> Result<std::collections::HashMap<usize, Vec<Cell>>, ConnectorError> {
    let mut found = std::collections::HashMap::with_capacity(wanted.len());
    if wanted.is_empty() {
        return Ok(found);
    }
    let parts: Vec<String> = wanted
        .iter()
        .map(|(index, statement)| {
            let rest = statement.sql.strip_prefix("SELECT ").unwrap_or_default();
            format!("(SELECT {index}, {rest}{ending})")
        })
        .collect();
    let together = Statement {
        sql: parts.join(" UNION ALL "),
        params: wanted
            .iter()
            .flat_map(|(_, statement)| statement.params.iter().cloned())
            .collect(),
    };
    let all = query(session, &together, held)
        .await
        .map_err(|error| place.statement(&error, &together))?;
    for mut cells in all.rows {
        if cells.is_empty() {
            continue;
        }
        if let Cell::Integer(index) = cells.remove(0)
            && let Ok(index) = usize::try_from(index)
        {
            found.insert(index, cells);
        }
    }
    if all.more {
        for (index, statement) in wanted {
            if found.contains_key(index) {
                continue;
            }
            let one = query(session, statement, held)
                .await
                .map_err(|error| place.statement(&error, statement))?;
            if let Some(cells) = one.rows.into_iter().next() {
                found.insert(*index, cells);
            }
        }
    }
    Ok(found)
}
