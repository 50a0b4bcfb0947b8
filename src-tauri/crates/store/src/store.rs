//! The whole store: its tenants, and the way in to each.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use tandem_domain::ids::{Name, TenantId};
use tandem_engine::ports::clock::Clock;
use tandem_engine::ports::store::{Actor, Store, StoreError, Tenant, TenantStore};

use crate::anchor::AuditAnchor;
use crate::db::Database;
use crate::fault::{Result, conflict, corrupt, is_duplicate, not_found};
use crate::keys::{At, Id, micros};
use crate::open::{self, Opened};
use crate::tenant::{SqliteTenant, audit};

/// The embedded store: one SQLite file. Cheap to clone; several processes may open the same file.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    db: Arc<Database>,
}

impl SqliteStore {
    /// Opens the store at `path`, making it (mode 0600) if there is none; its folder must exist.
    /// Beside it lie SQLite's `-wal` and `-shm` files and an empty `.lock`.
    ///
    /// Files up to 16 MiB are checked whole; larger ones at both ends of each table. A damaged file
    /// is renamed to `….damaged-<time>` with its log, never deleted, and a fresh one takes its
    /// place: see [`Opened::set_aside`].
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a store of a newer Tandem, [`StoreError::Unwritable`],
    /// [`StoreError::Busy`].
    pub fn open(
        path: impl AsRef<Path>,
        clock: &Arc<dyn Clock>,
    ) -> std::result::Result<Opened, StoreError> {
        Ok(open::open(path.as_ref(), clock, None)?)
    }

    /// The same, with its audit logs sealed and anchored outside the file.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_anchored(
        path: impl AsRef<Path>,
        clock: &Arc<dyn Clock>,
        anchor: Option<Arc<AuditAnchor>>,
    ) -> std::result::Result<Opened, StoreError> {
        Ok(open::open(path.as_ref(), clock, anchor)?)
    }

    pub(crate) fn new(db: Database) -> Self {
        Self { db: Arc::new(db) }
    }

    /// Where its file stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.db.path()
    }
}

impl Store for SqliteStore {
    fn tenants(&self) -> std::result::Result<Vec<Tenant>, StoreError> {
        Ok(self.db.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT uuid, name, created_at FROM tenants ORDER BY name")?;
            let mut rows = statement.query([])?;
            let mut tenants = Vec::new();
            while let Some(row) = rows.next()? {
                let name: String = row.get("name")?;
                tenants.push(Tenant {
                    id: TenantId(row.get::<_, Id>("uuid")?.0),
                    name: Name::new(name).map_err(|error| corrupt("name", error.reason))?,
                    created_at: row.get::<_, At>("created_at")?.0,
                });
            }
            Ok(tenants)
        })?)
    }

    fn create_tenant(&self, tenant: &Tenant, actor: &Actor) -> std::result::Result<(), StoreError> {
        Ok(self.db.write(|db| -> Result<()> {
            db.execute(
                "INSERT INTO tenants (uuid, name, created_at) VALUES (?1, ?2, ?3)",
                params![
                    tenant.id.0.as_bytes(),
                    tenant.name.as_str(),
                    micros(tenant.created_at)
                ],
            )
            .map_err(|error| {
                if is_duplicate(&error) {
                    conflict(format!("there is a tenant {} already", tenant.name))
                } else {
                    error.into()
                }
            })?;
            let key = db.last_insert_rowid();
            audit::add(
                db,
                key,
                actor,
                "tenant.create",
                tenant.name.as_str(),
                &serde_json::json!({ "id": tenant.id }),
            )
        })?)
    }

    fn remove_tenant(&self, id: TenantId) -> std::result::Result<(), StoreError> {
        let key = self.db.write(|db| -> Result<i64> {
            db.query_row(
                "DELETE FROM tenants WHERE uuid = ?1 RETURNING id",
                params![id.0.as_bytes()],
                |row| row.get(0),
            )
            .optional()?
            .ok_or_else(|| not_found("tenant", id))
        })?;
        Ok(self.db.anchor().forget(Some(key))?)
    }

    fn tenant(&self, id: TenantId) -> Arc<dyn TenantStore> {
        Arc::new(SqliteTenant::new(Arc::clone(&self.db), id))
    }
}
