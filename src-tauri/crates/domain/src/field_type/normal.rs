//! The normal form of a value under its type: equal values are identical there.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, SubsecRound, Timelike, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::field_type::{FieldType, ListOrder, Precision, TextType};
use crate::value::{Value, timestamp_text};

pub(super) fn normalise<'a>(ty: &FieldType, value: &'a Value) -> Cow<'a, Value> {
    match (ty, value) {
        (FieldType::Text(rules), Value::Text(text)) => match typed_text(rules, text) {
            None => Cow::Borrowed(value),
            Some(normal) => Cow::Owned(normal),
        },
        (FieldType::Decimal { scale: Some(scale) }, Value::Number(number)) => {
            let rounded =
                number.round_dp_with_strategy(*scale, RoundingStrategy::MidpointAwayFromZero);
            owned_if_changed(value, *number == rounded, || Value::Number(rounded))
        }
        (FieldType::Timestamp { precision, .. }, Value::Timestamp(at)) => {
            let cut = truncated(*at, *precision);
            owned_if_changed(value, *at == cut, || Value::Timestamp(cut))
        }
        (FieldType::Timestamp { .. } | FieldType::Date, _) => Cow::Borrowed(value),
        (FieldType::List(list), Value::List(items)) => elements(&list.order, value, items),
        _ => structure(value),
    }
}

fn owned_if_changed(value: &Value, same: bool, changed: impl FnOnce() -> Value) -> Cow<'_, Value> {
    if same {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(changed())
    }
}

/// NFC throughout, in whatever is in there; numbers already compare by value. A time is what JSON
/// writes for it: sent to a system that has JSON only, it comes back as text.
fn structure(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::Text(text) => match nfc(text) {
            Cow::Borrowed(_) => Cow::Borrowed(value),
            Cow::Owned(normal) => Cow::Owned(Value::Text(normal)),
        },
        Value::List(items) => {
            let normal: Vec<_> = items.iter().map(structure).collect();
            let same = normal.iter().all(|it| matches!(it, Cow::Borrowed(_)));
            owned_if_changed(value, same, || {
                Value::List(normal.into_iter().map(Cow::into_owned).collect())
            })
        }
        Value::Object(members) => {
            let same = members.iter().all(|(key, item)| {
                matches!(nfc(key), Cow::Borrowed(_)) && matches!(structure(item), Cow::Borrowed(_))
            });
            owned_if_changed(value, same, || {
                Value::Object(
                    members
                        .iter()
                        .map(|(key, item)| (nfc(key).into_owned(), structure(item).into_owned()))
                        .collect(),
                )
            })
        }
        Value::Timestamp(at) => Cow::Owned(Value::Text(timestamp_text(at))),
        Value::Date(day) => Cow::Owned(Value::Text(day.to_string())),
        Value::Null | Value::Bool(_) | Value::Number(_) => Cow::Borrowed(value),
    }
}

fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    let normal: String = text.nfc().collect();
    if normal == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(normal)
    }
}

/// The normal form of a text; `None`: it is normal already.
fn typed_text(rules: &TextType, text: &str) -> Option<Value> {
    let trimmed = if rules.trim { text.trim() } else { text };
    if rules.empty_is_null && trimmed.is_empty() {
        return Some(Value::Null);
    }
    let normal = if rules.case_insensitive {
        // Up first, so that ß meets SS and a final sigma the others.
        let folded: String = trimmed
            .nfc()
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .collect();
        Cow::Owned(folded.nfc().collect())
    } else {
        nfc(trimmed)
    };
    (normal != text).then(|| Value::Text(normal.into_owned()))
}

fn truncated(at: DateTime<Utc>, precision: Precision) -> DateTime<Utc> {
    match precision {
        Precision::Micro => at.trunc_subsecs(6),
        Precision::Milli => at.trunc_subsecs(3),
        Precision::Second => at.trunc_subsecs(0),
        Precision::Minute => at.trunc_subsecs(0).with_second(0).unwrap_or(at),
        Precision::Day => at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc(),
    }
}

fn elements<'a>(order: &ListOrder, value: &'a Value, items: &'a [Value]) -> Cow<'a, Value> {
    if *order == ListOrder::Ordered {
        return structure(value);
    }
    let mut normal: Vec<Value> = items.iter().map(|it| structure(it).into_owned()).collect();
    match order {
        ListOrder::Ordered => {}
        ListOrder::Set => {
            normal.sort_by(compare);
            normal.dedup();
        }
        ListOrder::Keyed(key) => {
            let member = |item: &Value| match item {
                Value::Object(members) => members.get(key).cloned().unwrap_or(Value::Null),
                _ => Value::Null,
            };
            // The whole element breaks ties, so that the order of equal keys does not count either.
            normal.sort_by(|a, b| compare(&member(a), &member(b)).then_with(|| compare(a, b)));
        }
    }
    Cow::Owned(Value::List(normal))
}

/// A total order over values, for sorting only: by kind, then by value.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => Decimal::cmp(a, b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => {
            let by_item = a.iter().zip(b).map(|(a, b)| compare(a, b));
            by_item
                .into_iter()
                .find(|it| it.is_ne())
                .unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            let by_member = a
                .iter()
                .zip(b)
                .map(|((ka, va), (kb, vb))| ka.cmp(kb).then_with(|| compare(va, vb)));
            by_member
                .into_iter()
                .find(|it| it.is_ne())
                .unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::Text(_) => 3,
        Value::Timestamp(_) => 4,
        Value::Date(_) => 5,
        Value::List(_) => 6,
        Value::Object(_) => 7,
    }
}
