//! The systems Tandem reaches: REST APIs described in the workspace file, SQL tables, and files, all
//! behind the engine's connector port. [`build`] makes a connector from a connection's settings,
//! [`check_settings`] says what is wrong with them before anything is reached.

mod factory;
/// Files in a folder.
pub mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod json;
mod net;
/// What goes out although no connection describes it.
pub mod outward;
mod paths;
mod redact;
/// REST systems, described.
pub mod rest;
/// What all connections' settings share.
pub mod settings;
/// Tables of SQL databases.
pub mod sql;
mod tls;

pub use factory::{
    KINDS, build, check_settings, described_collections, file_settings, selection, settings_schema,
};
