//! How to create, change and delete.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How to create.
///
/// In a body template `fields` is the object of all fields, `values.NAME` one of them; `id` and
/// `key` are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// Method.
    #[serde(default = "post")]
    pub method: Method,
    /// Path; `id` is known where the id is chosen here.
    pub path: String,
    /// Who chooses the id.
    #[serde(default)]
    pub id: CreateId,
    /// Whether `If-None-Match: *` keeps an existing record from being overwritten.
    #[serde(default)]
    pub if_none_match: bool,
    /// The header that takes the operation's key, where a repeated create is recognised by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_header: Option<String>,
    /// Fields of a new record that it gets where nothing else is said: `{ type = "goods" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, serde_json::Value>,
    /// The member that wraps the fields (`data`); none: the fields are the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<String>,
    /// The body as a template, for what an envelope cannot say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Where the answer holds the record as it now stands; none: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Where the answer holds the new id, if not in the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
}

/// Who chooses a new record's id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreateId {
    /// The system.
    #[default]
    System,
    /// It is the mapped field of that name, which has to be there.
    Field,
    /// The operation's key (an UUID), which makes a repeated create harmless.
    Key,
}

/// Method of a writing call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

fn post() -> Method {
    Method::Post
}

fn patch() -> Method {
    Method::Patch
}

fn delete() -> Method {
    Method::Delete
}

/// How to change some fields. In a body template `fields` is the object of changed fields,
/// `values.NAME` one of them; `id`, `version` and `key` are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Method; the call has to leave fields alone that it does not name, unless `whole` is set.
    #[serde(default = "patch")]
    pub method: Method,
    /// Whether the call replaces the whole record: it is read first, and sent back with the changed
    /// fields in it, without those that are `read_only`.
    #[serde(default)]
    pub whole: bool,
    /// Whether the body needs the record as it stands: it is read first, and known as `current`.
    #[serde(default)]
    pub read_first: bool,
    /// Path; `id` is known.
    pub path: String,
    /// How the version it was planned from is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precondition: Option<Precondition>,
    /// The header that takes the operation's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_header: Option<String>,
    /// The member that wraps the fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<String>,
    /// The body as a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Where the answer holds the record as it now stands; none: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// How a write says which version it was planned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Precondition {
    /// `If-Match`; a mismatch is a 412.
    IfMatch {
        /// Whether the version is put in double quotes (a field's value); an `ETag` has its own.
        #[serde(default)]
        quoted: bool,
    },
    /// A member among the fields (in a delete: a query parameter); a mismatch is a 409 or 412.
    Field {
        /// Its name.
        name: String,
    },
    /// A query parameter; a mismatch is a 409 or 412.
    Query {
        /// Its name.
        name: String,
    },
}

/// How to delete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// Method.
    #[serde(default = "delete")]
    pub method: Method,
    /// Path; `id` is known.
    #[serde(default)]
    pub path: String,
    /// How the version it was planned from is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precondition: Option<Precondition>,
    /// The header that takes the operation's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_header: Option<String>,
    /// Instead of deleting, set a field by an update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft: Option<SoftDelete>,
}

/// A delete that sets a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoftDelete {
    /// The field.
    pub field: String,
    /// Its value in deleted records.
    pub value: serde_json::Value,
}

/// How to write many at once. Each operation's body is a template in which `fields`, `id`, `key`
/// and `version` (null without one) are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    /// Method.
    #[serde(default = "post")]
    pub method: Method,
    /// Path.
    pub path: String,
    /// Most operations at once.
    #[serde(default = "hundred")]
    pub max: usize,
    /// The member that holds the operations; none: they are the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<String>,
    /// One create.
    pub create: String,
    /// One update.
    pub update: String,
    /// One delete.
    pub delete: String,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Where the answer holds the results, in the order sent.
    #[serde(default)]
    pub results: String,
    /// Where a result says its status, as HTTP counts it.
    pub status: String,
    /// Where a result holds the record as it now stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Where a result holds the id, if not in the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether an update or delete that carries a version is refused when it differs.
    #[serde(default)]
    pub conditional: bool,
    /// Whether a repeated create with the same key is recognised.
    #[serde(default)]
    pub idempotent: bool,
}

fn hundred() -> usize {
    super::hundred()
}
