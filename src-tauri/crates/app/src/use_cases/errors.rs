//! Errors of runs.

use tandem_engine::ports::store::ErrorFilter;

use super::{page, page_limit, parse_id};
use crate::app::App;
use crate::error::AppError;
use crate::lookup::{self, Syncs};
use crate::views::errors::{summary, view};
use crate::wire::{ErrorSummary, ErrorView, GetError, ListErrors, Page, ResolveError, WireEvent};

impl App {
    /// Errors, newest first.
    ///
    /// # Errors
    /// Where the filter names an unknown run.
    pub async fn list_errors(&self, args: ListErrors) -> Result<Page<ErrorSummary>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let run = match &args.run {
                Some(id) => Some(lookup::run(scope.store, id)?.id),
                None => None,
            };
            let filter = ErrorFilter {
                run,
                resolved: args.resolved,
                before: args
                    .before
                    .as_deref()
                    .map(|id| parse_id("error id", id))
                    .transpose()?,
                limit: page_limit(args.limit)?,
            };
            let rows = scope.store.errors(&filter)?;
            let mut syncs = Syncs::load(scope.store)?;
            Ok(page(
                rows,
                args.limit,
                |it| it.error.id.to_string(),
                |it| summary(&it, &mut syncs),
            ))
        })
        .await
    }

    /// One error, with everything known of it.
    ///
    /// # Errors
    /// Where there is no such error.
    pub async fn get_error(&self, args: GetError) -> Result<ErrorView, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let error = lookup::error(scope.store, &args.id)?;
            Ok(view(error, &mut Syncs::load(scope.store)?))
        })
        .await
    }

    /// Marks an error as settled.
    ///
    /// # Errors
    /// Where there is no such error.
    pub async fn resolve_error(&self, args: ResolveError) -> Result<ErrorView, AppError> {
        let tenant = args.tenant.clone();
        let shown = self
            .with_tenant(&tenant, move |scope| {
                let error = lookup::error(scope.store, &args.id)?;
                scope
                    .store
                    .resolve_error(error.error.id, &scope.inner.who())?;
                let error = scope.store.error(error.error.id)?;
                Ok(view(error, &mut Syncs::load(scope.store)?))
            })
            .await?;
        self.inner.hub.publish_event(WireEvent::ErrorLogged {
            tenant,
            run: shown.summary.run.clone(),
        });
        Ok(shown)
    }
}
