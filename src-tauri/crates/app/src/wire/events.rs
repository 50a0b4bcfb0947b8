//! What happens, told to the faces as it happens.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{RunProgress, WireError, WireRunStatus};

/// One thing that happened. A face shows only its own tenant's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WireEvent {
    /// A run began.
    RunStarted {
        /// The tenant's name.
        tenant: String,
        /// The run.
        run: String,
        /// The sync's name.
        sync: String,
    },
    /// It moved on; at most about four a second.
    RunProgress {
        /// The tenant's name.
        tenant: String,
        /// The run.
        run: String,
        /// The sync's name.
        sync: String,
        /// How far it is.
        progress: RunProgress,
    },
    /// It ended.
    RunFinished {
        /// The tenant's name.
        tenant: String,
        /// The run.
        run: String,
        /// The sync's name.
        sync: String,
        /// How.
        status: WireRunStatus,
        /// Why it failed.
        error: Option<WireError>,
    },
    /// A conflict was parked or refreshed.
    ConflictDetected {
        /// The tenant's name.
        tenant: String,
        /// The conflict.
        conflict: String,
        /// The sync's name.
        sync: String,
        /// The run that found it.
        run: String,
    },
    /// A conflict was decided, taken back, written or reopened.
    ConflictChanged {
        /// The tenant's name.
        tenant: String,
        /// The conflict.
        conflict: String,
    },
    /// A run logged errors, or one was settled.
    ErrorLogged {
        /// The tenant's name.
        tenant: String,
        /// The run.
        run: String,
    },
    /// An admin is to be told.
    AlertRaised {
        /// The tenant's name.
        tenant: String,
        /// The sync's name.
        sync: String,
        /// The run that failed.
        run: String,
        /// What happened.
        message: String,
    },
    /// Connections or syncs were created or changed.
    WorkspaceChanged {
        /// The tenant's name.
        tenant: String,
    },
    /// A tenant was created or removed.
    TenantsChanged {
        /// That tenant's name.
        tenant: String,
    },
}

impl WireEvent {
    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> &str {
        match self {
            Self::RunStarted { tenant, .. }
            | Self::RunProgress { tenant, .. }
            | Self::RunFinished { tenant, .. }
            | Self::ConflictDetected { tenant, .. }
            | Self::ConflictChanged { tenant, .. }
            | Self::ErrorLogged { tenant, .. }
            | Self::AlertRaised { tenant, .. }
            | Self::WorkspaceChanged { tenant }
            | Self::TenantsChanged { tenant } => tenant,
        }
    }
}
