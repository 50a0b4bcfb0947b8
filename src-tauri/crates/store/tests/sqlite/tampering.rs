//! A changed audit log shows where it was changed.

use tandem_engine::ports::store::Store;

use crate::{actor, filled, open};

#[test]
fn a_changed_removed_swapped_or_cut_row_shows() {
    let attempts = [
        ("UPDATE audit_log SET actor = 'bob' WHERE seq = 3", Some(3)),
        ("UPDATE audit_log SET details = '{}' WHERE seq = 5", Some(5)),
        ("UPDATE audit_log SET at = at + 1 WHERE seq = 1", Some(1)),
        ("DELETE FROM audit_log WHERE seq = 3", Some(3)),
        ("DELETE FROM audit_log WHERE seq = 6", Some(6)),
        ("DELETE FROM audit_log", Some(1)),
        (
            "UPDATE audit_log SET subject = CASE seq WHEN 2 THEN 'n1' ELSE 'n0' END WHERE seq IN (2, 3)",
            Some(2),
        ),
        ("UPDATE audit_log SET action = action", None),
        // A body that nothing vouches for, one told as older than salts, and a new one for an old.
        ("UPDATE audit_log SET salt = NULL WHERE seq = 3", Some(3)),
        (
            "UPDATE audit_log SET salt = NULL, body_hash = NULL WHERE seq = 4",
            Some(4),
        ),
        (
            "UPDATE audit_log SET (salt, body_hash, subject, details) =
                 (SELECT salt, body_hash, subject, details FROM audit_log WHERE seq = 2)
             WHERE seq = 5",
            Some(5),
        ),
        // A body that was destroyed shows as such and breaks nothing, but hides nothing else.
        (
            "UPDATE audit_log SET salt = NULL, subject = '', details = '' WHERE seq = 3",
            None,
        ),
        (
            "UPDATE audit_log SET salt = NULL, subject = '', details = '', actor = 'bob' WHERE seq = 3",
            Some(3),
        ),
    ];
    for (sql, expected) in attempts {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let tenant = filled(&path);
        let tenant = open(&path).unwrap().store.tenant(tenant);
        for number in 0..5 {
            let details = serde_json::json!({ "number": number });
            tenant
                .add_audit(&actor(), "act", &format!("n{number}"), details)
                .unwrap();
        }
        assert_eq!(tenant.verify_audit().unwrap().first_bad, None);
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch(sql).unwrap();
        let found = tenant.verify_audit().unwrap().first_bad;
        assert_eq!(found.map(|(seq, _)| seq), expected, "{sql}");
    }
}
