//! Validation of native records before and after a sync: schema, required fields, data types,
//! business rules; and cleaning of what no system should be sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::field_type::FieldType;
use crate::ids::Side;
use crate::mapping::FieldPath;

mod sanitize;
mod service;

pub use sanitize::{Sanitized, SanitizedField};
pub use service::DataValidationService;

/// What records must fulfil, per side.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValidationRules {
    /// At the source.
    pub source: SideRules,
    /// At the target.
    pub target: SideRules,
}

/// What one side's records must fulfil.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SideRules {
    /// A JSON Schema over the native record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<serde_json::Value>,
    /// Native fields that must hold a value: present, not null, not an empty text.
    pub required: Vec<FieldPath>,
    /// Native fields that must be readable as these types, where they hold a value.
    pub types: BTreeMap<FieldPath, FieldType>,
    /// Business rules.
    pub rules: Vec<Rule>,
    /// Native text fields whose outer blanks are dropped before anything looks at them.
    pub trim: Vec<FieldPath>,
}

/// A business rule: an expression over the native fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The rule applies where this holds; `None`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Must hold (`quantity > 0`).
    pub check: String,
    /// What to tell the admin where it does not.
    pub message: String,
    /// The field it is about, to mark it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldPath>,
}

/// One reason why a record is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationProblem {
    /// Which kind of check found it.
    pub kind: ValidationKind,
    /// The native field, dotted; `None`: the record as a whole.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// Which kind of check found a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidationKind {
    /// JSON Schema.
    Schema,
    /// A required field.
    Required,
    /// A data type.
    Type,
    /// A business rule.
    Rule,
}

impl ValidationRules {
    /// The rules of `side`.
    #[must_use]
    pub const fn side(&self, side: Side) -> &SideRules {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}
