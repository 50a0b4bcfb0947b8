//! What every phase of one run shares.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tandem_domain::ids::{Both, ErrorId, OperationKey, RecordId, RunId, Side};

use super::budget::Budget;
use super::halt::Halt;
use super::lease::Lease;
use super::rules::{RecordProblem, Rules};
use super::session::SharedSession;
use super::signals::Signals;
use super::snapshot::SnapshotCollector;
use crate::calls::{CallError, Gateway, GiveUp};
use crate::ports::events::{Event, EventKind, Phase};
use crate::ports::history::{ErrorType, NewError, RunCounts, RunOptions};
use crate::ports::store::{ConnectionRecord, SyncRecord, TenantStore};
use crate::ports::{Clock, Events, Ids};

/// Shared by the phases of one run.
pub struct RunContext {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn Ids>,
    pub(super) events: Arc<dyn Events>,
    pub(super) tenant: Arc<dyn TenantStore>,
    pub(super) run: RunId,
    pub(super) sync: SyncRecord,
    pub(super) connections: Both<ConnectionRecord>,
    pub(super) gateways: Both<Gateway>,
    pub(super) session: SharedSession,
    pub(super) lease: Arc<Lease>,
    pub(super) rules: Arc<Rules>,
    pub(super) options: RunOptions,
    pub(super) budget: Arc<Budget>,
    pub(super) signals: Arc<Signals>,
    pub(super) tally: Mutex<Tally>,
}

/// How often the store is asked whether an admin wishes to stop: a run of a thousand records is over
/// within a second.
const ASK_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

/// What the run has done so far.
#[derive(Default)]
pub(super) struct Tally {
    /// Counts for history.
    pub counts: RunCounts,
    /// A rollback left some fields as they are, though their records were written.
    pub left_alone: bool,
    /// Records before and after.
    pub snapshot: SnapshotCollector,
    /// When progress was last told, on the monotonic clock.
    last_progress: Option<std::time::Duration>,
    /// When the store was last asked whether to go on, on the monotonic clock.
    last_asked: Option<std::time::Duration>,
}

impl RunContext {
    /// Now.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A fresh operation key.
    pub(super) fn new_key(&self) -> OperationKey {
        OperationKey(self.ids.next())
    }

    /// Changes the tally.
    pub(super) fn tally<T>(&self, change: impl FnOnce(&mut Tally) -> T) -> T {
        change(
            &mut self
                .tally
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    /// Whether to stop before the next step.
    pub(super) fn check_signals(&self) -> Result<(), Halt> {
        if self.signals.is_lost() {
            return Err(Halt::Store(crate::ports::StoreError::LeaseLost));
        }
        if self.signals.is_cancelled() {
            return Err(Halt::Cancelled);
        }
        Ok(())
    }

    /// Whether to stop before the next page or window, asking the store at most ten times a second: a
    /// wish to cancel may come from another process.
    pub(super) async fn may_go_on(&self) -> Result<(), Halt> {
        let now = self.clock.monotonic();
        let due = self.tally(|tally| {
            let due = tally
                .last_asked
                .is_none_or(|asked| now.saturating_sub(asked) >= ASK_EVERY);
            if due {
                tally.last_asked = Some(now);
            }
            due
        });
        if due {
            self.lease.renew().await?;
        }
        self.check_signals()
    }

    /// Lets the next [`Self::may_go_on`] ask, however short ago that was: before the first write a wish
    /// to cancel has to be known.
    pub(super) fn ask_again(&self) {
        self.tally(|tally| tally.last_asked = None);
    }

    /// A failed call as this run's end.
    pub(super) fn side_failed(&self, side: Side, error: CallError) -> Halt {
        match error {
            CallError::Store(error) => Halt::Store(error),
            error => {
                let stopped = matches!(
                    error,
                    CallError::Failed {
                        gave_up: Some(GiveUp::Stopped),
                        ..
                    }
                );
                match self.check_signals() {
                    // The failure is not why it ends.
                    Err(halt) if stopped => halt,
                    _ => Halt::Side {
                        side,
                        connection: self.connections.get(side).name.to_string(),
                        error,
                    },
                }
            }
        }
    }

    /// Publishes an event.
    pub(super) fn publish(&self, kind: EventKind) {
        self.events.publish(Event {
            tenant: self.tenant.id(),
            sync: self.sync.id,
            run: self.run,
            at: self.now(),
            kind,
        });
    }

    /// Tells progress, at most about four times a second.
    pub(super) fn progress(&self, phase: Phase, done: u64, total: Option<u64>) {
        let now = self.clock.monotonic();
        let counts = self.tally(|tally| {
            let due = tally.last_progress.is_none_or(|last| {
                now.saturating_sub(last) >= std::time::Duration::from_millis(250)
            });
            due.then(|| {
                tally.last_progress = Some(now);
                tally.counts
            })
        });
        if let Some(counts) = counts {
            self.publish(EventKind::SyncProgress {
                phase,
                done,
                total,
                counts,
            });
        }
    }

    /// An error row about one record (TASK-019).
    pub(super) fn record_error(
        &self,
        side: Side,
        record_id: Option<RecordId>,
        problem: &RecordProblem,
        record_data: Option<serde_json::Value>,
    ) -> NewError {
        NewError {
            id: ErrorId(self.ids.next()),
            record_id,
            side: Some(side),
            error_type: problem.error_type,
            message: problem.message.clone(),
            details: serde_json::json!({
                "connection": self.connections.get(side).name,
                "collection": self.endpoint_collection(side),
                "remedy": problem.fix,
            }),
            record_data,
            retry_count: 0,
            at: self.now(),
        }
    }

    /// An error row about a failed call, with the exchange, the connector's and the circuit's state.
    pub(super) fn call_error(
        &self,
        side: Side,
        record_id: Option<RecordId>,
        error_type: ErrorType,
        error: &CallError,
        remedy: &str,
        record_data: Option<serde_json::Value>,
    ) -> NewError {
        let (class, exchange, retries, gave_up) = match error {
            CallError::Failed {
                error,
                retries,
                gave_up,
            } => (
                Some(error.class),
                error.diagnostics.clone(),
                *retries,
                *gave_up,
            ),
            CallError::Refused(_) | CallError::Store(_) => (None, None, 0, None),
        };
        let gateway = self.gateways.get(side);
        NewError {
            id: ErrorId(self.ids.next()),
            record_id,
            side: Some(side),
            error_type,
            message: self.rules.redact_text(&error.to_string()),
            details: self.rules.redact_json(&serde_json::json!({
                "connection": self.connections.get(side).name,
                "kind": self.connections.get(side).kind,
                "collection": self.endpoint_collection(side),
                "class": class,
                "exchange": exchange,
                "gave_up": gave_up.map(|why| why.to_string()),
                "circuit": gateway.circuit().snapshot(),
                "capabilities": gateway.capabilities(),
                "retries_this_run": gateway.retried(),
                "remedy": remedy,
            })),
            record_data,
            retry_count: retries,
            at: self.now(),
        }
    }

    fn endpoint_collection(&self, side: Side) -> &str {
        self.sync.config.end(side).collection.as_str()
    }
}
