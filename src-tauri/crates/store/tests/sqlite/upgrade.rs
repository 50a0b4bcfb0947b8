//! Stores of every older schema are brought up to date with all that is in them.

use tandem_domain::ids::{ConflictId, RunId, TenantId};
use tandem_engine::ports::history::{ErrorType, RunStatus};
use tandem_engine::ports::store::{ConflictFilter, ErrorFilter, RunFilter, Store};
use uuid::Uuid;

use crate::open;

/// A store as version 1 left it: two runs, one of them with an error and a journal; a third run and
/// its error were deleted since, so that their ids must not be given again.
const VERSION_1: &str = include_str!("version_1.sql");

#[test]
fn a_store_of_version_1_keeps_its_history_errors_and_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../../../../migrations/0001_initial.sql"))
        .unwrap();
    old.execute_batch(VERSION_1).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);

    let opened = open(&path).unwrap();
    assert_eq!(opened.set_aside, None);
    let tenant = opened.store.tenant(TenantId(Uuid::from_u128(1)));
    let runs = tenant
        .runs(&RunFilter {
            limit: 10,
            ..RunFilter::default()
        })
        .unwrap();
    assert_eq!(
        runs.iter()
            .map(|run| (run.id.0.as_u128(), run.status, run.error_type))
            .collect::<Vec<_>>(),
        [
            (12, RunStatus::Failed, Some(ErrorType::Timeout)),
            (11, RunStatus::Completed, None)
        ]
    );
    assert_eq!(
        (runs[0].error_message.as_deref(), runs[0].continue_at),
        (Some("out of time"), None)
    );
    assert_eq!(
        (runs[1].counts.processed, runs[1].counts.updated.target),
        (3, 2)
    );
    let errors = tenant
        .errors(&ErrorFilter {
            limit: 10,
            ..ErrorFilter::default()
        })
        .unwrap();
    assert_eq!(
        errors
            .iter()
            .map(|error| (error.run, error.error.message.as_str()))
            .collect::<Vec<_>>(),
        [(RunId(Uuid::from_u128(12)), "too slow")]
    );
    assert_eq!(
        tenant
            .conflicts(&ConflictFilter {
                limit: 10,
                ..ConflictFilter::default()
            })
            .unwrap()
            .iter()
            .map(|conflict| conflict.id)
            .collect::<Vec<ConflictId>>(),
        []
    );
    drop(opened);

    let db = rusqlite::Connection::open(&path).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(
        number("SELECT count(*) FROM operations WHERE sync_history_id = 1"),
        1
    );
    assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(
        number("SELECT seq FROM sqlite_sequence WHERE name = 'sync_history'"),
        3,
        "the deleted run's id is not given again"
    );
    assert_eq!(
        number("SELECT seq FROM sqlite_sequence WHERE name = 'sync_errors'"),
        2
    );
    // Cascades still reach the tables made anew, and from them the journal.
    db.pragma_update(None, "foreign_keys", "ON").unwrap();
    db.execute("DELETE FROM tenants", []).unwrap();
    for table in ["sync_history", "sync_errors", "operations"] {
        assert_eq!(
            number(&format!("SELECT count(*) FROM {table}")),
            0,
            "{table}"
        );
    }
}
