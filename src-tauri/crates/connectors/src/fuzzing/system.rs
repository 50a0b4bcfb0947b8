//! A system that is described in every way and answers whatever the fuzzer says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::executor::block_on;
use tandem_domain::ids::{OperationKey, RecordId, Version};
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    Connector, ConnectorError, Cursor, Fetched, ListRequest, NativeChange, Page, WritableConnector,
    WriteOperation, WriteOutcome,
};
use tandem_engine::ports::{Clock, Hold, Secret, SecretError, Secrets};
use uuid::Uuid;

use super::answers::{self, Answer};
use crate::rest::RestConnector;
use crate::rest::settings::RestSettings;

/// Its description.
pub(super) const DESCRIBED: &str = include_str!("system.json");

/// The credential it is sent, and may say back.
const SECRET: &str = "canary-7f3a-9c";

/// Bytes of a body that are kept at most: what the error log promises, and marks in it that stand
/// for something shorter.
const KEPT: usize = 2 * 16 * 1024;

thread_local! {
    static COLLECTIONS: Vec<RestConnector> = described();
}

fn described() -> Vec<RestConnector> {
    let Ok(settings) = serde_json::from_str::<RestSettings>(DESCRIBED) else {
        return Vec::new();
    };
    let names = settings.collections.keys();
    let connector =
        |name: &String| RestConnector::new(&settings, name, Arc::new(Token), Arc::new(Still)).ok();
    let found: Vec<_> = names.filter_map(connector).collect();
    assert_eq!(found.len(), settings.collections.len());
    found
}

/// Asks something of a collection that answers so.
pub(super) fn ask(collection: u8, asked: u8, given: Vec<Answer>) {
    COLLECTIONS.with(|collections| {
        let at = usize::from(collection.wrapping_sub(b'0')) % collections.len().max(1);
        let Some(system) = collections.get(at) else {
            return;
        };
        answers::given(given, || match asked.wrapping_sub(b'0') % 7 {
            0 => list(system, None),
            1 => list(system, Some("v:2026-03-01T10:00:00Z")),
            2 => list(system, Some("t:1772359200123456")),
            3 => fetch(system),
            4 => look_up(system),
            5 => write(system),
            _ => {
                let _ = block_on(system.check()).map_err(|error| told(&error));
            }
        });
    });
}

fn list(system: &RestConnector, since: Option<&str>) {
    let since = since.map(|text| Cursor(text.to_owned()));
    let mut request = ListRequest { since, page: None };
    // Each page takes an answer at least.
    for _ in 0..=answers::left() {
        match block_on(system.list(&request)) {
            Ok(page) => {
                shown(&page);
                if page.next.is_none() {
                    return;
                }
                request.page = page.next;
            }
            Err(error) => return told(&error),
        }
    }
    assert_eq!(answers::left(), 0, "a listing goes on without asking");
}

fn shown(page: &Page) {
    for entry in &page.unreadable {
        assert!(entry.text.len() <= KEPT, "{} bytes kept", entry.text.len());
        hides(&entry.text);
        hides(&entry.reason);
    }
}

fn fetch(system: &RestConnector) {
    let ids: Vec<RecordId> = ["1", "a/b", "ü"]
        .iter()
        .filter_map(|id| RecordId::new(*id).ok())
        .collect();
    match block_on(system.get(&ids)) {
        Ok(found) => {
            assert_eq!(found.len(), ids.len());
            for (id, found) in ids.iter().zip(&found) {
                match found {
                    Fetched::Found(record) => assert_eq!(record.id, *id),
                    Fetched::Gone => {}
                    Fetched::Unknown(why) => hides(why),
                }
            }
        }
        Err(error) => told(&error),
    }
}

fn look_up(system: &RestConnector) {
    let _ = block_on(system.find("name", "Ada")).map_err(|error| told(&error));
}

fn write(system: &RestConnector) {
    let fields = Arc::new(BTreeMap::from([(
        "name".to_owned(),
        Value::Text("Ada".into()),
    )]));
    let (Ok(id), Ok(version)) = (RecordId::new("1"), Version::new("7")) else {
        return;
    };
    let if_version = Some(version);
    let changes = [
        NativeChange::Create {
            fields: Arc::clone(&fields),
        },
        NativeChange::Update {
            id: id.clone(),
            patch: fields,
            if_version: if_version.clone(),
        },
        NativeChange::Delete { id, if_version },
    ];
    let operations = changes.map(|change| WriteOperation {
        key: OperationKey(Uuid::nil()),
        change,
    });
    for chunk in operations.chunks(system.capabilities().bulk.max(1)) {
        match block_on(system.write(chunk)) {
            Ok(outcomes) => {
                assert_eq!(outcomes.len(), chunk.len());
                for outcome in &outcomes {
                    if let WriteOutcome::Rejected(error) = outcome {
                        told(error);
                    }
                }
            }
            Err(error) => told(&error),
        }
    }
}

/// An error is told without the secret, and without more of an answer than is promised.
fn told(error: &ConnectorError) {
    hides(&error.message);
    let Some(kept) = &error.diagnostics else {
        return;
    };
    hides(&kept.request);
    for body in [&kept.request_body, &kept.response_body]
        .into_iter()
        .flatten()
    {
        assert!(body.len() <= KEPT, "{} bytes kept", body.len());
        hides(body);
    }
}

fn hides(text: &str) {
    assert!(!text.contains(SECRET), "the credential is told: {text}");
}

/// A clock that stands still.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {}
}

/// The one credential.
struct Token;

impl Secrets for Token {
    fn get(&self, _: &str) -> Result<Secret, SecretError> {
        Ok(Secret::new(SECRET.to_owned()))
    }

    fn replace(&self, _: &str, _: &Secret) -> Result<(), SecretError> {
        Ok(())
    }

    fn hold(&self, _: &str) -> Result<Option<Hold>, SecretError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever what a system says is cut, a credential it says back is not cut in two.
    #[test]
    fn no_half_of_a_credential_is_told() {
        let before = "http://127.0.0.1:1/";
        for filling in (0..1_100).chain(16_350..16_390) {
            let filling = "x".repeat(filling);
            for answer in [
                format!("400\n\n{filling}{SECRET}"),
                format!("400\n\n{{\"message\":\"{filling}{SECRET}\"}}"),
                format!("302\nLocation: {before}{filling}{SECRET}\n\n"),
                format!("200\nContent-Encoding: {filling}{SECRET}\n\n"),
                format!("200\n\n{{\"data\":[],\"seq\":1,\"next\":\"http://:{filling}{SECRET}\"}}"),
                format!("200\n\n{{\"results\":[{{\"status\":400,\"m\":\"{filling}{SECRET}\"}}]}}"),
            ] {
                for asked in [b'0', b'5'] {
                    let error = COLLECTIONS.with(|collections| {
                        let given = answers::of(answer.as_bytes());
                        answers::given(given, || said_of(&collections[0], asked))
                    });
                    let message = error.map(|error| error.message).unwrap_or_default();
                    assert!(!message.contains("cana"), "{message}");
                }
            }
        }
    }

    fn said_of(system: &RestConnector, asked: u8) -> Option<ConnectorError> {
        if asked == b'0' {
            return block_on(system.list(&ListRequest {
                since: None,
                page: None,
            }))
            .err();
        }
        let change = NativeChange::Delete {
            id: RecordId::new("1").unwrap(),
            if_version: None,
        };
        let operation = WriteOperation {
            key: OperationKey(Uuid::nil()),
            change,
        };
        match block_on(system.write(&[operation])) {
            Ok(outcomes) => outcomes.into_iter().find_map(|outcome| match outcome {
                WriteOutcome::Rejected(error) => Some(error),
                _ => None,
            }),
            Err(error) => Some(error),
        }
    }
}
