//! What a failure of `PostgreSQL` means.

use std::error::Error as _;

use tandem_engine::ports::connector::{ConnectorError, Diagnostics, ErrorClass};
use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::sql::dialect::Statement;
use crate::sql::settings::ServerSettings;
use crate::tls;

/// The database, for messages.
pub(crate) struct Place {
    name: String,
}

impl Place {
    pub(crate) fn new(settings: &ServerSettings) -> Self {
        let ServerSettings {
            host,
            port,
            database,
            ..
        } = settings;
        let port = port.unwrap_or(super::PORT);
        Self {
            name: format!("postgres://{host}:{port}/{database}"),
        }
    }

    pub(crate) fn error(&self, class: ErrorClass, what: &str) -> ConnectorError {
        ConnectorError::new(class, format!("{}: {what}", self.name))
    }

    pub(crate) fn failed(&self, error: &Error) -> ConnectorError {
        if let Some(said) = error.as_db_error() {
            return self.error(class(said.code().code()), &message(said));
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
        let mut last = error.to_string();
        while let Some(current) = cause {
            if let Some(failed) = tls::handshake_failed(current) {
                return self.error(
                    ErrorClass::Tls,
                    &format!("the TLS handshake failed: {failed}"),
                );
            }
            last = format!("{last}: {current}");
            cause = current.source();
        }
        let words = error.to_string();
        let class = if words.contains("TLS") {
            ErrorClass::Tls
        } else if words.contains("timed out") || last.contains("timed out") {
            ErrorClass::Timeout
        } else if words.contains("password") || words.contains("authentication") {
            ErrorClass::Authentication
        } else if words.contains("configuration") {
            ErrorClass::Configuration
        } else if words.contains("serializing")
            || words.contains("deserializing")
            || words.contains("converting")
        {
            ErrorClass::Protocol
        } else {
            ErrorClass::Connect
        };
        self.error(class, &last)
    }

    /// A failed statement, shown without its values.
    pub(crate) fn statement(&self, error: &Error, statement: &Statement) -> ConnectorError {
        ConnectorError {
            diagnostics: Some(Box::new(Diagnostics {
                request: statement.sql.clone(),
                response_body: error
                    .as_db_error()
                    .map(|said| format!("{}: {}", said.code().code(), message(said))),
                ..Diagnostics::default()
            })),
            ..self.failed(error)
        }
    }
}

/// What the server said, without the values it may quote: those stand behind a colon, or in the
/// detail, which is left out.
fn message(said: &DbError) -> String {
    let text = said.message();
    let text = if said.code().code().starts_with("22") {
        text.split(": \"").next().unwrap_or(text)
    } else {
        text
    };
    let mut message = text.to_owned();
    if let Some(constraint) = said.constraint().filter(|name| !text.contains(*name)) {
        message.push_str(&format!(" (constraint {constraint})"));
    }
    if let Some(column) = said.column().filter(|name| !text.contains(*name)) {
        message.push_str(&format!(" (column {column})"));
    }
    message
}

/// By SQLSTATE.
fn class(code: &str) -> ErrorClass {
    match code {
        "57014" => ErrorClass::Timeout,
        // Lock not available; the server is shutting down, has crashed or is just starting.
        "55P03" | "57P01" | "57P02" | "57P03" => ErrorClass::Transient,
        "42501" | "25006" => ErrorClass::Forbidden,
        "3D000" | "3F000" | "42P01" | "42703" | "42883" | "42601" => ErrorClass::Configuration,
        _ => match code.get(..2).unwrap_or_default() {
            "08" => ErrorClass::Connect,
            // Serialization failures and deadlocks; out of connections, memory or disk.
            "40" | "53" | "58" => ErrorClass::Transient,
            "28" => ErrorClass::Authentication,
            "0A" | "XX" => ErrorClass::Protocol,
            // Data exceptions, constraints, checks of views, exceptions raised by triggers.
            _ => ErrorClass::Rejected,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_their_class() {
        use ErrorClass as E;
        for (code, expected) in [
            ("23505", E::Rejected),
            ("23502", E::Rejected),
            ("22001", E::Rejected),
            ("22P02", E::Rejected),
            ("P0001", E::Rejected),
            ("40001", E::Transient),
            ("40P01", E::Transient),
            ("53300", E::Transient),
            ("57P01", E::Transient),
            ("57014", E::Timeout),
            ("28P01", E::Authentication),
            ("28000", E::Authentication),
            ("42501", E::Forbidden),
            ("3D000", E::Configuration),
            ("42703", E::Configuration),
            ("08006", E::Connect),
        ] {
            assert_eq!(class(code), expected, "{code}");
        }
    }
}
