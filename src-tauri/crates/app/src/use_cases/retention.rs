//! What is kept, and for how long.

use tandem_engine::ports::retention::Erasure;

use crate::app::App;
use crate::error::AppError;
use crate::lookup;
use crate::wire::{EraseRecord, HistoryPruned, PruneHistory, RecordErased, WireEvent};

impl App {
    /// Removes now what the tenant's retention no longer keeps; a window or a server does so by
    /// itself every hour. Nothing where no retention is set.
    ///
    /// # Errors
    /// The store's.
    pub async fn prune_history(&self, args: PruneHistory) -> Result<HistoryPruned, AppError> {
        let kept = self
            .with_tenant(&args.tenant, |scope| Ok(scope.store.retention()?))
            .await?;
        let actor = self.inner.actor.clone();
        let gone = self.prune_as(&args.tenant, actor).await?;
        Ok(HistoryPruned {
            history_days: kept.history_days(),
            audit_days: kept.audit_days(),
            runs: gone.runs,
            changes: gone.changes,
            errors: gone.errors,
            conflicts: gone.conflicts,
            alerts: gone.alerts,
            audit: gone.audit,
        })
    }

    /// Forgets what a record of a sync, and its partner, ever said: nothing of it can be read from
    /// the store's files afterwards. Both records stay paired and are compared anew by the next run.
    ///
    /// # Errors
    /// Where nothing of such a record is kept, or a run of the sync is live; [`AppError::Argument`]
    /// unless just one id is named.
    pub async fn erase_record(&self, args: EraseRecord) -> Result<RecordErased, AppError> {
        let tenant = args.tenant.clone();
        let gone = self
            .with_tenant(&args.tenant, move |scope| {
                let sync = lookup::sync(scope.store, &args.sync)?;
                let (side, record) = lookup::named_record(args.source, args.target)?;
                let erasure = Erasure {
                    sync: sync.id,
                    side,
                    record,
                };
                Ok(scope.store.erase_record(&erasure, &scope.inner.who())?)
            })
            .await?;
        self.inner
            .hub
            .publish_event(WireEvent::WorkspaceChanged { tenant });
        Ok(RecordErased {
            paired: gone.link,
            changes: gone.changes,
            snapshots: gone.snapshots,
            errors: gone.errors,
            conflicts: gone.conflicts,
            decisions: gone.decisions,
            set_aside: gone.set_aside,
            texts: gone.texts,
            audit: gone.audit,
            audit_kept: gone.audit_kept,
        })
    }
}
