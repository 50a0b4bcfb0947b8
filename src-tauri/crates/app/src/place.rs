//! Opening the store's file.

use std::path::Path;
use std::sync::Arc;

use tandem_engine::ports::{Clock, Store, StoreError};
use tandem_store::SqliteStore;

use crate::error::AppError;

/// The store in that file, and what a person should know about how it was opened.
pub(crate) fn open(
    path: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn Store>, Vec<String>), AppError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            StoreError::Unwritable(format!("{} cannot be created: {error}", folder.display()))
        })?;
    }
    let opened = SqliteStore::open(path, clock)?;
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
