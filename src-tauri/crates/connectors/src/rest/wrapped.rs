//! Values that a system wraps to tell their type, such as `{"__class__": "Decimal", "decimal": "1.50"}`,
//! taken out where records are read and put back where fields are written, exactly; and names for
//! values that lie deeper in a record.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use tandem_domain::mapping::pointer_segment;
use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;

use super::settings::{DeclaredType, RestCollection, Wrapped, Wrapper};
use crate::json::parse_iso;

/// Takes wrapped values out of their wrappers, however deep they lie, and adds what has a name of
/// its own.
pub(crate) fn unwrap(collection: &RestCollection, fields: NativeFields) -> NativeFields {
    let mut fields = if collection.wrappers.is_empty() {
        fields
    } else {
        fields
            .into_iter()
            .map(|(name, value)| (name, taken_out(&collection.wrappers, value)))
            .collect()
    };
    let named: Vec<(String, Value)> = collection
        .nested
        .iter()
        .filter_map(|(name, pointer)| Some((name.clone(), pick(&fields, pointer)?.clone())))
        .collect();
    fields.extend(named);
    fields
}

fn taken_out(wrappers: &[Wrapper], value: Value) -> Value {
    match value {
        Value::List(items) => {
            Value::List(items.into_iter().map(|v| taken_out(wrappers, v)).collect())
        }
        Value::Object(members) => {
            let found = wrappers
                .iter()
                .find(|w| members.get(&w.tag).and_then(Value::plain).as_deref() == Some(&w.name));
            // What is not as the wrapper says is left as it came: a person sees it in the preview.
            if let Some(value) = found.and_then(|wrapper| inner(wrapper, &members)) {
                return value;
            }
            let members = members.into_iter();
            Value::Object(members.map(|(k, v)| (k, taken_out(wrappers, v))).collect())
        }
        other => other,
    }
}

fn inner(wrapper: &Wrapper, members: &BTreeMap<String, Value>) -> Option<Value> {
    let Some(name) = &wrapper.value else {
        let part = |name: &str| match members.get(name) {
            Some(Value::Number(number)) => number.to_u32(),
            _ => None,
        };
        let year = i32::try_from(part("year")?).ok()?;
        let day = NaiveDate::from_ymd_opt(year, part("month")?, part("day")?)?;
        return match wrapper.holds {
            Wrapped::Date => Some(Value::Date(day)),
            Wrapped::Timestamp => {
                let time = day.and_hms_micro_opt(
                    part("hour")?,
                    part("minute")?,
                    part("second")?,
                    part("microsecond").unwrap_or(0),
                )?;
                Some(Value::Timestamp(time.and_utc()))
            }
            Wrapped::Decimal | Wrapped::Text => None,
        };
    };
    let text = members.get(name)?.plain()?;
    match wrapper.holds {
        Wrapped::Decimal => Decimal::from_str_exact(&text).ok().map(Value::Number),
        Wrapped::Timestamp => parse_iso(&text).map(Value::Timestamp),
        Wrapped::Date => text.parse().ok().map(Value::Date),
        Wrapped::Text => Some(Value::Text(text)),
    }
}

/// Fields as the system takes them: those declared of a type that has a wrapper are wrapped, and
/// those named in `nested` stand where they lie.
pub(crate) fn wrap<'f>(
    collection: &RestCollection,
    fields: &'f NativeFields,
) -> Cow<'f, NativeFields> {
    let mut fields = Cow::Borrowed(fields);
    for (name, declared) in &collection.fields {
        let wrapper = collection.wrappers.iter().find(|wrapper| {
            matches!(
                (wrapper.holds, declared.ty),
                (Wrapped::Decimal, DeclaredType::Decimal)
                    | (Wrapped::Timestamp, DeclaredType::Timestamp)
                    | (Wrapped::Date, DeclaredType::Date)
                    | (Wrapped::Text, DeclaredType::Text)
            )
        });
        if let (Some(wrapper), Some(value)) = (wrapper, fields.get(name))
            && let Some(wrapped) = put_in(wrapper, value)
        {
            fields.to_mut().insert(name.clone(), wrapped);
        }
    }
    for (name, pointer) in &collection.nested {
        if fields.contains_key(name)
            && let Some(value) = fields.to_mut().remove(name)
        {
            place(fields.to_mut(), pointer, value);
        }
    }
    fields
}

fn put_in(wrapper: &Wrapper, value: &Value) -> Option<Value> {
    let text = Value::Text;
    let mut members = BTreeMap::from([(wrapper.tag.clone(), text(wrapper.name.clone()))]);
    let written = match (wrapper.holds, value) {
        (_, Value::Null) => return None,
        (Wrapped::Decimal | Wrapped::Text, value) => value.plain()?,
        (Wrapped::Timestamp, value) => {
            let time = instant(value)?;
            if wrapper.value.is_none() {
                members.extend(parts(&time));
            }
            time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
        }
        (Wrapped::Date, value) => {
            let day = match value {
                Value::Date(day) => *day,
                other => other.plain()?.parse().ok()?,
            };
            if wrapper.value.is_none() {
                members.extend(day_parts(&day));
            }
            day.to_string()
        }
    };
    if let Some(name) = &wrapper.value {
        members.insert(name.clone(), text(written));
    }
    Some(Value::Object(members))
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Timestamp(time) => Some(*time),
        Value::Text(text) => parse_iso(text),
        _ => None,
    }
}

fn day_parts(day: &impl Datelike) -> [(String, Value); 3] {
    [
        ("year".to_owned(), Value::Number(day.year().into())),
        ("month".to_owned(), Value::Number(day.month().into())),
        ("day".to_owned(), Value::Number(day.day().into())),
    ]
}

/// An instant taken apart, UTC.
pub(crate) fn parts(time: &DateTime<Utc>) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::from(day_parts(time));
    parts.extend(
        [
            ("hour", time.hour()),
            ("minute", time.minute()),
            ("second", time.second()),
            ("microsecond", time.timestamp_subsec_micros()),
        ]
        .map(|(name, number)| (name.to_owned(), Value::Number(number.into()))),
    );
    parts
}

/// What a pointer leads to; in a list a segment is an index, or `name=value` for the first element
/// whose member says so.
fn pick<'v>(fields: &'v NativeFields, pointer: &str) -> Option<&'v Value> {
    let mut segments = pointer.strip_prefix('/')?.split('/');
    let mut value = fields.get(&pointer_segment(segments.next()?))?;
    for segment in segments {
        let segment = pointer_segment(segment);
        value = match value {
            Value::Object(members) => members.get(&segment)?,
            Value::List(items) => match segment.split_once('=') {
                Some((name, wanted)) => items.iter().find(|item| {
                    matches!(item, Value::Object(members)
                        if members.get(name).and_then(Value::plain).as_deref() == Some(wanted))
                })?,
                None => items.get(segment.parse::<usize>().ok()?)?,
            },
            _ => return None,
        };
    }
    Some(value)
}

/// Puts a value where a pointer through objects leads.
fn place(fields: &mut NativeFields, pointer: &str, value: Value) {
    let mut segments = pointer.trim_start_matches('/').split('/').peekable();
    let mut members = fields;
    while let Some(segment) = segments.next() {
        let segment = pointer_segment(segment);
        if segments.peek().is_none() {
            members.insert(segment, value);
            return;
        }
        let next = members
            .entry(segment)
            .or_insert_with(|| Value::Object(BTreeMap::new()));
        if !matches!(next, Value::Object(_)) {
            *next = Value::Object(BTreeMap::new());
        }
        let Value::Object(inside) = next else { return };
        members = inside;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection() -> RestCollection {
        serde_json::from_value(serde_json::json!({
            "list": { "path": "/" },
            "wrappers": [
                { "tag": "__class__", "name": "Decimal", "holds": "decimal", "value": "decimal" },
                { "tag": "__class__", "name": "datetime", "holds": "timestamp" },
                { "tag": "__class__", "name": "date", "holds": "date" },
            ],
            "fields": {
                "price": { "type": "decimal" },
                "at": { "type": "timestamp" },
                "day": { "type": "date" },
            },
            "nested": { "city": "/address/city", "eur": "/prices/currency=eur/amount" },
        }))
        .unwrap()
    }

    fn fields(text: &str) -> NativeFields {
        let raw = serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
        Value::record_from_raw(&raw).unwrap()
    }

    #[test]
    fn wrapped_values_are_read_and_written_exactly() {
        let collection = collection();
        for wire in [
            r#"{"price":{"__class__":"Decimal","decimal":"1.50"}}"#,
            r#"{"price":{"__class__":"Decimal","decimal":"90071992547409.930001"}}"#,
            r#"{"price":null}"#,
            r#"{"at":{"__class__":"datetime","day":1,"hour":2,"microsecond":123456,"minute":3,"month":12,"second":4,"year":2026}}"#,
            r#"{"day":{"__class__":"date","day":29,"month":2,"year":2028}}"#,
            // No wrapper's, or not as it says: left alone, both ways.
            r#"{"other":{"__class__":"bytes","base64":"eA=="}}"#,
            r#"{"day":{"__class__":"date","day":31,"month":2,"year":2028}}"#,
        ] {
            let read = unwrap(&collection, fields(wire));
            let written = wrap(&collection, &read).into_owned();
            assert_eq!(written, fields(wire), "{wire}");
        }
        let read = unwrap(
            &collection,
            fields(r#"{"lines":[{"net":{"__class__":"Decimal","decimal":"1.50"}}]}"#),
        );
        assert_eq!(read, fields(r#"{"lines":[{"net":1.50}]}"#));
    }

    #[test]
    fn what_lies_deeper_has_a_name() {
        let collection = collection();
        let read = unwrap(
            &collection,
            fields(
                r#"{"address":{"city":"Oslo"},"prices":[{"currency":"usd","amount":1},{"currency":"eur","amount":2.5}]}"#,
            ),
        );
        assert_eq!(read.get("city"), Some(&Value::Text("Oslo".into())));
        assert_eq!(
            read.get("eur"),
            Some(&Value::Number("2.5".parse().unwrap()))
        );
        let patch = NativeFields::from([("city".to_owned(), Value::Text("Bergen".into()))]);
        assert_eq!(
            *wrap(&collection, &patch),
            fields(r#"{"address":{"city":"Bergen"}}"#)
        );
        assert_eq!(pick(&read, "/prices/currency=sek/amount"), None);
    }
}
