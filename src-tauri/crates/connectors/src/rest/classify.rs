//! What kind of failure a status or a broken connection is, and whether a write may have landed.

use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tandem_engine::ports::connector::{Applied, ErrorClass};

use crate::net::Refused;
use crate::tls;

/// The class of a status that is no success, and whether a write answered so may have landed.
pub(crate) const fn status(status: u16) -> (ErrorClass, Applied) {
    match status {
        401 => (ErrorClass::Authentication, Applied::No),
        403 => (ErrorClass::Forbidden, Applied::No),
        429 => (ErrorClass::RateLimited, Applied::No),
        // Turned away before the work began.
        425 | 503 => (ErrorClass::Transient, Applied::No),
        // The work may have been done before these were answered.
        408 | 500 | 502 | 504 => (ErrorClass::Transient, Applied::Maybe),
        400..500 | 501 => (ErrorClass::Rejected, Applied::No),
        505..600 => (ErrorClass::Rejected, Applied::Maybe),
        _ => (ErrorClass::Protocol, Applied::No),
    }
}

/// The class of a call without a whole answer, whether its request may have reached the system, and
/// what happened in words.
pub(crate) fn transport(error: &reqwest::Error) -> (ErrorClass, bool, String) {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = error.to_string();
    let mut cut_short = false;
    while let Some(current) = cause {
        if let Some(refused) = current.downcast_ref::<Refused>() {
            return (ErrorClass::Configuration, false, refused.to_string());
        }
        if let Some(failed) = tls::handshake_failed(current) {
            // A connection that breaks after its handshake may have carried the request.
            return if error.is_connect() {
                let what = format!("the TLS handshake failed: {failed}");
                (ErrorClass::Tls, false, what)
            } else {
                let what = format!("the encrypted connection broke: {failed}");
                (ErrorClass::Tls, true, what)
            };
        }
        if let Some(io) = current.downcast_ref::<io::Error>() {
            cut_short |= matches!(
                io.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::ConnectionAborted
            );
            if let Some(inner) = io
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<Refused>())
            {
                return (ErrorClass::Configuration, false, inner.to_string());
            }
        }
        last = current.to_string();
        cause = current.source();
    }
    if error.is_timeout() {
        return if error.is_connect() {
            (
                ErrorClass::Timeout,
                false,
                "no connection in time".to_owned(),
            )
        } else {
            (
                ErrorClass::Timeout,
                true,
                "no whole answer in time".to_owned(),
            )
        };
    }
    if last.contains("message head is too large") {
        let what = "the head of its answer is too large".to_owned();
        return (ErrorClass::Protocol, true, what);
    }
    if error.is_connect() {
        return (
            ErrorClass::Connect,
            false,
            format!("could not connect: {last}"),
        );
    }
    if error.is_builder() {
        return (ErrorClass::Configuration, false, last);
    }
    if error.is_decode() && !cut_short && !last.contains("end of file") {
        let what = format!("its answer cannot be decoded: {last}");
        return (ErrorClass::Protocol, true, what);
    }
    (
        ErrorClass::Connect,
        true,
        format!("the connection broke before the answer was whole: {last}"),
    )
}

/// What happened to a call without a whole answer, in words.
pub(crate) fn words(error: &reqwest::Error) -> String {
    transport(error).2
}

/// `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?.to_utc();
    Some((date - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_their_class() {
        use ErrorClass as E;
        for (code, class, applied) in [
            (304, E::Protocol, Applied::No),
            (400, E::Rejected, Applied::No),
            (401, E::Authentication, Applied::No),
            (403, E::Forbidden, Applied::No),
            (404, E::Rejected, Applied::No),
            (408, E::Transient, Applied::Maybe),
            (409, E::Rejected, Applied::No),
            (412, E::Rejected, Applied::No),
            (413, E::Rejected, Applied::No),
            (422, E::Rejected, Applied::No),
            (425, E::Transient, Applied::No),
            (429, E::RateLimited, Applied::No),
            (500, E::Transient, Applied::Maybe),
            (501, E::Rejected, Applied::No),
            (502, E::Transient, Applied::Maybe),
            (503, E::Transient, Applied::No),
            (504, E::Transient, Applied::Maybe),
            (507, E::Rejected, Applied::Maybe),
        ] {
            assert_eq!(status(code), (class, applied), "{code}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-03-01T10:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("Sun, 01 Mar 2026 10:00:30 GMT", Some(30)),
            ("Sun, 01 Mar 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            assert_eq!(
                retry_after(text, now),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
    }
}
