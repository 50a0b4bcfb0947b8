//! Opening the store: made if absent, brought up to date, refused if newer, set aside if damaged.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::store::StoreError;

use crate::anchor::{Anchor, AuditAnchor};
use crate::db::{self, Database};
use crate::fault::{Fault, Result};
use crate::{SqliteStore, schema};

/// Older versions of SQLite can corrupt a log that is being reset.
const OLDEST_SQLITE: i32 = 3_051_003;
/// Up to this size (bytes) the whole file is checked when it is opened: a few dozen milliseconds.
/// Above, only what every start needs anyway: header, schema, and both ends of each table and index.
/// Damage further inside shows as [`StoreError::Damaged`] where it is met.
const CHECKED_WHOLE: u64 = 1 << 20;

/// An opened store.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: SqliteStore,
    /// Where a damaged file was put aside to; `None`: it was sound. Tell the user.
    pub set_aside: Option<PathBuf>,
}

pub(crate) fn open(
    path: &Path,
    clock: &Arc<dyn Clock>,
    anchor: Option<Arc<AuditAnchor>>,
) -> Result<Opened> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(Fault::Store(StoreError::Other(format!(
            "SQLite {} is too old, 3.51.3 is needed",
            rusqlite::version()
        ))));
    }
    // Two processes that start at once check, set aside and migrate one after the other.
    let gate = private_file(&beside(path, ".lock"))?;
    gate.lock().map_err(|error| unwritable(path, &error))?;
    let begun = !path.exists();
    let (connection, set_aside) = match ready(path) {
        Ok(connection) => (connection, None),
        Err(fault) if is_damage(&fault) => {
            let aside = put_aside(path, clock)?;
            tracing::error!(aside = %aside.display(), "the store is damaged and was set aside");
            (ready(path)?, Some(aside))
        }
        Err(fault) => return Err(fault),
    };
    let anchor = Anchor::of(anchor, path);
    if begun || set_aside.is_some() {
        // A new log: that an earlier one stood here is plain to see.
        anchor.forget(None)?;
    }
    Ok(Opened {
        store: SqliteStore::new(Database::new(path.to_owned(), connection, anchor)?),
        set_aside,
    })
}

fn ready(path: &Path) -> Result<Connection> {
    let size = private_file(path)?
        .metadata()
        .map_err(|error| unwritable(path, &error))?
        .len();
    let mut connection = db::connect(path)?;
    check(&connection, size)?;
    schema::migrate(&mut connection, path)?;
    Ok(connection)
}

fn check(connection: &Connection, size: u64) -> Result<()> {
    if size <= CHECKED_WHOLE {
        let first: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if first != "ok" {
            // SQLite's words here name pages, never contents.
            return Err(Fault::Store(StoreError::Damaged(first)));
        }
        return Ok(());
    }
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for table in tables {
        let mut ends = connection.prepare(&format!(
            "SELECT * FROM (SELECT * FROM \"{table}\" ORDER BY 1 LIMIT 1)
             UNION ALL SELECT * FROM (SELECT * FROM \"{table}\" ORDER BY 1 DESC LIMIT 1)"
        ))?;
        let mut rows = ends.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(())
}

fn is_damage(fault: &Fault) -> bool {
    match fault {
        Fault::Store(error) => matches!(error, StoreError::Damaged(_)),
        Fault::Sql(rusqlite::Error::SqliteFailure(failure, _)) => matches!(
            failure.code,
            rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase
        ),
        Fault::Sql(_) => false,
    }
}

/// Renames the file and what belongs to it; nothing is ever deleted.
fn put_aside(path: &Path, clock: &Arc<dyn Clock>) -> Result<PathBuf> {
    let stamp = clock.now().format(".damaged-%Y%m%dT%H%M%SZ").to_string();
    let mut aside = beside(path, &stamp);
    let mut count = 1;
    while aside.exists() {
        count += 1;
        aside = beside(path, &format!("{stamp}-{count}"));
    }
    // The log first: a fresh file must never meet the old one's log.
    for suffix in ["-wal", "-shm", ""] {
        let from = beside(path, suffix);
        if from.exists() {
            std::fs::rename(&from, beside(&aside, suffix))
                .map_err(|error| unwritable(&from, &error))?;
        }
    }
    Ok(aside)
}

/// Opens or makes a file that only its owner may read.
pub(crate) fn private_file(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options
        .open(path)
        .map_err(|error| unwritable(path, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))
            .map_err(|error| unwritable(path, &error))?;
    }
    Ok(file)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::Store(StoreError::Unwritable(format!(
        "{}: {}",
        path.display(),
        error.kind()
    )))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
