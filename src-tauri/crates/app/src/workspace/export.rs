//! What is stored, as a workspace file.

use serde::Serialize;
use serde_json::Value;
use tandem_domain::config::SyncConfiguration;
use tandem_domain::ids::Name;
use tandem_engine::ports::Retention;
use toml::Table;

use crate::app::{App, Scope};
use crate::error::AppError;
use crate::wire::{ExportWorkspace, Exported, ItemKind};

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

/// A connection as the members of its table.
pub(super) fn connection_item(
    name: &Name,
    kind: &str,
    settings: &Value,
) -> Result<Value, AppError> {
    let mut members = serde_json::Map::new();
    members.insert("name".to_owned(), Value::String(name.to_string()));
    members.insert("kind".to_owned(), Value::String(kind.to_owned()));
    if let Value::Object(settings) = settings {
        members.extend(settings.clone());
    }
    Ok(without_nulls(&Value::Object(members)))
}

/// A sync as the members of its table, without what says nothing: absent means the same.
pub(super) fn sync_item(config: &SyncConfiguration) -> Result<Value, AppError> {
    let json =
        serde_json::to_value(config).map_err(|error| AppError::Internal(error.to_string()))?;
    let mut json = without_nulls(&json);
    if let Value::Object(members) = &mut json {
        if let Some(Value::Object(fields)) = members.get_mut("mapping") {
            for field in fields.values_mut() {
                shorten(field);
            }
        }
        for key in ["validation", "limits", "conflict"] {
            if let Some(Value::Object(parts)) = members.get_mut(key) {
                parts.retain(|_, part| !says_nothing(part));
            }
        }
        if config.limits == tandem_domain::config::Limits::default() {
            members.remove("limits");
        }
        if config.validation == tandem_domain::validation::ValidationRules::default() {
            members.remove("validation");
        }
        members.retain(|key, part| key == "mapping" || !says_nothing(part));
    }
    Ok(json)
}

fn says_nothing(part: &Value) -> bool {
    match part {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        other => *other == Value::Bool(false),
    }
}

/// `email = "text"` for a field that both sides call the same; a path alone as a text.
fn shorten(field: &mut Value) {
    let Value::Object(members) = field else {
        return;
    };
    for side in ["source", "target"] {
        let Some(Value::Object(parts)) = members.get_mut(side) else {
            continue;
        };
        if parts.is_empty() {
            members.remove(side);
        } else if let (1, Some(path)) = (parts.len(), parts.get("path").cloned()) {
            members.insert(side.to_owned(), path);
        }
    }
    if let (1, Some(ty @ Value::String(_))) = (members.len(), members.get("type").cloned()) {
        *field = ty;
    }
}

/// One item's table as a text of its own.
///
/// # Errors
/// Where it holds what TOML cannot say.
pub(super) fn item_text(kind: ItemKind, members: &Value) -> Result<String, AppError> {
    let unsayable = |why: String| AppError::Argument {
        what: "this cannot be written as TOML".to_owned(),
        why,
        fix: "Give a table of texts, numbers, booleans, lists and tables.".to_owned(),
    };
    let mut table =
        Table::try_from(without_nulls(members)).map_err(|error| unsayable(error.to_string()))?;
    let mut ordered = Table::new();
    for key in ["name", "kind", "direction", "match_key", "paused"] {
        if let Some((key, value)) = table.remove_entry(key) {
            ordered.insert(key, value);
        }
    }
    ordered.extend(table);
    let list = match kind {
        ItemKind::Connection => "connections",
        ItemKind::Sync => "syncs",
    };
    let mut file = Table::new();
    file.insert(
        list.to_owned(),
        toml::Value::Array(vec![toml::Value::Table(ordered)]),
    );
    toml::to_string_pretty(&file).map_err(|error| unsayable(error.to_string()))
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
