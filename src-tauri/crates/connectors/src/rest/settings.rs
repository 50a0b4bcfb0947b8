//! A REST system described, not programmed: what the workspace file says of one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::{Limits, SecretRef};

mod auth;
mod changes;
mod paging;
mod write;

pub use auth::{ClientAuth, Grant, OAuth2, Session, SessionBody, SessionToken};
pub use changes::{Changes, CursorFormat, CursorSource};
pub use paging::Pagination;
pub use write::{Bulk, Create, CreateId, Delete, Method, Precondition, SoftDelete, Update};

/// A connection of kind `rest`.
///
/// Paths, query values and bodies are minijinja templates: `/contacts/{{ id }}`. In a path what is
/// inserted is percent-encoded, in a body it is written as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestSettings {
    /// Where the API begins; every path is relative to it. `http` or `https`, no query.
    pub base_url: String,
    /// How to be let in.
    #[serde(default)]
    pub auth: Auth,
    /// Headers sent with every call.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderValue>,
    /// A file with the certificate authorities to trust, PEM; none: the machine's. A relative path
    /// starts at the workspace file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Whether the system may be on this machine or in a private network. Link-local addresses and
    /// cloud metadata services are refused always.
    #[serde(default)]
    pub allow_private: bool,
    /// How much and how long.
    #[serde(default)]
    pub limits: Limits,
    /// What to read to see whether the system is there; none: the first page of the collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Its collections, by name.
    pub collections: BTreeMap<String, RestCollection>,
}

/// How to be let in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// No credentials.
    #[default]
    None,
    /// `Authorization: Bearer …`.
    Bearer {
        /// The token.
        token: SecretRef,
    },
    /// `Authorization: Basic …`.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: SecretRef,
    },
    /// A key in a header of its own.
    ApiKeyHeader {
        /// The header's name.
        header: String,
        /// The key.
        key: SecretRef,
    },
    /// A key in the query.
    ApiKeyQuery {
        /// The parameter's name.
        param: String,
        /// The key.
        key: SecretRef,
    },
    /// A token by OAuth2, renewed before it runs out and once after it was refused.
    Oauth2(OAuth2),
    /// A token by a login of the system's own, renewed once after it was refused.
    Session(Session),
}

/// A header's value: as it stands, or by reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HeaderValue {
    /// As it stands; no credential belongs here.
    Plain(String),
    /// A credential.
    Secret(SecretRef),
}

/// What to read to see whether the system is there, and which it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Path.
    pub path: String,
    /// Where the answer says what the system is, JSON pointers; several are joined with a space.
    #[serde(default)]
    pub system: Vec<String>,
    /// Where the answer holds something that changes when the endpoint answers for another account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// One collection of a REST system. A field is named by its member, a nested one by a JSON pointer
/// (`/meta/updated`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestCollection {
    /// The field that is the id.
    #[serde(default = "id")]
    pub id: String,
    /// What tells one state of a record from the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionSource>,
    /// When the record was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<ModifiedAt>,
    /// What marks a deleted record that is still answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<DeletedFlag>,
    /// Fields the system sets itself; never written.
    #[serde(default)]
    pub read_only: Vec<String>,
    /// How values are wrapped that tell their own type. They are taken out of records that are read,
    /// and fields that `fields` declares of such a type are written wrapped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrappers: Vec<Wrapper>,
    /// Names for values that lie deeper in a record: name → JSON pointer. In a list a segment is an
    /// index, or `currency_code=eur` for the element whose member says so. What lies in a list is
    /// written by a `body` only, where it is known as `values.NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub nested: BTreeMap<String, String>,
    /// The fields and their types, where worth declaring.
    #[serde(default)]
    pub fields: BTreeMap<String, DeclaredField>,
    /// Whether `fields` names all there are.
    #[serde(default)]
    pub fields_complete: bool,
    /// Whether listed records lack fields they have (a missing field then means unchanged).
    #[serde(default)]
    pub partial_lists: bool,
    /// How to list.
    pub list: List,
    /// How to learn of changes; none: by listing everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// How to read records by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get: Option<Get>,
    /// How to look records up by a field's value: field → query.
    #[serde(default)]
    pub find: BTreeMap<String, Find>,
    /// How to create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<Create>,
    /// How to change some fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// How to delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<Delete>,
    /// How to write many at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk: Option<Bulk>,
    /// How errors are told apart.
    #[serde(default)]
    pub errors: Errors,
}

fn id() -> String {
    "id".to_owned()
}

/// What tells one state of a record from the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum VersionSource {
    /// This field: `{ field = "last_modified" }`.
    Field(String),
    /// The time of `modified_at`, to the microsecond: `"modified_at"`.
    ModifiedAt,
    /// The `ETag` header of a single record's answer, as it stands: `"etag"`.
    Etag,
}

/// When a record was last changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModifiedAt {
    /// The field.
    pub field: String,
    /// The field that counts while that one is null: where a record has no time of change until its
    /// first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    /// How it is written.
    #[serde(default)]
    pub format: TimeFormat,
}

/// An object that tells its value's type: `{"__class__": "Decimal", "decimal": "1.50"}` is
/// `{ tag = "__class__", name = "Decimal", holds = "decimal", value = "decimal" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wrapper {
    /// The member that tells the type.
    pub tag: String,
    /// What it says for this type.
    pub name: String,
    /// What the value is.
    pub holds: Wrapped,
    /// The member with the value; none: a time in members `year`, `month`, `day`, `hour`, `minute`,
    /// `second`, `microsecond`, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What a wrapped value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wrapped {
    /// An exact decimal number, as text.
    Decimal,
    /// An instant.
    Timestamp,
    /// A day.
    Date,
    /// Text.
    Text,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// RFC 3339; without an offset it is UTC.
    #[default]
    Iso,
    /// Milliseconds since 1970.
    EpochMs,
    /// Seconds since 1970, fractions allowed.
    EpochS,
}

/// What marks a deleted record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletedFlag {
    /// The field.
    pub field: String,
    /// Its value in deleted records; none: anything but null and false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<serde_json::Value>,
}

/// A declared field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredField {
    /// Its type.
    #[serde(rename = "type")]
    pub ty: DeclaredType,
    /// Whether it may be null.
    #[serde(default = "yes")]
    pub nullable: bool,
    /// The most characters of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// Digits after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<u32>,
}

fn yes() -> bool {
    true
}

/// A declared field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclaredType {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// A number the system keeps as a binary float.
    Float,
    /// True or false.
    Boolean,
    /// An instant.
    Timestamp,
    /// A day.
    Date,
    /// Any JSON.
    Json,
    /// Several values.
    List,
}

/// How to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Path.
    pub path: String,
    /// Query parameters sent with every page: name → template.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Whether every record is listed all the same: the query only orders them or picks fields.
    #[serde(default)]
    pub complete: bool,
    /// Where the records are in the answer, a JSON pointer; empty: the answer is the list.
    #[serde(default)]
    pub records: String,
    /// How it goes on.
    #[serde(default)]
    pub pagination: Pagination,
}

/// How to read records by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// Path of one record; `id` is known.
    pub path: String,
    /// Where the record is in the answer; empty: it is the answer.
    #[serde(default)]
    pub record: String,
    /// How to read several at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchGet>,
}

/// How to read several records at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchGet {
    /// Path.
    pub path: String,
    /// The query parameter that takes the ids.
    pub param: String,
    /// What stands between two ids; none: the parameter is repeated.
    #[serde(default = "comma")]
    pub separator: Option<String>,
    /// Where the records are in the answer.
    #[serde(default)]
    pub records: String,
    /// Most ids at once.
    #[serde(default = "hundred")]
    pub max: usize,
}

fn comma() -> Option<String> {
    Some(",".to_owned())
}

pub(super) fn hundred() -> usize {
    100
}

impl List {
    /// Whether records may be there that it does not show.
    pub(crate) fn is_filtered(&self) -> bool {
        !self.complete && (!self.query.is_empty() || self.path.contains('?'))
    }
}

/// How to look records up by a field's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// Path; none: the list's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Query parameters: name → template; `value` is known.
    pub query: BTreeMap<String, String>,
}

/// How errors are told apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Errors {
    /// Where an answer says what went wrong, a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where an answer holds a code, a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Codes that mean: somebody was faster.
    pub version_conflict_codes: Vec<String>,
    /// Codes that mean: there is no such record.
    pub gone_codes: Vec<String>,
    /// Codes that mean: what changed since that cursor can no longer be told. A status of 410 says so
    /// by itself.
    pub expired_codes: Vec<String>,
}
