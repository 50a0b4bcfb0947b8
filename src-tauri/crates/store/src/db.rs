//! Connections to the file: how each is set up, a small pool of them, and the one way to write.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::anchor::Anchor;
use crate::fault::{Fault, Result, disk};
use tandem_engine::failpoints::{Point, fault, reach};
use tandem_engine::ports::store::StoreError;

/// How long a writer waits for another process before it reports the store busy.
pub(crate) const BUSY: Duration = Duration::from_secs(10);
/// Idle connections kept for the next caller.
const IDLE: usize = 4;

/// The file and the connections to it.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// Writers of this process queue here instead of sleeping in SQLite's busy handler.
    writers: Mutex<()>,
    anchor: Anchor,
}

impl Database {
    pub(crate) fn new(path: PathBuf, first: Connection, anchor: Anchor) -> Result<Self> {
        anchor.teach(&first)?;
        Ok(Self {
            path,
            idle: Mutex::new(vec![first]),
            writers: Mutex::new(()),
            anchor,
        })
    }

    /// What is known of its audit logs outside the file.
    pub(crate) const fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection of the caller's own.
    pub(crate) fn connect(&self) -> Result<Connection> {
        let connection = connect(&self.path)?;
        self.anchor.teach(&connection)?;
        Ok(connection)
    }

    /// The turn to write, among this process's threads.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads within one snapshot.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.with(|connection| {
            let snapshot = connection.transaction()?;
            let answer = work(&snapshot)?;
            snapshot.commit()?;
            Ok(answer)
        })
    }

    /// Writes in one transaction; nothing stays if `work` fails.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.with(|connection| {
            let _turn = self.turn();
            self.write_on(connection, work)
        })
    }

    /// The same, and what is deleted is overwritten with zeros: on a connection of its own, since
    /// for everything else that would be work for nothing.
    pub(crate) fn overwrite<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut connection = self.connect()?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        let _turn = self.turn();
        self.write_on(&mut connection, work)
    }

    /// Writes on that connection, whose turn it is; see [`write`].
    pub(crate) fn write_on<T>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let answer = write(connection, work);
        self.anchor.follow(connection);
        answer
    }

    /// Writes the file anew without what was ever deleted from it, and empties the log into it.
    /// Needs as much room again; whoever wants to write waits meanwhile.
    pub(crate) fn sweep(&self) -> Result<()> {
        let connection = self.connect()?;
        let _turn = self.turn();
        connection.execute_batch("VACUUM")?;
        let kept: bool =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if kept {
            return Err(Fault::Store(StoreError::Busy(
                "another process reads what was just erased; do it again when it is done"
                    .to_owned(),
            )));
        }
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let answer = work(&mut connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
        answer
    }
}

/// Writes in one transaction of `connection`, which takes the file's write lock at once: a
/// transaction that only finds out later that another process wrote could not go on.
fn write<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T>,
) -> Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let answer = work(&transaction)?;
    if let Some(fault) = fault(Point::Committing) {
        return Err(disk(fault));
    }
    transaction.commit()?;
    reach(Point::Committed);
    Ok(answer)
}

/// Opens the file as every connection of ours has it.
pub(crate) fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(128);
    // A checkpoint each 16 MB: fewer waits for the disk in a large run, and the log is cut back after.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA recursive_triggers = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cache_size = -4096;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 33554432;",
    )?;
    Ok(connection)
}
