//! The store's books, read with plain SQL: what must add up whatever happened.

use std::path::Path;

use rusqlite::Connection;

/// Looks into a store that no process has open.
pub(crate) struct Books(Connection);

impl Books {
    /// Of this store.
    pub(crate) fn open(store: &Path) -> Self {
        Self(Connection::open(store).unwrap())
    }

    /// One number.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.0
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// Ninety seconds go by for whoever waits for a dead holder: its lease, and the time its last call
    /// may take. This and the next are all that is not left to Tandem.
    pub(crate) fn let_the_lease_run_out(&self) {
        let changed = "UPDATE leases SET expires_at = 0";
        self.0.execute(changed, []).unwrap();
    }

    /// The same for whoever waits for a process that died while it told of a failure.
    pub(crate) fn let_claims_run_out(&self) {
        let changed = "UPDATE alert_deliveries SET claimed_until = 0";
        self.0.execute(changed, []).unwrap();
    }

    /// Operations in the journal of the newest run, by side (0: source).
    pub(crate) fn journalled(&self, side: i64) -> i64 {
        self.number(&format!(
            "SELECT count(*) FROM operations WHERE side = {side}
             AND sync_history_id = (SELECT max(id) FROM sync_history)"
        ))
    }

    /// What must hold once a run finished after a crash; `linked`: how many pairs there are.
    pub(crate) fn add_up(&self, linked: usize) {
        let nothing = [
            (
                "counts that do not add up",
                "SELECT count(*) FROM sync_history
                 WHERE records_processed <> records_succeeded + records_failed + records_skipped",
            ),
            (
                "runs without an end",
                "SELECT count(*) FROM sync_history WHERE sync_status IN ('pending', 'running')",
            ),
            (
                "leases nobody released",
                "SELECT count(*) FROM leases WHERE sync_history_id IS NOT NULL",
            ),
            (
                "operations whose fate nobody asked for",
                "SELECT count(*) FROM operations WHERE state = 0",
            ),
            (
                "creates that may have landed and were neither found nor sent again",
                "SELECT count(*) FROM links WHERE uncertain_create IS NOT NULL",
            ),
            (
                "decisions not carried out",
                "SELECT count(*) FROM conflicts WHERE state = 'decided'",
            ),
            (
                "half links",
                "SELECT count(*) FROM links WHERE (state < 2 OR state = 4)
                 AND (source_id IS NULL OR target_id IS NULL)",
            ),
            ("records set aside", "SELECT count(*) FROM set_aside"),
        ];
        for (what, sql) in nothing {
            assert_eq!(self.number(sql), 0, "{what}");
        }
        let links = "SELECT count(*) FROM links WHERE state < 2 OR state = 4";
        assert_eq!(self.number(links), i64::try_from(linked).unwrap(), "links");
    }

    /// Its pages and indexes agree.
    pub(crate) fn are_sound(&self) {
        let said: String = self
            .0
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(said, "ok");
    }
}
