//! The published JSON Schema of workspace files, by which editors complete them. Connections come
//! from the connectors' own types; syncs from `sync.schema.json`, which a test holds to the
//! domain's types.

use serde_json::{Map, Value, json};
use tandem_engine::ports::Retention;

/// The definitions of everything about syncs.
const SYNC: &str = include_str!("sync.schema.json");

/// The schema, as pretty JSON text with an end of line.
#[must_use]
pub fn workspace_schema() -> String {
    let mut definitions: Map<String, Value> = serde_json::from_str(SYNC).unwrap_or_default();
    let kinds: Vec<Value> = tandem_connectors::KINDS
        .iter()
        .filter_map(|kind| connection(kind, &mut definitions))
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tandem workspace",
        "description": "Connections to systems, and what is kept in step between them.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "connections": {
                "description": "The systems.",
                "type": "array",
                "items": { "oneOf": kinds },
            },
            "syncs": {
                "description": "What is kept in step.",
                "type": "array",
                "items": { "$ref": "#/$defs/Sync" },
            },
            "retention": {
                "description": "How long history is kept. What is not set is kept for good.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "history_days": {
                        "description": "Days after which a run's journal, snapshots and errors, settled conflicts and told alerts are removed. A run's counts stay; it cannot be taken back any more.",
                        "type": "integer",
                        "minimum": Retention::LEAST_HISTORY,
                        "maximum": Retention::MOST,
                    },
                    "audit_days": {
                        "description": "Days after which rows of the audit log lose what they are about. Who did what kind of thing and when stays, and the chain still holds.",
                        "type": "integer",
                        "minimum": Retention::LEAST_AUDIT,
                        "maximum": Retention::MOST,
                    },
                },
            },
        },
        "$defs": definitions,
    });
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// A kind's settings with a connection's name and kind; what they refer to joins `definitions`
/// under names of that kind's own.
fn connection(kind: &str, definitions: &mut Map<String, Value>) -> Option<Value> {
    let mut schema = tandem_connectors::settings_schema(kind)?;
    prefix_references(&mut schema, kind);
    let members = schema.as_object_mut()?;
    members.remove("$schema");
    members.insert(
        "title".to_owned(),
        json!(format!("A connection of kind {kind}")),
    );
    if let Some(Value::Object(own)) = members.remove("$defs") {
        definitions.extend(
            own.into_iter()
                .map(|(name, it)| (format!("{kind}_{name}"), it)),
        );
    }
    let properties = members
        .entry("properties")
        .or_insert_with(|| json!({}))
        .as_object_mut()?;
    properties.insert("name".to_owned(), json!({ "$ref": "#/$defs/Name" }));
    properties.insert("kind".to_owned(), json!({ "const": kind }));
    let required = members
        .entry("required")
        .or_insert_with(|| json!([]))
        .as_array_mut()?;
    required.extend([json!("name"), json!("kind")]);
    Some(schema)
}

fn prefix_references(value: &mut Value, kind: &str) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(name) = reference.strip_prefix("#/$defs/") {
                            *reference = format!("#/$defs/{kind}_{name}");
                        }
                    }
                    other => prefix_references(other, kind),
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| prefix_references(item, kind)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use tandem_domain::config::{ConflictPolicy, Endpoint, Limits, SyncConfiguration};
    use tandem_domain::mapping::{Computed, Join, SideMapping};
    use tandem_domain::validation::{Rule, SideRules, ValidationRules};

    use super::*;
    use crate::sample::{SampleAddresses, sample_workspace};

    /// The keys a type knows, as it says itself when it meets one that it does not.
    fn keys<T: DeserializeOwned>() -> BTreeSet<String> {
        let error = serde_json::from_value::<T>(json!({ "no such key": 0 }))
            .err()
            .unwrap()
            .to_string();
        assert!(error.starts_with("unknown field"), "{error}");
        error
            .split('`')
            .skip(3)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_schema_knows_exactly_the_keys_of_the_types() {
        let definitions: Value = serde_json::from_str(SYNC).unwrap();
        let table = [
            ("Sync", keys::<SyncConfiguration>()),
            ("Endpoint", keys::<Endpoint>()),
            ("ConflictPolicy", keys::<ConflictPolicy>()),
            ("SyncLimits", keys::<Limits>()),
            ("SideMapping", keys::<SideMapping>()),
            ("Join", keys::<Join>()),
            ("Computed", keys::<Computed>()),
            ("ValidationRules", keys::<ValidationRules>()),
            ("SideRules", keys::<SideRules>()),
            ("Rule", keys::<Rule>()),
        ];
        for (name, keys) in table {
            let known: BTreeSet<String> = definitions[name]["properties"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect();
            assert_eq!(known, keys, "{name}");
        }
    }

    #[test]
    fn the_sample_workspace_meets_the_schema_and_a_misspelt_one_does_not() {
        let schema: Value = serde_json::from_str(&workspace_schema()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let addresses = SampleAddresses {
            storefront: "http://127.0.0.1:1".into(),
            erp: "/erp.db".into(),
        };
        let text = sample_workspace(&addresses);
        let json = |text: &str| {
            serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
        };
        let problems: Vec<String> = validator
            .iter_errors(&json(&text))
            .map(|error| error.to_string())
            .collect();
        assert_eq!(problems, Vec::<String>::new());
        assert!(!validator.is_valid(&json(&text.replace("base_url", "base_ur"))));
        assert!(!validator.is_valid(&json(&text.replace("match_key", "match_keys"))));
    }

    #[test]
    fn the_published_file_is_current() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs/workspace.schema.json");
        if std::env::var_os("TANDEM_BLESS").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, workspace_schema()).unwrap();
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == workspace_schema(),
            "src-tauri/docs/workspace.schema.json is not current; run TANDEM_BLESS=1 cargo test -p tandem-app published_file"
        );
    }
}
