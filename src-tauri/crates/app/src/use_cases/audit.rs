//! Who did what.

use tandem_engine::ports::store::{self, AuditEntry, AuditFilter};

use super::{farewell, page, page_limit, parse_id, parse_time, search_text};
use crate::app::App;
use crate::error::AppError;
use crate::views::time;
use crate::wire::{
    AcceptAudit, AuditExported, AuditNames, AuditVerdict, AuditView, ExportAudit, ListAudit,
    ListAuditNames, Page, VerifyAudit,
};

impl App {
    /// The audit log, newest first, filtered.
    ///
    /// # Errors
    /// [`AppError::Argument`] for a filter that cannot be read; the store's.
    pub async fn list_audit(&self, args: ListAudit) -> Result<Page<AuditView>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let before = args
                .before
                .as_deref()
                .map(|seq| parse_id("row of the audit log", seq))
                .transpose()?;
            let rows = scope.store.find_audit(&AuditFilter {
                before,
                limit: page_limit(args.limit)?,
                ..filter(
                    &[args.actor, args.action, args.object, args.text],
                    &[args.since, args.until],
                )?
            })?;
            Ok(page(rows, args.limit, |row| row.seq.to_string(), view))
        })
        .await
    }

    /// Whom and what the audit log tells of, to choose from.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_audit_names(&self, args: ListAuditNames) -> Result<AuditNames, AppError> {
        self.with_tenant(&args.tenant, |scope| {
            let store::AuditNames { actors, actions } = scope.store.audit_names()?;
            Ok(AuditNames { actors, actions })
        })
        .await
    }

    /// Writes what fits the filter to a new file in `exported/` beside the store, one JSON document a
    /// line, newest first.
    ///
    /// # Errors
    /// [`AppError::Argument`] for a filter that cannot be read or a file that cannot be written.
    pub async fn export_audit(&self, args: ExportAudit) -> Result<AuditExported, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let filter = filter(
                &[args.actor, args.action, args.object, args.text],
                &[args.since, args.until],
            )?;
            let (file, rows) = farewell::export_log(scope, filter)?;
            let file = file.display().to_string();
            Ok(AuditExported { file, rows })
        })
        .await
    }

    /// Checks that no row of the audit log was changed.
    ///
    /// # Errors
    /// The store's; a log that is not whole is an answer, not an error.
    pub async fn verify_audit(&self, args: VerifyAudit) -> Result<AuditVerdict, AppError> {
        self.with_tenant(&args.tenant, |scope| {
            Ok(verdict(scope.store.verify_audit()?))
        })
        .await
    }

    /// Takes the audit log as it is now; a row says who did, and over what. Answers what is found
    /// now: a row that was changed in the store stays changed.
    ///
    /// # Errors
    /// The store's.
    pub async fn accept_audit(&self, args: AcceptAudit) -> Result<AuditVerdict, AppError> {
        self.with_tenant(&args.tenant, |scope| {
            let before = verdict(scope.store.verify_audit()?);
            let details = serde_json::json!({
                "first_bad": before.first_bad,
                "fault": before.fault,
                "anchored_to": before.anchored_to,
            });
            scope.store.accept_audit(&scope.inner.who(), details)?;
            Ok(verdict(scope.store.verify_audit()?))
        })
        .await
    }
}

/// Actor, action, object and text, then since and until, as they were asked for.
fn filter(
    words: &[Option<String>; 4],
    times: &[Option<String>; 2],
) -> Result<AuditFilter, AppError> {
    let [actor, action, subject, text] = words.each_ref().map(|word| search_text(word.as_deref()));
    let time = |text: &Option<String>| text.as_deref().map(parse_time).transpose();
    Ok(AuditFilter {
        actor,
        action,
        subject,
        text,
        since: time(&times[0])?,
        until: time(&times[1])?,
        ..AuditFilter::default()
    })
}

fn verdict(found: store::AuditVerdict) -> AuditVerdict {
    AuditVerdict {
        intact: found.first_bad.is_none(),
        first_bad: found.first_bad.map(|(seq, _)| seq.to_string()),
        fault: found.first_bad.map(|(_, fault)| fault.into()),
        sealed_since: found.anchored.map(|anchored| anchored.since.to_string()),
        anchored_to: found.anchored.map(|anchored| anchored.to.to_string()),
    }
}

pub(super) fn view(row: AuditEntry) -> AuditView {
    AuditView {
        seq: row.seq.to_string(),
        at: time(row.at),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        details: row.details,
        hash: row.hash,
    }
}
