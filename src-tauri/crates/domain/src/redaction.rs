//! Redaction: what is shown, logged or put into a snapshot, with secrets removed. The results are
//! types of their own that cannot become a [`Value`](crate::value::Value) again, so that nothing
//! redacted is ever written to a system.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::record::NativeFields;
use crate::value::Value;

/// What stands where a secret was.
pub const HIDDEN: &str = "[redacted]";

/// A record's fields with secrets removed: plain JSON, numbers as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedactedFields(serde_json::Map<String, serde_json::Value>);

/// A text with secrets removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedactedText(String);

impl std::fmt::Display for RedactedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Removes secrets: the values of fields whose name says so, and every known secret value wherever
/// it stands, also in base64, hexadecimal or percent-encoded form.
#[derive(Clone, Default)]
pub struct Redactor {
    names: BTreeSet<Vec<String>>,
    secrets: Vec<String>,
}

impl Redactor {
    /// A redactor with the built-in names, the admin's own, and the given secret values (those
    /// shorter than four bytes are left out, since they would match anywhere).
    #[must_use]
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let _ = (names.into_iter().count(), secrets.into_iter().count());
        todo!()
    }

    /// A record's fields without secrets.
    #[must_use]
    pub fn redact(&self, fields: &NativeFields) -> RedactedFields {
        todo!("{fields:?}")
    }

    /// One value without secrets, as JSON; `name` is its field's.
    #[must_use]
    pub fn value(&self, name: &str, value: &Value) -> serde_json::Value {
        todo!("{name} {value:?}")
    }

    /// A JSON document (a request or response body) without secrets.
    #[must_use]
    pub fn json(&self, json: &serde_json::Value) -> serde_json::Value {
        todo!("{json:?}")
    }

    /// A text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> RedactedText {
        todo!("{text}")
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Redactor({} names, {} secrets)",
            self.names.len(),
            self.secrets.len()
        )
    }
}
