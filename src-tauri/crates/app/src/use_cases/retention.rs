//! What is kept, and for how long.

use tandem_domain::ids::{RecordId, Side};
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
                let (side, record) = named_record(args.source, args.target)?;
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

/// The one record that is named by its id on either side.
pub(super) fn named_record(
    source: Option<String>,
    target: Option<String>,
) -> Result<(Side, RecordId), AppError> {
    match (source, target) {
        (Some(id), None) => Ok((Side::Source, record_id(&id)?)),
        (None, Some(id)) => Ok((Side::Target, record_id(&id)?)),
        _ => Err(AppError::Argument {
            what: "just one record is to be named".to_owned(),
            why: "A pair is named by the id of either of its records.".to_owned(),
            fix: "Give its id at the source or its id at the target.".to_owned(),
        }),
    }
}

/// A record's id as somebody gave it.
pub(super) fn record_id(id: &str) -> Result<RecordId, AppError> {
    RecordId::new(id).map_err(|error| AppError::Argument {
        what: "this cannot be a record's id".to_owned(),
        why: crate::error::sentence(&error.to_string()),
        fix: "Give it as the system does.".to_owned(),
    })
}
