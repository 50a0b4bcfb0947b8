//! Cells and parameters: what goes to and comes from a database, and the exact values they stand
//! for.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tandem_domain::value::Value;

use super::bounds;
use super::table::{Column, Kind};
use crate::json::{guard, parse_iso};

/// One value as a database gives or takes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    /// SQLite only.
    Real(f64),
    Text(String),
    /// Nothing that can be synced.
    Binary,
    /// The database kept it back.
    TooLarge,
}

impl Cell {
    /// As text, the way ids and versions are compared; null is `None`.
    pub(crate) fn plain(&self) -> Option<String> {
        match self {
            Self::Null | Self::Binary | Self::TooLarge => None,
            Self::Integer(number) => Some(number.to_string()),
            Self::Real(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
        }
    }
}

/// A cell as the exact value it stands for.
pub(crate) fn decode(column: &Column, cell: Cell, zone: Option<Tz>) -> Result<Value, String> {
    let name = &column.name;
    match (column.kind, cell) {
        (_, Cell::Null) => Ok(Value::Null),
        (_, Cell::Binary) => Err(format!("{name} holds binary data")),
        (_, Cell::TooLarge) => Err(bounds::why(column)),
        (Kind::Boolean, Cell::Integer(0)) => Ok(Value::Bool(false)),
        (Kind::Boolean, Cell::Integer(1)) => Ok(Value::Bool(true)),
        (_, Cell::Integer(number)) => Ok(Value::Number(Decimal::from(number))),
        (_, Cell::Real(number)) => real(number)
            .map(Value::Number)
            .ok_or_else(|| format!("{name} holds {number}, which is no number to sync")),
        (kind, Cell::Text(text)) => {
            decode_text(kind, text, zone).map_err(|why| format!("{name} {why}"))
        }
    }
}

fn decode_text(kind: Kind, text: String, zone: Option<Tz>) -> Result<Value, String> {
    match kind {
        Kind::Integer | Kind::Decimal | Kind::Float => match exact(&text) {
            Some(number) => Ok(Value::Number(number)),
            None if kind == Kind::Float || text.len() > 28 => {
                Err(format!("holds {text}, which cannot be kept exactly"))
            }
            None => Ok(Value::Text(text)),
        },
        Kind::Boolean => match text.as_str() {
            "t" | "true" => Ok(Value::Bool(true)),
            "f" | "false" => Ok(Value::Bool(false)),
            _ => Ok(Value::Text(text)),
        },
        Kind::Timestamp | Kind::NaiveTimestamp => Ok(timestamp(text, zone)),
        Kind::Date => Ok(text
            .parse::<NaiveDate>()
            .map_or_else(|_| Value::Text(text.clone()), Value::Date)),
        Kind::Json | Kind::List => {
            guard(text.as_bytes(), bounds::RECORDS)
                .map_err(|_| "holds JSON of too many parts".to_owned())?;
            Value::from_json_text(&text).map_err(|error| format!("holds {error}"))
        }
        Kind::Text | Kind::Unknown => Ok(Value::Text(text)),
    }
}

/// A decimal of any way of writing, unless digits would be lost.
pub(crate) fn exact(text: &str) -> Option<Decimal> {
    if text.contains(['e', 'E']) {
        return Decimal::from_scientific(text).ok();
    }
    // Zeros that a column's scale fills up with count for nothing, and may be too many to hold.
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    };
    Decimal::from_str_exact(text).ok()
}

/// The shortest decimal that is this float: what whoever wrote 0.1 meant.
pub(crate) fn real(number: f64) -> Option<Decimal> {
    exact(&format!("{number}"))
}

/// Times with an offset become instants; those without do where their zone is known and the hour
/// is not one that the zone skips or repeats.
fn timestamp(text: String, zone: Option<Tz>) -> Value {
    if let Some(time) = with_offset(&text) {
        return Value::Timestamp(time);
    }
    let local = zone.and_then(|zone| naive(&text)?.and_local_timezone(zone).single());
    local.map_or(Value::Text(text), |time| Value::Timestamp(time.to_utc()))
}

fn with_offset(text: &str) -> Option<DateTime<Utc>> {
    if naive(text).is_some() || text.parse::<NaiveDate>().is_ok() {
        return None;
    }
    parse_iso(text)
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

/// An instant as a column without an offset holds it.
pub(crate) fn local(time: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    time.with_timezone(&zone).naive_local()
}

/// How many digits of a number count.
pub(crate) fn significant_digits(number: Decimal) -> usize {
    let digits = number.mantissa().unsigned_abs().to_string();
    digits.trim_end_matches('0').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_exact_values() {
        let number = |text: &str| Value::Number(text.parse().unwrap());
        let text = |text: &str| Value::Text(text.to_owned());
        let berlin = Some(chrono_tz::Europe::Berlin);
        let ten = Value::Timestamp("2026-07-01T08:00:00Z".parse().unwrap());
        let table = [
            (
                Kind::Decimal,
                Cell::Text("0.10".into()),
                None,
                number("0.10"),
            ),
            (
                Kind::Decimal,
                Cell::Text("0.000000000000000000000000000000".into()),
                None,
                number("0"),
            ),
            (Kind::Decimal, Cell::Real(0.1), None, number("0.1")),
            (
                Kind::Decimal,
                Cell::Real(1e15),
                None,
                number("1000000000000000"),
            ),
            (
                Kind::Float,
                Cell::Text("1e-07".into()),
                None,
                number("0.0000001"),
            ),
            (
                Kind::Integer,
                Cell::Integer(i64::MAX),
                None,
                number("9223372036854775807"),
            ),
            (Kind::Boolean, Cell::Integer(1), None, Value::Bool(true)),
            (
                Kind::Boolean,
                Cell::Text("false".into()),
                None,
                Value::Bool(false),
            ),
            (
                Kind::Date,
                Cell::Text("2026-01-31".into()),
                None,
                Value::Date("2026-01-31".parse().unwrap()),
            ),
            (
                Kind::Timestamp,
                Cell::Text("2026-07-01 10:00:00+02".into()),
                None,
                ten.clone(),
            ),
            (
                Kind::Timestamp,
                Cell::Text("2026-07-01T08:00:00.000Z".into()),
                None,
                ten.clone(),
            ),
            (
                Kind::NaiveTimestamp,
                Cell::Text("2026-07-01 10:00:00".into()),
                berlin,
                ten,
            ),
            (
                Kind::NaiveTimestamp,
                Cell::Text("2026-07-01 10:00:00".into()),
                None,
                text("2026-07-01 10:00:00"),
            ),
            // This hour comes twice.
            (
                Kind::NaiveTimestamp,
                Cell::Text("2026-10-25 02:30:00".into()),
                berlin,
                text("2026-10-25 02:30:00"),
            ),
            (Kind::Text, Cell::Text("0.10".into()), None, text("0.10")),
            (Kind::Decimal, Cell::Null, None, Value::Null),
        ];
        for (kind, cell, zone, expected) in table {
            let column = Column::plain("c", kind);
            assert_eq!(
                decode(&column, cell.clone(), zone),
                Ok(expected),
                "{kind:?} {cell:?}"
            );
        }
        for (kind, cell) in [
            (
                Kind::Decimal,
                Cell::Text("12345678901234567890123456789.5".into()),
            ),
            (Kind::Float, Cell::Text("NaN".into())),
            (Kind::Decimal, Cell::Real(f64::INFINITY)),
            (Kind::Text, Cell::Binary),
            (Kind::Json, Cell::Text("{".into())),
        ] {
            let column = Column::plain("c", kind);
            assert!(
                decode(&column, cell.clone(), None).is_err(),
                "{kind:?} {cell:?}"
            );
        }
    }

    #[test]
    fn digits_that_count_are_counted() {
        for (text, digits) in [
            ("0.10", 1),
            ("100", 1),
            ("-12.50", 3),
            ("9007199254740993", 16),
        ] {
            assert_eq!(significant_digits(text.parse().unwrap()), digits, "{text}");
        }
    }
}
