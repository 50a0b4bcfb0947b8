//! What is known of audit logs outside the store they stand in: the key their rows are sealed with,
//! and how far each log had come. Whoever can change the store alone can then neither make up a row
//! nor cut off, replace or recompute what was there without its showing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use tandem_engine::ports::store::StoreError;

use crate::db::BUSY;
use crate::fault::Result;
use crate::open::private_file;
use crate::tenant::audit;

/// A row's digest, or its seal.
pub(crate) type Hash = [u8; 32];

/// The SQL function that seals a row, given its tenant and digest: whoever inserts a row cannot forget
/// it, and the anchor learns which logs to follow.
const SEAL: &str = "audit_seal";

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS anchor_key (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL)
        STRICT;
    CREATE TABLE IF NOT EXISTS anchors (
        store TEXT NOT NULL,
        tenant_id INTEGER NOT NULL,
        since INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (store, tenant_id)
    ) STRICT, WITHOUT ROWID;";

/// How far a log had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogEnd {
    /// Rows after this one are sealed.
    pub(crate) since: i64,
    /// The last row.
    pub(crate) seq: i64,
    /// Its digest.
    pub(crate) hash: Hash,
}

/// A small file of its own, for all stores of one account: the key and each log's end. Mode 0600.
#[derive(Debug)]
pub struct AuditAnchor {
    path: PathBuf,
    key: Key,
    db: Mutex<Connection>,
}

struct Key(Hash);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl AuditAnchor {
    /// Opens the file at `path`, making it if there is none, with the key that `fresh` draws; its
    /// folder must exist.
    ///
    /// # Errors
    /// [`StoreError`] where the file is there but cannot be read, or cannot be made.
    pub fn open(
        path: &Path,
        fresh: impl FnOnce() -> std::io::Result<[u8; 32]>,
    ) -> std::result::Result<Self, StoreError> {
        Ok(Self::opened(path, fresh)?)
    }

    fn opened(path: &Path, fresh: impl FnOnce() -> std::io::Result<Hash>) -> Result<Self> {
        private_file(path)?;
        let mut db = Connection::open(path)?;
        db.busy_timeout(BUSY)?;
        // No log of its own, as the store has: reading the key must not need room on a full disk.
        db.execute_batch("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL;")?;
        let made: bool = db
            .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'anchor_key'")?
            .exists([])?;
        let key = if made { read_key(&db)? } else { None };
        let key = match key {
            Some(key) => key,
            None => make(&mut db, fresh)?,
        };
        Ok(Self {
            path: path.to_owned(),
            key: Key(key),
            db: Mutex::new(db),
        })
    }

    /// The seal of a row with that digest.
    fn seal(&self, hash: &Hash) -> Hash {
        *blake3::keyed_hash(&self.key.0, hash).as_bytes()
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_key(db: &Connection) -> Result<Option<Hash>> {
    Ok(db
        .query_row("SELECT key FROM anchor_key", [], |row| row.get(0))
        .optional()?)
}

/// Makes the tables and the key, unless another process was faster.
fn make(db: &mut Connection, fresh: impl FnOnce() -> std::io::Result<Hash>) -> Result<Hash> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change.execute_batch(SCHEMA)?;
    let key = match read_key(&change)? {
        Some(key) => key,
        None => {
            let key = fresh().map_err(|error| {
                StoreError::Other(format!("no key for the audit log can be drawn: {error}"))
            })?;
            change.execute("INSERT INTO anchor_key VALUES (1, ?1)", params![key])?;
            key
        }
    };
    change.commit()?;
    Ok(key)
}

/// One store's part of an anchor, or of none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Anchor(Option<Arc<Held>>);

#[derive(Debug)]
struct Held {
    anchor: Arc<AuditAnchor>,
    /// The store's path, as everybody spells it.
    store: String,
    /// Tenants whose log was added to by the writer whose turn it is.
    added: Mutex<Vec<i64>>,
}

impl Anchor {
    pub(crate) fn of(anchor: Option<Arc<AuditAnchor>>, store: &Path) -> Self {
        Self(anchor.map(|anchor| {
            let store = std::fs::canonicalize(store).unwrap_or_else(|_| store.to_owned());
            Arc::new(Held {
                anchor,
                store: store.display().to_string(),
                added: Mutex::default(),
            })
        }))
    }

    /// Makes the seal known to a connection of the store; without a key it is NULL.
    pub(crate) fn teach(&self, connection: &Connection) -> Result<()> {
        let held = self.0.clone();
        connection.create_scalar_function(
            SEAL,
            2,
            FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY,
            move |call| {
                let Some(held) = &held else {
                    return Ok(None);
                };
                let (tenant, hash): (i64, Hash) = (call.get(0)?, call.get(1)?);
                held.added().push(tenant);
                Ok(Some(held.anchor.seal(&hash)))
            },
        )?;
        Ok(())
    }

    /// Whether a row is sealed by this account.
    pub(crate) fn is_sealed(&self, hash: &Hash, seal: Option<&Hash>) -> bool {
        let (Some(held), Some(seal)) = (&self.0, seal) else {
            return false;
        };
        // As digests, which are compared in constant time.
        blake3::Hash::from_bytes(held.anchor.seal(hash)) == blake3::Hash::from_bytes(*seal)
    }

    /// How far a log had come, as far as that is known.
    pub(crate) fn known(&self, tenant: i64) -> Result<Option<LogEnd>> {
        match &self.0 {
            Some(held) => known(&held.anchor.db(), &held.store, tenant),
            None => Ok(None),
        }
    }

    /// Moves the anchors of the logs that were added to and committed. Only where what was anchored
    /// is still there: a log that was cut off or replaced stays told of.
    pub(crate) fn follow(&self, store: &Connection) {
        let Some(held) = &self.0 else { return };
        let added = std::mem::take(&mut *held.added());
        for tenant in added {
            if let Err(error) = held.follow(self, store, tenant) {
                tracing::warn!(anchor = %held.anchor.path.display(), %error,
                    "the audit log's anchor was not moved; the next entry does it");
            }
        }
    }

    /// Takes a log as it is now for what it ought to be, sealed or not.
    pub(crate) fn accept(&self, tenant: i64, head: (i64, Hash)) -> Result<()> {
        let Some(held) = &self.0 else { return Ok(()) };
        let mut db = held.anchor.db();
        let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (seq, hash) = head;
        let accepted = LogEnd {
            since: seq,
            seq,
            hash,
        };
        held.put(&change, tenant, accepted)?;
        change.commit()?;
        Ok(())
    }

    /// Forgets one tenant's log, which is gone, or all of a store that was begun afresh.
    pub(crate) fn forget(&self, tenant: Option<i64>) -> Result<()> {
        if let Some(held) = &self.0 {
            held.anchor.db().execute(
                "DELETE FROM anchors WHERE store = ?1 AND tenant_id = coalesce(?2, tenant_id)",
                params![held.store, tenant],
            )?;
        }
        Ok(())
    }
}

impl Held {
    fn added(&self) -> MutexGuard<'_, Vec<i64>> {
        self.added.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, anchor: &Anchor, store: &Connection, tenant: i64) -> Result<()> {
        let mut db = self.anchor.db();
        // Whoever holds this reads the log's end after everybody before has moved the anchor.
        let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (seq, hash) = audit::head(store, tenant)?;
        let since = match known(&change, &self.store, tenant)? {
            Some(known) if known.seq >= seq => return Ok(()),
            Some(known) => {
                if audit::hash_at(store, tenant, known.seq)? != Some(known.hash) {
                    return Ok(());
                }
                known.since
            }
            None => audit::sealed_since(store, tenant, anchor)?,
        };
        self.put(&change, tenant, LogEnd { since, seq, hash })?;
        change.commit()?;
        Ok(())
    }

    fn put(&self, change: &Transaction<'_>, tenant: i64, at: LogEnd) -> Result<()> {
        change.execute(
            "INSERT OR REPLACE INTO anchors (store, tenant_id, since, seq, hash)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![self.store, tenant, at.since, at.seq, at.hash],
        )?;
        Ok(())
    }
}

fn known(db: &Connection, store: &str, tenant: i64) -> Result<Option<LogEnd>> {
    Ok(db
        .query_row(
            "SELECT since, seq, hash FROM anchors WHERE store = ?1 AND tenant_id = ?2",
            params![store, tenant],
            |row| {
                Ok(LogEnd {
                    since: row.get(0)?,
                    seq: row.get(1)?,
                    hash: row.get(2)?,
                })
            },
        )
        .optional()?)
}
