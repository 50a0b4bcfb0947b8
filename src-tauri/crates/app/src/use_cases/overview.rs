//! Is everything healthy?

use tandem_engine::ports::history::RunStatus;
use tandem_engine::ports::store::RunFilter;

use super::connections::connections;
use super::syncs::syncs;
use crate::app::App;
use crate::error::AppError;
use crate::execution::is_live;
use crate::lookup::Syncs;
use crate::views;
use crate::wire::{Overview, OverviewView};

/// How many runs the overview looks back on.
const LAST: usize = 30;

impl App {
    /// The state of everything of a tenant.
    ///
    /// # Errors
    /// The store's.
    pub async fn overview(&self, args: Overview) -> Result<OverviewView, AppError> {
        self.with_tenant(&args.tenant, |scope| {
            let totals = scope.store.totals()?;
            let records = scope.store.syncs()?;
            let list = |status| {
                let filter = RunFilter {
                    status,
                    limit: LAST,
                    ..RunFilter::default()
                };
                scope.store.runs(&filter)
            };
            let last = list(None)?;
            let mut live = list(Some(RunStatus::Running))?;
            live.extend(list(Some(RunStatus::Pending))?);
            let ended: Vec<RunStatus> = last
                .iter()
                .map(|run| run.status)
                .filter(|status| !is_live(*status))
                .collect();
            let good = ended
                .iter()
                .filter(|status| **status != RunStatus::Failed)
                .count();
            #[expect(clippy::cast_precision_loss, reason = "at most 30")]
            let success_rate = (!ended.is_empty()).then(|| good as f64 / ended.len() as f64);
            let mut known = Syncs::load(scope.store)?;
            let mut show = |run: tandem_engine::ports::history::SyncHistory| {
                let live = scope.inner.hub.live(run.id);
                views::runs::run(run, &mut known, live)
            };
            Ok(OverviewView {
                open_conflicts: totals.open_conflicts,
                unresolved_errors: totals.unresolved_errors,
                links: totals.links,
                running: live.into_iter().map(&mut show).collect(),
                last_runs: last.into_iter().map(&mut show).collect(),
                syncs: syncs(scope, &records)?,
                connections: connections(scope, &records)?,
                success_rate,
            })
        })
        .await
    }
}
