//! Locks among the processes of this machine: a file for each credential, empty, that whoever is
//! changing the credential has locked. The system lets go of it when its process ends, however that
//! ends, so that none is ever left behind; the file stays.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use tandem_domain::ids::TenantId;
use tandem_engine::ports::Hold;
use xxhash_rust::xxh3::xxh3_64;

/// Locks a file, made with its folder where missing, if nobody else has: no other process, and
/// nobody else in this one.
pub(super) fn try_hold(path: &Path) -> io::Result<Option<Hold>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = private(OpenOptions::new().write(true).create(true), path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Box::new(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The file's name for a credential, whatever signs the credential's own name holds. Two that share
/// one only wait for each other.
pub(super) fn name(tenant: TenantId, name: &str) -> String {
    format!("{}-{:016x}.lock", tenant.0, xxh3_64(name.as_bytes()))
}

/// Opens for nobody else to read.
pub(super) fn private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
