//! `run` and `runs`.

use tandem_app::wire::{
    ApplyPlan, CancelRun, ErrorSummary, GetRun, ListErrors, ListRuns, RecordChange, RollbackRun,
    RunChanges, RunStarted, RunSync, RunView, WireRunStatus,
};
use tandem_app::{App, WireError};

use super::lists::gather;
use crate::args::{Global, Run, RunStatusArg, Runs};
use crate::outcome::Outcome;
use crate::progress::Follower;
use crate::session::Session;
use crate::show;

pub(super) async fn run(global: &Global, args: Run) -> Result<Outcome, WireError> {
    let session = Session::open_telling(global)?;
    let out = session.out;
    session.app.deliver_left_alerts();
    let follower = Follower::start(&session.app, out.progress, &args.name);
    let ended = to_the_end(&session, args).await;
    follower.stop();
    let run = ended?;
    out.print(&show::run_document(&run), |paint| show::run(&run, paint))?;
    Ok(Outcome::of(&run))
}

async fn to_the_end(session: &Session, args: Run) -> Result<RunView, WireError> {
    let started = session
        .app
        .run_sync(RunSync {
            tenant: session.tenant(),
            name: args.name,
            simulate: args.simulate,
            full: args.full,
            allow_deletes: args.allow_deletes,
        })
        .await?;
    follow(session, started).await
}

/// Takes a run back, and shows field by field what that does or would do.
async fn rollback(
    session: &Session,
    id: String,
    simulate: bool,
    allow_deletes: Option<u64>,
) -> Result<Outcome, WireError> {
    let out = session.out;
    let started = session
        .app
        .rollback_run(RollbackRun {
            tenant: session.tenant(),
            id,
            simulate,
            allow_deletes,
        })
        .await?;
    let run = follow(session, started).await?;
    let left = left_alone(session, &run.id).await?;
    let changes = if simulate {
        changes(session, &run.id).await?
    } else {
        Vec::new()
    };
    out.print(&show::guarded_document(&run, &changes, &left), |paint| {
        show::guarded(&run, &changes, &left, paint)
    })?;
    Ok(Outcome::of(&run))
}

/// Carries out a plan that was reviewed, and shows what it left alone.
pub(super) async fn apply_plan(global: &Global, hash: String) -> Result<Outcome, WireError> {
    let session = Session::open_telling(global)?;
    let out = session.out;
    let started = session
        .app
        .apply_plan(ApplyPlan {
            tenant: session.tenant(),
            hash,
        })
        .await?;
    let run = follow(&session, started).await?;
    let left = left_alone(&session, &run.id).await?;
    out.print(&show::guarded_document(&run, &[], &left), |paint| {
        show::guarded(&run, &[], &left, paint)
    })?;
    Ok(Outcome::of(&run))
}

/// What a run that touches only what it was asked to says of the rest.
async fn left_alone(session: &Session, run: &str) -> Result<Vec<ErrorSummary>, WireError> {
    gather(u32::MAX, |before, limit| {
        session.app.list_errors(ListErrors {
            tenant: session.tenant(),
            run: Some(run.to_owned()),
            resolved: None,
            before,
            limit,
        })
    })
    .await
}

async fn changes(session: &Session, id: &str) -> Result<Vec<RecordChange>, WireError> {
    gather(u32::MAX, |after, limit| {
        session.app.run_changes(RunChanges {
            tenant: session.tenant(),
            id: id.to_owned(),
            kind: None,
            after,
            limit,
        })
    })
    .await
}

async fn follow(session: &Session, started: RunStarted) -> Result<RunView, WireError> {
    if started.joined {
        session.out.note(&format!(
            "Run {} was going on already; waiting for it.",
            started.run_id
        ));
    }
    let ended = session.app.finished(&session.tenant, &started.run_id);
    tokio::pin!(ended);
    let mut asked = false;
    loop {
        tokio::select! {
            ended = &mut ended => {
                // The alert of a failed run and the like are still under way.
                session.app.idle().await;
                return Ok(ended?.run);
            }
            interrupt = tokio::signal::ctrl_c() => {
                if asked || interrupt.is_err() {
                    return Err(WireError::new(
                        "interrupted",
                        "Stopped without waiting for the run.",
                        "It was interrupted twice.",
                        "Run the sync again: it settles what was under way and goes on.",
                    ));
                }
                asked = true;
                session.out.note("Cancelling after what was already sent; interrupt again to leave at once.");
                cancel(&session.app, &session.tenant, &started.run_id).await?;
            }
        }
    }
}

async fn cancel(app: &App, tenant: &str, id: &str) -> Result<RunView, WireError> {
    Ok(app
        .cancel_run(CancelRun {
            tenant: tenant.to_owned(),
            id: id.to_owned(),
        })
        .await?)
}

pub(super) async fn runs(global: &Global, verb: Runs) -> Result<Outcome, WireError> {
    // Whoever goes on until a run has ended also tells of its failure.
    let session = match verb {
        Runs::Rollback { .. } => Session::open_telling(global),
        _ => Session::open(global),
    }?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    match verb {
        Runs::List {
            sync,
            status,
            limit,
        } => {
            let status = status.map(status_of);
            let runs = gather(limit, |before, limit| {
                let (tenant, sync) = (tenant.clone(), sync.clone());
                app.list_runs(ListRuns {
                    tenant,
                    sync,
                    status,
                    before,
                    limit,
                    ..ListRuns::default()
                })
            })
            .await?;
            out.print(&runs, |paint| show::runs(&runs, paint))?;
        }
        Runs::Show { id } => {
            let run = app.get_run(GetRun { tenant, id }).await?;
            out.print(&run, |paint| show::run(&run, paint))?;
        }
        Runs::Diff { id } => {
            let changes = changes(&session, &id).await?;
            out.print(&changes, |paint| show::changes(&changes, paint))?;
        }
        Runs::Rollback {
            id,
            simulate,
            allow_deletes,
        } => return rollback(&session, id, simulate, allow_deletes).await,
        Runs::Cancel { id } => {
            let run = cancel(app, &tenant, &id).await?;
            out.print(&run, |_| {
                format!("Asked run {} to stop at its next chunk.", run.id)
            })?;
        }
    }
    Ok(Outcome::Completed)
}

const fn status_of(status: RunStatusArg) -> WireRunStatus {
    match status {
        RunStatusArg::Pending => WireRunStatus::Pending,
        RunStatusArg::Running => WireRunStatus::Running,
        RunStatusArg::Completed => WireRunStatus::Completed,
        RunStatusArg::Partial => WireRunStatus::Partial,
        RunStatusArg::Failed => WireRunStatus::Failed,
    }
}
