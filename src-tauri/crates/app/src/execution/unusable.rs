//! A connection that cannot even be made ready (a credential is missing, its settings do not work any
//! more) stands in a run all the same, so that the run is recorded, ends with the reason, and alerts
//! like any other that failed.

use std::sync::Arc;

use async_trait::async_trait;
use tandem_domain::config::CollectionSchema;
use tandem_domain::ids::RecordId;
use tandem_domain::record::NativeRecord;
use tandem_engine::ports::Secrets;
use tandem_engine::ports::connector::{
    Capabilities, ChangeDetection, Connector, ConnectorError, Fetched, Health, ListRequest, Page,
    WritableConnector, WriteOperation, WriteOutcome,
};
use tandem_engine::ports::store::ConnectionRecord;

use crate::app::Scope;
use crate::error::AppError;
use crate::systems;

/// What reaches a collection, or says of every call why nothing does.
pub(super) fn connect(
    scope: &Scope<'_>,
    connection: &ConnectionRecord,
    collection: &str,
    secrets: Arc<dyn Secrets>,
) -> Result<Arc<dyn WritableConnector>, AppError> {
    let clock = Arc::clone(&scope.inner.clock);
    match systems::connect(connection, collection, secrets, clock) {
        Err(AppError::System { error, .. }) => {
            let clock = &scope.inner.clock;
            let described = systems::connect_without_secrets(connection, collection, clock);
            Ok(Arc::new(Unusable {
                capabilities: described.map_or(NOTHING, |known| known.capabilities()),
                error,
            }))
        }
        connected => connected,
    }
}

const NOTHING: Capabilities = Capabilities {
    changes: ChangeDetection::Full,
    conditional_writes: false,
    idempotent_creates: false,
    writes_echo: false,
    bulk: 1,
    in_flight: 1,
    lookup: Vec::new(),
    filtered: false,
};

struct Unusable {
    capabilities: Capabilities,
    error: ConnectorError,
}

impl Unusable {
    fn refuse<T>(&self) -> Result<T, ConnectorError> {
        Err(self.error.clone())
    }
}

#[async_trait]
impl Connector for Unusable {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    async fn check(&self) -> Result<Health, ConnectorError> {
        self.refuse()
    }

    async fn describe(&self) -> Result<CollectionSchema, ConnectorError> {
        self.refuse()
    }

    async fn list(&self, _: &ListRequest) -> Result<Page, ConnectorError> {
        self.refuse()
    }

    async fn get(&self, _: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        self.refuse()
    }

    async fn find(&self, _: &str, _: &str) -> Result<Vec<NativeRecord>, ConnectorError> {
        self.refuse()
    }
}

#[async_trait]
impl WritableConnector for Unusable {
    async fn write(&self, _: &[WriteOperation]) -> Result<Vec<WriteOutcome>, ConnectorError> {
        self.refuse()
    }

    fn as_read_only(&self) -> &dyn Connector {
        self
    }
}
