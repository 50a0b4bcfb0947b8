//! How to learn of what changed since a cursor.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How to learn of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Changes {
    /// The list itself, with a parameter that leaves out what is older.
    Filter {
        /// The parameter; it has to include what changed at the cursor's own time, unless no two
        /// changes ever share one.
        param: String,
        /// How the cursor is written there.
        #[serde(default)]
        format: CursorFormat,
        /// The parameter's value as a template, where it is more than the cursor: `cursor` is known
        /// as `format` writes it, and, where it is a time, `at.year` to `at.microsecond`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        /// Where the next cursor comes from.
        cursor: CursorSource,
        /// Further query parameters of such a list (an order, "deleted ones too").
        #[serde(default)]
        query: BTreeMap<String, String>,
        /// Whether such a list also shows what was deleted, marked as `deleted` says.
        #[serde(default)]
        tombstones: bool,
        /// How far to read again before the cursor, milliseconds, for systems whose stamps can
        /// become visible late.
        #[serde(default)]
        overlap_ms: u32,
    },
    /// A feed of its own, tombstones included.
    Feed {
        /// Path.
        path: String,
        /// Query parameters sent with every page.
        #[serde(default)]
        query: BTreeMap<String, String>,
        /// The parameter that takes the cursor.
        param: String,
        /// Where the entries are, a JSON pointer.
        #[serde(default)]
        records: String,
        /// Where in an entry the record is; empty: the entry is the record.
        #[serde(default)]
        record: String,
        /// Where the cursor to go on from is, a JSON pointer. The feed is paged by it.
        next: String,
        /// Where the answer says whether there is more; none: until a page is empty or the cursor
        /// stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        more: Option<String>,
        /// The parameter for the page's size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_param: Option<String>,
        /// Entries a page.
        #[serde(default = "hundred")]
        size: usize,
        /// Where a full listing's answer says up to where the feed stands: the first page's counts.
        start: CursorSource,
    },
}

fn hundred() -> usize {
    super::hundred()
}

/// How a cursor is written in a query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CursorFormat {
    /// As it came.
    #[default]
    Verbatim,
    /// RFC 3339 in UTC, milliseconds.
    Iso,
    /// Milliseconds since 1970.
    EpochMs,
    /// Whole seconds since 1970.
    EpochS,
    /// In double quotes, as an `ETag`.
    Quoted,
}

/// Where a cursor comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CursorSource {
    /// The latest `modified_at` of the listing, but no later than the answer's own `Date`.
    ModifiedAt,
    /// A header of the first page (`ETag`, `Last-Modified`): `{ header = "ETag" }`.
    Header(String),
    /// A member of the first page's body, a JSON pointer: `{ body = "/seq" }`.
    Body(String),
}
