//! The end of a run, whatever it was: counts, status, snapshots, cursors, alert, events.

use tandem_domain::ids::{Both, ErrorId, Side};

use super::apply::Applied;
use super::context::RunContext;
use super::halt::Halt;
use super::{RunError, blocking};
use crate::failpoints::{Point, reach};
use crate::ports::StoreError;
use crate::ports::alerts::{AlertStep, Failure};
use crate::ports::events::{EventKind, Phase};
use crate::ports::history::{NewError, RunCounts, RunOptions, RunStatus, SyncHistory};
use crate::ports::session::{RunOutcome, SideProgress};

/// How the stages ended.
pub(super) enum Ended {
    /// Only decisions were to be carried out, and were.
    DecisionsOnly,
    /// An earlier run was taken back.
    RolledBack,
    /// Everything planned was tried.
    Applied(Box<Applied>),
}

/// Records the end of a run and tells the world.
pub(super) async fn finalize(
    run: RunContext,
    ended: Result<Ended, Halt>,
) -> Result<SyncHistory, RunError> {
    run.progress(Phase::Finalize, 0, None);
    let mut plan_hash = None;
    let mut progress = Both::new(None, None);
    let halt = match ended {
        Ok(Ended::DecisionsOnly | Ended::RolledBack) => None,
        Ok(Ended::Applied(applied)) => {
            let Applied { plan, stopped } = *applied;
            plan_hash = Some(plan.hash);
            if stopped.is_none() && !run.options.simulate {
                // Cursors move only when everything read is settled or durably set aside.
                progress = remember(plan.read.progress);
            }
            stopped
        }
        Err(halt) => Some(halt),
    };
    if let Some(Halt::Store(StoreError::LeaseLost)) = &halt {
        // Another run took over and recorded this one's end; nothing here counts any more.
        return history(&run).await;
    }
    let (mut counts, snapshot) =
        run.tally(|tally| (tally.counts, std::mem::take(&mut tally.snapshot)));
    counts.processed = counts.succeeded + counts.failed + counts.skipped;
    let continue_at = halt
        .as_ref()
        .filter(|_| {
            // Whoever goes on would do more than what was asked for.
            let RunOptions {
                simulate,
                rolls_back,
                applies,
                ..
            } = run.options;
            !simulate && rolls_back.is_none() && applies.is_none()
        })
        .and_then(|halt| halt.continue_at(run.now()));
    let left = run.tally(|tally| tally.left_alone);
    let status = status(&counts, halt.as_ref(), continue_at.is_some(), left);
    if let Some(halt) = &halt {
        let error = run_error(&run, halt);
        if let Err(error) = run
            .session
            .with(move |session| session.log_errors(&[error]))
            .await
        {
            tracing::error!(%error, "the run's error could not be logged");
        }
    }
    let message = halt
        .as_ref()
        .map(|halt| run.rules.redact_text(&halt.to_string()));
    let outcome = RunOutcome {
        status,
        counts,
        execution_time_ms: u64::try_from(run.budget.elapsed().as_millis()).unwrap_or(u64::MAX),
        error: halt.as_ref().map(Halt::error_type).zip(message.clone()),
        plan_hash,
        snapshots: snapshot.into_snapshots(),
        progress,
        continue_at,
        alert: alert_step(
            &run,
            halt.as_ref(),
            message.as_deref(),
            continue_at.is_some(),
        ),
        at: run.now(),
    };
    reach(Point::Finishing);
    let session = run.session.take();
    blocking(move || {
        session.map_or(Err(StoreError::LeaseLost), |session| {
            session.finish(outcome)
        })
    })
    .await?;
    reach(Point::Finished);
    match (&halt, status) {
        (Some(halt), RunStatus::Failed) => run.publish(EventKind::SyncFailed {
            error: message.unwrap_or_default(),
            retries: halt.retries(),
        }),
        _ => run.publish(EventKind::SyncCompleted { status, counts }),
    }
    history(&run).await
}

fn remember(progress: Both<SideProgress>) -> Both<Option<SideProgress>> {
    Both::new(Some(progress.source), Some(progress.target))
}

/// A run that was stopped after part of its work landed, or whose rest is due later, is `partial`;
/// one that a guard refused or an admin cancelled is `failed`, whatever landed.
fn status(counts: &RunCounts, halt: Option<&Halt>, continues: bool, left_alone: bool) -> RunStatus {
    match halt {
        Some(_) if continues => RunStatus::Partial,
        Some(Halt::Side { .. }) if counts.succeeded > 0 => RunStatus::Partial,
        Some(_) => RunStatus::Failed,
        None if counts.failed > 0 || counts.conflicts > 0 || left_alone => RunStatus::Partial,
        None => RunStatus::Completed,
    }
}

fn run_error(run: &RunContext, halt: &Halt) -> NewError {
    if let Halt::Side { side, error, .. } = halt {
        return run.call_error(*side, None, halt.error_type(), error, &halt.remedy(), None);
    }
    NewError {
        id: ErrorId(run.ids.next()),
        record_id: None,
        side: None,
        error_type: halt.error_type(),
        message: run.rules.redact_text(&halt.to_string()),
        details: serde_json::json!({ "remedy": halt.remedy() }),
        record_data: None,
        retry_count: halt.retries(),
        at: run.now(),
    }
}

/// What administrators are told of (`AlertOnSyncFailure`): final failures, never a wish of their own;
/// a rest that is due later is none, unless a circuit opened over it.
fn alert_step(
    run: &RunContext,
    halt: Option<&Halt>,
    message: Option<&str>,
    continues: bool,
) -> AlertStep {
    let Some(halt) = halt else {
        // Carrying out decisions does not show that both systems can be listed.
        return if run.options.simulate
            || run.options.decisions_only
            || run.options.rolls_back.is_some()
        {
            AlertStep::Silent
        } else {
            AlertStep::Works
        };
    };
    if matches!(halt, Halt::Cancelled) || run.options.simulate {
        return AlertStep::Silent;
    }
    let opened = Side::BOTH
        .into_iter()
        .find(|side| run.gateways.get(*side).circuit().has_opened());
    if continues && opened.is_none() {
        return AlertStep::Silent;
    }
    let side = match halt {
        Halt::Side { side, .. } | Halt::Moved { side, .. } => Some(*side),
        _ => opened,
    };
    let redacted = |text: &str| run.rules.redact_text(text);
    AlertStep::Failed(Box::new(Failure {
        sync: run.sync.config.name.to_string(),
        run: run.run,
        connection: side.map(|side| redacted(run.connections.get(side).name.as_str())),
        error_type: halt.error_type(),
        error: message.map(str::to_owned),
        retries: halt.retries(),
        remedy: Some(redacted(&halt.remedy())),
        circuit_open_until: side
            .and_then(|side| run.gateways.get(side).circuit().snapshot().open_until),
        at: run.now(),
    }))
}

async fn history(run: &RunContext) -> Result<SyncHistory, RunError> {
    let (store, id) = (std::sync::Arc::clone(&run.tenant), run.run);
    Ok(blocking(move || store.run(id)).await?)
}
