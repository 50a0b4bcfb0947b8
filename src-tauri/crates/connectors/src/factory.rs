//! From a connection's settings to a connector; and what is wrong with settings, in words.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass, WritableConnector};
use tandem_engine::ports::{Clock, Secrets};

use crate::files::settings::FilesSettings;
use crate::files::{self, FilesConnector};
use crate::rest::settings::RestSettings;
use crate::rest::{self, RestConnector};
use crate::settings::SettingsProblem;
use crate::sql;
use crate::sql::settings::{ServerSettings, SqliteSettings};

/// The kinds of connection there are, as the workspace file names them.
pub const KINDS: [&str; 5] = ["rest", "postgres", "mysql", "sqlite", "files"];

/// Sets up one collection of a connection; reaches nothing yet.
///
/// # Errors
/// [`ErrorClass::Configuration`] for settings that cannot work, [`ErrorClass::Authentication`] for
/// a credential that is not there.
pub fn build(
    kind: &str,
    settings: &serde_json::Value,
    collection: &str,
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn WritableConnector>, ConnectorError> {
    match kind {
        "rest" => {
            let settings: RestSettings = parsed(settings)?;
            Ok(Arc::new(RestConnector::new(
                &settings, collection, secrets, clock,
            )?))
        }
        "postgres" => {
            let settings: ServerSettings = parsed(settings)?;
            Ok(Arc::new(sql::postgres(
                &settings, collection, &*secrets, clock,
            )?))
        }
        "mysql" => {
            let settings: ServerSettings = parsed(settings)?;
            Ok(Arc::new(sql::mysql(
                &settings, collection, &*secrets, clock,
            )?))
        }
        "sqlite" => {
            let settings: SqliteSettings = parsed(settings)?;
            Ok(Arc::new(sql::sqlite(&settings, collection, clock)?))
        }
        "files" => {
            let settings: FilesSettings = parsed(settings)?;
            Ok(Arc::new(FilesConnector::new(&settings, collection, clock)?))
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
        "postgres" => checked(settings, sql::check_postgres),
        "mysql" => checked(settings, sql::check_mysql),
        "sqlite" => checked(settings, sql::check_sqlite),
        "files" => checked(settings, files::check_settings),
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
    fn names<T: DeserializeOwned>(
        settings: &serde_json::Value,
        collections: impl FnOnce(T) -> Vec<String>,
    ) -> Vec<String> {
        parse(settings).map(collections).unwrap_or_default()
    }
    match kind {
        "rest" => names(settings, |s: RestSettings| {
            s.collections.into_keys().collect()
        }),
        "postgres" | "mysql" => names(settings, |s: ServerSettings| {
            s.collections.into_keys().collect()
        }),
        "sqlite" => names(settings, |s: SqliteSettings| {
            s.collections.into_keys().collect()
        }),
        "files" => names(settings, |s: FilesSettings| {
            s.collections.into_keys().collect()
        }),
        _ => Vec::new(),
    }
}

/// What decides which of a collection's records a listing shows, to be compared with what it was
/// before: where that changes, records come and go that nobody made or deleted. Null where all are
/// shown.
#[must_use]
pub fn selection(kind: &str, settings: &serde_json::Value, collection: &str) -> serde_json::Value {
    match kind {
        "rest" => parse(settings)
            .ok()
            .and_then(|mut s: RestSettings| s.collections.remove(collection))
            .map_or(serde_json::Value::Null, |c| {
                serde_json::json!([c.list.path, c.list.query, c.list.complete])
            }),
        _ => serde_json::Value::Null,
    }
}

/// The settings of a kind that name a file on this machine.
#[must_use]
pub fn file_settings(kind: &str) -> &'static [&'static str] {
    match kind {
        "rest" | "postgres" | "mysql" => &["ca_file"],
        "sqlite" => &["file"],
        "files" => &["folder"],
        _ => &[],
    }
}

/// The JSON Schema of a kind's settings, for editors to complete the workspace file by.
#[must_use]
pub fn settings_schema(kind: &str) -> Option<serde_json::Value> {
    let schema = match kind {
        "rest" => schemars::schema_for!(RestSettings),
        "postgres" | "mysql" => schemars::schema_for!(ServerSettings),
        "sqlite" => schemars::schema_for!(SqliteSettings),
        "files" => schemars::schema_for!(FilesSettings),
        _ => return None,
    };
    Some(schema.to_value())
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
