//! Stores of every older schema are brought up to date with all that is in them.

use tandem_domain::ids::{ConflictId, RunId, TenantId};
use tandem_engine::ports::alerts::{AlertClaim, Delivery};
use tandem_engine::ports::history::{ErrorType, RunStatus};
use tandem_engine::ports::store::{AuditFault, ConflictFilter, ErrorFilter, RunFilter, Store};
use uuid::Uuid;

use crate::{actor, open};

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

/// What version 3 kept of alerts, each failure its own: of `customers` one delivered, two not; of
/// `orders`, which works again since, one not; and one of nobody's, as only a test would write it.
const ALERTS_OF_VERSION_3: &str = r#"
INSERT INTO sync_configurations (tenant_id, uuid, name, configuration, created_at, updated_at)
VALUES (1, X'00000000000000000000000000000003', 'orders', '{}', 1772355600000000, 1772355600000000);
INSERT INTO alert_outbox (seq, tenant_id, body, created_at, delivered_at)
SELECT value ->> 0, 1, json_object(
    'sync', value ->> 1, 'sync_id', '00000000-0000-0000-0000-00000000000' || (value ->> 2),
    'run', '00000000-0000-0000-0000-00000000000c', 'connection', 'shop', 'error_type', 'network',
    'error', value ->> 3, 'retries', 3, 'remedy', 'Look at it.', 'at', '2026-03-01T09:00:04Z'),
    1772355604000000 + (value ->> 0), value ->> 4
FROM json_each('[[4, "customers", 2, "first", 1772355610000000], [5, "customers", 2, "second", null],
    [7, "orders", 3, "other", null], [8, "customers", 2, "third", null]]');
INSERT INTO alert_outbox (seq, tenant_id, body, created_at) VALUES (9, 1, '{"number": 1}', 0);
DELETE FROM alert_outbox WHERE seq = 9;
INSERT INTO alert_outbox (tenant_id, body, created_at) VALUES (1, '{"number": 1}', 0);
INSERT INTO sync_history (
    tenant_id, sync_configuration_id, uuid, sync_direction, sync_status, started_at, completed_at,
    sync_name, run_trigger, option_simulate, option_full, option_decisions_only, actor)
VALUES (1, 2, X'00000000000000000000000000000011', 'bidirectional', 'completed', 1772355700000000,
    1772355700000000, 'orders', 'manual', 0, 0, 0, 'ann');
"#;

#[test]
fn a_store_of_version_3_keeps_its_alerts_and_tells_only_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    for step in [
        include_str!("../../../../../migrations/0001_initial.sql"),
        VERSION_1,
        include_str!("../../../../../migrations/0002_calls.sql"),
        include_str!("../../../../../migrations/0003_constraints.sql"),
        ALERTS_OF_VERSION_3,
    ] {
        old.execute_batch(step).unwrap();
    }
    old.pragma_update(None, "user_version", 3).unwrap();
    drop(old);

    let opened = open(&path).unwrap();
    assert_eq!(opened.set_aside, None);
    let tenant = opened.store.tenant(TenantId(Uuid::from_u128(1)));
    let kept: Vec<_> = tenant
        .alerts(None, 10)
        .unwrap()
        .into_iter()
        .map(|alert| {
            let told = alert.deliveries.iter().any(|it| it.delivered_at.is_some());
            let error = alert.failure.error.unwrap_or_default();
            (alert.seq, error, alert.number, alert.held_back, told)
        })
        .collect();
    let row = |seq, error: &str, number, held_back, told| {
        (seq, error.to_owned(), number, held_back, told)
    };
    assert_eq!(
        kept,
        [
            row(8, "third", 3, 1, false),
            row(7, "other", 1, 0, false),
            row(5, "second", 2, 0, false),
            row(4, "first", 1, 0, true),
        ]
    );
    let now = actor().at + chrono::TimeDelta::hours(2);
    let next = |channel| {
        let claim = AlertClaim {
            channel,
            after: None,
            now,
            eager: false,
        };
        let claimed = tenant.claim_alert(&claim).unwrap()?;
        tenant
            .settle_alert(channel, &claimed, &Delivery::Told, now)
            .unwrap();
        Some((claimed.alert.failure.error?, claimed.alert.held_back))
    };
    for channel in ["desktop", "mail"] {
        assert_eq!(next(channel), Some(("other".to_owned(), 0)), "{channel}");
        assert_eq!(next(channel), Some(("third".to_owned(), 1)), "{channel}");
        assert_eq!(next(channel), None, "{channel}");
    }
    drop(opened);

    let db = rusqlite::Connection::open(&path).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(
        number("SELECT seq FROM sqlite_sequence WHERE name = 'alert_outbox'"),
        10
    );
    assert_eq!(
        number("SELECT alerting FROM alert_states WHERE sync_configuration_id = 2"),
        0,
        "it works again already"
    );
    assert_eq!(
        number("SELECT alerting FROM alert_states WHERE sync_configuration_id = 1"),
        1
    );
    db.pragma_update(None, "foreign_keys", "ON").unwrap();
    db.execute("DELETE FROM tenants", []).unwrap();
    for table in [
        "alert_outbox",
        "alert_states",
        "alert_told",
        "alert_deliveries",
    ] {
        assert_eq!(
            number(&format!("SELECT count(*) FROM {table}")),
            0,
            "{table}"
        );
    }
}

/// Rows from before salted bodies are covered as they were then, and the chain goes on from them.
#[test]
fn an_audit_log_of_version_5_still_verifies_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    for step in [
        include_str!("../../../../../migrations/0001_initial.sql"),
        include_str!("../../../../../migrations/0002_calls.sql"),
        include_str!("../../../../../migrations/0003_constraints.sql"),
        include_str!("../../../../../migrations/0004_alerts.sql"),
        include_str!("../../../../../migrations/0005_rollback.sql"),
    ] {
        old.execute_batch(step).unwrap();
    }
    let uuid = Uuid::from_u128(1);
    old.execute(
        "INSERT INTO tenants (id, uuid, name, created_at) VALUES (1, ?1, 'acme', 0)",
        [uuid.as_bytes()],
    )
    .unwrap();
    let mut previous = [0_u8; 32];
    for seq in 1..=2_i64 {
        let texts = ["ann", "act", "thing", "{}"];
        let mut hasher = blake3::Hasher::new_derive_key("tandem 2026 audit log row");
        hasher.update(&previous);
        for number in [1, seq, 5] {
            hasher.update(&number.to_le_bytes());
        }
        for text in texts {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        previous = *hasher.finalize().as_bytes();
        old.execute(
            "INSERT INTO audit_log VALUES (1, ?1, 5, ?2, ?3, ?4, ?5, ?6)",
            rusqlite::params![seq, texts[0], texts[1], texts[2], texts[3], previous],
        )
        .unwrap();
        old.execute(
            "INSERT OR REPLACE INTO audit_heads VALUES (1, ?1, ?2)",
            rusqlite::params![seq, previous],
        )
        .unwrap();
    }
    old.pragma_update(None, "user_version", 5).unwrap();
    drop(old);

    let opened = open(&path).unwrap();
    let tenant = opened.store.tenant(TenantId(uuid));
    assert_eq!(tenant.verify_audit().unwrap().first_bad, None);
    let details = serde_json::json!({ "n": 3 });
    tenant.add_audit(&actor(), "act", "new", details).unwrap();
    assert_eq!(tenant.verify_audit().unwrap().first_bad, None);
    assert_eq!(tenant.audit(None, 10).unwrap().len(), 3);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("UPDATE audit_log SET details = '[]' WHERE seq = 2")
        .unwrap();
    assert_eq!(
        tenant.verify_audit().unwrap().first_bad,
        Some((2, AuditFault::Changed))
    );
}
