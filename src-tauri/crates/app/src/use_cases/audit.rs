//! Who did what.

use tandem_engine::ports::store::{self, AuditEntry};

use super::{page, page_limit, parse_id};
use crate::app::App;
use crate::error::AppError;
use crate::views::time;
use crate::wire::{AcceptAudit, AuditVerdict, AuditView, ListAudit, Page, VerifyAudit};

impl App {
    /// The audit log, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_audit(&self, args: ListAudit) -> Result<Page<AuditView>, AppError> {
        let tenant = args.tenant.clone();
        self.with_tenant(&tenant, move |scope| {
            let before = args
                .before
                .as_deref()
                .map(|seq| parse_id("row of the audit log", seq))
                .transpose()?;
            let rows = scope.store.audit(before, page_limit(args.limit)?)?;
            Ok(page(rows, args.limit, |row| row.seq.to_string(), view))
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
