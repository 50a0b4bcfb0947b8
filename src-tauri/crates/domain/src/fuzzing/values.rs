//! What holds of any value under any type.

use serde_json::Value as Json;

use super::{chosen, numbers};
use crate::field_type::{FieldType, ListOrder, ListType, Precision, TextType};
use crate::value::Value;

pub(super) fn check(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let types = types();
    let Some(ty) = chosen(*choice, &types) else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    let texts: Vec<&str> = text.lines().take(3).collect();
    let mut typed = Vec::new();
    for text in &texts {
        numbers::check(text);
        let plain = Value::Text((*text).to_owned());
        for native in read(text).into_iter().chain([plain]) {
            typed.extend(hold(ty, &native));
        }
    }
    for a in &typed {
        for b in &typed {
            compared(ty, a, b);
        }
    }
}

/// Every type, with every detail that changes what is the same.
fn types() -> Vec<FieldType> {
    let text = |case_insensitive, trim, empty_is_null| {
        FieldType::Text(TextType {
            case_insensitive,
            trim,
            empty_is_null,
        })
    };
    let time = |precision, zone: Option<&str>| FieldType::Timestamp {
        precision,
        zone: zone.map(str::to_owned),
    };
    let list = |order| FieldType::List(ListType { order });
    let decimal = |scale| FieldType::Decimal { scale };
    vec![
        FieldType::text(),
        text(true, false, false),
        text(false, true, true),
        text(true, true, true),
        FieldType::Integer,
        decimal(None),
        decimal(Some(0)),
        decimal(Some(2)),
        decimal(Some(40)),
        FieldType::Boolean,
        time(Precision::Micro, None),
        time(Precision::Milli, Some("Europe/Berlin")),
        time(Precision::Second, Some("Pacific/Apia")),
        time(Precision::Minute, None),
        time(Precision::Day, Some("Nowhere/None")),
        FieldType::Date,
        FieldType::Json,
        list(ListOrder::Ordered),
        list(ListOrder::Set),
        list(ListOrder::Keyed("id".to_owned())),
        FieldType::Reference {
            sync: "other".to_owned(),
        },
    ]
}

/// A JSON text, read by us and by a reader that knows no exact numbers: both read the same.
fn read(text: &str) -> Option<Value> {
    let theirs = serde_json::from_str::<Json>(text);
    let ours = match Value::from_json_text(text) {
        Ok(ours) => ours,
        Err(error) => {
            let known = ["is nested deeper", "twice in one object", "cannot be held"];
            let ours_alone = known.iter().any(|why| error.why.contains(why));
            assert!(theirs.is_err() || ours_alone, "{text} is refused: {error}");
            return None;
        }
    };
    let agreed = theirs.as_ref().is_ok_and(|theirs| alike(&ours, theirs));
    assert!(agreed, "{text} was read as {ours:?}, not {theirs:?}");
    let written = ours.to_json_text();
    let again = Value::from_json_text(&written);
    assert!(
        again.is_ok_and(|again| again.identical(&ours)),
        "{written} does not read back"
    );
    Some(ours)
}

fn alike(ours: &Value, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(a), Json::Bool(b)) => a == b,
        (Value::Text(a), Json::String(b)) => a == b,
        (Value::Number(a), Json::Number(b)) => {
            let a: f64 = a.to_string().parse().unwrap_or(f64::NAN);
            let b = b.as_f64().unwrap_or(f64::NAN);
            (a - b).abs() <= b.abs() * 1e-12
        }
        (Value::List(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Object(a), Json::Object(b)) => {
            let member = |(key, a): (&String, &Value)| b.get(key).is_some_and(|b| alike(a, b));
            a.len() == b.len() && a.iter().all(member)
        }
        _ => false,
    }
}

/// A native value under a type: what is accepted stays what it is, however often it is read,
/// normalised, written and kept.
fn hold(ty: &FieldType, native: &Value) -> Option<Value> {
    let value = ty.parse(native).ok()?;
    let again = ty.parse(&value);
    assert!(
        again.is_ok_and(|again| again.identical(&value)),
        "{value:?} is no {ty:?} of its own"
    );
    let normal = ty.normalise(&value);
    assert_eq!(ty.normalise(&normal), normal, "{value:?} as {ty:?}");
    let sent = Value::from_json_text(&value.to_json_text()).and_then(|sent| ty.parse(&sent));
    assert!(
        sent.as_ref().is_ok_and(|sent| ty.same(sent, &value)),
        "{value:?} as {ty:?} is sent as {sent:?}"
    );
    if !matches!(ty, FieldType::Json | FieldType::List(_)) {
        let shown = ty.from_wire(&value.to_wire());
        assert!(
            shown.is_ok_and(|shown| shown.identical(&value)),
            "{value:?} as {ty:?} is shown as another"
        );
    }
    let kept = serde_json::to_value(&value).and_then(serde_json::from_value::<Value>);
    assert!(
        kept.is_ok_and(|kept| kept.identical(&value)),
        "{value:?} is kept as another"
    );
    if let (Value::List(items), FieldType::List(list)) = (&value, ty)
        && list.order != ListOrder::Ordered
    {
        let turned = Value::List(items.iter().rev().cloned().collect());
        assert!(ty.same(&turned, &value), "the order of {value:?} counts");
    }
    Some(value)
}

fn compared(ty: &FieldType, a: &Value, b: &Value) {
    assert_eq!(ty.same(a, b), ty.same(b, a), "{a:?} and {b:?} as {ty:?}");
    assert!(ty.same(a, a), "{a:?} as {ty:?} is not itself");
    assert_eq!(a.identical(b), b.identical(a), "{a:?} and {b:?}");
    if a.identical(b) {
        assert!(ty.same(a, b), "{a:?} and {b:?} as {ty:?}");
    }
}
