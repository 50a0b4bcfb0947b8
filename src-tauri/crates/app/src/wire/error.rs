//! The one error shape of every face: what, why, what to do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A refusal or failure, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct WireError {
    /// A stable word for programs: `not_found`, `unreachable`, `invalid_workspace` …
    pub code: String,
    /// What happened, a sentence.
    pub message: String,
    /// Why, a sentence or several lines.
    pub cause: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
}

impl WireError {
    /// One with a cause and a fix.
    pub fn new(
        code: impl Into<String>,
        message: impl Into<String>,
        cause: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            cause: Some(cause.into()),
            fix: Some(fix.into()),
        }
    }
}
