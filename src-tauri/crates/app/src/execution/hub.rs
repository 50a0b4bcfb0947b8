//! Live runs and the event stream: the engine's events become the faces'.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tandem_domain::ids::RunId;
use tandem_engine::ports::events::{EventKind, Phase};
use tandem_engine::ports::history::{RunCounts, RunStatus};
use tandem_engine::ports::{Clock, Event, Events};
use tokio::sync::{broadcast, watch};

use crate::error::sentence;
use crate::wire::{RunProgress, WireError, WireEvent};

/// Events kept for a slow reader.
const BACKLOG: usize = 1_024;

/// Where engine and use-cases publish and faces subscribe.
pub(crate) struct Hub {
    clock: Arc<dyn Clock>,
    events: broadcast::Sender<WireEvent>,
    live: Mutex<HashMap<RunId, LiveRun>>,
}

/// A run of this process that has not ended.
struct LiveRun {
    tenant: String,
    sync: String,
    started: Duration,
    phase: Option<(Phase, Duration)>,
    progress: Option<RunProgress>,
    cancelling: bool,
    ended: watch::Sender<Option<Result<(), WireError>>>,
}

/// What only this process knows of a run.
#[derive(Debug, Clone)]
pub(crate) struct LiveView {
    pub(crate) progress: Option<RunProgress>,
    pub(crate) cancelling: bool,
    pub(crate) elapsed_ms: u64,
}

/// Tells when a run ended, and whether its end could be recorded.
pub(crate) type Ending = watch::Receiver<Option<Result<(), WireError>>>;

impl Hub {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            events: broadcast::channel(BACKLOG).0,
            live: Mutex::default(),
        }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<WireEvent> {
        self.events.subscribe()
    }

    /// Publishes; without a subscriber nobody hears it.
    pub(crate) fn publish_event(&self, event: WireEvent) {
        // An error only says that nobody listens.
        let _ = self.events.send(event);
    }

    /// Begins to follow a run.
    pub(crate) fn opened(&self, run: RunId, tenant: String, sync: String) {
        let live = LiveRun {
            tenant,
            sync,
            started: self.clock.monotonic(),
            phase: None,
            progress: None,
            cancelling: false,
            ended: watch::channel(None).0,
        };
        self.runs().insert(run, live);
    }

    /// Ends following it.
    pub(crate) fn closed(&self, run: RunId, outcome: Result<(), WireError>) {
        if let Some(live) = self.runs().remove(&run) {
            live.ended.send_replace(Some(outcome));
        }
    }

    /// Tells when that run of this process ends; `None` for one that is not live here.
    pub(crate) fn ending(&self, run: RunId) -> Option<Ending> {
        self.runs().get(&run).map(|live| live.ended.subscribe())
    }

    /// What only this process knows of a run.
    pub(crate) fn live(&self, run: RunId) -> Option<LiveView> {
        let now = self.clock.monotonic();
        self.runs().get(&run).map(|live| LiveView {
            progress: live.progress.clone(),
            cancelling: live.cancelling,
            elapsed_ms: millis(now.saturating_sub(live.started)),
        })
    }

    /// A person asked to cancel it.
    pub(crate) fn cancelling(&self, run: RunId) {
        if let Some(live) = self.runs().get_mut(&run) {
            live.cancelling = true;
        }
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<RunId, LiveRun>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn translate(&self, event: Event) -> Vec<WireEvent> {
        let now = self.clock.monotonic();
        let mut runs = self.runs();
        let Some(live) = runs.get_mut(&event.run) else {
            return Vec::new();
        };
        let (tenant, sync, run) = (
            live.tenant.clone(),
            live.sync.clone(),
            event.run.to_string(),
        );
        let ended = |status: RunStatus, error, failed: bool| {
            let mut events = vec![WireEvent::RunFinished {
                tenant: tenant.clone(),
                run: run.clone(),
                sync: sync.clone(),
                status: status.into(),
                error,
            }];
            if failed {
                events.push(WireEvent::ErrorLogged {
                    tenant: tenant.clone(),
                    run: run.clone(),
                });
            }
            events
        };
        match event.kind {
            EventKind::SyncStarted => vec![WireEvent::RunStarted { tenant, run, sync }],
            EventKind::SyncProgress {
                phase,
                done,
                total,
                counts,
            } => {
                let began = match live.phase {
                    Some((known, began)) if known == phase => began,
                    _ => {
                        live.phase = Some((phase, now));
                        now
                    }
                };
                let progress = progress(phase, done, total, counts, now.saturating_sub(began));
                live.progress = Some(progress.clone());
                vec![WireEvent::RunProgress {
                    tenant,
                    run,
                    sync,
                    progress,
                }]
            }
            EventKind::SyncCompleted { status, counts } => ended(status, None, counts.failed > 0),
            EventKind::SyncFailed { error, .. } => {
                let error = WireError {
                    code: "run_failed".to_owned(),
                    message: sentence(&error),
                    cause: None,
                    fix: None,
                };
                ended(RunStatus::Failed, Some(error), true)
            }
            EventKind::ConflictDetected { conflict } => vec![WireEvent::ConflictDetected {
                tenant,
                conflict: conflict.to_string(),
                sync,
                run,
            }],
        }
    }
}

impl Events for Hub {
    fn publish(&self, event: Event) {
        for event in self.translate(event) {
            self.publish_event(event);
        }
    }
}

/// Before this, a rate would only be noise.
const SETTLED: Duration = Duration::from_millis(500);

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn progress(
    phase: Phase,
    done: u64,
    total: Option<u64>,
    counts: RunCounts,
    elapsed: Duration,
) -> RunProgress {
    let rate = (elapsed >= SETTLED && done > 0).then(|| done as f64 / elapsed.as_secs_f64());
    let remaining = rate
        .zip(total)
        .map(|(rate, total)| total.saturating_sub(done) as f64 / rate);
    RunProgress {
        phase: phase.into(),
        done,
        total,
        rate_per_second: rate,
        // Systems slow down and speed up; a single number would claim to know.
        remaining_low_s: remaining.map(|seconds| seconds * 0.8),
        remaining_high_s: remaining.map(|seconds| seconds * 1.6),
        processed: counts.processed,
        succeeded: counts.succeeded,
        failed: counts.failed,
        skipped: counts.skipped,
        conflicts: counts.conflicts,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_only_when_it_means_something() {
        let counts = RunCounts::default();
        let table = [
            (0, Some(100), 2_000, None, None),
            (10, Some(100), 100, None, None),
            (10, None, 1_000, Some(10.0), None),
            (10, Some(100), 1_000, Some(10.0), Some((7.2, 14.4))),
            (100, Some(100), 1_000, Some(100.0), Some((0.0, 0.0))),
        ];
        for (done, total, ms, rate, remaining) in table {
            let found = progress(Phase::Apply, done, total, counts, Duration::from_millis(ms));
            assert_eq!(found.rate_per_second, rate, "{done} {total:?} {ms}");
            let range = found.remaining_low_s.zip(found.remaining_high_s);
            assert_eq!(range, remaining, "{done} {total:?} {ms}");
        }
    }
}
