//! Files that the workspace file names: only plain ones, by their real place.

use std::fs;
use std::path::{Path, PathBuf};

/// Why a path is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotPlain {
    /// There is nothing.
    #[error("there is no such {0}; it is never created here")]
    Missing(&'static str),
    /// A link may point elsewhere tomorrow.
    #[error("it is a link; name the {0} it points to")]
    Link(&'static str),
    /// A device, a pipe, a folder instead of a file or the other way round.
    #[error("it is no plain {0}")]
    Other(&'static str),
    /// What the system shows as files is none.
    #[error("it belongs to the system; name a {0} of your own")]
    System(&'static str),
}

/// A file by its real place.
pub(crate) fn plain_file(path: &Path) -> Result<PathBuf, NotPlain> {
    plain(path, "file", fs::Metadata::is_file)
}

/// A folder by its real place.
pub(crate) fn plain_folder(path: &Path) -> Result<PathBuf, NotPlain> {
    plain(path, "folder", fs::Metadata::is_dir)
}

fn plain(
    path: &Path,
    what: &'static str,
    is_one: impl Fn(&fs::Metadata) -> bool,
) -> Result<PathBuf, NotPlain> {
    let found = fs::symlink_metadata(path).map_err(|_| NotPlain::Missing(what))?;
    if found.is_symlink() {
        return Err(NotPlain::Link(what));
    }
    if !is_one(&found) {
        return Err(NotPlain::Other(what));
    }
    let real = fs::canonicalize(path).map_err(|_| NotPlain::Missing(what))?;
    if ["/dev", "/proc", "/sys"]
        .iter()
        .any(|of| real.starts_with(of))
    {
        return Err(NotPlain::System(what));
    }
    Ok(real)
}
