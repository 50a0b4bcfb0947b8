//! A JSON object kept flat: names, and the untouched text of each value.
//!
//! The storefront stores and serves what it was sent. Splitting an object into slices of its own text costs a
//! fraction of building a tree, and numbers keep every digit.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of one JSON object in their order; a repeated name keeps its last value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    /// Splits the text of an object; `None` where it is not one.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_ref())
    }

    /// Sets the JSON text of a field.
    pub(crate) fn set(&mut self, name: Cow<'a, str>, json: Cow<'a, str>) {
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, v)) => *v = json,
            None => self.0.push((name, json)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_ref(), v.as_ref()))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Cow<'a, str>)> {
        self.0.iter_mut().map(|pair| (pair.0.as_ref(), &mut pair.1))
    }

    /// These fields over `other`: a patch onto what stood before.
    pub(crate) fn over(self, other: Fields<'a>) -> Fields<'a> {
        let mut merged = other;
        for (name, json) in self.0 {
            merged.set(name, json);
        }
        merged
    }

    /// The object's text again, without added spaces.
    pub(crate) fn to_json(&self) -> String {
        let size: usize = self.0.iter().map(|(n, v)| n.len() + v.len() + 4).sum();
        let mut out = String::with_capacity(size + 2);
        out.push('{');
        for (at, (name, json)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_text(&mut out, name);
            out.push(':');
            out.push_str(json);
        }
        out.push('}');
        out
    }
}

/// Appends a JSON string.
pub(crate) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    // What needs escaping is ASCII, so bytes will do, and every cut is at a character's boundary.
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(from..at).unwrap_or_default());
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => out.push_str(&format!("\\u{byte:04x}")),
        }
        from = at + 1;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.push('"');
}

/// A JSON string of its own.
pub(crate) fn text_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_text(&mut out, text);
    out
}

/// The string inside a JSON string; `None` for any other value.
pub(crate) fn text_of(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields(Vec::with_capacity(16));
        while let Some(name) = map.next_key_seed(NameSeed)? {
            let json: &'de RawValue = map.next_value()?;
            fields.set(name, Cow::Borrowed(json.get()));
        }
        Ok(fields)
    }
}

/// Borrows a name from the input unless it holds escapes.
struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_back_as_they_were_sent() {
        let cases = [
            ("{}", "{}"),
            (
                r#"{ "a" : 1.50 , "b" : [1, 2] }"#,
                r#"{"a":1.50,"b":[1, 2]}"#,
            ),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#"{"q\"uote":"x\ny"}"#, r#"{"q\"uote":"x\ny"}"#),
            (r#"{"big":9007199254740993}"#, r#"{"big":9007199254740993}"#),
        ];
        for (sent, stored) in cases {
            assert_eq!(Fields::parse(sent).unwrap().to_json(), stored, "{sent}");
        }
        assert_eq!(Fields::parse("[1]"), None);
        assert_eq!(Fields::parse(r#"{"a":}"#), None);
    }

    #[test]
    fn a_patch_replaces_what_it_names_and_keeps_the_rest() {
        let before = Fields::parse(r#"{"a":1,"b":2}"#).unwrap();
        let patch = Fields::parse(r#"{"b":null,"c":3}"#).unwrap();
        assert_eq!(patch.over(before).to_json(), r#"{"a":1,"b":null,"c":3}"#);
    }

    #[test]
    fn text_is_escaped_as_serde_json_would() {
        for text in [
            "",
            "plain",
            "Jörg \"J\" Müller",
            "a\\b",
            "tab\tnew\nline\u{1}",
            "é 🌍",
        ] {
            assert_eq!(text_json(text), serde_json::to_string(text).unwrap());
            assert_eq!(text_of(&text_json(text)).unwrap(), text);
        }
        assert_eq!(text_of("12"), None);
    }
}
