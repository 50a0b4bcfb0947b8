//! Promise 12: tampering with the audit log shows, tail truncation and full recomputation included.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tandem_domain::ids::TenantId;
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::store::{Anchored, AuditFault, AuditVerdict, Store, TenantStore};
use tandem_store::{AuditAnchor, SqliteStore};

use crate::{StillClock, actor, filled};

/// Rows of the log each test begins with.
const ROWS: i64 = 6;

struct Place {
    folder: tempfile::TempDir,
    tenant: TenantId,
}

impl Place {
    /// A store whose log was sealed from its first row on.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let tenant = TenantId(uuid::Uuid::from_u128(7));
        let place = Self { folder, tenant };
        let store = open(&path, Some(&place.anchor()));
        let named = tandem_engine::ports::store::Tenant {
            id: tenant,
            name: tandem_domain::ids::Name::new("main").unwrap(),
            created_at: StillClock.now(),
        };
        store.create_tenant(&named, &actor()).unwrap();
        let tenant = store.tenant(tenant);
        add(&*tenant, ROWS - 1);
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn anchor(&self) -> PathBuf {
        self.folder.path().join("anchor.db")
    }

    fn tenant(&self) -> Arc<dyn TenantStore> {
        open(&self.path(), Some(&self.anchor())).tenant(self.tenant)
    }

    fn sql(&self, sql: &str) {
        let db = rusqlite::Connection::open(self.path()).unwrap();
        db.execute_batch(sql).unwrap();
    }

    fn copy(&self, to: &str) -> PathBuf {
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)");
        let to = self.folder.path().join(to);
        std::fs::copy(self.path(), &to).unwrap();
        to
    }

    fn put_back(&self, copy: &Path) {
        for suffix in ["-wal", "-shm"] {
            let beside = PathBuf::from(format!("{}{suffix}", self.path().display()));
            if beside.exists() {
                std::fs::remove_file(beside).unwrap();
            }
        }
        std::fs::copy(copy, self.path()).unwrap();
    }

    fn verdict(&self) -> AuditVerdict {
        self.tenant().verify_audit().unwrap()
    }
}

fn open(path: &Path, anchor: Option<&Path>) -> SqliteStore {
    let clock: Arc<dyn Clock> = Arc::new(StillClock);
    let anchor = anchor.map(|path| {
        // Another key for each file.
        let key = *blake3::hash(path.as_os_str().as_encoded_bytes()).as_bytes();
        Arc::new(AuditAnchor::open(path, || Ok(key)).unwrap())
    });
    SqliteStore::open_anchored(path, &clock, anchor)
        .unwrap()
        .store
}

fn add(tenant: &dyn TenantStore, rows: i64) {
    for number in 0..rows {
        let details = serde_json::json!({ "number": number });
        tenant
            .add_audit(&actor(), "act", &format!("n{number}"), details)
            .unwrap();
    }
}

fn holds(since: i64, to: i64) -> AuditVerdict {
    AuditVerdict {
        first_bad: None,
        anchored: Some(Anchored { since, to }),
    }
}

/// What cuts the log off at a row, its own end included.
fn cut(at: i64) -> String {
    format!(
        "DELETE FROM audit_log WHERE seq > {at};
         UPDATE audit_heads SET (seq, hash) =
             (SELECT seq, hash FROM audit_log WHERE seq = {at});"
    )
}

#[test]
fn promise_12_every_changed_column_and_row_shows() {
    let columns = [
        ("at", "at + 1"),
        ("actor", "'bob'"),
        ("action", "action || '.'"),
        ("subject", "subject || '.'"),
        ("details", "'{}'"),
        ("hash", "zeroblob(32)"),
        ("body_hash", "zeroblob(32)"),
        ("salt", "zeroblob(16)"),
        ("seal", "zeroblob(32)"),
        ("seal", "NULL"),
        (
            "seal",
            "(SELECT seal FROM audit_log AS o WHERE o.seq = audit_log.seq % 6 + 1)",
        ),
    ];
    let place = Place::new();
    assert_eq!(place.verdict(), holds(0, ROWS));
    let sound = place.copy("sound.db");
    for (column, value) in columns {
        for row in 1..=ROWS {
            place.sql(&format!(
                "UPDATE audit_log SET {column} = {value} WHERE seq = {row}"
            ));
            let (seq, _) = place.verdict().first_bad.unwrap();
            assert_eq!(seq, row, "{column} = {value}");
            place.put_back(&sound);
        }
    }
    assert_eq!(place.verdict(), holds(0, ROWS));
}

#[test]
fn promise_12_what_the_file_alone_could_hide_shows() {
    type Attack = fn(&Place);
    let attacks: [(&str, Attack, (i64, AuditFault)); 7] = [
        (
            "the tail is cut off, the log's own end with it",
            |place| place.sql(&cut(4)),
            (5, AuditFault::Missing),
        ),
        (
            "nothing is left",
            |place| place.sql("DELETE FROM audit_log; DELETE FROM audit_heads;"),
            (1, AuditFault::Missing),
        ),
        (
            "a row is added as Tandem would, without the key",
            |place| add(&*open(&place.path(), None).tenant(place.tenant), 1),
            (ROWS + 1, AuditFault::Unsealed),
        ),
        (
            "a row is added under another key",
            |place| {
                let other = place.folder.path().join("other-anchor.db");
                add(&*open(&place.path(), Some(&other)).tenant(place.tenant), 1);
            },
            (ROWS + 1, AuditFault::Unsealed),
        ),
        (
            "everything after a row is recomputed",
            |place| {
                place.sql(&cut(2));
                add(&*open(&place.path(), None).tenant(place.tenant), ROWS);
            },
            (3, AuditFault::Unsealed),
        ),
        (
            "everything after a row is recomputed and bears the old seals",
            |place| {
                place.sql("CREATE TABLE was AS SELECT seq, seal FROM audit_log");
                place.sql(&cut(2));
                add(&*open(&place.path(), None).tenant(place.tenant), ROWS - 2);
                place.sql(
                    "UPDATE audit_log SET seal = (SELECT seal FROM was WHERE was.seq = audit_log.seq);
                     DROP TABLE was;",
                );
            },
            (3, AuditFault::Unsealed),
        ),
        (
            "an earlier log of this account goes on otherwise",
            |place| {
                // Sealed with the right key, at another path: a copy that went on by itself.
                place.sql(&cut(4));
                let branch = place.copy("branch.db");
                add(
                    &*open(&branch, Some(&place.anchor())).tenant(place.tenant),
                    3,
                );
                let db = rusqlite::Connection::open(&branch).unwrap();
                db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
                drop(db);
                place.put_back(&branch);
            },
            (ROWS, AuditFault::Replaced),
        ),
    ];
    for (what, attack, found) in attacks {
        let place = Place::new();
        attack(&place);
        assert_eq!(place.verdict().first_bad, Some(found), "{what}");
        // What is added honestly afterwards hides nothing.
        add(&*place.tenant(), ROWS);
        assert!(place.verdict().first_bad.is_some(), "{what}: later");
        // A person takes it as it is, and from then on it is watched again.
        let details = serde_json::json!({});
        place.tenant().accept_audit(&actor(), details).unwrap();
        assert_eq!(place.verdict().first_bad, None, "{what}: accepted");
        let end = place.tenant().audit(None, 1).unwrap()[0].seq;
        add(&*place.tenant(), 2);
        assert_eq!(place.verdict(), holds(end, end + 2), "{what}: afterwards");
        place.sql(&cut(end + 1));
        let cut_off = Some((end + 2, AuditFault::Missing));
        assert_eq!(place.verdict().first_bad, cut_off, "{what}: again");
    }
}

#[test]
fn promise_12_what_is_honest_raises_no_alarm() {
    let place = Place::new();
    // Two holders in turn, each with connections and anchor of its own.
    let (one, two) = (place.tenant(), place.tenant());
    for _ in 0..3 {
        add(&*one, 1);
        add(&*two, 1);
    }
    assert_eq!(place.verdict(), holds(0, ROWS + 6));

    // Bodies that were destroyed leave the seals.
    place.sql("UPDATE audit_log SET salt = NULL, subject = '', details = '' WHERE seq < 4");
    assert_eq!(place.verdict().first_bad, None);

    // Moved: nothing is known there until the next row, then all of it is.
    let moved = place.copy("moved.db");
    let store = open(&moved, Some(&place.anchor()));
    let tenant = store.tenant(place.tenant);
    assert_eq!(tenant.verify_audit().unwrap(), AuditVerdict::default());
    add(&*tenant, 1);
    assert_eq!(tenant.verify_audit().unwrap(), holds(0, ROWS + 7));

    // A store begun without a key is sealed from the first row that is written with one.
    let early = place.folder.path().join("early.db");
    let id = filled(&early);
    let before = open(&early, None).tenant(id).audit(None, 1).unwrap()[0].seq;
    let tenant = open(&early, Some(&place.anchor())).tenant(id);
    add(&*tenant, 2);
    assert_eq!(tenant.verify_audit().unwrap(), holds(before, before + 2));

    // A tenant or a store that is gone is forgotten.
    store.remove_tenant(place.tenant).unwrap();
    drop(store);
    std::fs::remove_file(&early).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", early.display()));
    }
    drop(tenant);
    open(&early, Some(&place.anchor()));
    let db = rusqlite::Connection::open(place.anchor()).unwrap();
    let left: Vec<String> = db
        .prepare("SELECT store FROM anchors")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    let path = std::fs::canonicalize(place.path()).unwrap();
    assert_eq!(left, [path.display().to_string()]);
}

#[test]
fn promise_12_the_key_is_for_its_owner_alone_and_in_no_store() {
    let place = Place::new();
    let db = rusqlite::Connection::open(place.anchor()).unwrap();
    let key: [u8; 32] = db
        .query_row("SELECT key FROM anchor_key", [], |row| row.get(0))
        .unwrap();
    place.sql("PRAGMA wal_checkpoint(TRUNCATE)");
    let store = std::fs::read(place.path()).unwrap();
    assert!(!store.windows(32).any(|bytes| bytes == key));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(place.anchor())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
