//! A process dies in the middle of each migration: the store is as it was before the first, and the
//! next process brings it up to date with all that is in it.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;
use tandem_engine::failpoints::Point;

use super::process::Tandem;

/// A store of version 1 with tenants, runs, errors and a journal.
const INITIAL: &str = include_str!("../../../migrations/0001_initial.sql");
const CONTENT: &str = include_str!("../../../src-tauri/crates/store/tests/sqlite/version_1.sql");

/// A store of version 1, or none at all.
fn store(path: &Path, version: i64) -> Tandem {
    if version == 1 {
        let old = Connection::open(path).unwrap();
        old.execute_batch(INITIAL).unwrap();
        old.execute_batch(CONTENT).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
    }
    Tandem::new(path.to_owned())
}

fn version(path: &Path) -> i64 {
    let db = Connection::open(path).unwrap();
    db.pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

/// Its schema and every row of it.
fn content(path: &Path) -> Vec<(String, String, Vec<Vec<Value>>)> {
    let db = Connection::open(path).unwrap();
    let mut schema = db
        .prepare("SELECT name, type, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
        .unwrap();
    let all = schema
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<rusqlite::Result<Vec<(String, String, String)>>>()
        .unwrap();
    all.into_iter()
        .map(|(name, kind, sql)| {
            let rows = if kind == "table" {
                rows(&db, &name)
            } else {
                Vec::new()
            };
            (name, sql, rows)
        })
        .collect()
}

fn rows(db: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut rows = db.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
    let columns = rows.column_count();
    rows.query_map([], |row| (0..columns).map(|at| row.get(at)).collect())
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

#[test]
fn a_migration_may_die_anywhere() {
    for from in [0, 1] {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole.db");
        store(&whole, from).must(&[0], &["tenants", "list"]);
        let (newest, expected) = (version(&whole), content(&whole));
        assert!(newest > 1);

        let steps = usize::try_from(newest - from).unwrap();
        let mut deaths: Vec<(Point, usize, i64)> = (0..steps)
            .map(|step| (Point::MigratingStep, step, from))
            .collect();
        deaths.push((Point::Migrating, 0, from));
        deaths.push((Point::Migrated, 0, newest));
        for (point, hit, left) in deaths {
            let path = folder.path().join(format!("{}-{hit}.db", point.name()));
            let tandem = store(&path, from);
            let said = tandem.dies_at(point, hit, &["tenants", "list"]);
            assert!(said.aborted(), "{said:#?}");
            assert_eq!(version(&path), left, "{} {hit}", point.name());
            tandem.must(&[0], &["tenants", "list"]);
            assert_eq!(version(&path), newest);
            if from > 0 {
                assert_eq!(content(&path), expected, "{} {hit}", point.name());
            }
            let names = std::fs::read_dir(folder.path()).unwrap();
            let aside = names.filter(|it| {
                let name = it.as_ref().unwrap().file_name();
                name.to_string_lossy().contains("damaged")
            });
            assert_eq!(aside.count(), 0, "a sound store was set aside");
        }
    }
}
