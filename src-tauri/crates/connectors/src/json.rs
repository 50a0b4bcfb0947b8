//! Reading an answer's JSON lazily: pointers into raw text, so that each record is parsed once,
//! exactly, and one bad record does not spoil its page.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use tandem_domain::mapping::pointer_segment;
use tandem_domain::record::NativeFields;
use tandem_domain::value::Value;

/// Deepest nesting of an answer.
const MAX_DEPTH: usize = 100;
/// Longest text that is taken as one word: an id, a version, a cursor, a message.
const MAX_WORD: usize = 1024 * 1024;

/// What a parsed object, list, member and element take at least, bytes: measured, rounded up.
const OBJECT: usize = 1_024;
const LIST: usize = 128;
const MEMBER: usize = 160;
const ELEMENT: usize = 72;

/// How much memory a JSON text may take once it is parsed, bytes: a small text of `{},{},{},…` takes
/// a hundred times its own size.
pub(crate) const fn allowance(text_cap: usize) -> usize {
    text_cap / 2 * 5
}

/// Refuses a text that is nested too deeply or would take more than `allowance` once parsed, before
/// it is; tells what it would take.
pub(crate) fn guard(text: &[u8], allowance: usize) -> Result<usize, String> {
    let (mut depth, mut takes) = (0usize, text.len());
    // One bit for each level: whether it is an object.
    let mut objects = 0u128;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = end_of_text(text, at + 1),
            b'[' | b'{' => {
                let object = *byte == b'{';
                depth += 1;
                objects = objects << 1 | u128::from(object);
                takes += if object { OBJECT } else { LIST };
                if depth > MAX_DEPTH {
                    return Err(format!("it is nested deeper than {MAX_DEPTH}"));
                }
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                objects >>= 1;
            }
            b',' => takes += if objects & 1 == 1 { MEMBER } else { ELEMENT },
            _ => {}
        }
        at += 1;
    }
    if takes > allowance {
        return Err(format!(
            "read whole it would take more than {} MiB of memory; ask for smaller pages, or raise limits.answer_mib",
            allowance >> 20
        ));
    }
    Ok(takes)
}

/// Where a text ends that began before `at`: at its closing quotation mark, or with everything.
fn end_of_text(text: &[u8], mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(found) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
            return text.len();
        };
        at += found;
        if rest.get(found) == Some(&b'"') {
            return at;
        }
        // What is escaped ends no text.
        at += 2;
    }
}

/// A JSON text whose outermost object was taken apart once.
pub(crate) struct Doc<'a> {
    text: &'a str,
    /// `None`: it is no object.
    members: Option<Vec<(String, &'a RawValue)>>,
}

impl<'a> Doc<'a> {
    /// Takes an answer apart that may take so much memory; its error says what is wrong in words.
    pub(crate) fn parse(body: &'a [u8], allowance: usize) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
        guard(body, allowance)?;
        let text = text.trim_ascii();
        let members = if text.starts_with('{') {
            members(text).map(Some)
        } else {
            serde_json::from_str::<&RawValue>(text).map(|_| None)
        };
        let members = members.map_err(|error| format!("it is not JSON: {error}"))?;
        Ok(Self { text, members })
    }

    /// Takes apart what is JSON already.
    pub(crate) fn of(raw: &'a RawValue) -> Self {
        Self {
            text: raw.get(),
            members: members(raw.get()).ok(),
        }
    }

    /// What a JSON pointer points to.
    pub(crate) fn at(&self, pointer: &str) -> Option<&'a RawValue> {
        let (Some(members), false) = (&self.members, pointer.is_empty()) else {
            return at(serde_json::from_str(self.text).ok()?, pointer);
        };
        let rest = pointer.strip_prefix('/').unwrap_or(pointer);
        let (first, rest) = rest
            .split_once('/')
            .map_or((rest, None), |(a, b)| (a, Some(b)));
        let first = pointer_segment(first);
        let found = members.iter().find(|(name, _)| *name == first)?.1;
        rest.map_or(Some(found), |rest| walk(found, rest))
    }

    /// A scalar as text, where one too long to be read must not be taken for none.
    pub(crate) fn word_at(&self, pointer: &str) -> Result<Option<String>, String> {
        match self.at(pointer) {
            Some(raw) if raw.get().len() > MAX_WORD => Err(format!(
                "what is at {pointer:?} is longer than {} MiB",
                MAX_WORD >> 20
            )),
            found => Ok(found.and_then(scalar)),
        }
    }

    /// A scalar as text; null and missing are `None`.
    pub(crate) fn text_at(&self, pointer: &str) -> Option<String> {
        self.at(pointer).and_then(scalar)
    }
}

/// What a JSON pointer points to within `raw`.
pub(crate) fn at<'a>(raw: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    match pointer.strip_prefix('/') {
        Some(rest) => walk(raw, rest),
        None if pointer.is_empty() => Some(raw),
        None => walk(raw, pointer),
    }
}

fn walk<'a>(mut raw: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    for segment in path.split('/') {
        let name = pointer_segment(segment);
        raw = if raw.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
            items.get(name.parse::<usize>().ok()?)?
        } else {
            members(raw.get())
                .ok()?
                .into_iter()
                .find(|(member, _)| *member == name)?
                .1
        };
    }
    Some(raw)
}

fn members(text: &str) -> serde_json::Result<Vec<(String, &RawValue)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = Vec::new();
            while let Some(entry) = map.next_entry()? {
                found.push(entry);
            }
            Ok(found)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let found = reader.deserialize_map(Members)?;
    reader.end().map(|()| found)
}

/// Hands each element of an array to `each`, in order; `Err` if `raw` is no array.
pub(crate) fn elements<'a>(
    raw: &'a RawValue,
    each: impl FnMut(&'a RawValue),
) -> Result<(), String> {
    struct Elements<F>(F);
    impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Elements<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }
        fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
            while let Some(element) = seq.next_element()? {
                (self.0)(element);
            }
            Ok(())
        }
    }
    serde_json::Deserializer::from_str(raw.get())
        .deserialize_seq(Elements(each))
        .map_err(|error| error.to_string())
}

/// A text, number or boolean as text; anything else is `None`, as is what is too long for a word.
pub(crate) fn scalar(raw: &RawValue) -> Option<String> {
    let text = raw.get();
    if text.len() > MAX_WORD {
        return None;
    }
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str(text).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(text.to_owned()),
    }
}

/// A field by its member's name, or a nested one by a JSON pointer.
pub(crate) fn field<'v>(fields: &'v NativeFields, name: &str) -> Option<&'v Value> {
    let Some(path) = name.strip_prefix('/') else {
        return fields.get(name);
    };
    let mut segments = path.split('/');
    let mut value = fields.get(&pointer_segment(segments.next()?))?;
    for segment in segments {
        value = match value {
            Value::Object(members) => members.get(&pointer_segment(segment))?,
            Value::List(items) => items.get(segment.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

/// Fields as one JSON object.
pub(crate) fn write_fields(fields: &NativeFields, out: &mut String) {
    out.push('{');
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        value.write_json(out);
    }
    out.push('}');
}

/// A JSON string.
pub(crate) fn write_text(text: &str, out: &mut String) {
    // A text always serialises; `to_string` can fail for maps with odd keys only.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// An instant written as RFC 3339; one without an offset is UTC.
pub(crate) fn parse_iso(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    if let Ok(time) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z") {
        return Some(time.to_utc());
    }
    for format in [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Some(time.and_utc());
        }
    }
    let day: NaiveDate = text.parse().ok()?;
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

/// An instant given as a number of units since 1970, `per_second` of them a second.
pub(crate) fn parse_epoch(number: Decimal, per_second: u32) -> Option<DateTime<Utc>> {
    let micros = number
        .checked_mul(Decimal::from(1_000_000 / per_second))?
        .round()
        .to_i64()?;
    DateTime::from_timestamp_micros(micros)
}

/// `time − ms`, as far as it can be said.
pub(crate) fn earlier(time: DateTime<Utc>, ms: i64) -> DateTime<Utc> {
    TimeDelta::try_milliseconds(ms)
        .and_then(|delta| time.checked_sub_signed(delta))
        .unwrap_or(time)
}

/// The first `max` bytes of a text, cut at a character.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_reach_what_they_name() {
        let body = br#"{"a":{"b":[1,{"c~/d":"x"}]},"n":null,"t":true}"#;
        let doc = Doc::parse(body, 1 << 20).unwrap();
        for (pointer, expected) in [
            ("/a/b/0", Some("1")),
            ("/a/b/1/c~0~1d", Some("x")),
            ("/t", Some("true")),
            ("/n", None),
            ("/a", None),
            ("/missing/x", None),
            ("/a/b/7", None),
        ] {
            assert_eq!(doc.text_at(pointer).as_deref(), expected, "{pointer}");
        }
        assert_eq!(
            Doc::parse(b"[10]", 1 << 20)
                .unwrap()
                .text_at("/0")
                .as_deref(),
            Some("10")
        );
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let deep = "[".repeat(101);
        for (body, why) in [
            (deep.as_str(), "nested deeper"),
            ("{", "not JSON"),
            ("<html>", "not JSON"),
        ] {
            let error = Doc::parse(body.as_bytes(), 1 << 20).err().unwrap();
            assert!(error.contains(why), "{error}");
        }
        assert!(Doc::parse(b"\"\xff\"", 1 << 20).is_err());
    }

    #[test]
    fn threat_what_a_text_takes_is_known_before_it_is_parsed() {
        let takes = |text: &str| guard(text.as_bytes(), usize::MAX).unwrap() - text.len();
        for (text, expected) in [
            ("7", 0),
            ("[]", LIST),
            ("[1,2,3]", LIST + 2 * ELEMENT),
            ("{}", OBJECT),
            (
                "{\"a\":1,\"b\":[1,2],\"c\":{}}",
                2 * OBJECT + 2 * MEMBER + LIST + ELEMENT,
            ),
            // Within texts nothing counts, however it is escaped.
            ("\"[{,\\\"{,\\\\\"", 0),
            ("[\"\\\\\",\"a\"]", LIST + ELEMENT),
            // What does not end is refused by whoever parses it.
            ("\"abc", 0),
            ("\"abc\\", 0),
        ] {
            assert_eq!(takes(text), expected, "{text}");
        }
        let text = b"[1,2]";
        let just = text.len() + LIST + ELEMENT;
        assert_eq!(guard(text, just), Ok(just));
        assert!(guard(text, just - 1).is_err());
    }

    #[test]
    fn times_are_read_in_their_ways_of_writing() {
        let expected = "2026-03-01T10:00:00Z".parse::<DateTime<Utc>>().unwrap();
        for text in [
            "2026-03-01T10:00:00Z",
            "2026-03-01T12:00:00+02:00",
            "2026-03-01T10:00:00.000",
            "2026-03-01 10:00:00",
            "2026-03-01 10:00:00+00",
            "2026-03-01 10:00",
        ] {
            assert_eq!(parse_iso(text), Some(expected), "{text}");
        }
        assert_eq!(parse_iso("yesterday"), None);
        let ms = Decimal::from(expected.timestamp_millis());
        assert_eq!(parse_epoch(ms, 1_000), Some(expected));
        assert_eq!(parse_epoch(Decimal::MAX, 1_000), None);
    }
}
