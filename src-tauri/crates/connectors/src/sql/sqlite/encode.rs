//! How statements and values are written for `SQLite`.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use tandem_domain::value::Value;

use crate::sql::bounds::TOO_LARGE;
use crate::sql::dialect::Dialect;
use crate::sql::table::{Column, Kind};
use crate::sql::values::{Cell, local, significant_digits};

/// Digits that survive in a float.
const FLOAT_DIGITS: usize = 15;

pub(crate) struct SqliteDialect;

/// A name, in backticks: in double quotes one that is no column's would be taken for a text.
pub(crate) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Dialect for SqliteDialect {
    fn quote(&self, name: &str) -> String {
        quote(name)
    }

    fn param(&self, n: usize, _: &Column) -> String {
        format!("?{n}")
    }

    fn read(&self, column: &Column) -> String {
        quote(&column.name)
    }

    fn length(&self, column: &Column) -> Option<String> {
        // Told without reading the value.
        Some(format!("octet_length({})", quote(&column.name)))
    }

    fn too_large(&self) -> String {
        format!("CAST('{TOO_LARGE}' AS BLOB)")
    }

    fn text_of(&self, column: &Column) -> String {
        format!("CAST({} AS TEXT)", quote(&column.name))
    }

    fn text_param(&self, n: usize) -> String {
        format!("?{n}")
    }

    fn differs(&self, column: &str, param: &str) -> String {
        format!("{column} IS NOT {param}")
    }

    fn system_version(&self) -> Option<&'static str> {
        None
    }

    fn latest(&self, column: &Column, overlap_ms: u32) -> Result<String, String> {
        let latest = format!("max({})", quote(&column.name));
        if overlap_ms == 0 {
            return Ok(latest);
        }
        if matches!(column.kind, Kind::Integer | Kind::Decimal | Kind::Float) {
            return Err(format!(
                "{} is no time: leave changes.overlap_ms out",
                column.name
            ));
        }
        // In the column's own way of writing, since texts are compared letter by letter; one that
        // is no time is taken as it stands.
        let seconds = f64::from(overlap_ms) / 1_000.0;
        let moved = |format: &str| format!("strftime('{format}', {latest}, '-{seconds} seconds')");
        Ok(format!(
            "coalesce(CASE WHEN {latest} LIKE '%T%Z' THEN {} WHEN {latest} LIKE '%T%' THEN {} ELSE {} END, {latest})",
            moved("%Y-%m-%dT%H:%M:%fZ"),
            moved("%Y-%m-%dT%H:%M:%f"),
            moved("%Y-%m-%d %H:%M:%f"),
        ))
    }

    fn encode(&self, column: &Column, value: &Value, zone: Option<Tz>) -> Result<Cell, String> {
        Ok(match value {
            Value::Null => Cell::Null,
            Value::Bool(flag) if matches!(column.kind, Kind::Text | Kind::Json) => {
                Cell::Text(flag.to_string())
            }
            Value::Bool(flag) => Cell::Integer(i64::from(*flag)),
            Value::Number(number) => self.number(column, *number)?,
            Value::Text(text) => text_cell(column, text),
            Value::Timestamp(time) => Cell::Text(match (column.kind, zone) {
                (Kind::NaiveTimestamp, Some(zone)) => local(*time, zone)
                    .format("%Y-%m-%d %H:%M:%S%.f")
                    .to_string(),
                _ => time.to_rfc3339_opts(SecondsFormat::Millis, true),
            }),
            Value::Date(date) => Cell::Text(date.to_string()),
            Value::List(_) | Value::Object(_) => Cell::Text(value.to_json_text()),
        })
    }

    fn overlap_ms(&self) -> u32 {
        0
    }
}

impl SqliteDialect {
    fn number(&self, column: &Column, number: Decimal) -> Result<Cell, String> {
        if matches!(column.kind, Kind::Text | Kind::Json) {
            return Ok(Cell::Text(number.to_string()));
        }
        if let Some(whole) = Some(number)
            .filter(|number| number.fract().is_zero())
            .and_then(|number| number.to_i64())
            && (column.kind != Kind::Float || significant_digits(number) <= FLOAT_DIGITS)
        {
            return Ok(Cell::Integer(whole));
        }
        let digits = significant_digits(number);
        match number.normalize().to_string().parse::<f64>() {
            Ok(float) if digits <= FLOAT_DIGITS => Ok(Cell::Real(float)),
            _ => Err(format!(
                "{} keeps {FLOAT_DIGITS} digits of {number}, which has {digits}; declare it as TEXT to keep all",
                column.name
            )),
        }
    }
}

/// Texts of numbers become numbers where the column holds numbers, as its affinity would have it.
fn text_cell(column: &Column, text: &str) -> Cell {
    match column.kind {
        Kind::Integer => text
            .parse()
            .map_or_else(|_| Cell::Text(text.to_owned()), Cell::Integer),
        _ => Cell::Text(text.to_owned()),
    }
}
