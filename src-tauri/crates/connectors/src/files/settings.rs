//! What the workspace file says of files in a folder.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rest::settings::TimeFormat;

/// A connection of kind `files`: a folder, each file in it a collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilesSettings {
    /// The folder; it has to exist. A relative path starts at the workspace file's folder.
    pub folder: String,
    /// Its collections, by name.
    pub collections: BTreeMap<String, FileCollection>,
}

/// One file as a collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileCollection {
    /// The file's name in the folder.
    pub file: String,
    /// How it is written; none: by the ending of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FileFormat>,
    /// The columns that are the id.
    pub key: Vec<String>,
    /// What a new row's id is, where its columns are not mapped.
    #[serde(default)]
    pub new_id: NewId,
    /// How texts are encoded, as `windows-1252`; none: UTF-8, or what the file's first bytes say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What stands between two values (CSV); none: the one of `,` `;` tab `|` that the header has most of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The columns' names in order, where the file has no line that names them (CSV).
    #[serde(default)]
    pub columns: Vec<String>,
    /// Names to use instead of those in the file: `{ id = "Kunden-Nr." }`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What columns hold, where that is no text.
    #[serde(default)]
    pub types: BTreeMap<String, FileType>,
    /// What an empty place means (CSV).
    #[serde(default)]
    pub empty: Empty,
    /// Whether a text that a spreadsheet would take for a formula is written so that it stays one (CSV).
    #[serde(default)]
    pub formulas: Formulas,
    /// Columns of which no two rows may have the same value.
    #[serde(default)]
    pub unique: Vec<String>,
    /// Columns to look rows up by.
    #[serde(default)]
    pub lookup: Vec<String>,
    /// Columns that are never written.
    #[serde(default)]
    pub read_only: Vec<String>,
    /// When a row was last changed, where a column tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<ModifiedField>,
    /// How long a file has to have been left alone before it is read, milliseconds: whoever writes it
    /// may not be done.
    #[serde(default = "settle")]
    pub settle_ms: u32,
    /// Rows a page.
    #[serde(default = "page")]
    pub page_size: usize,
    /// Most writes at a time; each time the whole file is replaced.
    #[serde(default = "bulk")]
    pub bulk: usize,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Values between delimiters, RFC 4180 (`.csv`, `.tsv`, `.txt`).
    Csv,
    /// One JSON object a line (`.jsonl`, `.ndjson`).
    JsonLines,
}

/// What a new row's id is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewId {
    /// The write's own key, a UUID: sending it again makes no second row.
    #[default]
    Key,
    /// One more than the greatest there is.
    Count,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number, written with a point.
    Decimal,
    /// `true` or `false`, `1` or `0`.
    Boolean,
    /// RFC 3339.
    Timestamp,
    /// `YYYY-MM-DD`.
    Date,
    /// JSON.
    Json,
}

/// What becomes of a text that a spreadsheet would take for a formula.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Formulas {
    /// It is written behind an apostrophe, which reading takes away again.
    #[default]
    Guarded,
    /// It is written as it is: nobody opens the file in a spreadsheet.
    Plain,
}

/// What an empty place means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// No value.
    #[default]
    Null,
    /// A text without a character.
    Text,
}

/// When a row was last changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModifiedField {
    /// The column.
    pub column: String,
    /// How it is written.
    #[serde(default)]
    pub format: TimeFormat,
}

impl FileCollection {
    /// How it is written; `None` where neither it nor its ending says.
    pub(crate) fn format(&self) -> Option<FileFormat> {
        if self.format.is_some() {
            return self.format;
        }
        let (_, ending) = self.file.rsplit_once('.')?;
        match ending.to_lowercase().as_str() {
            "csv" | "tsv" | "txt" => Some(FileFormat::Csv),
            "jsonl" | "ndjson" => Some(FileFormat::JsonLines),
            _ => None,
        }
    }
}

fn settle() -> u32 {
    1_000
}

fn page() -> usize {
    500
}

fn bulk() -> usize {
    1_000
}
