//! Stored things as the faces see them.

pub(crate) mod conflicts;
pub(crate) mod connections;
pub(crate) mod errors;
pub(crate) mod label;
pub(crate) mod pairs;
pub(crate) mod runs;
pub(crate) mod syncs;
pub(crate) mod words;

use chrono::{DateTime, SecondsFormat, Utc};

/// A time as it crosses: RFC 3339, UTC, milliseconds.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
