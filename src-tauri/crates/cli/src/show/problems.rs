//! Errors of runs, and the audit log.

use tandem_app::wire::{
    AlertView, AuditVerdict, AuditView, ErrorSummary, ErrorView, WireAuditFault,
};

use super::{Paint, Table, Tone, line, time};

/// Errors in a table.
pub(crate) fn errors(errors: &[ErrorSummary], paint: Paint) -> String {
    let mut table = Table::new(&["id", "sync", "type", "record", "when", "settled", "message"]);
    for error in errors {
        table.row([
            error.id.clone(),
            error.sync.clone(),
            error.error_type.clone(),
            error.record_id.clone().unwrap_or_default(),
            time(&error.occurred_at),
            if error.resolved { "yes" } else { "no" }.to_owned(),
            error.message.clone(),
        ]);
    }
    if table.is_empty() {
        "No errors.".to_owned()
    } else {
        table.text(paint)
    }
}

/// One error in full.
pub(crate) fn error(error: &ErrorView, paint: Paint) -> String {
    let short = &error.summary;
    let mut text = format!("{}\n", paint.text(Tone::Bad, &short.message));
    for (word, part) in [("why", &error.cause), ("fix", &error.fix)] {
        if let Some(part) = part {
            text.push_str(&format!("  {word}: {}\n", line(part)));
        }
    }
    let mut facts = vec![
        ("sync", short.sync.clone()),
        ("run", short.run.clone()),
        ("type", short.error_type.clone()),
        ("when", time(&short.occurred_at)),
        ("retries", short.retry_count.to_string()),
    ];
    facts.extend(short.system.clone().map(|system| ("system", system)));
    facts.extend(short.record_id.clone().map(|id| ("record", id)));
    facts.extend(short.resolved_at.as_deref().map(|at| ("settled", time(at))));
    for (word, fact) in facts {
        text.push_str(&format!("  {word}: {}\n", line(&fact)));
    }
    for (word, json) in [
        ("record", error.record.as_ref()),
        ("diagnostics", Some(&error.diagnostics)),
    ] {
        if let Some(json) = json.filter(|json| !json.is_null()) {
            // A value that was JSON can be written as JSON.
            let pretty = serde_json::to_string_pretty(json).unwrap_or_default();
            text.push_str(&format!("{word}:\n{pretty}\n"));
        }
    }
    text.push_str(&paint.text(Tone::Quiet, &format!("id {}", short.id)));
    text
}

/// Alerts in a table.
pub(crate) fn alerts(alerts: &[AlertView], paint: Paint) -> String {
    let mut table = Table::new(&["when", "what", "sync", "run", "told by", "error"]);
    for alert in alerts {
        let told: Vec<String> = alert
            .deliveries
            .iter()
            .map(
                |delivery| match (&delivery.delivered_at, &delivery.last_error) {
                    (Some(_), _) => delivery.channel.clone(),
                    (None, Some(why)) => format!("not {} ({why})", delivery.channel),
                    (None, None) => format!("not yet {}", delivery.channel),
                },
            )
            .collect();
        let what = match alert.held_back {
            0 => alert.kind.clone(),
            more => format!("{} (and {more} before)", alert.kind),
        };
        table.row([
            time(&alert.at),
            what,
            alert.sync.clone(),
            alert.run_id.clone(),
            told.join(", "),
            alert.error.clone().unwrap_or_default(),
        ]);
    }
    if table.is_empty() {
        "No alerts.".to_owned()
    } else {
        table.text(paint)
    }
}

/// What checking the audit log found.
pub(crate) fn audit_verdict(verdict: &AuditVerdict) -> String {
    let Some(row) = &verdict.first_bad else {
        return match (&verdict.sealed_since, &verdict.anchored_to) {
            (Some(since), Some(to)) if since == "0" => format!(
                "The audit log is whole: every row is sealed, and known outside the store up to row {to}."
            ),
            (Some(since), Some(to)) => format!(
                "The audit log is whole: rows after row {since} are sealed, and it is known outside the \
                 store up to row {to}. That nobody recomputed it up to row {since} cannot be told."
            ),
            _ => "The audit log is whole as far as the store itself tells: nothing is known of it \
                  outside the store (see TANDEM_ANCHOR)."
                .to_owned(),
        };
    };
    let (what, to_do) = match verdict.fault {
        Some(WireAuditFault::Missing) => (
            format!("rows from {row} on are missing"),
            "If you put a backup back, that is why",
        ),
        Some(WireAuditFault::Unsealed) => (
            format!("row {row} does not bear this account's seal"),
            "If another account or machine wrote it, that is why",
        ),
        Some(WireAuditFault::Replaced) => (
            format!("another log stands in its place, up to row {row} at least"),
            "If you put another store here, that is why",
        ),
        Some(WireAuditFault::Changed) | None => {
            return format!(
                "The audit log was changed: row {row} does not fit the one before it. Compare it with \
                 a backup or an export."
            );
        }
    };
    format!(
        "The audit log is not as it was written: {what}. {to_do}, and `tandem audit verify --accept` \
         takes the log as it is now; else compare it with a backup or an export."
    )
}

/// The audit log in a table.
pub(crate) fn audit(rows: &[AuditView], paint: Paint) -> String {
    let mut table = Table::new(&["row", "when", "who", "action", "subject", "details"]);
    for row in rows {
        table.row([
            row.seq.clone(),
            time(&row.at),
            row.actor.clone(),
            row.action.clone(),
            row.subject.clone(),
            if row.details.is_null() {
                String::new()
            } else {
                row.details.to_string()
            },
        ]);
    }
    if table.is_empty() {
        "The audit log is empty.".to_owned()
    } else {
        table.text(paint)
    }
}
