//! What is kept, and what went.

use tandem_app::wire::{HistoryPruned, RecordErased};

use super::count;

/// What removing old history took away.
pub(crate) fn pruned(gone: &HistoryPruned) -> String {
    let days = |days: Option<u32>| {
        days.map_or_else(|| "for good".to_owned(), |days| format!("{days} days"))
    };
    let kept = format!(
        "History is kept {}, the audit log's details {}.",
        days(gone.history_days),
        days(gone.audit_days)
    );
    let of = |n: u64, one: &str| format!("the details of {}", count(n, one));
    let what: Vec<String> = [
        (gone.runs, of(gone.runs, "run")),
        (gone.changes, count(gone.changes, "journal row")),
        (gone.errors, count(gone.errors, "error")),
        (gone.conflicts, count(gone.conflicts, "settled conflict")),
        (gone.alerts, count(gone.alerts, "alert")),
        (gone.audit, of(gone.audit, "audit row")),
    ]
    .into_iter()
    .filter_map(|(n, text)| (n > 0).then_some(text))
    .collect();
    if what.is_empty() {
        format!("{kept}\nNothing is older than that.")
    } else {
        format!("{kept}\nRemoved: {}.", what.join(", "))
    }
}

/// Where a record was forgotten.
pub(crate) fn erased(gone: &RecordErased) -> String {
    let mut text = format!(
        "Erased what it said: in {}, the snapshots of {}, {} about it, {}, {} and {}.",
        count(gone.changes, "journal row"),
        count(gone.snapshots, "run"),
        count(gone.errors, "error"),
        count(gone.conflicts, "conflict"),
        count(gone.texts + gone.set_aside, "other text"),
        count(gone.audit, "audit row")
    );
    if gone.decisions > 0 {
        text.push_str(&format!(
            "\n{} about it will not be carried out.",
            count(gone.decisions, "decision")
        ));
    }
    if gone.paired {
        text.push_str(
            "\nIts pair of ids stays. The next run reads both records and compares them as if met for the first time.",
        );
    }
    if gone.audit_kept > 0 {
        text.push_str(&format!(
            "\n{} of an older Tandem's tell of it and stay: their chain covers them whole.",
            count(gone.audit_kept, "audit row")
        ));
    }
    text
}
