//! One sync or connection as the text of a workspace file: reading, checking, applying.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ApplyAction;

/// What can be edited by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A connection.
    Connection,
    /// A sync configuration.
    #[default]
    Sync,
}

/// One sync or connection as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ItemView {
    /// What it is.
    pub kind: ItemKind,
    /// Its name.
    pub name: String,
    /// It alone, as it stands in a workspace file.
    pub text: String,
    /// The same as a form sees it: the members of its table.
    #[ts(type = "Json")]
    pub value: serde_json::Value,
    /// Its state: given back when it is applied, so that nobody's change is overwritten unseen.
    pub revision: String,
}

/// What an edited text or form comes to. Nothing was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ItemChecked {
    /// The text: as given, or as written from the form.
    pub text: String,
    /// The members of its table; absent where the text cannot be read at all.
    #[ts(type = "Json | null")]
    pub value: Option<serde_json::Value>,
    /// Everything that is wrong, in the text's order. Empty: it can be applied.
    pub problems: Vec<ItemProblem>,
    /// What could not be checked, and what applying it brings with it.
    pub warnings: Vec<String>,
    /// What applying it would do; absent where there are problems.
    pub action: Option<ApplyAction>,
    /// What differs from what is stored, one path a line.
    pub differences: Vec<String>,
    /// How many pairs the next run compares anew because of it.
    pub pairs_anew: u64,
}

/// One thing that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ItemProblem {
    /// The line, from 1; absent: the text as a whole, or another item that this one would break.
    pub line: Option<u64>,
    /// The character in that line, from 1.
    pub column: Option<u64>,
    /// Where, as a path: `syncs.people.mapping.email`.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// Why that cannot work; may be empty.
    pub why: String,
    /// What to do, with the nearest valid name where one was probably meant.
    pub fix: String,
}
