//! The records of a run before and after (DR-IC-001): at most 100, secrets removed (SEC-002).

use serde_json::Value as Json;
use tandem_domain::ids::{RecordId, Side};

use crate::ports::session::Snapshots;

/// The plan's limit (ALT-002): the journal keeps every change, the snapshots show some.
const LIMIT: usize = 100;

/// Collects changed records while they are written.
#[derive(Default)]
pub(super) struct SnapshotCollector {
    before: Vec<Json>,
    after: Vec<Json>,
}

impl SnapshotCollector {
    /// Whether there is room for more; redaction is not worth doing otherwise.
    #[must_use]
    pub(super) const fn has_room(&self) -> bool {
        self.before.len() < LIMIT
    }

    /// Adds one written record; `None` where there was, or is, no record.
    pub(super) fn add(
        &mut self,
        side: Side,
        id: &RecordId,
        before: Option<&Json>,
        after: Option<&Json>,
    ) {
        if self.has_room() {
            self.before
                .push(serde_json::json!({ "side": side, "id": id, "fields": before }));
            self.after
                .push(serde_json::json!({ "side": side, "id": id, "fields": after }));
        }
    }

    /// Both snapshots, if anything changed.
    #[must_use]
    pub(super) fn into_snapshots(self) -> Option<Snapshots> {
        (!self.before.is_empty()).then_some(Snapshots {
            before: Json::Array(self.before),
            after: Json::Array(self.after),
        })
    }
}
