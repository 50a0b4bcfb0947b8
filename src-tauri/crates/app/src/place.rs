//! Opening the store's file.

use std::path::Path;
use std::sync::Arc;

use tandem_engine::ports::{Clock, Store, StoreError};
use tandem_store::{AuditAnchor, SqliteStore};

use crate::error::AppError;

/// The store in that file, and what a person should know about how it was opened.
pub(crate) fn open(
    path: &Path,
    anchor: Option<&Path>,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn Store>, Vec<String>), AppError> {
    make_folder(path)?;
    let opened =
        SqliteStore::open_anchored(path, clock, anchor.map(open_anchor).transpose()?.flatten())?;
    let notices = opened.set_aside.into_iter().map(|aside| {
        format!(
            "The store {} was damaged. It was set aside as {} and a new, empty one was made. \
             Nothing was deleted: restore a backup over the new one, or apply your workspace file \
             again; the next sync then pairs the systems' records afresh.",
            path.display(),
            aside.display()
        )
    });
    Ok((Arc::new(opened.store), notices.collect()))
}

fn make_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), |folder| {
        std::fs::create_dir_all(folder).map_err(|error| {
            StoreError::Unwritable(format!("{} cannot be created: {error}", folder.display()))
        })
    })
}

/// One that is there has to be read: rows without its seal would look like somebody else's later on.
/// Where none can be made, `audit verify` says that nothing is known outside the store.
fn open_anchor(path: &Path) -> Result<Option<Arc<AuditAnchor>>, StoreError> {
    let there = path.exists();
    let opened =
        make_folder(path).and_then(|()| AuditAnchor::open(path, tandem_host::random_bytes));
    match opened {
        Ok(anchor) => Ok(Some(Arc::new(anchor))),
        Err(StoreError::Busy(why)) => Err(StoreError::Busy(why)),
        Err(error) if there => Err(StoreError::Other(format!(
            "the audit log's anchor {} cannot be read: {error}. Make it readable, or go on without \
             it (TANDEM_ANCHOR=off); rows written meanwhile will lack its seal",
            path.display()
        ))),
        Err(error) => {
            tracing::warn!(anchor = %path.display(), %error, "the audit log is not anchored");
            Ok(None)
        }
    }
}
