//! From a connection's settings to a connector; and what is wrong with settings, in words.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass, WritableConnector};
use tandem_engine::ports::{Clock, Secrets};

use crate::rest::settings::RestSettings;
use crate::rest::{self, RestConnector};
use crate::settings::SettingsProblem;

/// The kinds of connection there are, as the workspace file names them.
pub const KINDS: [&str; 1] = ["rest"];

/// Sets up one collection of a connection; reaches nothing yet.
///
/// # Errors
/// [`ErrorClass::Configuration`] for settings that cannot work, [`ErrorClass::Authentication`] for
/// a credential that is not there.
pub fn build(
    kind: &str,
    settings: &serde_json::Value,
    collection: &str,
    secrets: &dyn Secrets,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn WritableConnector>, ConnectorError> {
    match kind {
        "rest" => {
            let settings: RestSettings = parsed(settings)?;
            Ok(Arc::new(RestConnector::new(
                &settings, collection, secrets, clock,
            )?))
        }
        _ => Err(ConnectorError::new(
            ErrorClass::Configuration,
            unknown_kind(kind),
        )),
    }
}

/// Everything that is wrong with a connection's settings; empty where nothing is.
#[must_use]
pub fn check_settings(kind: &str, settings: &serde_json::Value) -> Vec<SettingsProblem> {
    match kind {
        "rest" => checked(settings, rest::check_settings),
        _ => vec![SettingsProblem::new(
            "kind",
            unknown_kind(kind),
            format!("choose one of: {}", KINDS.join(", ")),
        )],
    }
}

/// The collections a connection's settings describe.
#[must_use]
pub fn described_collections(kind: &str, settings: &serde_json::Value) -> Vec<String> {
    match kind {
        "rest" => parse::<RestSettings>(settings)
            .map(|settings| settings.collections.into_keys().collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn unknown_kind(kind: &str) -> String {
    format!("{kind:?} is no kind of connection")
}

fn parse<T: DeserializeOwned>(settings: &serde_json::Value) -> Result<T, SettingsProblem> {
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().to_string();
        let what = error.inner().to_string();
        let fix = if what.starts_with("unknown field") {
            "use one of the names listed"
        } else if what.starts_with("missing field") {
            "add it"
        } else {
            "see the published schema for what belongs here"
        };
        SettingsProblem::new(path, what, fix)
    })
}

fn parsed<T: DeserializeOwned>(settings: &serde_json::Value) -> Result<T, ConnectorError> {
    parse(settings).map_err(|problem| {
        let SettingsProblem { path, what, .. } = problem;
        ConnectorError::new(ErrorClass::Configuration, format!("{path}: {what}"))
    })
}

fn checked<T: DeserializeOwned>(
    settings: &serde_json::Value,
    check: impl FnOnce(&T) -> Vec<SettingsProblem>,
) -> Vec<SettingsProblem> {
    match parse(settings) {
        Ok(settings) => check(&settings),
        Err(problem) => vec![problem],
    }
}
