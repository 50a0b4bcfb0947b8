//! Opening: made private, kept, refused when newer, set aside when damaged, never deleted.

use std::fs;

use tandem_engine::ports::store::{Store, StoreError};

use crate::{filled, open};

#[test]
fn a_store_is_made_once_and_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    filled(&path);
    let again = open(&path).unwrap();
    assert_eq!(again.set_aside, None);
    assert_eq!(again.store.tenants().unwrap().len(), 1);
    assert_eq!(again.store.path(), path);
    #[cfg(unix)]
    for file in fs::read_dir(folder.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

#[test]
fn a_newer_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    filled(&path);
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    match open(&path) {
        Err(StoreError::Newer {
            found: 99,
            known: 12,
            path: told,
        }) => {
            assert_eq!(told, path.display().to_string());
        }
        other => panic!("{other:?}"),
    }
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("damaged"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn a_damaged_store_is_set_aside_with_its_log_and_said_so() {
    let text = b"this is no database at all, but it is longer than a header would be.............";
    let mut page_spoilt = Vec::new();
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        filled(&path);
        page_spoilt.extend(fs::read(&path).unwrap());
        // Every page but the first, so that whatever is there is hit.
        page_spoilt[4096..].fill(0x5A);
    }
    let cut = page_spoilt[..2048].to_vec();
    for (what, bytes) in [("text", &text[..]), ("pages", &page_spoilt), ("cut", &cut)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        fs::write(&path, bytes).unwrap();
        fs::write(folder.path().join("store.db-wal"), b"its log").unwrap();
        let opened = open(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
        let aside = opened
            .set_aside
            .unwrap_or_else(|| panic!("{what}: not told"));
        assert_eq!(
            aside.file_name().unwrap().to_str(),
            Some("store.db.damaged-20260301T090000Z")
        );
        assert_eq!(fs::read(&aside).unwrap().len(), bytes.len(), "{what}");
        assert!(opened.store.tenants().unwrap().is_empty());
        drop(opened.store);
        // The fresh one is used from now on; a second accident the same second finds a name too.
        filled(&path);
        fs::write(
            &path,
            b"spoilt again, long enough to be read as a header of one hundred bytes and more: no.",
        )
        .unwrap();
        let _ = fs::remove_file(folder.path().join("store.db-wal"));
        let second = open(&path).unwrap().set_aside.unwrap();
        assert!(second.to_str().unwrap().ends_with("Z-2"), "{second:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("store.db");
    assert!(matches!(open(&path), Err(StoreError::Unwritable(_))));
}
