//! Carrying out decisions: after the undo window, by a run that does nothing else.

use std::collections::BTreeMap;

use tandem_domain::conflict::ConflictState;
use tandem_domain::ids::ConflictId;
use tandem_engine::ports::history::{RunOptions, RunTrigger};
use tandem_engine::ports::store::{ConflictFilter, ConflictRecord};

use crate::app::App;
use crate::error::AppError;
use crate::wire::WireEvent;

/// How many runs in its way a decision waits for before it is left to the next run.
const PATIENCE: u32 = 20;

/// How many decisions a start picks up at a time.
const PAGE: usize = 1_000;

impl App {
    /// Carries out a kept decision when its time has come.
    pub(crate) fn carry_out_later(&self, tenant: String, conflict: &ConflictRecord) {
        let (app, id, not_before) = (self.clone(), conflict.id, conflict.not_before);
        self.inner.tasks.spawn(async move {
            let wait = not_before
                .and_then(|at| (at - app.inner.now()).to_std().ok())
                .unwrap_or_default();
            if !wait.is_zero() {
                app.inner.clock.sleep(wait).await;
            }
            if let Err(error) = app.carry_out(&tenant, id).await {
                // The decision is kept; the next run of the sync carries it out.
                tracing::warn!(conflict = %id, %error, "a decision could not be carried out yet");
            }
            app.inner.hub.publish_event(WireEvent::ConflictChanged {
                tenant,
                conflict: id.to_string(),
            });
        });
    }

    async fn carry_out(&self, tenant: &str, id: ConflictId) -> Result<(), AppError> {
        let options = RunOptions {
            decisions_only: true,
            ..RunOptions::default()
        };
        for _ in 0..PATIENCE {
            let (conflict, sync) = self
                .with_tenant(tenant, move |scope| {
                    let conflict = scope.store.conflict(id)?;
                    let sync = scope.store.sync(conflict.sync)?;
                    Ok((conflict, sync))
                })
                .await?;
            let due = conflict.not_before.is_none_or(|at| at <= self.inner.now());
            if conflict.state != ConflictState::Decided || !due {
                // Taken back, decided anew, or carried out by another run.
                return Ok(());
            }
            match self
                .start_run(tenant, sync, options, RunTrigger::Decision)
                .await
            {
                Ok(started) => {
                    self.wait_for_end(tenant, &started.run.to_string()).await;
                    // One that was joined may have been past the point where it reads decisions.
                    if !started.joined {
                        return Ok(());
                    }
                }
                Err(AppError::Busy { run, .. }) => self.wait_for_end(tenant, &run).await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Carries out every decision of the tenant whose time has come: one run for each sync that has
    /// any. Returns when these runs have ended.
    ///
    /// # Errors
    /// Where a run cannot be started. The decisions are kept; the next run carries them out.
    pub async fn carry_out_decisions(&self, tenant: &str) -> Result<(), AppError> {
        let mut due = BTreeMap::new();
        for conflict in self.decided(tenant).await? {
            if conflict.not_before.is_none_or(|at| at <= self.inner.now()) {
                due.entry(conflict.sync.0).or_insert(conflict.id);
            }
        }
        for id in due.into_values() {
            self.carry_out(tenant, id).await?;
        }
        Ok(())
    }

    async fn decided(&self, tenant: &str) -> Result<Vec<ConflictRecord>, AppError> {
        self.with_tenant(tenant, |scope| {
            let mut found = Vec::new();
            let mut filter = ConflictFilter {
                state: Some(ConflictState::Decided),
                limit: PAGE,
                ..ConflictFilter::default()
            };
            loop {
                let page = scope.store.conflicts(&filter)?;
                let whole = page.len() == PAGE;
                filter.before = page.last().map(|last| last.id);
                found.extend(page);
                if !whole {
                    return Ok(found);
                }
            }
        })
        .await
    }

    /// Picks up decisions and alerts that an earlier process kept and did not carry out, and from now
    /// on follows the schedules, looks for alerts to deliver and removes what need not be kept any
    /// longer. For faces that stay.
    ///
    /// # Errors
    /// The store's.
    pub async fn resume(&self) -> Result<(), AppError> {
        self.follow_schedules();
        let tenants = self.with_store(|inner| Ok(inner.store.tenants()?)).await?;
        for tenant in tenants {
            let name = tenant.name.to_string();
            for conflict in self.decided(&name).await? {
                self.carry_out_later(name.clone(), &conflict);
            }
        }
        self.keep_delivering();
        self.keep_pruning();
        Ok(())
    }
}
