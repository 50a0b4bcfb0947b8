//! A real connector under a paused clock. Its calls take real time on a runtime of their own; the
//! paused clock stands meanwhile, since it waits for blocking work. So backoff and time limits pass
//! in no time, and no call is cut short by them.

use std::sync::Arc;

use async_trait::async_trait;
use tandem_domain::collection::CollectionSchema;
use tandem_domain::ids::RecordId;
use tandem_domain::record::NativeRecord;
use tandem_engine::ports::connector::{
    Capabilities, Connector, ConnectorError, ErrorClass, Fetched, Health, ListRequest, Page,
    WritableConnector, WriteOperation, WriteOutcome,
};
use tokio::runtime::Handle;

/// A connector whose calls run elsewhere.
pub struct Away {
    inner: Arc<dyn WritableConnector>,
    runtime: Handle,
}

impl Away {
    /// Runs the connector's calls on that runtime, which must have threads of its own.
    #[must_use]
    pub fn new(inner: Arc<dyn WritableConnector>, runtime: Handle) -> Self {
        Self { inner, runtime }
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl AsyncFnOnce(Arc<dyn WritableConnector>) -> Result<T, ConnectorError> + Send + 'static,
    ) -> Result<T, ConnectorError> {
        let (inner, runtime) = (Arc::clone(&self.inner), self.runtime.clone());
        tokio::task::spawn_blocking(move || runtime.block_on(call(inner)))
            .await
            .map_err(|error| ConnectorError::new(ErrorClass::Protocol, error.to_string()))?
    }
}

#[async_trait]
impl Connector for Away {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn check(&self) -> Result<Health, ConnectorError> {
        self.call(async |inner| inner.check().await).await
    }

    async fn identity(&self) -> Result<Option<String>, ConnectorError> {
        self.call(async |inner| inner.identity().await).await
    }

    async fn describe(&self) -> Result<CollectionSchema, ConnectorError> {
        self.call(async |inner| inner.describe().await).await
    }

    async fn list(&self, request: &ListRequest) -> Result<Page, ConnectorError> {
        let request = request.clone();
        self.call(async move |inner| inner.list(&request).await)
            .await
    }

    async fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, ConnectorError> {
        let ids = ids.to_vec();
        self.call(async move |inner| inner.get(&ids).await).await
    }

    async fn find(&self, field: &str, value: &str) -> Result<Vec<NativeRecord>, ConnectorError> {
        let (field, value) = (field.to_owned(), value.to_owned());
        self.call(async move |inner| inner.find(&field, &value).await)
            .await
    }
}

#[async_trait]
impl WritableConnector for Away {
    async fn write(
        &self,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, ConnectorError> {
        let operations = operations.to_vec();
        self.call(async move |inner| inner.write(&operations).await)
            .await
    }

    fn as_read_only(&self) -> &dyn Connector {
        self
    }
}
