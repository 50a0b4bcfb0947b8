//! The form in which a system wants a value: text, number, epoch, local time.

use chrono::{DateTime, TimeZone, Utc};
use rust_decimal::Decimal;

use crate::field_type::FieldType;
use crate::mapping::Representation;
use crate::mapping::transform::{formatted, number};
use crate::value::{Value, ValueError};

/// A value in the form a system wants it.
pub(super) fn represent(
    representation: Representation,
    ty: &FieldType,
    value: Value,
) -> Result<Value, ValueError> {
    let wrong = |value: &Value, wanted: &str| {
        ValueError::new(
            value,
            format!("has no form as {wanted}"),
            "change `as`, or the field's type",
        )
    };
    match (representation, value) {
        (_, Value::Null) => Ok(Value::Null),
        (Representation::Text, value) => match &value {
            Value::Text(_) => Ok(value),
            Value::Number(number) => Ok(Value::Text(number.to_string())),
            Value::Bool(flag) => Ok(Value::Text(flag.to_string())),
            Value::Date(day) => Ok(Value::Text(day.to_string())),
            Value::Timestamp(at) => Ok(Value::Text(crate::value::timestamp_text(at))),
            _ => Ok(Value::Text(value.to_json_text())),
        },
        (Representation::Number, Value::Bool(flag)) => {
            Ok(Value::Number(Decimal::from(u8::from(flag))))
        }
        (Representation::Number, value) => match &value {
            Value::Number(_) => Ok(value),
            Value::Text(text) => Value::number(text).ok_or_else(|| wrong(&value, "a number")),
            _ => Err(wrong(&value, "a number")),
        },
        (Representation::EpochSeconds, Value::Timestamp(at)) => {
            epoch(&at, 0).map_or_else(|| Err(wrong(&Value::Timestamp(at), "seconds")), Ok)
        }
        (Representation::EpochMillis, Value::Timestamp(at)) => {
            epoch(&at, 3).map_or_else(|| Err(wrong(&Value::Timestamp(at), "milliseconds")), Ok)
        }
        (Representation::Local, Value::Timestamp(at)) => {
            let zone = match ty {
                FieldType::Timestamp { zone, .. } => zone.as_deref().unwrap_or("UTC"),
                _ => "UTC",
            };
            zone.parse::<chrono_tz::Tz>()
                .ok()
                .and_then(|tz| {
                    formatted(
                        tz.from_utc_datetime(&at.naive_utc())
                            .format("%Y-%m-%dT%H:%M:%S%.f"),
                    )
                })
                .map(Value::Text)
                .ok_or_else(|| wrong(&Value::Timestamp(at), "a local time"))
        }
        (
            Representation::EpochSeconds | Representation::EpochMillis | Representation::Local,
            value,
        ) => Err(wrong(&value, "a time")),
    }
}

/// The instant as a number of units of 10^-`digits` seconds.
fn epoch(at: &DateTime<Utc>, digits: u32) -> Option<Value> {
    let nanos =
        i128::from(at.timestamp()) * 1_000_000_000 + i128::from(at.timestamp_subsec_nanos());
    Decimal::try_from_i128_with_scale(nanos, 9 - digits)
        .ok()
        .map(|it| Value::Number(it.normalize()))
}

/// A value as a system sent it, before any transform.
pub(super) fn unrepresent(
    representation: Representation,
    value: Value,
) -> Result<Value, ValueError> {
    let digits = match representation {
        Representation::EpochSeconds => 0,
        Representation::EpochMillis => 3,
        Representation::Text | Representation::Number | Representation::Local => return Ok(value),
    };
    if matches!(value, Value::Null | Value::Timestamp(_)) {
        return Ok(value);
    }
    let nanos = number(&value)?
        .checked_mul(Decimal::from(10_i64.pow(9 - digits)))
        .and_then(|it| rust_decimal::prelude::ToPrimitive::to_i64(&it.trunc()))
        .ok_or_else(|| {
            ValueError::new(
                &value,
                "is no time since 1970",
                "change `as`, or correct the record",
            )
        })?;
    Ok(Value::Timestamp(DateTime::from_timestamp_nanos(nanos)))
}
