//! A TOML text as JSON, remembering where everything stands.

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// A parsed file.
pub(super) struct Document<'a> {
    text: &'a str,
    root: DeTable<'a>,
}

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl<'a> Document<'a> {
    /// Parses; or says what is no TOML, once for each line.
    pub(super) fn parse(text: &'a str) -> Result<Self, Vec<(Place, String)>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let root = root.into_inner();
        let mut places: Vec<(usize, String)> = errors
            .iter()
            .map(|error| {
                let at = error.span().map_or(text.len(), |span| span.start);
                (at, error.message().to_owned())
            })
            .collect();
        for (_, item) in &root {
            too_large(item, &mut places);
        }
        if places.is_empty() {
            return Ok(Self { text, root });
        }
        let mut found = std::collections::BTreeMap::new();
        for (at, message) in places {
            let place = place_at(text, at);
            found.entry(place.line).or_insert((place, message));
        }
        Err(found.into_values().collect())
    }

    /// All of it as JSON; dates and times become strings.
    pub(super) fn json(&self) -> Map<String, Value> {
        table(&self.root)
    }

    /// The line of what a path leads to; of its nearest parent where the path ends nowhere.
    pub(super) fn line(&self, path: &[Step]) -> Option<usize> {
        self.place(path).map(|place| place.line)
    }

    /// The same, with the character in that line.
    pub(super) fn place(&self, path: &[Step]) -> Option<Place> {
        let mut offset = None;
        let mut at: Option<&DeValue<'_>> = None;
        for (depth, step) in path.iter().enumerate() {
            let next = match (step, at) {
                (Step::Key(key), None) if depth == 0 => entry(&self.root, key),
                (Step::Key(key), Some(DeValue::Table(table))) => entry(table, key),
                (Step::Index(index), Some(DeValue::Array(array))) => array
                    .get(*index)
                    .map(|item| (item.span().start, item.get_ref())),
                _ => None,
            };
            let Some((start, value)) = next else { break };
            offset = Some(start);
            at = Some(value);
        }
        offset.map(|offset| place_at(self.text, offset))
    }
}

fn entry<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<(usize, &'t DeValue<'a>)> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(
        |(name, value): (&Spanned<_>, &Spanned<DeValue<'a>>)| {
            // A header's own position tells more than that of the first key under it.
            (name.span().start, value.get_ref())
        },
    )
}

/// Where something stands in a text, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// The place of a byte offset.
fn place_at(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        line: line_at(text, offset),
        column: before.get(start..).map_or(0, |row| row.chars().count()) + 1,
    }
}

/// The line (from 1) of a byte offset.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .take(offset.min(bytes.len()))
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

fn table(table_: &DeTable<'_>) -> Map<String, Value> {
    table_
        .iter()
        .map(|(key, item)| (key.get_ref().to_string(), value(item.get_ref())))
        .collect()
}

fn value(item: &DeValue<'_>) -> Value {
    match item {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => integer(number),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map_or_else(|| Value::String(number.as_str().to_owned()), Value::Number),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Datetime(at) => Value::String(at.to_string()),
        DeValue::Array(items) => Value::Array(items.iter().map(|it| value(it.get_ref())).collect()),
        DeValue::Table(inner) => Value::Object(table(inner)),
    }
}

fn integer(number: &DeInteger<'_>) -> Value {
    i64_of(number).map_or_else(|| Value::String(number.as_str().to_owned()), Value::from)
}

fn i64_of(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// Notes every whole number that TOML cannot hold, with its offset: taken in, it could not be
/// written into a workspace file again.
fn too_large(item: &Spanned<DeValue<'_>>, found: &mut Vec<(usize, String)>) {
    match item.get_ref() {
        DeValue::Integer(number) if i64_of(number).is_none() => {
            let what = format!("the number {number} is too large; write it as text");
            found.push((item.span().start, what));
        }
        DeValue::Array(items) => items.iter().for_each(|item| too_large(item, found)),
        DeValue::Table(table) => table.iter().for_each(|(_, item)| too_large(item, found)),
        _ => {}
    }
}

/// A path as errors write it (`a.b[0].c`), as steps that exist in `json` as far as possible: a key
/// may itself hold a dot.
pub(super) fn steps(json: &Value, path: &str) -> Vec<Step> {
    let mut found = Vec::new();
    let mut rest = path;
    let mut at = Some(json);
    loop {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() || rest == "." {
            return found;
        }
        if let Some(Value::Array(items)) = at {
            let digits = rest.strip_prefix('[').unwrap_or(rest);
            let end = digits
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(digits.len());
            let (number, after) = digits.split_at(end);
            if let Ok(index) = number.parse::<usize>() {
                found.push(Step::Index(index));
                at = items.get(index);
                rest = after.strip_prefix(']').unwrap_or(after);
                continue;
            }
        }
        let known = match at {
            Some(Value::Object(members)) => members
                .iter()
                .filter(|(key, _)| {
                    rest.strip_prefix(key.as_str())
                        .is_some_and(|after| after.is_empty() || after.starts_with(['.', '[']))
                })
                .max_by_key(|(key, _)| key.len()),
            _ => None,
        };
        let length = match known {
            Some((key, value)) => {
                at = Some(value);
                key.len()
            }
            None => {
                at = None;
                rest.find(['.', '[']).unwrap_or(rest.len()).max(1)
            }
        };
        let (key, after) = rest.split_at(length);
        found.push(Step::Key(key.to_owned()));
        rest = after;
    }
}

/// Removes what a path leads to; whether there was anything.
pub(super) fn remove(json: &mut Value, path: &[Step]) -> bool {
    let Some((last, way)) = path.split_last() else {
        return false;
    };
    let mut at = json;
    for step in way {
        let next = match (step, at) {
            (Step::Key(key), Value::Object(members)) => members.get_mut(key),
            (Step::Index(index), Value::Array(items)) => items.get_mut(*index),
            _ => None,
        };
        let Some(next) = next else { return false };
        at = next;
    }
    match (last, at) {
        (Step::Key(key), Value::Object(members)) => members.remove(key).is_some(),
        (Step::Index(index), Value::Array(items)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        _ => false,
    }
}

/// A path in words: `list.query`, `transforms[0]`.
pub(super) fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
[[connections]]
name = \"shop\"

[connections.collections.customers]
id = \"id\"
\"a.b\" = [1, 2]

[[connections]]
name = \"erp\"
";

    #[test]
    fn paths_lead_to_lines() {
        let document = Document::parse(TEXT).unwrap();
        let json = Value::Object(document.json());
        let table = [
            ("connections[0].name", Some(2)),
            ("connections[0].collections.customers", Some(4)),
            ("connections[0].collections.customers.id", Some(5)),
            ("connections.0.collections.customers.a.b[1]", Some(6)),
            ("connections[0].collections.customers.nothing.here", Some(4)),
            ("connections[1].name", Some(9)),
            ("nothing", None),
        ];
        for (path, want) in table {
            assert_eq!(document.line(&steps(&json, path)), want, "{path}");
        }
    }

    #[test]
    fn places_count_characters() {
        let document = Document::parse("\"ä\" = 1\nb = { c = \"ü\", d = 2 }\n").unwrap();
        let json = Value::Object(document.json());
        let table = [("ä", 1, 1), ("b.c", 2, 7), ("b.d", 2, 16)];
        for (path, line, column) in table {
            let place = document.place(&steps(&json, path));
            assert_eq!(place, Some(Place { line, column }), "{path}");
        }
    }

    #[test]
    fn every_syntax_error_has_its_place() {
        let Err(errors) = Document::parse("a = 1\nb =\nc = = 2\n") else {
            panic!("it is broken")
        };
        let mut lines: Vec<usize> = errors.into_iter().map(|(place, _)| place.line).collect();
        lines.sort_unstable();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn a_number_that_could_not_be_written_again_has_its_place() {
        let largest = i64::MAX;
        assert!(Document::parse(&format!("a = {largest}\nb = -{largest}\n")).is_ok());
        for number in [
            "9223372036854775808",
            "18446744073709551615",
            "0xffff_ffff_ffff_ffff",
        ] {
            let text = format!("[[a]]\nb = [{{ c = 1 }}, {{ c = {number} }}]\n");
            let Err(errors) = Document::parse(&text) else {
                panic!("{number} is too large")
            };
            assert_eq!(errors.len(), 1);
            assert_eq!(errors[0].0.line, 2);
            assert!(errors[0].1.contains("too large"), "{errors:?}");
        }
    }

    #[test]
    fn what_a_path_leads_to_can_be_taken_out() {
        let document = Document::parse(TEXT).unwrap();
        let mut json = Value::Object(document.json());
        let path = steps(&json, "connections[0].collections.customers.a.b[0]");
        assert!(remove(&mut json, &path));
        assert_eq!(
            json["connections"][0]["collections"]["customers"]["a.b"],
            serde_json::json!([2])
        );
        assert!(!remove(&mut json, &[Step::Key("nothing".into())]));
    }
}
