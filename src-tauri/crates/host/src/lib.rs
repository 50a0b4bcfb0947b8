//! What the machine around us gives: the clock, fresh ids, secrets, the signed-in user's name, the
//! folder for data, e-mail and webhooks. The only crate that asks the machine for the time or for randomness.

/// Telling administrators by e-mail and webhook.
pub mod alerts;
mod clock;
mod entropy;
mod ids;
mod machine;
mod place;
mod secrets;

pub use clock::SystemClock;
pub use entropy::random_bytes;
pub use ids::UuidIds;
pub use machine::{
    DecisionSettings, MachineSettings, SettingsFile, SettingsProblem, WindowSettings,
};
pub use place::{audit_anchor, data_folder, settings_file, user_name};
pub use secrets::{ChosenSecrets, Cost, EnvSecrets, FileSecrets, KeyringSecrets, TenantSecrets};
