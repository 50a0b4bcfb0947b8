//! Runs: starting, cancelling, looking.

use tandem_engine::ports::history::{ErrorType, RunOptions, RunTrigger, SyncHistory};
use tandem_engine::ports::store::{ErrorFilter, RunFilter};

use super::{page, page_limit, parse_id, parse_time, search_text};
use crate::app::App;
use crate::error::AppError;
use crate::execution::is_live;
use crate::lookup::{self, Syncs};
use crate::views;
use crate::wire::{
    CancelRun, GetRun, ListRuns, Page, RecordChange, RollbackRun, RunChanges, RunStarted, RunSync,
    RunView,
};

impl App {
    /// Starts a run, or joins the one that is live with the same options.
    ///
    /// # Errors
    /// [`AppError::Busy`] where one with other options is live; [`AppError::Paused`];
    /// [`AppError::System`] where a connection cannot be set up (a missing credential).
    pub async fn run_sync(&self, args: RunSync) -> Result<RunStarted, AppError> {
        let name = args.name;
        let sync = self
            .with_tenant(&args.tenant, move |scope| lookup::sync(scope.store, &name))
            .await?;
        if sync.config.paused && !args.simulate {
            return Err(AppError::Paused {
                sync: sync.config.name.to_string(),
            });
        }
        let options = RunOptions {
            simulate: args.simulate,
            full: args.full,
            allow_deletes: args.allow_deletes,
            ..RunOptions::default()
        };
        let started = self
            .start_run(&args.tenant, sync, options, RunTrigger::Manual)
            .await?;
        Ok(started.into())
    }

    /// Starts a run that takes back what an earlier one wrote: each field only where it still says
    /// what that run wrote. A sync that rests may be rolled back too.
    ///
    /// # Errors
    /// Where there is no such run, it has not ended, or it wrote nothing because it was a simulation;
    /// [`AppError::DetailsRemoved`]; else as for [`App::run_sync`].
    pub async fn rollback_run(&self, args: RollbackRun) -> Result<RunStarted, AppError> {
        let id = args.id;
        let (run, sync) = self
            .with_tenant(&args.tenant, move |scope| {
                let run = detailed(lookup::run(scope.store, &id)?)?;
                let why = if is_live(run.status) {
                    Some("It has not ended.")
                } else if run.options.simulate {
                    Some("It was a simulation and wrote nothing.")
                } else {
                    None
                };
                if let Some(why) = why {
                    return Err(AppError::Argument {
                        what: format!("run {} cannot be rolled back", run.id),
                        why: why.to_owned(),
                        fix: "Look at what it did: tandem runs diff".to_owned(),
                    });
                }
                let sync = scope.store.sync(run.sync)?;
                if !args.simulate {
                    scope.store.add_audit(
                        &scope.inner.who(),
                        "run.rollback",
                        &run.sync_name,
                        serde_json::json!({ "run": run.id, "allow_deletes": args.allow_deletes }),
                    )?;
                }
                Ok((run.id, sync))
            })
            .await?;
        let options = RunOptions {
            simulate: args.simulate,
            allow_deletes: args.allow_deletes,
            rolls_back: Some(run),
            ..RunOptions::default()
        };
        let started = self
            .start_run(&args.tenant, sync, options, RunTrigger::Rollback)
            .await?;
        Ok(started.into())
    }

    /// Asks a live run to stop at its next chunk.
    ///
    /// # Errors
    /// Where there is no such run, or it has ended.
    pub async fn cancel_run(&self, args: CancelRun) -> Result<RunView, AppError> {
        let tenant = args.tenant.clone();
        let run = self
            .with_tenant(&tenant, move |scope| {
                let run = lookup::run(scope.store, &args.id)?;
                if !is_live(run.status) {
                    return Err(AppError::Argument {
                        what: format!("run {} has ended", run.id),
                        why: "Only a live run can be cancelled.".to_owned(),
                        fix: "Look at what it did: tandem runs show".to_owned(),
                    });
                }
                scope.store.request_cancel(run.id, &scope.inner.who())?;
                scope.inner.hub.cancelling(run.id);
                Ok(run.id)
            })
            .await?;
        self.get_run(GetRun {
            tenant,
            id: run.to_string(),
        })
        .await
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// Where the filter names an unknown sync or a time that is none.
    pub async fn list_runs(&self, args: ListRuns) -> Result<Page<RunView>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let sync = lookup::sync_filter(scope.store, args.sync.as_deref())?;
            let filter = RunFilter {
                sync,
                status: args.status.map(Into::into),
                simulated: args.simulated,
                since: args.since.as_deref().map(parse_time).transpose()?,
                until: args.until.as_deref().map(parse_time).transpose()?,
                text: search_text(args.text.as_deref()),
                before: args
                    .before
                    .as_deref()
                    .map(|id| parse_id("run id", id))
                    .transpose()?,
                limit: page_limit(args.limit)?,
            };
            let runs = scope.store.runs(&filter)?;
            let mut syncs = Syncs::load(scope.store)?;
            Ok(page(
                runs,
                args.limit,
                |run| run.id.to_string(),
                |run| {
                    let live = scope.inner.hub.live(run.id);
                    views::runs::run(run, &mut syncs, live)
                },
            ))
        })
        .await
    }

    /// One run.
    ///
    /// # Errors
    /// Where there is no such run.
    pub async fn get_run(&self, args: GetRun) -> Result<RunView, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let run = lookup::run(scope.store, &args.id)?;
            let id = run.id;
            let mut syncs = Syncs::load(scope.store)?;
            let mut view = views::runs::run(run, &mut syncs, scope.inner.hub.live(id));
            if let Some(error) = &mut view.error {
                // The run's own last error row knows best what to do.
                let filter = ErrorFilter {
                    run: Some(id),
                    limit: 50,
                    ..ErrorFilter::default()
                };
                let rows = scope.store.errors(&filter)?;
                let own = rows.iter().find(|row| row.error.record_id.is_none());
                if let Some(remedy) = own.and_then(views::errors::remedy) {
                    error.fix = Some(remedy.to_owned());
                }
            }
            Ok(view)
        })
        .await
    }

    /// What a run wrote, in order; or of that what does one kind of thing.
    ///
    /// # Errors
    /// Where there is no such run; [`AppError::DetailsRemoved`].
    pub async fn run_changes(&self, args: RunChanges) -> Result<Page<RecordChange>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let run = detailed(lookup::run(scope.store, &args.id)?)?;
            let after = args
                .after
                .as_deref()
                .map(|seq| parse_id("place in a journal", seq))
                .transpose()?;
            let kind = args.kind.map(Into::into);
            let changes = scope
                .store
                .changes(run.id, kind, after, page_limit(args.limit)?)?;
            let mut syncs = Syncs::load(scope.store)?;
            let sync = syncs.get(run.sync);
            Ok(page(
                changes,
                args.limit,
                |it| it.seq.to_string(),
                |it| views::runs::change(it, sync),
            ))
        })
        .await
    }
}

/// Half a journal, or none, must not be taken for what the run wrote.
pub(super) fn detailed(run: SyncHistory) -> Result<SyncHistory, AppError> {
    match run.details_removed {
        None => Ok(run),
        Some(removed) => Err(AppError::DetailsRemoved {
            run: run.id.to_string(),
            removed,
        }),
    }
}

/// Whether a run's error means that a guard refused it.
#[must_use]
pub fn refused_by_guard(run: &RunView) -> bool {
    run.error
        .as_ref()
        .is_some_and(|error| error.code == views::words::error_type(ErrorType::Guard))
}
