//! A connector for whatever speaks JSON over HTTP, made from a description alone.

mod bulk;
mod check;
mod classify;
mod compiled;
mod cursor;
mod http;
mod listing;
mod login;
mod paging;
mod read;
mod records;
/// The description: what the workspace file says of a REST system.
pub mod settings;
mod templates;
mod transport;
mod wrapped;
mod write;

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use tandem_domain::collection::CollectionSchema;
use tandem_domain::ids::RecordId;
use tandem_domain::record::NativeRecord;
use tandem_engine::ports::connector::{
    Applied, Capabilities, ChangeDetection, Connector, ConnectorError, Fetched, Health,
    ListRequest, Page, WritableConnector, WriteOperation, WriteOutcome,
};
use tandem_engine::ports::{Clock, Secrets};

pub(crate) use check::check_settings;
#[cfg(test)]
pub(crate) use classify::transport;
pub(crate) use classify::words as transport_words;
pub(crate) use read::fetched;

use crate::json::Doc;
use compiled::Compiled;
use http::{Answer, Http, configuration};
use settings::{Changes, CreateId, RestCollection, RestSettings};
use templates::Template;

/// One collection of a REST system.
pub(crate) struct RestConnector {
    name: String,
    collection: RestCollection,
    settings_check: Option<settings::Check>,
    in_flight: usize,
    compiled: Compiled,
    http: Http,
}

impl RestConnector {
    /// Sets one up; reaches nothing yet.
    pub(crate) fn new(
        settings: &RestSettings,
        collection: &str,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectorError> {
        let described = settings.collections.get(collection).ok_or_else(|| {
            let known: Vec<&str> = settings.collections.keys().map(String::as_str).collect();
            configuration(format!(
                "no collection {collection:?} is described; there are: {}",
                known.join(", ")
            ))
        })?;
        Ok(Self {
            name: collection.to_owned(),
            collection: described.clone(),
            settings_check: settings.check.clone(),
            in_flight: settings.limits.in_flight,
            compiled: Compiled::new(described).map_err(|(path, what)| {
                configuration(format!("collections.{collection}.{path}: {what}"))
            })?,
            http: Http::new(settings, secrets, clock)?,
        })
    }

    fn render<'t>(
        &self,
        template: &'t Template,
        context: &minijinja::Value,
    ) -> Result<Cow<'t, str>, ConnectorError> {
        self.compiled
            .templates
            .render(template, context)
            .map_err(configuration)
    }

    fn doc<'a>(&self, answer: &'a Answer) -> Result<Doc<'a>, ConnectorError> {
        answer.doc().map_err(|what| {
            self.http.not_as_described(
                answer,
                &format!("its answer cannot be read: {what}"),
                Applied::Maybe,
            )
        })
    }

    fn expect_success(&self, answer: Answer) -> Result<Answer, ConnectorError> {
        if answer.is_success() {
            Ok(answer)
        } else {
            Err(self.refusal(&answer))
        }
    }

    /// An answer that is no success, with what it says of itself.
    fn refusal(&self, answer: &Answer) -> ConnectorError {
        let message = answer.doc().ok().and_then(|doc| {
            let own = self.collection.errors.message.as_deref();
            let usual = [
                "/error/message",
                "/message",
                "/error",
                "/detail",
                "/errors/0/message",
            ];
            own.into_iter()
                .chain(usual)
                .find_map(|pointer| doc.text_at(pointer))
        });
        self.http.refusal(answer, message)
    }
}

#[async_trait]
impl Connector for RestConnector {
    fn capabilities(&self) -> Capabilities {
        let collection = &self.collection;
        let changes = match &collection.changes {
            None => ChangeDetection::Full,
            Some(Changes::Filter {
                tombstones: false, ..
            }) => ChangeDetection::Since,
            Some(Changes::Filter { .. } | Changes::Feed { .. }) => ChangeDetection::Feed,
        };
        let update = collection.update.as_ref();
        let create = collection.create.as_ref();
        let deletes_safely = collection
            .delete
            .as_ref()
            .is_none_or(|delete| delete.soft.is_some() || delete.precondition.is_some());
        let single_conditional =
            update.is_some_and(|update| update.precondition.is_some()) && deletes_safely;
        let single_idempotent = create.is_some_and(|create| {
            create.idempotency_header.is_some()
                || (create.id == CreateId::Key && create.if_none_match)
        });
        let single_echo = update.is_some_and(|update| update.record.is_some())
            && create.is_none_or(|create| create.record.is_some());
        let bulk = collection.bulk.as_ref();
        Capabilities {
            changes,
            conditional_writes: collection.version.is_some()
                && bulk.map_or(single_conditional, |bulk| bulk.conditional),
            idempotent_creates: bulk.map_or(single_idempotent, |bulk| bulk.idempotent),
            writes_echo: bulk.map_or(single_echo, |bulk| bulk.record.is_some()),
            bulk: bulk.map_or(1, |bulk| bulk.max),
            in_flight: self.in_flight,
            lookup: collection.find.keys().cloned().collect(),
            filtered: collection.list.is_filtered(),
        }
    }

    async fn check(&self) -> Result<Health, ConnectorError> {
        self.health().await
    }

    async fn identity(&self) -> Result<Option<String>, ConnectorError> {
        let told = self
            .settings_check
            .as_ref()
            .is_some_and(|check| check.identity.is_some());
        if !told {
            return Ok(None);
        }
        Ok(self.health().await?.identity)
    }

    async fn refresh_credentials(&self) -> Result<bool, ConnectorError> {
        self.http.renew().await
    }

    async fn describe(&self) -> Result<CollectionSchema, ConnectorError> {
        Ok(self.declared())
    }

    async fn list(&self, request: &ListRequest) -> Result<Page, ConnectorError> {
        self.list_page(request).await
    }

    async fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        self.get_all(ids).await
    }

    async fn find(&self, field: &str, value: &str) -> Result<Vec<NativeRecord>, ConnectorError> {
        self.look_up(field, value).await
    }
}

#[async_trait]
impl WritableConnector for RestConnector {
    async fn write(
        &self,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, ConnectorError> {
        if self.collection.bulk.is_some() {
            return self.write_bulk(operations).await;
        }
        // More than one only where the caller did not look at `Capabilities::bulk`: a call that
        // fails half-way could not say which of them landed.
        let [operation] = operations else {
            return Err(configuration(format!(
                "{} takes one write at a time",
                self.name
            )));
        };
        Ok(vec![self.write_one(operation).await?])
    }

    fn as_read_only(&self) -> &dyn Connector {
        self
    }
}
