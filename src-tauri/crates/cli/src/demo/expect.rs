//! What a run must have done, said before it is looked at.

use tandem_app::wire::{RunView, SideCounts, WireRunStatus};
use tandem_sandbox::EditCounts;

/// A run's counts as they must be. Source is the storefront, target the ERP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) created: SideCounts,
    pub(super) updated: SideCounts,
    pub(super) deleted: SideCounts,
    pub(super) conflicts: u64,
}

impl Expected {
    /// A run that writes nothing.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// A first sync that creates so many records in the ERP.
    pub(super) fn first(created: u64) -> Self {
        Self {
            created: SideCounts {
                source: 0,
                target: created,
            },
            ..Self::default()
        }
    }

    /// What follows from people's edits.
    pub(super) fn after(edits: &EditCounts) -> Self {
        let n = |count: usize| count as u64;
        Self {
            created: SideCounts {
                source: n(edits.new_erp),
                target: n(edits.new_storefront),
            },
            updated: SideCounts {
                source: n(edits.erp_only + edits.disjoint),
                target: n(edits.storefront_only + edits.disjoint),
            },
            deleted: SideCounts {
                source: n(edits.deleted_erp),
                target: n(edits.deleted_storefront),
            },
            conflicts: n(edits.contested),
        }
    }

    /// What the run did otherwise.
    pub(super) fn problems(&self, run: &RunView) -> Vec<String> {
        let status = if self.conflicts > 0 {
            WireRunStatus::Partial
        } else {
            WireRunStatus::Completed
        };
        let mut problems = Vec::new();
        let mut check = |what: &str, want: String, got: String| {
            if want != got {
                problems.push(format!("{}: {what} should be {want}, is {got}", run.sync));
            }
        };
        check("status", format!("{status:?}"), format!("{:?}", run.status));
        let sides = |counts: SideCounts| {
            format!(
                "{} at the storefront and {} in the ERP",
                counts.source, counts.target
            )
        };
        check("created", sides(self.created), sides(run.created));
        check("updated", sides(self.updated), sides(run.updated));
        check("deleted", sides(self.deleted), sides(run.deleted));
        check(
            "conflicts",
            self.conflicts.to_string(),
            run.conflicts.to_string(),
        );
        check("failed", "0".to_owned(), run.failed.to_string());
        check(
            "processed",
            (run.succeeded + run.failed + run.skipped).to_string(),
            run.processed.to_string(),
        );
        if let Some(error) = &run.error {
            problems.push(format!("{}: {}", run.sync, error.message));
        }
        problems
    }
}

/// A run in one line.
pub(super) fn fact(run: &RunView) -> String {
    format!(
        "{}: {} processed; storefront +{} ~{} -{}, ERP +{} ~{} -{}; {} conflicts; {} ms",
        run.sync,
        run.processed,
        run.created.source,
        run.updated.source,
        run.deleted.source,
        run.created.target,
        run.updated.target,
        run.deleted.target,
        run.conflicts,
        run.execution_time_ms
    )
}
