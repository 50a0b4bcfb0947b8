//! Errors of runs, and the audit log.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::WireSide;

/// An error in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ErrorSummary {
    /// Its id.
    pub id: String,
    /// In which run.
    pub run: String,
    /// The sync's name.
    pub sync: String,
    /// What kind: `validation`, `mapping`, `conflict`, `network`, `authentication`, `guard`,
    /// `timeout`, `uncertain`, `storage`.
    pub error_type: String,
    /// What happened, a sentence.
    pub message: String,
    /// The record, if it is about one.
    pub record_id: Option<String>,
    /// Where that record lives.
    pub side: Option<WireSide>,
    /// That side's connection, by name.
    pub system: Option<String>,
    /// How often the failing call was retried.
    pub retry_count: u32,
    /// When, RFC 3339.
    pub occurred_at: String,
    /// Whether it is settled.
    pub resolved: bool,
    /// Since when.
    pub resolved_at: Option<String>,
}

/// An error with everything known of it, secrets removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ErrorView {
    /// As in a list.
    #[serde(flatten)]
    pub summary: ErrorSummary,
    /// Why that happens, a sentence.
    pub cause: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
    /// Request, response, timestamps, connector and circuit state.
    #[ts(type = "Json")]
    pub diagnostics: serde_json::Value,
    /// The record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "Json")]
    pub record: Option<serde_json::Value>,
}

/// What administrators were told of a failure, or of its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AlertView {
    /// Its number; the cursor.
    pub seq: String,
    /// When it was decided, RFC 3339.
    pub at: String,
    /// `failure` or `recovery`.
    pub kind: String,
    /// The sync's name.
    pub sync: String,
    /// The run to look at.
    pub run_id: String,
    /// The connection to blame, if one is.
    pub connection: Option<String>,
    /// What happened; of a recovery what had happened before.
    pub error: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// How many failures before this one nobody had been told of.
    pub held_back: u64,
    /// What became of it on each channel that tried.
    pub deliveries: Vec<AlertDeliveryView>,
}

/// One channel's part in an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AlertDeliveryView {
    /// `desktop`, `mail`, `webhook` …
    pub channel: String,
    /// When it was told there, RFC 3339.
    pub delivered_at: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// A row of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditView {
    /// Its number; the cursor.
    pub seq: String,
    /// When, RFC 3339.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What was done: `conflict.resolve`, `sync.apply` …
    pub action: String,
    /// To what.
    pub subject: String,
    /// With which parameters.
    #[ts(type = "Json")]
    pub details: serde_json::Value,
    /// Digest over this row and the one before, hex.
    pub hash: String,
}

/// Whom and what the audit log tells of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AuditNames {
    /// All actors, sorted.
    pub actors: Vec<String>,
    /// All actions, sorted.
    pub actions: Vec<String>,
}

/// What was written of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AuditExported {
    /// The new file, on the machine that Tandem runs on.
    pub file: String,
    /// How many rows.
    pub rows: u64,
}

/// Whether the audit log is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AuditVerdict {
    /// Every row is as it was written.
    pub intact: bool,
    /// The first row that is not.
    pub first_bad: Option<String>,
    /// What is wrong there.
    pub fault: Option<WireAuditFault>,
    /// Rows after this one are sealed under a key that is kept outside the store; `None`: nothing is
    /// known of the log but what stands in the store.
    pub sealed_since: Option<String>,
    /// Outside the store the log is known to reach this row.
    pub anchored_to: Option<String>,
}

/// What is wrong with an audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WireAuditFault {
    /// The row, or the one before it, was changed.
    Changed,
    /// It and what followed are missing.
    Missing,
    /// It does not bear this account's seal.
    Unsealed,
    /// Another log stands in its place, up to here at least.
    Replaced,
}
