//! Lists read page by page; `errors` and `audit`.

use std::fs::File;
use std::future::Future;
use std::io::{BufWriter, Write};
use std::path::Path;

use tandem_app::wire::{
    AcceptAudit, GetError, GetRun, ListAlerts, ListAudit, ListErrors, Page, RecordHistory,
    ResolveError, VerifyAudit,
};
use tandem_app::{AppError, WireError};

use crate::args::{Alerts, Audit, AuditFilter, Errors, Global, Run};
use crate::outcome::{Outcome, trouble};
use crate::session::Session;
use crate::show;

/// Items asked for at a time.
const PAGE: u32 = 500;

/// The first `most` items of a list; `next` gets the cursor and how many to ask for.
pub(super) async fn gather<T, F>(
    most: u32,
    mut next: impl FnMut(Option<String>, u32) -> F,
) -> Result<Vec<T>, WireError>
where
    F: Future<Output = Result<Page<T>, AppError>>,
{
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let left = most.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
        if left == 0 {
            return Ok(items);
        }
        let page = next(cursor, left.min(PAGE)).await?;
        items.extend(page.items);
        match page.next {
            Some(more) => cursor = Some(more),
            None => return Ok(items),
        }
    }
}

/// A record's history, as one document whose list is as long as was asked for.
pub(super) async fn record_history(
    global: &Global,
    args: RecordHistory,
) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let most = args.limit;
    let ask = |before: Option<String>, limit: u32| {
        session.app.record_history(RecordHistory {
            before,
            limit,
            ..args.clone()
        })
    };
    let mut history = ask(None, most.clamp(1, PAGE)).await?;
    let mut cursor = history.events.next.take();
    while let Some(before) = cursor {
        let left =
            most.saturating_sub(u32::try_from(history.events.items.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let more = ask(Some(before), left.min(PAGE)).await?;
        history.events.items.extend(more.events.items);
        cursor = more.events.next;
    }
    session
        .out
        .print(&history, |paint| show::record_history(&history, paint))?;
    Ok(Outcome::Completed)
}

pub(super) async fn errors(global: &Global, verb: Errors) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    match verb {
        Errors::List { run, all, limit } => {
            let errors = gather(limit, |before, limit| {
                let resolved = (!all).then_some(false);
                let (tenant, run) = (tenant.clone(), run.clone());
                app.list_errors(ListErrors {
                    tenant,
                    run,
                    resolved,
                    before,
                    limit,
                })
            })
            .await?;
            out.print(&errors, |paint| show::errors(&errors, paint))?;
        }
        Errors::Retry { run } => {
            let run = app.get_run(GetRun { tenant, id: run }).await?;
            return super::run::run(global, Run::of(run.sync)).await;
        }
        Errors::Show { id } => {
            let error = app.get_error(GetError { tenant, id }).await?;
            out.print(&error, |paint| show::error(&error, paint))?;
        }
        Errors::Resolve { id } => {
            let error = app.resolve_error(ResolveError { tenant, id }).await?;
            out.print(&error, |_| {
                format!("Marked as settled: {}", error.summary.message)
            })?;
        }
    }
    Ok(Outcome::Completed)
}

pub(super) async fn alerts(global: &Global, verb: Alerts) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    let Alerts::List { limit } = verb;
    let alerts = gather(limit, |before, limit| {
        app.list_alerts(ListAlerts {
            tenant: tenant.clone(),
            before,
            limit,
        })
    })
    .await?;
    out.print(&alerts, |paint| show::alerts(&alerts, paint))?;
    Ok(Outcome::Completed)
}

pub(super) async fn audit(global: &Global, verb: Audit) -> Result<Outcome, WireError> {
    let session = Session::open(global)?;
    let (app, out, tenant) = (&session.app, session.out, session.tenant());
    match verb {
        Audit::List { filter, limit } => {
            let rows = gather(limit, |before, limit| {
                app.list_audit(asked(tenant.clone(), &filter, before, limit))
            })
            .await?;
            out.print(&rows, |paint| show::audit(&rows, paint))?;
        }
        Audit::Verify { accept } => {
            let verdict = if accept {
                app.accept_audit(AcceptAudit { tenant }).await?
            } else {
                app.verify_audit(VerifyAudit { tenant }).await?
            };
            out.print(&verdict, |_| show::audit_verdict(&verdict))?;
            if !verdict.intact {
                return Ok(Outcome::Other);
            }
        }
        Audit::Export { file, filter } => {
            let rows = export_audit(&session, &file, &filter).await?;
            if file.as_os_str() != "-" {
                out.note(&format!("{rows} rows written to {}.", file.display()));
            }
        }
    }
    Ok(Outcome::Completed)
}

/// A page of what fits.
fn asked(tenant: String, filter: &AuditFilter, before: Option<String>, limit: u32) -> ListAudit {
    let filter = filter.clone();
    ListAudit {
        tenant,
        before,
        actor: filter.by,
        action: filter.action,
        object: filter.object,
        text: filter.text,
        since: filter.since,
        until: filter.until,
        limit,
    }
}

/// Writes every row that fits, page by page; a file that is there already is left alone.
async fn export_audit(
    session: &Session,
    file: &Path,
    filter: &AuditFilter,
) -> Result<u64, WireError> {
    let failed = |error: std::io::Error| {
        trouble(
            "output",
            &format!("The audit log cannot be written to {}", file.display()),
            &error.to_string(),
        )
    };
    let mut to: Box<dyn Write> = if file.as_os_str() == "-" {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(BufWriter::new(File::create_new(file).map_err(failed)?))
    };
    let (mut rows, mut before) = (0, None);
    loop {
        let page = session
            .app
            .list_audit(asked(session.tenant(), filter, before, PAGE))
            .await?;
        for row in &page.items {
            let row = serde_json::to_string(row).map_err(|error| failed(error.into()))?;
            writeln!(to, "{}", show::json(&row)).map_err(failed)?;
            rows += 1;
        }
        before = page.next;
        if before.is_none() {
            to.flush().map_err(failed)?;
            return Ok(rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_are_joined_up_to_the_limit() {
        for (most, want) in [(3, 3), (1_100, 1_100), (5_000, 1_200)] {
            let items = gather(most, |cursor, limit| async move {
                let from: u32 = cursor.map_or(0, |text| text.parse().unwrap());
                let to = (from + limit).min(1_200);
                let next = (to < 1_200).then(|| to.to_string());
                Ok(Page {
                    items: (from..to).collect(),
                    next,
                })
            })
            .await
            .unwrap();
            assert_eq!(items, (0..want).collect::<Vec<u32>>());
        }
    }
}
