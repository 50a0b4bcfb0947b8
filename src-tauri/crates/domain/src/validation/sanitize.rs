//! Cleaning a native record of what no system should be sent, and saying what was cleaned.

use serde::{Deserialize, Serialize};

use crate::mapping::FieldPath;
use crate::record::NativeFields;
use crate::value::Value;

/// A cleaned record and everything that was changed in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sanitized {
    /// The record.
    pub fields: NativeFields,
    /// What was changed; empty: nothing.
    pub changes: Vec<SanitizedField>,
}

/// One value that was cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SanitizedField {
    /// Where, dotted.
    pub path: String,
    /// What was taken away ("2 control characters", "outer blanks").
    pub what: String,
}

pub(super) fn sanitize(mut fields: NativeFields, trim: &[FieldPath]) -> Sanitized {
    let mut changes = Vec::new();
    for (name, value) in &mut fields {
        if !is_clean(value) {
            clean(value, name, &mut changes);
        }
    }
    for path in trim {
        if let Some(Value::Text(text)) = path.find_mut(&mut fields) {
            let trimmed = text.trim();
            if trimmed.len() < text.len() {
                *text = trimmed.to_owned();
                changes.push(SanitizedField {
                    path: path.to_string(),
                    what: "outer blanks".to_owned(),
                });
            }
        }
    }
    Sanitized { fields, changes }
}

/// Tabs and line breaks are text; every other control character, NUL first of all, breaks some
/// system on the way.
fn unwanted(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

fn is_clean(value: &Value) -> bool {
    match value {
        Value::Text(text) => !text.contains(unwanted),
        Value::List(items) => items.iter().all(is_clean),
        Value::Object(members) => members.values().all(is_clean),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Timestamp(_) | Value::Date(_) => {
            true
        }
    }
}

fn clean(value: &mut Value, path: &str, changes: &mut Vec<SanitizedField>) {
    match value {
        Value::Text(text) => {
            let count = text.chars().filter(|c| unwanted(*c)).count();
            if count > 0 {
                text.retain(|c| !unwanted(c));
                let s = if count == 1 { "" } else { "s" };
                changes.push(SanitizedField {
                    path: path.to_owned(),
                    what: format!("{count} control character{s}"),
                });
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                clean(item, &format!("{path}.{index}"), changes);
            }
        }
        Value::Object(members) => {
            for (name, item) in members {
                clean(item, &format!("{path}.{name}"), changes);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Timestamp(_) | Value::Date(_) => {}
    }
}
