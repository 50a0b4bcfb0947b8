//! Plans: applying what a simulation planned, once a person has reviewed it.

use tandem_engine::ports::history::{RunOptions, RunTrigger, SyncHistory};
use tandem_engine::ports::store::{SyncRecord, TenantStore};

use super::runs::detailed;
use crate::app::App;
use crate::error::AppError;
use crate::wire::{ApplyPlan, RunStarted};

impl App {
    /// Starts a run that sends what a simulation planned, and only that: what drifted since drops
    /// out, is left for an ordinary run, and stands among the run's errors. It goes by the options of
    /// the simulation, a confirmed number of deletes included.
    ///
    /// # Errors
    /// [`AppError::Unknown`] where no simulation of the tenant has that hash;
    /// [`AppError::DetailsRemoved`]; where the sync or one of its connections was changed since; else
    /// as for [`App::run_sync`].
    pub async fn apply_plan(&self, args: ApplyPlan) -> Result<RunStarted, AppError> {
        let hash = args.hash;
        let (simulation, sync) = self
            .with_tenant(&args.tenant, move |scope| {
                let simulation = scope
                    .store
                    .planned(&hash)?
                    .ok_or_else(|| AppError::Unknown {
                        kind: "plan",
                        name: hash.clone(),
                        near: None,
                    })?;
                let simulation = detailed(simulation)?;
                let sync = scope.store.sync(simulation.sync)?;
                if sync.config.paused {
                    return Err(AppError::Paused {
                        sync: sync.config.name.to_string(),
                    });
                }
                unchanged_since(scope.store, &simulation, &sync)?;
                scope.store.add_audit(
                    &scope.inner.who(),
                    "plan.apply",
                    &simulation.sync_name,
                    serde_json::json!({ "hash": hash, "simulation": simulation.id }),
                )?;
                Ok((simulation, sync))
            })
            .await?;
        let options = RunOptions {
            simulate: false,
            full: simulation.options.full,
            allow_deletes: simulation.options.allow_deletes,
            applies: Some(simulation.id),
            ..RunOptions::default()
        };
        let started = self
            .start_run(&args.tenant, sync, options, RunTrigger::Manual)
            .await?;
        Ok(started.into())
    }
}

/// What was reviewed was planned by the configuration as it was: another mapping would write the same
/// values to other fields, another address to another system.
fn unchanged_since(
    store: &dyn TenantStore,
    simulation: &SyncHistory,
    sync: &SyncRecord,
) -> Result<(), AppError> {
    let stale = |what: String| AppError::Argument {
        what: format!(
            "the plan of run {} cannot be applied any more",
            simulation.id
        ),
        why: format!("{what} was changed after it was planned."),
        fix: format!(
            "Simulate again and review that: tandem run {} --simulate",
            sync.config.name
        ),
    };
    let changed = |at| at > simulation.started_at;
    if sync.archived || changed(sync.updated_at) {
        return Err(stale(format!("The sync {}", sync.config.name)));
    }
    let ends = [
        &sync.config.source.connection,
        &sync.config.target.connection,
    ];
    match store
        .connections()?
        .into_iter()
        .find(|it| ends.contains(&&it.name) && changed(it.updated_at))
    {
        Some(connection) => Err(stale(format!("The connection {}", connection.name))),
        None => Ok(()),
    }
}
