//! Starting a run and waiting for its end.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tandem_domain::ids::{Both, RunId, Side};
use tandem_engine::ports::Secrets;
use tandem_engine::ports::history::{RunOptions, RunStatus, RunTrigger};
use tandem_engine::ports::store::{SyncRecord, TenantStore};
use tandem_engine::run::{Opened, RunError, RunHandle, SyncJob};

use super::unusable;
use crate::app::App;
use crate::error::AppError;
use crate::lookup;
use crate::systems::KnownSecrets;
use crate::wire::{GetRun, RunStarted, RunView, WireError, WireEvent, WireRunStatus};

/// How often a run of another process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A run that was asked for.
pub(crate) struct Started {
    pub(crate) run: RunId,
    pub(crate) joined: bool,
}

impl From<Started> for RunStarted {
    fn from(started: Started) -> Self {
        Self {
            run_id: started.run.to_string(),
            joined: started.joined,
        }
    }
}

/// How a run is asked for.
pub(crate) struct Asked {
    pub(crate) options: RunOptions,
    pub(crate) trigger: RunTrigger,
    pub(crate) actor: String,
    /// Not if one was started on schedule since.
    pub(crate) unless_since: Option<DateTime<Utc>>,
}

/// How a run ended, with what a face needs to tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The run.
    pub run: RunView,
}

impl App {
    /// Opens a run and lets it go on in the background.
    ///
    /// A run of the same sync with other options is an error for a person ([`AppError::Busy`]).
    pub(crate) async fn start_run(
        &self,
        tenant: &str,
        sync: SyncRecord,
        options: RunOptions,
        trigger: RunTrigger,
    ) -> Result<Started, AppError> {
        let asked = Asked {
            options,
            trigger,
            actor: self.inner.actor.clone(),
            unless_since: None,
        };
        self.start_as(tenant, sync, asked).await
    }

    /// The same, in somebody else's name, or only at a time of a schedule.
    pub(crate) async fn start_as(
        &self,
        tenant: &str,
        sync: SyncRecord,
        asked: Asked,
    ) -> Result<Started, AppError> {
        let name = sync.config.name.to_string();
        loop {
            let job = self.job(tenant, sync.clone()).await?;
            let opened = self
                .inner
                .service
                .open_unless(
                    job,
                    asked.options,
                    asked.trigger,
                    &asked.actor,
                    asked.unless_since,
                )
                .await?;
            match opened {
                Opened::Ready(handle) => {
                    let run = handle.run_id();
                    self.inner.hub.opened(run, tenant.to_owned(), name);
                    let app = self.clone();
                    let tenant = tenant.to_owned();
                    self.inner
                        .tasks
                        .spawn(async move { app.execute(tenant, *handle).await });
                    return Ok(Started { run, joined: false });
                }
                Opened::Joined(run) => return Ok(Started { run, joined: true }),
                Opened::Busy(run) => {
                    return Err(AppError::Busy {
                        sync: name,
                        run: run.to_string(),
                    });
                }
                Opened::WaitUntil(at) => {
                    let wait = (at - self.inner.now()).to_std().unwrap_or_default();
                    self.inner
                        .clock
                        .sleep(wait.max(Duration::from_millis(1)))
                        .await;
                }
            }
        }
    }

    async fn execute(self, tenant: String, handle: RunHandle) {
        let run = handle.run_id();
        // A task of its own, so that even a run that panics has an end that is told.
        let outcome = match tokio::spawn(handle.execute()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(WireError::from(AppError::Run(error))),
            Err(broken) => Err(AppError::Internal(broken.to_string()).into()),
        };
        if let Err(error) = &outcome {
            // The engine could not tell it; somebody has to.
            tracing::error!(%run, %error, "a run's end could not be recorded");
            self.inner.hub.publish_event(WireEvent::RunFinished {
                tenant: tenant.clone(),
                run: run.to_string(),
                sync: String::new(),
                status: WireRunStatus::Failed,
                error: Some(error.clone()),
            });
        }
        self.inner.hub.closed(run, outcome);
        if let Err(error) = self.deliver_alerts(&tenant, false).await {
            tracing::warn!(%error, "alerts were not delivered");
        }
    }

    /// Everything one run needs: configuration, connections, connectors, what must never be shown.
    async fn job(&self, tenant: &str, sync: SyncRecord) -> Result<SyncJob, AppError> {
        let names = Both::new(
            sync.config.source.connection.to_string(),
            sync.config.target.connection.to_string(),
        );
        let (store, connections, connectors, redactor) = self
            .with_tenant(tenant, {
                let ends = Both::new(
                    sync.config.source.collection.clone(),
                    sync.config.target.collection.clone(),
                );
                move |scope| {
                    let connections = Both::new(
                        lookup::connection(scope.store, &names.source)?,
                        lookup::connection(scope.store, &names.target)?,
                    );
                    let store: Arc<dyn TenantStore> = scope.inner.store.tenant(scope.tenant.id);
                    let secrets = Arc::new(KnownSecrets::new(scope.secrets()));
                    let connect = |side: Side| {
                        let (connection, collection) = (connections.get(side), ends.get(side));
                        let secrets = Arc::clone(&secrets) as Arc<dyn Secrets>;
                        unusable::connect(scope, connection, collection.as_str(), secrets)
                    };
                    let connectors = Both::new(connect(Side::Source)?, connect(Side::Target)?);
                    let redactor = secrets.redaction();
                    Ok((store, connections, connectors, redactor))
                }
            })
            .await?;
        Ok(SyncJob {
            tenant: store,
            sync,
            connections,
            connectors,
            redactor,
        })
    }

    /// Returns when the run has ended, here or in another process.
    ///
    /// # Errors
    /// Where there is no such run, or its end could not be recorded.
    pub async fn finished(&self, tenant: &str, run_id: &str) -> Result<Finished, WireError> {
        let get = || GetRun {
            tenant: tenant.to_owned(),
            id: run_id.to_owned(),
        };
        let id: Option<RunId> = run_id.parse().ok();
        if let Some(mut ending) = id.and_then(|id| self.inner.hub.ending(id)) {
            // An error means that the run is gone from the hub, hence that it ended.
            if let Ok(ended) = ending.wait_for(Option::is_some).await
                && let Some(Err(error)) = ended.clone()
            {
                return Err(error);
            }
        }
        loop {
            let run = self.get_run(get()).await?;
            let live = matches!(run.status, WireRunStatus::Pending | WireRunStatus::Running);
            if !live {
                return Ok(Finished { run });
            }
            self.inner.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Returns when that run has ended, whatever became of it.
    pub(crate) async fn wait_for_end(&self, tenant: &str, run: &str) {
        if let Err(error) = self.finished(tenant, run).await {
            tracing::warn!(%error, run, "a run could not be followed to its end");
        }
    }
}

/// Whether a stored run has not ended.
pub(crate) const fn is_live(status: RunStatus) -> bool {
    matches!(status, RunStatus::Pending | RunStatus::Running)
}

impl From<RunError> for WireError {
    fn from(error: RunError) -> Self {
        AppError::Run(error).into()
    }
}
