//! From a stored connection to something that reaches its system.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use tandem_domain::redaction::Redactor;
use tandem_engine::ports::connector::Capabilities;
use tandem_engine::ports::store::ConnectionRecord;
use tandem_engine::ports::{
    Clock, ConnectorError, Hold, Redaction, Secret, SecretError, Secrets, WritableConnector,
};

use crate::error::AppError;

/// What a connection's settings say without reaching anything.
pub(crate) struct Described {
    pub(crate) address: String,
    pub(crate) collections: Vec<(String, Capabilities)>,
}

/// A connector for one collection; reaches nothing yet.
pub(crate) fn connect(
    connection: &ConnectionRecord,
    collection: &str,
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn WritableConnector>, AppError> {
    tandem_connectors::build(
        &connection.kind,
        &connection.settings,
        collection,
        secrets,
        clock,
    )
    .map_err(|error| AppError::System {
        connection: connection.name.to_string(),
        error,
    })
}

/// The same, for asking what needs no credentials.
pub(crate) fn connect_without_secrets(
    connection: &ConnectionRecord,
    collection: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn WritableConnector>, ConnectorError> {
    let (kind, settings) = (&connection.kind, &connection.settings);
    tandem_connectors::build(
        kind,
        settings,
        collection,
        Arc::new(NoSecrets),
        Arc::clone(clock),
    )
}

/// What the settings say. Capabilities do not depend on credentials, so none are asked for.
pub(crate) fn describe(connection: &ConnectionRecord, clock: &Arc<dyn Clock>) -> Described {
    let (kind, settings) = (&connection.kind, &connection.settings);
    let collections = tandem_connectors::described_collections(kind, settings)
        .into_iter()
        .filter_map(|name| {
            let built = connect_without_secrets(connection, &name, clock);
            Some((name, built.ok()?.capabilities()))
        })
        .collect();
    Described {
        address: address(settings),
        collections,
    }
}

/// Where a connection leads, without credentials.
pub(crate) fn address(settings: &Value) -> String {
    let text = |name: &str| settings.get(name).and_then(Value::as_str);
    if let Some(url) = text("base_url").or_else(|| text("url")) {
        return without_login(url);
    }
    if let Some(host) = text("host") {
        let port = settings.get("port").and_then(Value::as_u64);
        let database = text("database")
            .or_else(|| text("dbname"))
            .unwrap_or_default();
        return port.map_or_else(
            || format!("{host}/{database}"),
            |port| format!("{host}:{port}/{database}"),
        );
    }
    text("path")
        .or_else(|| text("file"))
        .unwrap_or_default()
        .to_owned()
}

fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// A tenant's credentials for one run, of which its redaction learns every value that is looked up
/// or received, so that none is shown, logged or stored.
pub(crate) struct KnownSecrets<S> {
    secrets: S,
    redaction: Redaction,
}

impl<S: Secrets> KnownSecrets<S> {
    pub(crate) fn new(secrets: S) -> Self {
        Self {
            secrets,
            redaction: Redactor::new([], []).into(),
        }
    }

    /// What knows them all.
    pub(crate) fn redaction(&self) -> Redaction {
        self.redaction.clone()
    }
}

impl<S: Secrets> Secrets for KnownSecrets<S> {
    fn get(&self, reference: &str) -> Result<Secret, SecretError> {
        let value = self.secrets.get(reference)?;
        self.redaction.learn(&value);
        Ok(value)
    }

    fn replace(&self, reference: &str, value: &Secret) -> Result<(), SecretError> {
        self.redaction.learn(value);
        self.secrets.replace(reference, value)
    }

    fn hold(&self, reference: &str) -> Result<Option<Hold>, SecretError> {
        self.secrets.hold(reference)
    }

    fn received(&self, value: &Secret) {
        self.redaction.learn(value);
        self.secrets.received(value);
    }
}

/// Every credential that settings refer to, as `{ secret = NAME }` or `{ env = NAME }`.
pub(crate) fn references(settings: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    gather(settings, &mut found);
    found
}

fn gather(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let (1, Some((key, Value::String(name)))) = (members.len(), members.iter().next()) {
                match key.as_str() {
                    "secret" => found.insert(name.clone()),
                    "env" => found.insert(format!("env:{name}")),
                    _ => false,
                };
            }
            members.values().for_each(|member| gather(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Stands in where a connector is only asked what it can do.
struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _: &str) -> Result<Secret, SecretError> {
        Ok(Secret::new("-".to_owned()))
    }

    fn replace(&self, reference: &str, _: &Secret) -> Result<(), SecretError> {
        Err(SecretError::Missing {
            name: reference.to_owned(),
            provide: "nothing is kept here".to_owned(),
        })
    }

    fn hold(&self, _: &str) -> Result<Option<Hold>, SecretError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_never_show_a_login() {
        let table = [
            (
                json!({"base_url": "http://ada:pw@shop.example:81/v1?x=1"}),
                "http://shop.example:81/v1?x=1",
            ),
            (
                json!({"base_url": "http://shop.example/a@b"}),
                "http://shop.example/a@b",
            ),
            (
                json!({"host": "db", "port": 5432, "database": "erp"}),
                "db:5432/erp",
            ),
            (json!({"path": "/var/erp.db"}), "/var/erp.db"),
        ];
        for (settings, want) in table {
            assert_eq!(address(&settings), want);
        }
    }

    #[test]
    fn a_run_hides_what_was_looked_up_and_what_was_received() {
        let known = KnownSecrets::new(NoSecrets);
        let redaction = known.redaction();
        let text = "a: access-1, r: refresh-1";
        let shown = || redaction.with(|it| it.text(text).to_string());
        assert_eq!(shown(), text);
        known.received(&Secret::new("access-1".to_owned()));
        assert_eq!(shown(), "a: [redacted], r: refresh-1");
        // Also where it could not be kept.
        assert!(
            known
                .replace("r", &Secret::new("refresh-1".to_owned()))
                .is_err()
        );
        assert_eq!(shown(), "a: [redacted], r: [redacted]");
    }

    #[test]
    fn every_credential_is_known() {
        let settings = json!({
            "auth": {"type": "basic", "user": "x", "password": {"secret": "pw"}},
            "headers": {"X-Key": {"env": "KEY"}, "X-Plain": "env"},
            "list": [{"secret": "deep"}],
            "other": {"secret": "a", "env": "b"},
        });
        let found: Vec<String> = references(&settings).into_iter().collect();
        assert_eq!(found, ["deep", "env:KEY", "pw"]);
    }
}
