//! The workspace file: everything an admin sets up, as a text that can be reviewed and kept.
//!
//! `[[connections]]` hold a name, a kind and that kind's settings; `[[syncs]]` are sync
//! configurations; `[retention]` says how long history is kept. Reading one reports every problem at once, each with its line.

mod apply;
mod check;
mod document;
mod export;
#[cfg(any(test, feature = "fuzzing"))]
mod fuzzed;
mod item;
mod parse;
mod places;
mod problem;
mod repair;
mod schema;

pub(crate) use export::{sync_toml, workspace_toml};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use fuzzed::read_and_written;
pub(crate) use item::sync_of_text;
pub use problem::{Problem, WorkspaceProblems};
pub use schema::workspace_schema;

use tandem_domain::config::SyncConfiguration;
use tandem_domain::ids::Name;
use tandem_engine::ports::Retention;

/// What a workspace file says, each thing with its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Workspace {
    pub(crate) connections: Vec<ConnectionDraft>,
    pub(crate) syncs: Vec<SyncDraft>,
    /// `None`: the file does not say, and it stays as it is.
    pub(crate) retention: Option<Retention>,
}

/// A connection as the file describes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConnectionDraft {
    pub(crate) index: usize,
    pub(crate) name: Name,
    pub(crate) kind: String,
    pub(crate) settings: serde_json::Value,
}

/// A sync as the file describes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SyncDraft {
    pub(crate) index: usize,
    pub(crate) config: SyncConfiguration,
}
