//! What a failure of MySQL or MariaDB means.

use std::error::Error as _;

use mysql_async::{DriverError, Error, IoError, ServerError};
use tandem_engine::ports::connector::{ConnectorError, Diagnostics, ErrorClass};

use crate::sql::dialect::Statement;
use crate::sql::settings::ServerSettings;
use crate::tls;

/// The database, for messages.
pub(crate) struct Place {
    name: String,
}

impl Place {
    pub(crate) fn new(settings: &ServerSettings) -> Self {
        let ServerSettings { host, database, .. } = settings;
        let port = settings.port.unwrap_or(super::PORT);
        Self {
            name: format!("mysql://{host}:{port}/{database}"),
        }
    }

    pub(crate) fn error(&self, class: ErrorClass, what: &str) -> ConnectorError {
        ConnectorError::new(class, format!("{}: {what}", self.name))
    }

    pub(crate) fn failed(&self, error: &Error) -> ConnectorError {
        match error {
            Error::Server(said) => self.error(class(said), &message(said)),
            Error::Io(IoError::Tls(error)) => self.error(
                ErrorClass::Tls,
                &format!("the TLS handshake failed: {error}"),
            ),
            // What a handshake failed of comes as a broken connection.
            Error::Io(IoError::Io(error)) => match tls::handshake_failed(error) {
                Some(failed) => self.error(
                    ErrorClass::Tls,
                    &format!("the TLS handshake failed: {failed}"),
                ),
                None if error.kind() == std::io::ErrorKind::TimedOut => {
                    self.error(ErrorClass::Timeout, &error.to_string())
                }
                None => self.error(ErrorClass::Connect, &error.to_string()),
            },
            Error::Driver(DriverError::NoClientSslFlagFromServer) => {
                self.error(ErrorClass::Tls, "the server does not encrypt")
            }
            Error::Driver(DriverError::ConnectionClosed | DriverError::PoolDisconnected) => {
                self.error(ErrorClass::Connect, "the connection was closed")
            }
            Error::Driver(error) => self.error(ErrorClass::Protocol, &error.to_string()),
            Error::Url(_) | Error::Other(_) => {
                let cause = error.source().map(ToString::to_string);
                self.error(
                    ErrorClass::Protocol,
                    &cause.unwrap_or_else(|| error.to_string()),
                )
            }
        }
    }

    /// A failed statement, shown without its values.
    pub(crate) fn statement(&self, error: &Error, statement: &Statement) -> ConnectorError {
        ConnectorError {
            diagnostics: Some(Box::new(Diagnostics {
                request: statement.sql.clone(),
                response_body: match error {
                    Error::Server(said) => {
                        Some(format!("{} ({}): {}", said.code, said.state, message(said)))
                    }
                    _ => None,
                },
                ..Diagnostics::default()
            })),
            ..self.failed(error)
        }
    }
}

/// Whether a row with that key, or that unique value, is there already.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    matches!(error, Error::Server(said) if matches!(said.code, 1022 | 1062 | 1586))
}

/// What the server said, without the values it quotes: those stand between the first quote and the
/// name of the column or key.
fn message(said: &ServerError) -> String {
    let text = said.message.as_str();
    let quotes_a_value = ["Duplicate entry '", "value: '", "value '", "parameter '"];
    let Some(start) = quotes_a_value
        .iter()
        .find_map(|words| Some(text.find(words)? + words.len()))
    else {
        return text.to_owned();
    };
    let rest = ["' for key ", "' for column ", "' for function "]
        .iter()
        .find_map(|words| text.rfind(words))
        .filter(|end| *end >= start)
        .and_then(|end| text.get(end..));
    format!(
        "{}…{}",
        text.get(..start).unwrap_or_default(),
        rest.unwrap_or("'")
    )
}

fn class(said: &ServerError) -> ErrorClass {
    match said.code {
        // max_execution_time, max_statement_time, a query that was killed.
        3024 | 1969 | 1317 => ErrorClass::Timeout,
        // Deadlock and lock waits; too many connections, out of memory or disk, shutting down.
        1205 | 1213 | 1040 | 1203 | 1041 | 1037 | 1021 | 1053 | 1114 | 1158..=1161 | 1927 => {
            ErrorClass::Transient
        }
        1045 | 1698 | 1862 | 3118 => ErrorClass::Authentication,
        1044 | 1142 | 1143 | 1227 | 1290 | 1370 | 1410 | 1792 | 1836 => ErrorClass::Forbidden,
        // No such database, table, column; syntax.
        1049 | 1146 | 1054 | 1064 | 1051 | 1305 | 1356 => ErrorClass::Configuration,
        _ => match said.state.get(..2).unwrap_or_default() {
            "08" => ErrorClass::Connect,
            "40" => ErrorClass::Transient,
            "28" => ErrorClass::Authentication,
            // Data, constraints, and what triggers and checks refuse.
            _ => ErrorClass::Rejected,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: u16, state: &str, message: &str) -> ServerError {
        ServerError {
            code,
            state: state.to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn codes_have_their_class() {
        use ErrorClass as E;
        for (code, state, expected) in [
            (1062, "23000", E::Rejected),
            (1048, "23000", E::Rejected),
            (1406, "22001", E::Rejected),
            (4025, "23000", E::Rejected),
            (1644, "45000", E::Rejected),
            (1213, "40001", E::Transient),
            (1205, "HY000", E::Transient),
            (1040, "08004", E::Transient),
            (1053, "08S01", E::Transient),
            (1969, "70100", E::Timeout),
            (3024, "HY000", E::Timeout),
            (1045, "28000", E::Authentication),
            (1142, "42000", E::Forbidden),
            (1290, "HY000", E::Forbidden),
            (1049, "42000", E::Configuration),
            (1054, "42S22", E::Configuration),
            (1043, "08S01", E::Connect),
        ] {
            assert_eq!(class(&said(code, state, "")), expected, "{code}");
        }
    }

    #[test]
    fn values_are_not_told() {
        for (text, expected) in [
            (
                "Duplicate entry 'a'b@example.org' for key 'email'",
                "Duplicate entry '…' for key 'email'",
            ),
            (
                "Incorrect decimal value: 'x' for column `d`.`t`.`n` at row 1",
                "Incorrect decimal value: '…' for column `d`.`t`.`n` at row 1",
            ),
            (
                "Truncated incorrect DECIMAL value: 'x'",
                "Truncated incorrect DECIMAL value: '…'",
            ),
            (
                "Data too long for column 'short' at row 1",
                "Data too long for column 'short' at row 1",
            ),
        ] {
            assert_eq!(message(&said(1, "", text)), expected);
        }
    }
}
