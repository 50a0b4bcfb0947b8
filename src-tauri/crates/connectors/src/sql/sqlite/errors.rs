//! What a failure of `SQLite` means.

use rusqlite::ErrorCode;
use tandem_engine::ports::connector::{ConnectorError, Diagnostics, ErrorClass};

use crate::sql::dialect::Statement;

/// The file, for messages.
pub(crate) struct Place {
    pub(crate) file: String,
}

impl Place {
    pub(crate) fn error(&self, class: ErrorClass, what: &str) -> ConnectorError {
        ConnectorError::new(class, format!("{}: {what}", self.file))
    }

    pub(crate) fn failed(&self, error: &rusqlite::Error) -> ConnectorError {
        self.error(class(error), &error.to_string())
    }

    /// A failed statement, shown without its values.
    pub(crate) fn statement(
        &self,
        error: &rusqlite::Error,
        statement: &Statement,
    ) -> ConnectorError {
        ConnectorError {
            diagnostics: Some(Box::new(Diagnostics {
                request: statement.sql.clone(),
                ..Diagnostics::default()
            })),
            ..self.failed(error)
        }
    }

    /// What changes when another file takes this one's place.
    pub(crate) fn identity(&self) -> Option<String> {
        let path = std::fs::canonicalize(&self.file).ok()?;
        let path = path.to_string_lossy().into_owned();
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let data = std::fs::metadata(&self.file).ok()?;
            Some(format!("{path}#{}:{}", data.dev(), data.ino()))
        }
        #[cfg(not(unix))]
        Some(path)
    }
}

fn class(error: &rusqlite::Error) -> ErrorClass {
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        return match error {
            // A statement that does not fit the table: its columns are not what they were.
            rusqlite::Error::SqlInputError { .. } => ErrorClass::Configuration,
            _ => ErrorClass::Protocol,
        };
    };
    match failure.code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::SchemaChanged
        | ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::OutOfMemory => ErrorClass::Transient,
        ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig => {
            ErrorClass::Rejected
        }
        ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::AuthorizationForStatementDenied => ErrorClass::Forbidden,
        ErrorCode::CannotOpen => ErrorClass::Connect,
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => ErrorClass::Protocol,
        _ => ErrorClass::Configuration,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_003_which_failures_of_sqlite_are_retried() {
        use rusqlite::ffi;
        for (code, retried) in [
            (ffi::SQLITE_BUSY, true),
            (ffi::SQLITE_BUSY_SNAPSHOT, true),
            (ffi::SQLITE_LOCKED, true),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, false),
            (ffi::SQLITE_READONLY, false),
            (ffi::SQLITE_CORRUPT, false),
            (ffi::SQLITE_TOOBIG, false),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = ConnectorError::new(class(&error), "x");
            assert_eq!(error.is_retryable(), retried, "{code}");
        }
    }
}
