//! What the suite needs of a system: a connector to it, and a way round the connector.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tandem_domain::ids::{OperationKey, RecordId, Version};
use tandem_domain::record::{NativeBody, NativeFields, NativeRecord};
use tandem_domain::value::Value;
use tandem_engine::ports::WritableConnector;
use tandem_engine::ports::connector::{
    Cursor, ListRequest, NativeChange, Page, WriteOperation, WriteOutcome,
};
use uuid::Uuid;

/// Fields as JSON texts, by name: `name`, `email` (unique), `price` (decimal), `big` (integer).
pub(crate) type Fields = BTreeMap<String, String>;

/// A system under test. Everything but `connector` goes behind the connector's back.
#[async_trait]
pub(crate) trait System: Send + Sync {
    fn connector(&self) -> Arc<dyn WritableConnector>;
    /// Makes a record, changed at `at_ms`; its id.
    async fn insert(&self, fields: &Fields, at_ms: i64) -> String;
    async fn edit(&self, id: &str, field: &str, json: &str, at_ms: i64);
    async fn remove(&self, id: &str, at_ms: i64);
    /// The record as the system holds it.
    async fn read(&self, id: &str) -> Option<Fields>;
    async fn count(&self) -> usize;
    /// Whether a field survives exactly whatever its digits.
    fn exact(&self) -> bool {
        true
    }
    /// Whether a text without a character is told from no value.
    fn tells_empty(&self) -> bool {
        true
    }
    /// Whether a list of changes shows what was deleted.
    fn tombstones(&self) -> bool {
        false
    }
    /// Whether a list of changes begins with what happened at the cursor itself; a feed's entries
    /// have each a number of their own, so that nothing shares its place.
    fn inclusive(&self) -> bool {
        true
    }
}

pub(crate) fn fields(name: &str, email: &str, price: &str, big: &str) -> Fields {
    BTreeMap::from([
        ("name".into(), format!("{name:?}")),
        ("email".into(), format!("{email:?}")),
        ("price".into(), price.into()),
        ("big".into(), big.into()),
    ])
}

pub(crate) fn numbered(n: usize) -> Fields {
    fields(
        &format!("Name {n}"),
        &format!("n{n}@example.com"),
        "1.5",
        "7",
    )
}

pub(crate) fn native(fields: &Fields) -> NativeFields {
    fields
        .iter()
        .map(|(name, json)| (name.clone(), Value::from_json_text(json).unwrap()))
        .collect()
}

pub(crate) fn live(record: &NativeRecord) -> &NativeFields {
    match &record.body {
        NativeBody::Live { fields, .. } => fields,
        NativeBody::Deleted => panic!("{} is deleted", record.id),
    }
}

pub(crate) fn id(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

pub(crate) fn key(n: u128) -> OperationKey {
    OperationKey(Uuid::from_u128(
        0x0190_0000_0000_7000_8000_0000_0000_0000 + n,
    ))
}

/// A listing, page by page, with something done after each.
pub(crate) async fn walk<F: AsyncFnMut(usize)>(
    connector: &dyn WritableConnector,
    since: Option<Cursor>,
    mut between: F,
) -> Page {
    let mut request = ListRequest { since, page: None };
    let mut all = Page::default();
    for pages in 1..1_000 {
        let page = connector.list(&request).await.unwrap();
        all.records.extend(page.records);
        all.unreadable.extend(page.unreadable);
        all.cursor = page.cursor;
        all.clock_offset_ms = page.clock_offset_ms;
        request.page = page.next;
        if request.page.is_none() {
            return all;
        }
        between(pages).await;
    }
    panic!("the listing does not end");
}

pub(crate) async fn list(connector: &dyn WritableConnector, since: Option<Cursor>) -> Page {
    walk(connector, since, async |_| {}).await
}

pub(crate) fn ids(page: &Page) -> std::collections::BTreeSet<String> {
    page.records
        .iter()
        .map(|record| record.id.to_string())
        .collect()
}

pub(crate) fn create(n: u128, fields: &Fields) -> WriteOperation {
    WriteOperation {
        key: key(n),
        change: NativeChange::Create {
            fields: native(fields).into(),
        },
    }
}

pub(crate) fn update(
    n: u128,
    record: &str,
    patch: &[(&str, &str)],
    if_version: Option<Version>,
) -> WriteOperation {
    let patch: Fields = patch
        .iter()
        .map(|(name, json)| ((*name).to_owned(), (*json).to_owned()))
        .collect();
    WriteOperation {
        key: key(n),
        change: NativeChange::Update {
            id: id(record),
            patch: native(&patch).into(),
            if_version,
        },
    }
}

pub(crate) fn delete(n: u128, record: &str, if_version: Option<Version>) -> WriteOperation {
    WriteOperation {
        key: key(n),
        change: NativeChange::Delete {
            id: id(record),
            if_version,
        },
    }
}

/// Writes all, in calls as large as the connector takes.
pub(crate) async fn write(
    connector: &dyn WritableConnector,
    operations: &[WriteOperation],
) -> Vec<WriteOutcome> {
    let mut outcomes = Vec::new();
    for chunk in operations.chunks(connector.capabilities().bulk) {
        outcomes.extend(connector.write(chunk).await.unwrap());
    }
    outcomes
}

pub(crate) async fn write_one(
    connector: &dyn WritableConnector,
    operation: WriteOperation,
) -> WriteOutcome {
    connector.write(&[operation]).await.unwrap().remove(0)
}

/// The version a record has now, as the connector reads it.
pub(crate) async fn version(connector: &dyn WritableConnector, record: &str) -> Option<Version> {
    use tandem_engine::ports::connector::Fetched;
    match connector.get(&[id(record)]).await.unwrap().remove(0) {
        Fetched::Found(record) => record.version,
        other => panic!("{other:?}"),
    }
}
