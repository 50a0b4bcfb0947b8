//! What goes wrong inside, and how little of it is told: a database's own message may quote data,
//! so only its kind and code cross the port.

use rusqlite::ErrorCode;
use tandem_engine::failpoints::DiskFault;
use tandem_engine::ports::store::StoreError;

/// The crate's own error: whatever SQLite said, or what the port already has a word for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The database.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// Already in the port's words.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The crate's own result.
pub(crate) type Result<T> = std::result::Result<T, Fault>;

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Sql(error) => told(&error),
        }
    }
}

fn told(error: &rusqlite::Error) -> StoreError {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            let code = failure.extended_code;
            match failure.code {
                ErrorCode::DiskFull => StoreError::Unwritable("the disk is full".to_owned()),
                // The index of its log is given room before it is used; all that can be short is that.
                ErrorCode::SystemIoFailure if code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => {
                    StoreError::Unwritable("the disk is full".to_owned())
                }
                ErrorCode::SystemIoFailure => {
                    StoreError::Unwritable(format!("reading or writing the file failed ({code})"))
                }
                ErrorCode::ReadOnly => StoreError::Unwritable("it is read-only".to_owned()),
                ErrorCode::CannotOpen => StoreError::Unwritable("it cannot be opened".to_owned()),
                ErrorCode::PermissionDenied => {
                    StoreError::Unwritable("permission denied".to_owned())
                }
                ErrorCode::DatabaseCorrupt => {
                    StoreError::Damaged(format!("its pages contradict each other ({code})"))
                }
                ErrorCode::NotADatabase => StoreError::Damaged("it is no database".to_owned()),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                    StoreError::Busy("another process is writing".to_owned())
                }
                other => StoreError::Other(format!("{other:?} ({code})")),
            }
        }
        rusqlite::Error::FromSqlConversionFailure(column, _, _)
        | rusqlite::Error::IntegralValueOutOfRange(column, _)
        | rusqlite::Error::InvalidColumnType(column, _, _) => StoreError::Corrupt {
            what: "value",
            why: format!("column {column} holds something of another kind"),
        },
        rusqlite::Error::QueryReturnedNoRows => {
            StoreError::Other("a row that must exist is missing".to_owned())
        }
        // Our statements hold no data, only places for it.
        rusqlite::Error::SqlInputError { msg, .. } => {
            StoreError::Other(format!("a statement is wrong: {msg}"))
        }
        rusqlite::Error::InvalidParameterCount(given, wanted) => StoreError::Other(format!(
            "a statement takes {wanted} values and was given {given}"
        )),
        rusqlite::Error::ExecuteReturnedResults => {
            StoreError::Other("a statement answered where none was expected".to_owned())
        }
        _ => StoreError::Other("a statement failed".to_owned()),
    }
}

/// Whether a statement failed because something has to be unique.
pub(crate) fn is_duplicate(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::SqliteFailure(failure, _)
            if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                || failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    )
}

/// What SQLite says of a disk that fails, where a test asks for it.
pub(crate) fn disk(fault: DiskFault) -> Fault {
    let code = match fault {
        DiskFault::Full => rusqlite::ffi::SQLITE_FULL,
        DiskFault::Broken => rusqlite::ffi::SQLITE_IOERR_WRITE,
    };
    Fault::Sql(rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(code),
        None,
    ))
}

/// There is no such thing.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an id or error of any kind, made only to be told"
)]
pub(crate) fn not_found(kind: &'static str, id: impl ToString) -> Fault {
    Fault::Store(StoreError::NotFound {
        kind,
        id: id.to_string(),
    })
}

/// It was changed in between, or the name is taken.
pub(crate) fn conflict(why: impl Into<String>) -> Fault {
    Fault::Store(StoreError::Conflict(why.into()))
}

/// A stored value does not read back.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an id or error of any kind, made only to be told"
)]
pub(crate) fn corrupt(what: &'static str, why: impl ToString) -> Fault {
    Fault::Store(StoreError::Corrupt {
        what,
        why: why.to_string(),
    })
}

/// A call that breaks the port's contract.
pub(crate) fn misuse(why: &str) -> Fault {
    Fault::Store(StoreError::Other(why.to_owned()))
}
