//! Sync configurations: looking, pausing, resuming.

use tandem_domain::conflict::ConflictState;
use tandem_engine::ports::store::{ConflictFilter, RunFilter, SyncRecord};
use tandem_engine::schedule::next_run;

use crate::app::{App, Scope};
use crate::error::AppError;
use crate::lookup::{self, Syncs};
use crate::views;
use crate::wire::{
    GetSync, ListSyncs, PauseSync, RebaselineSync, ResumeSync, SyncSummary, SyncView, WireEvent,
};

/// Open conflicts are counted in pages of so many.
const PAGE: usize = 1_000;

impl App {
    /// All sync configurations, by name.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_syncs(&self, args: ListSyncs) -> Result<Vec<SyncSummary>, AppError> {
        self.with_tenant(&args.tenant, |scope| syncs(scope, &scope.store.syncs()?))
            .await
    }

    /// One sync configuration.
    ///
    /// # Errors
    /// Where there is no such sync.
    pub async fn get_sync(&self, args: GetSync) -> Result<SyncView, AppError> {
        self.with_tenant(&args.tenant, move |scope| {
            let record = lookup::sync(scope.store, &args.name)?;
            let short = summary(scope, &record, &mut Syncs::load(scope.store)?)?;
            Ok(views::syncs::view(&record, short))
        })
        .await
    }

    /// Lets a sync rest.
    ///
    /// # Errors
    /// Where there is no such sync.
    pub async fn pause_sync(&self, args: PauseSync) -> Result<SyncView, AppError> {
        self.set_paused(args.tenant, args.name, true).await
    }

    /// Ends a sync's rest.
    ///
    /// # Errors
    /// Where there is no such sync.
    pub async fn resume_sync(&self, args: ResumeSync) -> Result<SyncView, AppError> {
        self.set_paused(args.tenant, args.name, false).await
    }

    /// Forgets what a sync's sides agreed on (case 34): pairs stay, the next run compares each anew.
    ///
    /// # Errors
    /// Where there is no such sync, or a run of it is live.
    pub async fn rebaseline_sync(&self, args: RebaselineSync) -> Result<SyncView, AppError> {
        self.change_sync(args.tenant, args.name, |scope, record| {
            scope.store.rebaseline(record.id, &scope.inner.who())?;
            Ok(())
        })
        .await
    }

    async fn set_paused(
        &self,
        tenant: String,
        name: String,
        paused: bool,
    ) -> Result<SyncView, AppError> {
        self.change_sync(tenant, name, move |scope, record| {
            if record.config.paused != paused {
                record.config.paused = paused;
                record.updated_at = scope.inner.now();
                scope.store.put_sync(record, &scope.inner.who())?;
            }
            Ok(())
        })
        .await
    }

    /// Changes a sync, tells everybody, and shows it as it is then.
    async fn change_sync(
        &self,
        tenant: String,
        name: String,
        change: impl FnOnce(&Scope<'_>, &mut SyncRecord) -> Result<(), AppError> + Send + 'static,
    ) -> Result<SyncView, AppError> {
        let shown = self
            .with_tenant(&tenant, move |scope| {
                let mut record = lookup::sync(scope.store, &name)?;
                change(scope, &mut record)?;
                let short = summary(scope, &record, &mut Syncs::load(scope.store)?)?;
                Ok(views::syncs::view(&record, short))
            })
            .await?;
        self.inner
            .hub
            .publish_event(WireEvent::WorkspaceChanged { tenant });
        Ok(shown)
    }
}

/// All these syncs as they are shown.
pub(super) fn syncs(
    scope: &Scope<'_>,
    records: &[SyncRecord],
) -> Result<Vec<SyncSummary>, AppError> {
    let mut known = Syncs::load(scope.store)?;
    records
        .iter()
        .map(|record| summary(scope, record, &mut known))
        .collect()
}

fn summary(
    scope: &Scope<'_>,
    record: &SyncRecord,
    syncs: &mut Syncs<'_>,
) -> Result<SyncSummary, AppError> {
    let filter = RunFilter {
        sync: Some(record.id),
        limit: 1,
        ..RunFilter::default()
    };
    let last = scope.store.runs(&filter)?.into_iter().next().map(|run| {
        let live = scope.inner.hub.live(run.id);
        views::runs::run(run, syncs, live)
    });
    let scheduled = scope.store.last_scheduled(record.id)?;
    Ok(views::syncs::summary(
        record,
        open_conflicts(scope, record)?,
        last,
        next_run(record, scheduled, scope.inner.now()),
    ))
}

fn open_conflicts(scope: &Scope<'_>, record: &SyncRecord) -> Result<u64, AppError> {
    let mut count = 0;
    let mut filter = ConflictFilter {
        sync: Some(record.id),
        state: Some(ConflictState::Open),
        limit: PAGE,
        before: None,
    };
    loop {
        let page = scope.store.conflicts(&filter)?;
        count += page.len() as u64;
        match page.last() {
            Some(last) if page.len() == PAGE => filter.before = Some(last.id),
            _ => return Ok(count),
        }
    }
}
