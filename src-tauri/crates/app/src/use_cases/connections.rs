//! Connections: listing and testing.

use std::sync::Arc;

use tandem_engine::ports::store::{ConnectionRecord, SyncRecord};

use crate::app::{App, Scope};
use crate::error::AppError;
use crate::lookup;
use crate::systems;
use crate::views::connections::view;
use crate::wire::{
    CollectionTest, ConnectionTest, ConnectionView, ListConnections, TestConnection, WireError,
};

impl App {
    /// All connections, by name.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_connections(
        &self,
        args: ListConnections,
    ) -> Result<Vec<ConnectionView>, AppError> {
        self.with_tenant(&args.tenant, |scope| {
            connections(scope, &scope.store.syncs()?)
        })
        .await
    }

    /// Reaches a connection once for each collection, read-only. An unreachable system is an
    /// answer, not an error.
    ///
    /// # Errors
    /// Where there is no such connection.
    pub async fn test_connection(&self, args: TestConnection) -> Result<ConnectionTest, AppError> {
        let name = args.name;
        let connection = self
            .with_tenant(&args.tenant, move |scope| {
                lookup::connection(scope.store, &name)
            })
            .await?;
        Ok(self.test(&connection).await)
    }

    async fn test(&self, connection: &ConnectionRecord) -> ConnectionTest {
        let mut test = ConnectionTest {
            ok: true,
            system: None,
            latency_ms: None,
            clock_offset_ms: None,
            collections: Vec::new(),
            error: None,
        };
        let names =
            tandem_connectors::described_collections(&connection.kind, &connection.settings);
        for name in names {
            let mut found = CollectionTest {
                name: name.clone(),
                fields: 0,
                complete: false,
                error: None,
            };
            match self.test_collection(connection, &name, &mut test).await {
                Ok((fields, complete)) => {
                    found.fields = fields;
                    found.complete = complete;
                }
                Err(error) => {
                    test.ok = false;
                    if test.error.is_none() {
                        test.error = Some(error.clone());
                    }
                    found.error = Some(error);
                }
            }
            test.collections.push(found);
        }
        test
    }

    async fn test_collection(
        &self,
        connection: &ConnectionRecord,
        name: &str,
        test: &mut ConnectionTest,
    ) -> Result<(u64, bool), WireError> {
        let inner = &self.inner;
        let connector =
            systems::connect(connection, name, &*inner.secrets, Arc::clone(&inner.clock))?;
        let failed = |error| AppError::System {
            connection: connection.name.to_string(),
            error,
        };
        let health = connector.check().await.map_err(failed)?;
        test.system = Some(health.system);
        test.latency_ms = Some(test.latency_ms.unwrap_or_default().max(health.latency_ms));
        test.clock_offset_ms = health.clock_offset_ms.or(test.clock_offset_ms);
        let schema = connector.describe().await.map_err(failed)?;
        Ok((schema.fields.len() as u64, schema.complete))
    }
}

/// All connections as they are shown.
pub(super) fn connections(
    scope: &Scope<'_>,
    syncs: &[SyncRecord],
) -> Result<Vec<ConnectionView>, AppError> {
    let now = scope.inner.now();
    scope
        .store
        .connections()?
        .iter()
        .map(|record| {
            let used_by = syncs
                .iter()
                .filter(|sync| {
                    [&sync.config.source, &sync.config.target]
                        .iter()
                        .any(|end| end.connection == record.name)
                })
                .map(|sync| sync.config.name.to_string())
                .collect();
            let circuit = scope.store.circuit(record.id)?;
            let described = systems::describe(record, &scope.inner.clock);
            Ok(view(record, described, circuit, used_by, now))
        })
        .collect()
}
