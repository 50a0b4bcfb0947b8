//! What the catalogue of MySQL or MariaDB says of a table, and of the server.

use chrono::{DateTime, Utc};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass};

use super::encode::{BITS, UNSIGNED, quote};
use super::errors::Place;
use crate::json::parse_iso;
use crate::sql::table::{Column, Described, Kind};

/// Engines whose rows are written together or not at all.
const TRANSACTIONAL: [&str; 4] = ["INNODB", "ROCKSDB", "NDBCLUSTER", "TOKUDB"];

const COLUMNS: &str = "
    SELECT column_name, data_type, column_type, is_nullable, extra,
           CAST(numeric_precision AS UNSIGNED), CAST(numeric_scale AS UNSIGNED),
           CAST(character_maximum_length AS UNSIGNED)
      FROM information_schema.columns
     WHERE table_schema = ? AND table_name = ?
     ORDER BY ordinal_position";

const PRIMARY_KEY: &str = "
    SELECT column_name FROM information_schema.key_column_usage
     WHERE table_schema = ? AND table_name = ? AND constraint_name = 'PRIMARY'
     ORDER BY ordinal_position";

/// MariaDB has no type for JSON: it makes a text and a check of it.
const JSON_CHECKS: &str = "
    SELECT check_clause FROM information_schema.check_constraints
     WHERE constraint_schema = ? AND table_name = ?";

type Row = (
    String,
    String,
    String,
    String,
    String,
    Option<u64>,
    Option<u64>,
    Option<u64>,
);

pub(crate) async fn describe(
    connection: &mut Conn,
    place: &Place,
    schema: &str,
    table: &str,
) -> Result<Described, ConnectorError> {
    let failed = |error: mysql_async::Error| place.failed(&error);
    let quoted = format!("{}.{}", quote(schema), quote(table));
    let engine: Option<Option<String>> = connection
        .exec_first(
            "SELECT engine FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
            (schema, table),
        )
        .await
        .map_err(failed)?;
    match engine {
        None => {
            let what = format!("it has no table {quoted}");
            return Err(place.error(ErrorClass::Configuration, &what));
        }
        // A view has none of its own.
        Some(Some(engine)) if !TRANSACTIONAL.contains(&engine.to_uppercase().as_str()) => {
            let what = format!(
                "{quoted} is kept by {engine}, which cannot write rows together or not at all; ALTER TABLE … ENGINE = InnoDB"
            );
            return Err(place.error(ErrorClass::Configuration, &what));
        }
        Some(_) => {}
    }
    // A server without check constraints has no such table.
    let checks: Vec<String> = connection
        .exec(JSON_CHECKS, (schema, table))
        .await
        .unwrap_or_default();
    let rows: Vec<Row> = connection
        .exec(COLUMNS, (schema, table))
        .await
        .map_err(failed)?;
    let columns = rows
        .into_iter()
        .filter_map(|row| column(row, &checks))
        .collect();
    let primary_key = connection
        .exec(PRIMARY_KEY, (schema, table))
        .await
        .map_err(failed)?;
    Ok(Described {
        quoted,
        columns,
        primary_key,
    })
}

/// One column; `None` for binary ones, which are not synced.
fn column(row: Row, checks: &[String]) -> Option<Column> {
    let (name, data_type, column_type, nullable, extra, precision, scale, length) = row;
    let [data_type, column_type, extra] =
        [data_type, column_type, extra].map(|it| it.to_lowercase());
    let small = |size: Option<u64>| size.and_then(|size| u32::try_from(size).ok());
    let is_json = checks
        .iter()
        .any(|check| check.replace('`', "") == format!("json_valid({name})"));
    let kind = match data_type.as_str() {
        "tinyint" if column_type.starts_with("tinyint(1)") => Kind::Boolean,
        "bit" if precision == Some(1) => Kind::Boolean,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "bit" | "year" => Kind::Integer,
        "decimal" => Kind::Decimal,
        "float" | "double" => Kind::Float,
        "timestamp" => Kind::Timestamp,
        "datetime" => Kind::NaiveTimestamp,
        "date" => Kind::Date,
        "json" => Kind::Json,
        "longtext" if is_json => Kind::Json,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => {
            Kind::Text
        }
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry"
        | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
        | "multipolygon" | "geometrycollection" | "vector" => return None,
        _ => Kind::Unknown,
    };
    Some(Column {
        kind,
        cast: match data_type.as_str() {
            "bit" => BITS,
            _ if column_type.contains("unsigned") => UNSIGNED,
            other => other,
        }
        .to_owned(),
        nullable: nullable.eq_ignore_ascii_case("yes"),
        // MySQL says DEFAULT_GENERATED of what merely has an expression for a default.
        generated: extra.contains("virtual generated")
            || extra.contains("stored generated")
            || extra.contains("persistent generated"),
        counted: extra.contains("auto_increment"),
        precision: match kind {
            Kind::Float => Some(if data_type == "float" { 6 } else { 15 }),
            Kind::Decimal => small(precision),
            _ => None,
        },
        scale: small(scale).filter(|_| kind == Kind::Decimal),
        max_length: small(length).filter(|_| matches!(data_type.as_str(), "char" | "varchar")),
        ..Column::plain(&name, kind)
    })
}

/// What the server is, what tells its database from any other, and its time.
pub(crate) async fn identity(
    connection: &mut Conn,
    place: &Place,
) -> Result<(String, String, Option<DateTime<Utc>>), ConnectorError> {
    let row: Option<(String, String, String)> = connection
        .query_first(
            "SELECT VERSION(), DATABASE(), DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')",
        )
        .await
        .map_err(|error| place.failed(&error))?;
    let (version, database, now) =
        row.ok_or_else(|| place.error(ErrorClass::Protocol, "it does not say what it is"))?;
    // The one is MySQL's, the other that of newer MariaDBs; of an older one only names are known.
    let mut server = String::new();
    for variable in [
        "@@server_uuid",
        "@@server_uid",
        "CONCAT(@@hostname, @@datadir)",
    ] {
        let found: Result<Option<String>, _> =
            connection.query_first(format!("SELECT {variable}")).await;
        if let Ok(Some(found)) = found {
            server = found;
            break;
        }
    }
    let name = if version.to_lowercase().contains("mariadb") {
        "MariaDB"
    } else {
        "MySQL"
    };
    Ok((
        format!("{name} {version}"),
        format!("{server}/{database}"),
        parse_iso(&now),
    ))
}
