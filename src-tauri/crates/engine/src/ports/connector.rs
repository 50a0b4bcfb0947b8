//! One collection of one external system. Reading and writing are two traits, so that a simulation
//! is handed something that *cannot* write.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::config::CollectionSchema;
use tandem_domain::ids::{OperationKey, RecordId, Version};
use tandem_domain::record::{NativeFields, NativeRecord};

/// What a collection can do; it decides how a run reads and how it makes its writes safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// How changes are found.
    pub changes: ChangeDetection,
    /// Whether an update or delete can be made conditional on a version.
    pub conditional_writes: bool,
    /// Whether a create with the same key twice makes one record.
    pub idempotent_creates: bool,
    /// Whether a write's answer holds the record as it now stands.
    pub writes_echo: bool,
    /// Most operations in one call; 1 where there is no bulk write.
    pub bulk: usize,
    /// Most calls to have in flight at once.
    pub in_flight: usize,
    /// Fields `find` can look up by; empty where it cannot.
    pub lookup: Vec<String>,
    /// Whether a listing may leave out records that are there (it is asked for some of them only):
    /// one that a listing does not show, but a read by id does, is then outside its filter.
    pub filtered: bool,
}

/// How changes are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeDetection {
    /// Everything since a cursor, tombstones included.
    Feed,
    /// Everything changed since a cursor, but deletes show only in a full listing.
    Since,
    /// Only full listings.
    Full,
}

/// Where a listing goes on; each system's own, opaque to the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageToken(pub String);

/// Up to where changes were read; opaque, inclusive: what happened at the cursor itself comes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Only what changed since; `None` lists everything.
    pub since: Option<Cursor>,
    /// The page to fetch; `None` for the first.
    pub page: Option<PageToken>,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Its records; one that could not even be read as a record is in `unreadable`.
    pub records: Vec<NativeRecord>,
    /// Entries that are no record (no id, not an object), each with why.
    pub unreadable: Vec<Unreadable>,
    /// The next page, if any.
    pub next: Option<PageToken>,
    /// Up to where this listing has read so far: commit it only when the listing ended. `None`
    /// where the system has nothing to go by.
    pub cursor: Option<Cursor>,
    /// The system's clock minus ours, when the answer told (the `Date` header), milliseconds.
    pub clock_offset_ms: Option<i64>,
}

/// An entry of a listing that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id, if it has one.
    pub id: Option<RecordId>,
    /// What is wrong.
    pub reason: String,
    /// The entry as text, cut to 4 KiB.
    pub text: String,
}

/// What reading one record by id gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// It is there.
    Found(NativeRecord),
    /// The system says for certain that it is not (404, 410, a tombstone, no row).
    Gone,
    /// No answer that would prove either (403, a validation error); it counts as present.
    Unknown(String),
}

/// How a system answered a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// What it says it is, for people ("PostgreSQL 15.18", "kinto 26.5.0").
    pub system: String,
    /// Something that changes when the endpoint answers for another account or database (case 34);
    /// `None` where there is nothing to tell by.
    pub identity: Option<String>,
    /// Its clock minus ours, milliseconds, when it tells.
    pub clock_offset_ms: Option<i64>,
    /// How long the answer took, milliseconds.
    pub latency_ms: u64,
}

/// One collection, to read.
#[async_trait]
pub trait Connector: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;
    /// Reaches the system once, read-only; also the half-open circuit's probe.
    async fn check(&self) -> Result<Health, ConnectorError>;
    /// Whose data this is: something that changes when the address answers for another account or
    /// database (case 34), asked at the start of each run. `None` where there is nothing to tell by,
    /// which costs no call.
    async fn identity(&self) -> Result<Option<String>, ConnectorError> {
        Ok(None)
    }
    /// Gets fresh credentials after they were refused (401); called at most once for a call, maybe by
    /// several calls at a time. `false` where there is nothing to refresh, such as a fixed key.
    async fn refresh_credentials(&self) -> Result<bool, ConnectorError> {
        Ok(false)
    }
    /// The fields it has now (a live catalogue, or what was declared; `complete` tells).
    async fn describe(&self) -> Result<CollectionSchema, ConnectorError>;
    /// One page. A listing that ended without error was complete, also under concurrent change: no
    /// record that existed throughout is missed (one may come twice).
    async fn list(&self, request: &ListRequest) -> Result<Page, ConnectorError>;
    /// Records by id, answers in the order of `ids`.
    async fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError>;
    /// Records whose field equals a value (a match key look-up); see [`Capabilities::lookup`].
    async fn find(&self, field: &str, value: &str) -> Result<Vec<NativeRecord>, ConnectorError>;
}

/// One collection, to read and write.
#[async_trait]
pub trait WritableConnector: Connector {
    /// Carries out up to [`Capabilities::bulk`] operations; outcomes in the order given. An `Err`
    /// is for the call as a whole: [`ConnectorError::applied`] then tells whether any may have landed.
    async fn write(
        &self,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, ConnectorError>;
    /// This, seen as something that cannot write.
    fn as_read_only(&self) -> &dyn Connector;
}

/// One write, in the system's own fields.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteOperation {
    /// Same across retries and restarts; sent where the system takes one.
    pub key: OperationKey,
    /// What to do.
    pub change: NativeChange,
}

/// What to do to one record.
#[derive(Debug, Clone, PartialEq)]
pub enum NativeChange {
    /// Make one. `id` only where the match key doubles as the id.
    Create {
        /// All fields.
        fields: Arc<NativeFields>,
    },
    /// Change some fields.
    Update {
        /// Which record.
        id: RecordId,
        /// Just the fields to change.
        patch: Arc<NativeFields>,
        /// Only if it still has this version; `None` where the system has no conditional write.
        if_version: Option<Version>,
    },
    /// Delete it (hard or by its flag, as configured).
    Delete {
        /// Which record.
        id: RecordId,
        /// Only if it still has this version.
        if_version: Option<Version>,
    },
}

/// What became of one operation.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteOutcome {
    /// It landed.
    Done(Receipt),
    /// Somebody was faster (409 on a version, 412, zero rows matched but the record exists).
    VersionConflict,
    /// There is no such record any more (update or delete of something gone).
    Gone,
    /// The system refused it, and would again: one record's error, not the call's.
    Rejected(ConnectorError),
}

/// A write's receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The record's id; a create learns it here.
    pub id: RecordId,
    /// The version it now has.
    pub version: Option<Version>,
    /// The system's time of this write.
    pub updated_at: Option<DateTime<Utc>>,
    /// The record as the answer carried it, of exactly this version.
    pub record: Option<NativeFields>,
}

/// What kind of failure; it decides what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Not reached: refused, reset, no route, name not found.
    Connect,
    /// No (whole) answer in time.
    Timeout,
    /// 429.
    RateLimited,
    /// 408, 425, 500, 502, 503, 504; a serialization failure; a busy database.
    Transient,
    /// 401, or a database's refused login.
    Authentication,
    /// 403.
    Forbidden,
    /// The certificate or handshake failed.
    Tls,
    /// The system refused the data (400, 409, 422, a constraint).
    Rejected,
    /// What changed since a cursor cannot be told any more (410, tombstones swept, a cursor of another
    /// kind): only a full listing can.
    Expired,
    /// The answer was not what was described (not JSON, a pointer to nothing, over the size limit).
    Protocol,
    /// The connection's own settings cannot work.
    Configuration,
}

/// A failed call to an external system, without secrets.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectorError {
    /// What kind.
    pub class: ErrorClass,
    /// What happened, in a sentence naming the address.
    pub message: String,
    /// Whether the call may have had its effect all the same (sent, but no whole answer).
    pub applied: Applied,
    /// How long the system asked us to wait.
    pub retry_after: Option<Duration>,
    /// Request and response for the error log; boxed, since errors are rare and this is large.
    pub diagnostics: Option<Box<Diagnostics>>,
}

/// Whether a failed call may have had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    /// Certainly not: never sent, or refused.
    No,
    /// Unknown.
    Maybe,
}

/// One exchange with a system as the error log keeps it (TASK-019); secrets removed by the connector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// `POST http://127.0.0.1:8888/v1/…`, or an SQL statement without its values.
    pub request: String,
    /// Its body, cut to 16 KiB.
    pub request_body: Option<String>,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// The answer's body, cut to 16 KiB.
    pub response_body: Option<String>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// How long it took, milliseconds.
    pub elapsed_ms: Option<u64>,
}

impl ConnectorError {
    /// One without further detail, certainly not applied.
    #[must_use]
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            applied: Applied::No,
            retry_after: None,
            diagnostics: None,
        }
    }

    /// Whether the same call may succeed later; see [`crate::calls::RetryableError`].
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self.class,
            ErrorClass::Connect
                | ErrorClass::Timeout
                | ErrorClass::RateLimited
                | ErrorClass::Transient
        )
    }
}
