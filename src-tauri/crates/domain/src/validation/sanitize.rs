//! Cleaning a native record of what no system should be sent, and saying what was cleaned.

use serde::{Deserialize, Serialize};

use crate::record::NativeFields;

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
