//! What became of many decisions at once.

use serde::Serialize;
use tandem_app::wire::{ConflictsDecided, DecisionOutcome, WireConflictState};

use super::{Paint, Table, Tone, count, word};

/// What became of several decisions.
#[derive(Debug, Serialize)]
pub(crate) struct DecidedMany {
    #[serde(flatten)]
    pub(crate) decided: ConflictsDecided,
    /// Of those decided: written to both systems.
    pub(crate) written: u64,
    /// Kept, and left to the next run to write.
    pub(crate) waiting: u64,
    /// Met fresh values: nothing was written, they are open again.
    pub(crate) reopened: u64,
}

impl DecidedMany {
    pub(crate) const fn new(decided: ConflictsDecided) -> Self {
        Self {
            decided,
            written: 0,
            waiting: 0,
            reopened: 0,
        }
    }

    /// Those that were decided.
    pub(crate) fn ids(&self) -> Vec<String> {
        let decided = self.decided.conflicts.iter();
        decided
            .filter(|it| it.outcome == DecisionOutcome::Decided)
            .map(|it| it.id.clone())
            .collect()
    }

    pub(crate) const fn note(&mut self, state: WireConflictState) {
        match state {
            WireConflictState::Resolved | WireConflictState::Closed => self.written += 1,
            WireConflictState::Decided => self.waiting += 1,
            WireConflictState::Open => self.reopened += 1,
        }
    }

    pub(crate) const fn is_whole(&self) -> bool {
        self.decided.left + self.waiting + self.reopened == 0
    }
}

/// What became of each, and of all of them.
pub(crate) fn decided_many(many: &DecidedMany, paint: Paint) -> String {
    let decided = &many.decided;
    let conflicts = count(decided.decided, "conflict");
    let mut text = if decided.dry_run {
        format!("{conflicts} would be decided; nothing was kept.")
    } else {
        format!("{} settled and written.", count(many.written, "conflict"))
    };
    if many.waiting > 0 {
        text.push_str(&format!(
            " {} decided but not written yet: the next run of the sync writes them.",
            many.waiting
        ));
    }
    if many.reopened > 0 {
        text.push_str(&format!(
            " {} changed meanwhile: nothing was written, look at them again.",
            many.reopened
        ));
    }
    if decided.left == 0 {
        return text;
    }
    text.push_str(&format!(" {} not decided:\n", decided.left));
    let mut table = Table::new(&["id", "sync", "record", "outcome", "why"]);
    for it in &decided.conflicts {
        if it.outcome == DecisionOutcome::Decided {
            continue;
        }
        table.toned([
            (Tone::Plain, it.id.clone()),
            (Tone::Plain, it.sync.clone()),
            (Tone::Plain, it.label.clone()),
            (Tone::Warn, word(&it.outcome).replace('_', " ")),
            (Tone::Plain, it.reason.clone().unwrap_or_default()),
        ]);
    }
    text.push_str(&table.text(paint));
    text
}
