//! Native values to typed ones, exactly or not at all.

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use crate::field_type::{FieldType, ListOrder};
use crate::value::{Value, ValueError};

pub(super) fn parse(ty: &FieldType, native: &Value) -> Result<Value, ValueError> {
    if *native == Value::Null {
        return Ok(Value::Null);
    }
    match ty {
        FieldType::Text(_) | FieldType::Reference { .. } => text(ty, native),
        FieldType::Integer => integer(native),
        FieldType::Decimal { .. } => decimal(native),
        FieldType::Boolean => boolean(native),
        FieldType::Timestamp { zone, .. } => timestamp(native, zone.as_deref()),
        FieldType::Date => date(native),
        FieldType::Json => Ok(native.clone()),
        FieldType::List(list) => elements(&list.order, native),
    }
}

pub(super) fn from_wire(ty: &FieldType, wire: &serde_json::Value) -> Result<Value, ValueError> {
    let native = from_json(wire)?;
    // On a screen every number is a text; under `json` a text stays a text.
    parse(ty, &native)
}

/// A parsed JSON value, if none of its numbers can have lost digits on the way.
pub(crate) fn from_json(wire: &serde_json::Value) -> Result<Value, ValueError> {
    use serde_json::Value as Json;
    Ok(match wire {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => {
            let text = number.to_string();
            let digits = text
                .bytes()
                .take_while(|byte| !matches!(byte, b'e' | b'E'))
                .filter(u8::is_ascii_digit)
                .count();
            if number.is_f64() && digits > 15 {
                return Err(ValueError::of(
                    &text,
                    "may have lost digits on its way here",
                    "write it as text, in quotes",
                ));
            }
            Value::number(&text).ok_or_else(|| {
                ValueError::of(
                    &text,
                    "cannot be held exactly",
                    "a number may have up to 28 significant digits",
                )
            })?
        }
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect::<Result<_, _>>()?),
        Json::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| Ok((key.clone(), from_json(value)?)))
                .collect::<Result<_, ValueError>>()?,
        ),
    })
}

fn misfit(native: &Value, ty: &str, fix: &str) -> ValueError {
    ValueError::new(native, format!("is no {ty}"), fix)
}

fn text(ty: &FieldType, native: &Value) -> Result<Value, ValueError> {
    match native {
        Value::Text(_) => Ok(native.clone()),
        // Ids are numbers in one system and texts in another; the digits are the same.
        Value::Number(number) => Ok(Value::Text(number.to_string())),
        Value::Null
        | Value::Bool(_)
        | Value::Timestamp(_)
        | Value::Date(_)
        | Value::List(_)
        | Value::Object(_) => Err(misfit(
            native,
            ty.word(),
            "declare the field's real type, or add a transform that makes it a text",
        )),
    }
}

fn number(native: &Value) -> Option<Value> {
    match native {
        Value::Number(_) => Some(native.clone()),
        Value::Text(text) => Value::number(text.trim()),
        _ => None,
    }
}

fn integer(native: &Value) -> Result<Value, ValueError> {
    match number(native) {
        Some(Value::Number(number)) if number.fract().is_zero() => {
            Ok(Value::Number(number.trunc()))
        }
        _ => Err(misfit(
            native,
            "whole number",
            "declare it a decimal or a text, or correct the record",
        )),
    }
}

fn decimal(native: &Value) -> Result<Value, ValueError> {
    number(native).ok_or_else(|| {
        misfit(
            native,
            "decimal number",
            "declare it a text, or correct the record (a point, no thousands separators, up to 28 digits)",
        )
    })
}

fn boolean(native: &Value) -> Result<Value, ValueError> {
    let flag = match native {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) if number.is_zero() => Some(false),
        Value::Number(number) if *number == rust_decimal::Decimal::ONE => Some(true),
        Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    flag.map(Value::Bool).ok_or_else(|| {
        misfit(
            native,
            "boolean",
            "only true, false, 1 and 0 are; map other words with a `map` transform",
        )
    })
}

fn timestamp(native: &Value, zone: Option<&str>) -> Result<Value, ValueError> {
    match native {
        Value::Timestamp(_) => Ok(native.clone()),
        Value::Text(text) => instant(text.trim(), zone).map(Value::Timestamp),
        _ => Err(misfit(
            native,
            "timestamp",
            "send it as RFC 3339 (2025-01-31T08:00:00Z), or say `as = \"epoch_seconds\"` or \
             `\"epoch_millis\"`",
        )),
    }
}

/// An instant from ISO text; a text without an offset is meant in `zone`.
fn instant(text: &str, zone: Option<&str>) -> Result<DateTime<Utc>, ValueError> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.with_timezone(&Utc));
    }
    for format in [
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%dT%H:%M%#z",
    ] {
        if let Ok(at) = DateTime::parse_from_str(text, format) {
            return Ok(at.with_timezone(&Utc));
        }
    }
    for format in [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
            return match zone {
                Some(zone) => local_to_utc(local, zone),
                None => Err(ValueError::of(
                    text,
                    "says neither offset nor zone",
                    "declare the zone it is meant in: type = { timestamp = { zone = \"Europe/Berlin\" } }",
                )),
            };
        }
    }
    Err(ValueError::of(
        text,
        "is no timestamp",
        "send it as RFC 3339 (2025-01-31T08:00:00Z), or describe it with a `date_format` transform",
    ))
}

/// The instant that a wall clock in `zone` shows as `local`.
pub(crate) fn local_to_utc(local: NaiveDateTime, zone: &str) -> Result<DateTime<Utc>, ValueError> {
    let tz: chrono_tz::Tz = zone.parse().map_err(|_| {
        ValueError::of(
            zone,
            "is no IANA time zone",
            "write it like Europe/Berlin or UTC",
        )
    })?;
    match tz.from_local_datetime(&local) {
        LocalResult::Single(at) => Ok(at.with_timezone(&Utc)),
        LocalResult::Ambiguous(..) => Err(ValueError::of(
            &local.to_string(),
            format!("happens twice in {zone}, when the clocks go back"),
            "let the system send the offset",
        )),
        LocalResult::None => Err(ValueError::of(
            &local.to_string(),
            format!("never happens in {zone}, where the clocks go forward"),
            "correct the record, or let the system send the offset",
        )),
    }
}

fn date(native: &Value) -> Result<Value, ValueError> {
    let day = match native {
        Value::Date(day) => Some(*day),
        Value::Text(text) => {
            let text = text.trim();
            let (day, time) = match text.split_once(['T', ' ']) {
                Some((day, time)) => (day, Some(time)),
                None => (text, None),
            };
            // A day that was sent as its own midnight is that day, whatever the offset says.
            let midnight = time.is_none_or(|time| {
                let clock = time
                    .split(['Z', '+', '-'])
                    .next()
                    .unwrap_or_default()
                    .split('.')
                    .next()
                    .unwrap_or_default();
                ["%H:%M:%S", "%H:%M"]
                    .iter()
                    .any(|it| NaiveTime::parse_from_str(clock, it) == Ok(NaiveTime::MIN))
            });
            if midnight {
                NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()
            } else {
                None
            }
        }
        _ => None,
    };
    day.map(Value::Date).ok_or_else(|| {
        misfit(
            native,
            "date",
            "send it as YYYY-MM-DD, describe it with a `date_format` transform, or declare it a \
             timestamp (a time is never cut to a day, since its zone would shift it)",
        )
    })
}

fn elements(order: &ListOrder, native: &Value) -> Result<Value, ValueError> {
    let Value::List(items) = native else {
        return Err(misfit(
            native,
            "list",
            "add a `split` transform, or declare it a text or json",
        ));
    };
    if let ListOrder::Keyed(key) = order {
        for item in items {
            let there = match item {
                Value::Object(members) => members.get(key).is_some_and(|it| *it != Value::Null),
                _ => false,
            };
            if !there {
                return Err(ValueError::new(
                    item,
                    format!("has no {key:?} by which the list's elements are told apart"),
                    "declare the list `ordered` or `set`, or correct the key",
                ));
            }
        }
    }
    Ok(native.clone())
}
