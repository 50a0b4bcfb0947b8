//! How statements and values are written for MySQL and MariaDB: parameters by their place, which is
//! the order they are numbered in; texts that the server converts, but never where it would compare
//! them as floats.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use tandem_domain::value::Value;

use crate::sql::bounds::TOO_LARGE;
use crate::sql::dialect::Dialect;
use crate::sql::table::{Column, Kind};
use crate::sql::values::{Cell, local};

pub(crate) struct MysqlDialect;

/// What a column of single bits is called in [`Column::cast`].
pub(crate) const BITS: &str = "bit";
/// What a column of whole numbers without a sign is called there.
pub(crate) const UNSIGNED: &str = "unsigned";

/// A name, in backticks.
pub(crate) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Dialect for MysqlDialect {
    fn quote(&self, name: &str) -> String {
        quote(name)
    }

    fn param(&self, _: usize, column: &Column) -> String {
        match column.kind {
            // A number and a text would be compared as floats.
            Kind::Integer if column.cast == UNSIGNED => "CAST(? AS UNSIGNED)".to_owned(),
            Kind::Decimal => "CAST(? AS DECIMAL(65, 30))".to_owned(),
            // The session's zone is UTC; the letter for it is not understood everywhere.
            Kind::Timestamp => "CAST(TRIM(TRAILING 'Z' FROM ?) AS DATETIME(6))".to_owned(),
            _ => "?".to_owned(),
        }
    }

    fn read(&self, column: &Column) -> String {
        let name = quote(&column.name);
        match column.kind {
            Kind::Timestamp => format!("DATE_FORMAT({name}, '%Y-%m-%dT%H:%i:%s.%fZ')"),
            Kind::Integer | Kind::Boolean if column.cast == BITS => format!("({name} + 0)"),
            Kind::NaiveTimestamp | Kind::Date | Kind::Unknown => format!("CAST({name} AS CHAR)"),
            _ => name,
        }
    }

    fn length(&self, column: &Column) -> Option<String> {
        matches!(
            column.kind,
            Kind::Text | Kind::Json | Kind::List | Kind::Unknown
        )
        .then(|| format!("LENGTH({})", quote(&column.name)))
    }

    fn too_large(&self) -> String {
        let hex: String = TOO_LARGE
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("_utf8mb4 X'{hex}'")
    }

    fn text_of(&self, column: &Column) -> String {
        // Byte by byte: a collation may take different versions for the same.
        format!("CAST({} AS BINARY)", self.read(column))
    }

    fn text_param(&self, _: usize) -> String {
        "CAST(? AS BINARY)".to_owned()
    }

    fn differs(&self, column: &str, param: &str) -> String {
        format!("NOT ({column} <=> {param})")
    }

    fn no_values(&self) -> &'static str {
        "() VALUES ()"
    }

    fn inserts_answer(&self) -> bool {
        false
    }

    fn system_version(&self) -> Option<&'static str> {
        None
    }

    fn latest(&self, column: &Column, overlap_ms: u32) -> Result<String, String> {
        let latest = format!("MAX({})", quote(&column.name));
        let micros = u64::from(overlap_ms) * 1_000;
        match column.kind {
            Kind::Timestamp => Ok(format!(
                "DATE_FORMAT({latest} - INTERVAL {micros} MICROSECOND, '%Y-%m-%dT%H:%i:%s.%fZ')"
            )),
            Kind::NaiveTimestamp => Ok(format!(
                "CAST({latest} - INTERVAL {micros} MICROSECOND AS CHAR)"
            )),
            _ if overlap_ms == 0 => Ok(latest),
            _ => Err(format!(
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
            Value::Bool(flag) if column.kind == Kind::Text => Cell::Text(flag.to_string()),
            Value::Bool(flag) => Cell::Integer(i64::from(*flag)),
            Value::Number(number) => self.number(column, *number)?,
            Value::Text(text) => match column.kind {
                Kind::Integer | Kind::Decimal | Kind::Float => {
                    let number = Decimal::from_str_exact(text)
                        .map_err(|_| format!("{} holds numbers, not texts", column.name))?;
                    self.number(column, number)?
                }
                _ => Cell::Text(text.clone()),
            },
            Value::Timestamp(time) => Cell::Text(match (column.kind, zone) {
                (Kind::NaiveTimestamp, Some(zone)) => local(*time, zone)
                    .format("%Y-%m-%d %H:%M:%S%.6f")
                    .to_string(),
                (Kind::NaiveTimestamp, None) => {
                    return Err(format!("{} has no offset: say its `zone`", column.name));
                }
                _ => time.to_rfc3339_opts(SecondsFormat::Micros, true),
            }),
            Value::Date(date) => Cell::Text(date.to_string()),
            Value::List(_) | Value::Object(_) => Cell::Text(value.to_json_text()),
        })
    }

    fn is_whole(&self, column: &Column, text: &str) -> bool {
        if column.cast == UNSIGNED {
            return text.parse::<u64>().is_ok();
        }
        text.parse::<i64>().is_ok()
    }

    fn overlap_ms(&self) -> u32 {
        5_000
    }
}

impl MysqlDialect {
    /// A whole number crosses as one, so that the server does not go through a float with it.
    fn number(&self, column: &Column, number: Decimal) -> Result<Cell, String> {
        let whole = number.is_integer();
        if column.kind == Kind::Integer && !whole {
            return Err(format!("{} holds whole numbers only", column.name));
        }
        if column.cast == UNSIGNED && number.is_sign_negative() && !number.is_zero() {
            return Err(format!("{} holds no negative numbers", column.name));
        }
        Ok(match number.to_i64().filter(|_| whole) {
            Some(number) if matches!(column.kind, Kind::Integer | Kind::Boolean) => {
                Cell::Integer(number)
            }
            _ => Cell::Text(number.to_string()),
        })
    }
}
