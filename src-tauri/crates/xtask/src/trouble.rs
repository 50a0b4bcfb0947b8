//! What can go wrong in a chore, said so that the reader knows what to do next.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a chore stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The program could not be started at all.
    #[error("cannot start `{command}`: {source}")]
    Start { command: String, source: io::Error },
    /// The program ran and said no.
    #[error("`{command}` ended with {status}")]
    Ended { command: String, status: ExitStatus },
    /// The program hung, and was ended.
    #[error("`{command}` did not end within {} s", limit.as_secs())]
    Late { command: String, limit: Duration },
    /// The program's output could not be read to its end.
    #[error("lost the output of `{command}`: {source}")]
    Output { command: String, source: io::Error },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// Something this chore needs is not on the machine.
    #[error("{what} is missing")]
    Missing { what: String, remedy: String },
    /// A runner ended well without running anything.
    #[error("{0} ran no test")]
    NothingRan(String),
}

impl Trouble {
    /// What the reader can do about it, where that is known.
    pub(crate) fn remedy(&self) -> Option<&str> {
        match self {
            Self::Missing { remedy, .. } => Some(remedy),
            _ => None,
        }
    }

    /// For `map_err` on file operations.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
