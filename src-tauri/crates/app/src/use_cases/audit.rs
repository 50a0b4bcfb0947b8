//! Who did what.

use tandem_engine::ports::store::AuditEntry;

use super::{page, page_limit, parse_id};
use crate::app::App;
use crate::error::AppError;
use crate::views::time;
use crate::wire::{AuditVerdict, AuditView, ListAudit, Page, VerifyAudit};

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
            let first_bad = scope.store.verify_audit()?;
            Ok(AuditVerdict {
                intact: first_bad.is_none(),
                first_bad: first_bad.map(|seq| seq.to_string()),
            })
        })
        .await
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
