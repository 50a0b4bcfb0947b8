//! The sync configuration: what maps to what, who wins, what may be deleted.

use serde::{Deserialize, Serialize};

/// Which sides are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncDirection {
    /// Both.
    Bidirectional,
    /// Only the target.
    SourceToTarget,
    /// Only the source.
    TargetToSource,
}
