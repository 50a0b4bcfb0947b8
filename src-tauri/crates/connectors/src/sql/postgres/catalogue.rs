//! What a `PostgreSQL` catalogue says of a table, and of the server.

use chrono::{DateTime, Utc};
use tandem_engine::ports::connector::{ConnectorError, ErrorClass};
use tokio_postgres::{Client, Row};

use super::encode::quote;
use super::errors::Place;
use crate::json::parse_iso;
use crate::sql::table::{Column, Described, Kind};

const COLUMNS: &str = "
    SELECT a.attname::text, t.typname::text, t.typtype::text, t.typcategory::text,
           format_type(a.atttypid, NULL), a.atttypmod, a.attnotnull,
           a.attgenerated <> '' OR a.attidentity = 'a',
           coalesce(b.typname, t.typname)::text
      FROM pg_attribute a
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_type b ON b.oid = t.typbasetype
     WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum";

const PRIMARY_KEY: &str = "
    SELECT a.attname::text
      FROM pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = $1::text::regclass AND i.indisprimary
     ORDER BY k.place";

pub(crate) async fn describe(
    client: &Client,
    place: &Place,
    schema: Option<&str>,
    table: &str,
) -> Result<Described, ConnectorError> {
    let failed = |error: tokio_postgres::Error| place.failed(&error);
    let quoted = match schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(table)),
        None => quote(table),
    };
    let known = client
        .query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&quoted])
        .await
        .map_err(failed)?;
    if !known.try_get::<_, bool>(0).map_err(failed)? {
        let what = format!("it has no table {quoted}");
        return Err(place.error(ErrorClass::Configuration, &what));
    }
    let rows = client.query(COLUMNS, &[&quoted]).await.map_err(failed)?;
    let mut columns = Vec::with_capacity(rows.len());
    for row in &rows {
        columns.extend(column(row).map_err(failed)?);
    }
    let rows = client
        .query(PRIMARY_KEY, &[&quoted])
        .await
        .map_err(failed)?;
    let mut primary_key = Vec::with_capacity(rows.len());
    for row in &rows {
        primary_key.push(row.try_get(0).map_err(failed)?);
    }
    Ok(Described {
        quoted,
        columns,
        primary_key,
    })
}

/// One column; `None` for binary ones, which are not synced.
fn column(row: &Row) -> Result<Option<Column>, tokio_postgres::Error> {
    let name: String = row.try_get(0)?;
    let own: String = row.try_get(1)?;
    let sort: String = row.try_get(2)?;
    let category: String = row.try_get(3)?;
    let format: String = row.try_get(4)?;
    let modifier: i32 = row.try_get(5)?;
    let not_null: bool = row.try_get(6)?;
    let generated: bool = row.try_get(7)?;
    let base: String = row.try_get(8)?;
    let kind = match base.as_str() {
        "bytea" => return Ok(None),
        "int2" | "int4" | "int8" | "oid" => Kind::Integer,
        "numeric" => Kind::Decimal,
        "float4" | "float8" => Kind::Float,
        "bool" => Kind::Boolean,
        "timestamptz" => Kind::Timestamp,
        "timestamp" => Kind::NaiveTimestamp,
        "date" => Kind::Date,
        "json" | "jsonb" => Kind::Json,
        _ if category == "A" => Kind::List,
        _ => Kind::Text,
    };
    // An explicit cast to a type with a length cuts silently, an assignment refuses: character
    // types cross as text. Without a length, bpchar keeps its way of comparing.
    let cast = match own.as_str() {
        "text" | "varchar" | "name" => "text".to_owned(),
        "bpchar" => "bpchar".to_owned(),
        _ if sort == "d" && base == "varchar" => "text".to_owned(),
        _ => format,
    };
    let size = (modifier >= 4).then(|| u32::try_from(modifier - 4).unwrap_or(0));
    let numeric = base == "numeric";
    let max_length = size.filter(|_| matches!(base.as_str(), "varchar" | "bpchar"));
    Ok(Some(Column {
        kind,
        cast,
        nullable: !not_null,
        generated,
        precision: match kind {
            Kind::Float => Some(if base == "float4" { 6 } else { 15 }),
            _ => size.filter(|_| numeric).map(|size| size >> 16),
        },
        scale: size.filter(|_| numeric).map(|size| size & 0x7ff),
        max_length,
        ..Column::plain(&name, kind)
    }))
}

/// What the server is, what tells its database from any other, and its time.
pub(crate) async fn identity(
    client: &Client,
    place: &Place,
) -> Result<(String, String, Option<DateTime<Utc>>), ConnectorError> {
    let failed = |error: tokio_postgres::Error| place.failed(&error);
    let row = client
        .query_one(
            "SELECT current_setting('server_version'), current_database()::text, now()::text,
                    (SELECT oid::text FROM pg_database WHERE datname = current_database())",
            &[],
        )
        .await
        .map_err(failed)?;
    let version: String = row.try_get(0).map_err(failed)?;
    let database: String = row.try_get(1).map_err(failed)?;
    let now: String = row.try_get(2).map_err(failed)?;
    let oid: String = row.try_get(3).map_err(failed)?;
    // Some hosts do not let everybody ask for it.
    let cluster = client
        .query_one(
            "SELECT system_identifier::text FROM pg_control_system()",
            &[],
        )
        .await
        .and_then(|row| row.try_get::<_, String>(0))
        .unwrap_or_default();
    let identity = format!("{cluster}/{oid}/{database}");
    Ok((format!("PostgreSQL {version}"), identity, parse_iso(&now)))
}
