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

/// One sync configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncConfiguration {
    /// Its name, unique within the tenant.
    pub name: crate::ids::Name,
    /// Which sides are written.
    pub direction: SyncDirection,
}

/// The fields a collection has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CollectionSchema {
    /// Whether every field is listed: one that is not here does not exist.
    pub complete: bool,
}
