//! Connections: listing, testing, and their circuits by hand.

use std::sync::Arc;

use tandem_engine::calls::{self, CallError, CircuitBreaker};
use tandem_engine::ports::store::{ConnectionRecord, SyncRecord};

use crate::app::{App, Scope};
use crate::error::AppError;
use crate::lookup;
use crate::systems;
use crate::views::connections::view;
use crate::wire::{
    CollectionTest, ConnectionProbe, ConnectionTest, ConnectionView, IsolateConnection,
    ListConnections, ProbeConnection, ResetConnection, TestConnection, WireError, WireEvent,
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
        Ok(self.test(&args.tenant, &connection).await)
    }

    /// Probes a connection now, audited.
    ///
    /// # Errors
    /// Where there is no such connection, it is isolated, or somebody probes it already. That it
    /// does not answer is an answer.
    pub async fn probe_connection(
        &self,
        args: ProbeConnection,
    ) -> Result<ConnectionProbe, AppError> {
        let (connection, circuit) = self.circuit(&args.tenant, &args.name).await?;
        let collection =
            tandem_connectors::described_collections(&connection.kind, &connection.settings)
                .into_iter()
                .next()
                .ok_or_else(|| AppError::Argument {
                    what: format!("the connection {:?} describes no collection", args.name),
                    why: "A probe reads from one.".to_owned(),
                    fix: "Describe one in the workspace file and apply it.".to_owned(),
                })?;
        let inner = &self.inner;
        let connector = self
            .with_tenant(&args.tenant, move |scope| {
                scope.connect(&connection, &collection)
            })
            .await?;
        let probed = calls::probe(
            &circuit,
            connector.as_read_only(),
            &*inner.clock,
            inner.who(),
        )
        .await;
        let (latency_ms, error) = match probed {
            Ok(health) => (Some(health.latency_ms), None),
            Err(CallError::Failed { error, .. }) => {
                let connection = args.name.clone();
                (None, Some(AppError::System { connection, error }.into()))
            }
            Err(CallError::Refused(refusal)) => {
                return Err(AppError::Circuit {
                    connection: args.name,
                    refusal,
                });
            }
            Err(CallError::Store(error)) => return Err(error.into()),
        };
        Ok(ConnectionProbe {
            connection: self.circuit_changed(args.tenant, args.name).await?,
            latency_ms,
            error,
        })
    }

    /// Shuts a connection, audited.
    ///
    /// # Errors
    /// Where there is no such connection.
    pub async fn isolate_connection(
        &self,
        args: IsolateConnection,
    ) -> Result<ConnectionView, AppError> {
        let (_, circuit) = self.circuit(&args.tenant, &args.name).await?;
        circuit.isolate(self.inner.who()).await?;
        self.circuit_changed(args.tenant, args.name).await
    }

    /// Lets calls to a connection through again, audited.
    ///
    /// # Errors
    /// Where there is no such connection.
    pub async fn reset_connection(
        &self,
        args: ResetConnection,
    ) -> Result<ConnectionView, AppError> {
        let (_, circuit) = self.circuit(&args.tenant, &args.name).await?;
        circuit.reset(self.inner.who()).await?;
        self.circuit_changed(args.tenant, args.name).await
    }

    async fn circuit(
        &self,
        tenant: &str,
        name: &str,
    ) -> Result<(ConnectionRecord, CircuitBreaker), AppError> {
        let name = name.to_owned();
        let (connection, store) = self
            .with_tenant(tenant, move |scope| {
                let connection = lookup::connection(scope.store, &name)?;
                Ok((connection, scope.inner.store.tenant(scope.tenant.id)))
            })
            .await?;
        let clock = Arc::clone(&self.inner.clock);
        let circuit = CircuitBreaker::load(store, connection.id, clock).await?;
        Ok((connection, circuit))
    }

    /// The connection as it stands now; everybody who looks is told.
    async fn circuit_changed(
        &self,
        tenant: String,
        name: String,
    ) -> Result<ConnectionView, AppError> {
        let shown = self
            .with_tenant(&tenant, move |scope| {
                let all = connections(scope, &scope.store.syncs()?)?;
                all.into_iter()
                    .find(|it| it.name == name)
                    .ok_or(AppError::Unknown {
                        kind: "connection",
                        name,
                        near: None,
                    })
            })
            .await?;
        self.inner
            .hub
            .publish_event(WireEvent::WorkspaceChanged { tenant });
        Ok(shown)
    }

    async fn test(&self, tenant: &str, connection: &ConnectionRecord) -> ConnectionTest {
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
            match self
                .test_collection(tenant, connection, &name, &mut test)
                .await
            {
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
        tenant: &str,
        connection: &ConnectionRecord,
        name: &str,
        test: &mut ConnectionTest,
    ) -> Result<(u64, bool), WireError> {
        let (of, collection) = (connection.clone(), name.to_owned());
        let connector = self
            .with_tenant(tenant, move |scope| scope.connect(&of, &collection))
            .await?;
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
