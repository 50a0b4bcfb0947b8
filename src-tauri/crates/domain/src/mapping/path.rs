//! Dotted paths into nested native fields.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::NativeFields;
use crate::value::Value;

/// Where a native field is: `email`, `address.city`; a dot inside a name is written `\.`, a
/// backslash `\\`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath(Vec<String>);

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field path {0:?} has an empty part; write it like `address.city`")]
pub struct InvalidPath(String);

/// What a path leads to in one record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Found<'a> {
    /// This value; null also where an object on the way is null.
    Value(&'a Value),
    /// Nothing: the record does not carry it.
    Missing,
    /// Something on the way is no object.
    Blocked(&'a Value),
}

impl FieldPath {
    /// Parses a dotted path.
    ///
    /// # Errors
    /// [`InvalidPath`] for an empty part.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidPath> {
        let text = text.as_ref();
        let mut parts = vec![String::new()];
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '.' => parts.push(String::new()),
                _ => {
                    let literal = match c {
                        '\\' => chars.next().unwrap_or('\\'),
                        other => other,
                    };
                    if let Some(part) = parts.last_mut() {
                        part.push(literal);
                    }
                }
            }
        }
        if parts.iter().any(String::is_empty) {
            return Err(InvalidPath(text.chars().take(80).collect()));
        }
        Ok(Self(parts))
    }

    /// A path of one part, taken literally.
    #[must_use]
    pub fn literal(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// Its parts; at least one.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// Whether one of the two leads into the other, or they are the same.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a == b)
    }

    /// Whether a connector means this field by `name`: a member's name, or a JSON pointer into it.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        match (self.0.as_slice(), name.strip_prefix('/')) {
            ([only], None) => only == name,
            (parts, Some(pointer)) => pointer
                .split('/')
                .map(pointer_segment)
                .eq(parts.iter().cloned()),
            (_, None) => false,
        }
    }

    /// What a record holds there; none where it does not carry it.
    #[must_use]
    pub fn value<'a>(&self, fields: &'a NativeFields) -> Option<&'a Value> {
        match self.find(fields) {
            Found::Value(value) => Some(value),
            Found::Missing | Found::Blocked(_) => None,
        }
    }

    pub(crate) fn find<'a>(&self, fields: &'a NativeFields) -> Found<'a> {
        let mut at = fields;
        let mut parts = self.0.iter();
        let Some(mut part) = parts.next() else {
            return Found::Missing;
        };
        loop {
            let Some(value) = at.get(part) else {
                return Found::Missing;
            };
            let Some(next) = parts.next() else {
                return Found::Value(value);
            };
            match value {
                Value::Object(inner) => at = inner,
                Value::Null => return Found::Value(value),
                other => return Found::Blocked(other),
            }
            part = next;
        }
    }

    pub(crate) fn find_mut<'a>(&self, fields: &'a mut NativeFields) -> Option<&'a mut Value> {
        let (last, way) = self.0.split_last()?;
        let mut at = fields;
        for part in way {
            match at.get_mut(part)? {
                Value::Object(inner) => at = inner,
                _ => return None,
            }
        }
        at.get_mut(last)
    }

    /// Puts a value at this path; objects on the way are made.
    pub(crate) fn put(&self, fields: &mut NativeFields, value: Value) {
        let Some((last, way)) = self.0.split_last() else {
            return;
        };
        let mut at = fields;
        for part in way {
            let slot = at
                .entry(part.clone())
                .or_insert_with(|| Value::Object(BTreeMap::new()));
            if !matches!(slot, Value::Object(_)) {
                *slot = Value::Object(BTreeMap::new());
            }
            let Value::Object(inner) = slot else {
                return;
            };
            at = inner;
        }
        at.insert(last.clone(), value);
    }
}

/// One segment of a JSON pointer as the name it stands for (RFC 6901).
#[must_use]
pub fn pointer_segment(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(&part.replace('\\', "\\\\").replace('.', "\\."))?;
        }
        Ok(())
    }
}

impl TryFrom<String> for FieldPath {
    type Error = InvalidPath;
    fn try_from(text: String) -> Result<Self, InvalidPath> {
        Self::new(text)
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> Self {
        path.to_string()
    }
}
