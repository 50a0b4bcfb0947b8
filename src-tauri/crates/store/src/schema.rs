//! The schema: the migrations of `/migrations`, applied in order, newer stores refused.

use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};
use tandem_engine::failpoints::{Point, reach};
use tandem_engine::ports::store::StoreError;

use crate::fault::{Fault, Result};

/// Every migration, oldest first. Append only.
const STEPS: [&str; 12] = [
    include_str!("../../../../migrations/0001_initial.sql"),
    include_str!("../../../../migrations/0002_calls.sql"),
    include_str!("../../../../migrations/0003_constraints.sql"),
    include_str!("../../../../migrations/0004_alerts.sql"),
    include_str!("../../../../migrations/0005_rollback.sql"),
    include_str!("../../../../migrations/0006_retention.sql"),
    include_str!("../../../../migrations/0007_open_links.sql"),
    include_str!("../../../../migrations/0008_plans.sql"),
    include_str!("../../../../migrations/0009_audit_seals.sql"),
    include_str!("../../../../migrations/0010_record_history.sql"),
    include_str!("../../../../migrations/0011_decision_tallies.sql"),
    include_str!("../../../../migrations/0012_audit_filters.sql"),
];

/// The version this Tandem knows.
pub(crate) const fn known() -> i64 {
    STEPS.len() as i64
}

/// Brings the file up to date.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known() {
        return Err(Fault::Store(StoreError::Newer {
            path: path.display().to_string(),
            found,
            known: known(),
        }));
    }
    if found == known() {
        return Ok(());
    }
    // A step may make a table anew that others point at. They are checked as a whole before each step
    // is committed.
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    let steps = STEPS.iter().map(|sql| {
        M::up_with_hook(sql, |_| {
            reach(Point::MigratingStep);
            Ok(())
        })
        .foreign_key_check()
    });
    reach(Point::Migrating);
    Migrations::new(steps.collect())
        .to_latest(connection)
        .map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => Fault::Sql(err),
            other => Fault::Store(StoreError::Other(format!(
                "bringing the store up to version {} failed: {other}",
                known()
            ))),
        })?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    reach(Point::Migrated);
    Ok(())
}
