//! Stores that cannot be used as they are.

use crate::bench::Bench;

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let bench = Bench::with_customers(1);
    let store = rusqlite::Connection::open(bench.store()).unwrap();
    store.pragma_update(None, "user_version", 9_999).unwrap();
    drop(store);
    let said = bench.tandem(&["syncs", "list"]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(
        said.err.contains("9999") && said.err.contains("newer Tandem"),
        "{}",
        said.err
    );
    let store = rusqlite::Connection::open(bench.store()).unwrap();
    let version: i64 = store
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 9_999, "it was left alone");
}

#[test]
fn a_damaged_store_is_set_aside_and_said_so() {
    let bench = Bench::with_customers(1);
    for suffix in ["-wal", "-shm"] {
        let mut name = bench.store().into_os_string();
        name.push(suffix);
        // Both are gone after a clean end.
        let _ = std::fs::remove_file(name);
    }
    std::fs::write(bench.store(), vec![7_u8; 64 * 1024]).unwrap();
    let said = bench.tandem(&["syncs", "list"]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(
        said.err.contains("damaged") && said.err.contains("set aside as"),
        "{}",
        said.err
    );
    let folder = bench.store().parent().unwrap().to_owned();
    let kept = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.unwrap().path()).ok())
        .any(|bytes| bytes == vec![7_u8; 64 * 1024]);
    assert!(kept, "nothing is deleted");
    assert_eq!(
        bench.tandem(&["syncs", "list"]).err,
        "",
        "the new store is sound"
    );
}
