//! Removing what is older than the admins want kept: in the background of a face that stays, or
//! when asked.

use std::sync::Arc;
use std::time::Duration;

use tandem_engine::ports::retention::Pruned;
use tandem_engine::ports::store::Actor;

use crate::app::App;
use crate::error::AppError;

/// Rows of one step: some milliseconds of the store's one writer.
const STEP: usize = 500;
/// Between two steps, at least: runs that wait to write get their turn.
const BREATH: Duration = Duration::from_millis(20);
/// How often a face that stays looks.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// In whose name that is recorded.
const ACTOR: &str = "retention";

impl App {
    /// Removes all that a tenant's retention no longer keeps, step by step, and records it.
    pub(crate) async fn prune_as(&self, tenant: &str, actor: String) -> Result<Pruned, AppError> {
        let mut all = Pruned::default();
        loop {
            let began = self.inner.clock.monotonic();
            let step = self
                .with_tenant(tenant, |scope| {
                    Ok(scope.store.prune(scope.inner.now(), STEP)?)
                })
                .await?;
            all = all.and(step);
            if !step.more {
                break;
            }
            // As long as it took, so that others have the writer at least half of the time.
            let took = self.inner.clock.monotonic().saturating_sub(began);
            self.inner.clock.sleep(took.max(BREATH)).await;
        }
        if all.rows() > 0 {
            self.with_tenant(tenant, move |scope| {
                let at = scope.inner.now();
                let what = serde_json::json!({
                    "runs": all.runs, "changes": all.changes, "errors": all.errors,
                    "conflicts": all.conflicts, "alerts": all.alerts, "audit": all.audit,
                });
                let who = Actor { name: actor, at };
                Ok(scope
                    .store
                    .add_audit(&who, "history.prune", "history", what)?)
            })
            .await?;
        }
        Ok(all)
    }

    /// Does so for every tenant, now and every hour, as long as this app lives.
    pub(crate) fn keep_pruning(&self) {
        let (inner, clock) = (Arc::downgrade(&self.inner), Arc::clone(&self.inner.clock));
        tokio::spawn(async move {
            while let Some(inner) = inner.upgrade() {
                let app = Self { inner };
                app.prune_everyone().await;
                drop(app);
                clock.sleep(LOOK_EVERY).await;
            }
        });
    }

    async fn prune_everyone(&self) {
        let tenants = match self.with_store(|inner| Ok(inner.store.tenants()?)).await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::warn!(%error, "old history could not be looked for");
                return;
            }
        };
        for tenant in tenants {
            match self.prune_as(tenant.name.as_str(), ACTOR.to_owned()).await {
                Ok(gone) if gone.rows() > 0 => {
                    tracing::info!(tenant = %tenant.name, runs = gone.runs, changes = gone.changes, "old history removed");
                }
                // A tenant that was removed meanwhile keeps none of the others waiting.
                Ok(_) | Err(AppError::Unknown { .. }) => {}
                Err(error) => {
                    tracing::warn!(tenant = %tenant.name, %error, "old history could not be removed");
                }
            }
        }
    }
}
