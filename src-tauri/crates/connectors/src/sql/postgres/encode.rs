//! How statements and values are written for `PostgreSQL`: every parameter is a text that the server
//! casts to the column's type.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use tandem_domain::value::Value;

use crate::sql::bounds::TOO_LARGE;
use crate::sql::dialect::Dialect;
use crate::sql::table::{Column, Kind};
use crate::sql::values::{Cell, local};

pub(crate) struct PostgresDialect;

/// A name, in double quotes.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Dialect for PostgresDialect {
    fn quote(&self, name: &str) -> String {
        quote(name)
    }

    fn param(&self, n: usize, column: &Column) -> String {
        match (column.kind, column.cast.as_str()) {
            // A list crosses as JSON, since its elements' own way of writing is full of traps.
            (Kind::List, cast) => format!(
                "(CASE WHEN ${n}::text IS NULL THEN NULL ELSE ARRAY(SELECT jsonb_array_elements_text(${n}::text::jsonb)) END)::{cast}"
            ),
            (_, "text") => format!("${n}::text"),
            (_, cast) => format!("${n}::text::{cast}"),
        }
    }

    fn read(&self, column: &Column) -> String {
        let name = quote(&column.name);
        match column.kind {
            Kind::List => format!("to_json({name})::text"),
            _ => format!("{name}::text"),
        }
    }

    fn length(&self, column: &Column) -> Option<String> {
        match column.kind {
            Kind::Text | Kind::Decimal | Kind::Json | Kind::List | Kind::Unknown => {
                Some(format!("octet_length({})", self.read(column)))
            }
            Kind::Integer
            | Kind::Float
            | Kind::Boolean
            | Kind::Timestamp
            | Kind::NaiveTimestamp
            | Kind::Date => None,
        }
    }

    fn too_large(&self) -> String {
        format!("E'{TOO_LARGE}'")
    }

    fn text_of(&self, column: &Column) -> String {
        format!("{}::text", quote(&column.name))
    }

    fn text_param(&self, n: usize) -> String {
        format!("${n}::text")
    }

    fn differs(&self, column: &str, param: &str) -> String {
        format!("{column} IS DISTINCT FROM {param}")
    }

    fn system_version(&self) -> Option<&'static str> {
        Some("xmin::text")
    }

    fn latest(&self, column: &Column, overlap_ms: u32) -> Result<String, String> {
        let latest = format!("max({})", quote(&column.name));
        let timed = matches!(
            column.kind,
            Kind::Timestamp | Kind::NaiveTimestamp | Kind::Date
        );
        match (overlap_ms, timed) {
            (0, _) => Ok(format!("{latest}::text")),
            (ms, true) => Ok(format!("({latest} - interval '{ms} milliseconds')::text")),
            (_, false) => Err(format!(
                "{} is no time: leave changes.overlap_ms out",
                column.name
            )),
        }
    }

    fn encode(&self, column: &Column, value: &Value, zone: Option<Tz>) -> Result<Cell, String> {
        if matches!(column.kind, Kind::Json | Kind::List) && *value != Value::Null {
            return Ok(Cell::Text(value.to_json_text()));
        }
        Ok(match value {
            Value::Null => Cell::Null,
            Value::Bool(flag) => Cell::Text(flag.to_string()),
            Value::Number(number) => Cell::Text(number.to_string()),
            // A text is refused here rather than by a server that stops at it.
            Value::Text(text) if text.contains('\0') => {
                return Err(format!("{} cannot hold the character U+0000", column.name));
            }
            Value::Text(text) => Cell::Text(text.clone()),
            Value::Timestamp(time) => Cell::Text(match (column.kind, zone) {
                (Kind::NaiveTimestamp, Some(zone)) => local(*time, zone)
                    .format("%Y-%m-%d %H:%M:%S%.f")
                    .to_string(),
                (Kind::NaiveTimestamp, None) => {
                    return Err(format!("{} has no offset: say its `zone`", column.name));
                }
                _ => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            }),
            Value::Date(date) => Cell::Text(date.to_string()),
            Value::List(_) | Value::Object(_) => Cell::Text(value.to_json_text()),
        })
    }

    fn overlap_ms(&self) -> u32 {
        5_000
    }
}
