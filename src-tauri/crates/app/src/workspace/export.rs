//! What is stored, as a workspace file.

use serde::Serialize;
use serde_json::Value;
use tandem_domain::config::SyncConfiguration;
use tandem_domain::ids::Name;
use tandem_engine::ports::Retention;
use toml::Table;

use crate::app::{App, Scope};
use crate::error::AppError;
use crate::wire::{ExportWorkspace, Exported};

impl App {
    /// Writes everything an admin set up as a workspace file. Credentials are references there as
    /// here, so none is in it.
    ///
    /// # Errors
    /// The store's.
    pub async fn export_workspace(&self, args: ExportWorkspace) -> Result<Exported, AppError> {
        self.with_tenant(&args.tenant, |scope| {
            Ok(Exported {
                text: workspace_toml(scope)?,
            })
        })
        .await
    }
}

/// The workspace file of a tenant as it stands.
pub(crate) fn workspace_toml(scope: &Scope<'_>) -> Result<String, AppError> {
    let connections = scope.store.connections()?;
    let syncs = scope.store.syncs()?;
    text(
        &scope.store.retention()?,
        connections
            .iter()
            .map(|record| (&record.name, record.kind.as_str(), &record.settings)),
        syncs.iter().map(|record| &record.config),
    )
}

/// A workspace file that says just this; of a connection its name, kind and settings.
pub(super) fn text<'a>(
    kept: &Retention,
    connections: impl Iterator<Item = (&'a Name, &'a str, &'a Value)>,
    syncs: impl Iterator<Item = &'a SyncConfiguration>,
) -> Result<String, AppError> {
    let file = File {
        retention: (*kept != Retention::default()).then(|| retention(kept)),
        connections: connections.map(connection).collect::<Result<_, _>>()?,
        syncs: syncs.map(sync).collect::<Result<_, _>>()?,
    };
    toml::to_string_pretty(&file).map_err(|error| AppError::Internal(error.to_string()))
}

#[derive(Serialize)]
struct File {
    #[serde(skip_serializing_if = "Option::is_none")]
    retention: Option<Table>,
    connections: Vec<Table>,
    syncs: Vec<Table>,
}

fn retention(kept: &Retention) -> Table {
    let days = [
        ("history_days", kept.history_days()),
        ("audit_days", kept.audit_days()),
    ];
    days.into_iter()
        .filter_map(|(key, days)| Some((key.to_owned(), toml::Value::Integer(days?.into()))))
        .collect()
}

fn connection((name, kind, settings): (&Name, &str, &Value)) -> Result<Table, AppError> {
    let mut table = Table::new();
    table.insert("name".to_owned(), toml::Value::String(name.to_string()));
    table.insert("kind".to_owned(), toml::Value::String(kind.to_owned()));
    table.extend(as_table(settings)?);
    Ok(table)
}

fn sync(config: &SyncConfiguration) -> Result<Table, AppError> {
    let json =
        serde_json::to_value(config).map_err(|error| AppError::Internal(error.to_string()))?;
    let mut table = as_table(&json)?;
    // The name first: it is what a reader looks for.
    let mut ordered = Table::new();
    for key in ["name", "direction", "match_key", "paused"] {
        if let Some((key, value)) = table.remove_entry(key) {
            ordered.insert(key, value);
        }
    }
    ordered.extend(table);
    Ok(ordered)
}

/// One sync configuration as it stands in a workspace file.
pub(crate) fn sync_toml(config: &SyncConfiguration) -> String {
    #[derive(Serialize)]
    struct One {
        syncs: [Table; 1],
    }
    sync(config)
        .ok()
        .and_then(|table| toml::to_string_pretty(&One { syncs: [table] }).ok())
        .unwrap_or_default()
}

fn as_table(json: &Value) -> Result<Table, AppError> {
    let whole = without_nulls(json);
    Table::try_from(whole).map_err(|error| AppError::Internal(error.to_string()))
}

/// TOML has no null; an absent optional setting means the same.
fn without_nulls(json: &Value) -> Value {
    match json {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
