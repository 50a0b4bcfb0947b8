//! The use-cases: what window, browser and terminal all call. Composes store, connectors and engine;
//! every face is an adapter of a few lines over the same functions, with the same wire types and
//! error codes.

mod alert_channels;
mod alerts;
mod app;
mod desktop;
mod dispatch;
mod error;
mod execution;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod link;
mod lookup;
mod place;
mod sample;
mod systems;
mod use_cases;
mod views;
pub mod wire;
mod workspace;

pub use alert_channels::alert_channels;
pub use app::{
    App, AppOptions, FIRST_TENANT, UNDO_WINDOW, default_anchor, default_settings, default_store,
};
pub use desktop::{Desktop, Staged};
pub use dispatch::{COMMANDS, dispatch};
pub use error::AppError;
pub use execution::Finished;
pub use link::{Link, run_link};
pub use sample::{SampleAddresses, SampleSystems, sample_workspace};
pub use tandem_engine::ports::alerts::{Alert, AlertChannel, AlertError, AlertKind};
pub use tandem_host::{MachineSettings, SettingsFile, random_bytes};
pub use use_cases::{SecretChange, SecretList, SecretView, refused_by_guard};
pub use wire::{WireError, WireEvent};
pub use workspace::{Problem, WorkspaceProblems, workspace_schema};

/// The ports that a face, or a test, brings itself.
pub mod ports {
    pub use tandem_engine::ports::{Clock, Ids, Secret, SecretError, SecretStore};
    pub use tandem_host::{ChosenSecrets, Cost, FileSecrets, KeyringSecrets, SystemClock, UuidIds};
}
