//! What can go wrong: when starting, and before a command is reached.

use std::net::SocketAddr;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tandem_app::wire::WireError;

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can be reached from other machines.
    #[error("{0} is not a loopback address; listen on 127.0.0.1 or ::1")]
    NotLoopback(SocketAddr),
    /// The address could not be had.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for any free one")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// It stopped by itself.
    #[error("the server stopped: {0}")]
    Stopped(std::io::Error),
}

/// An answer given before any command was reached, in the commands' own shape.
pub(crate) fn refusal(status: StatusCode, code: &str, message: &str, fix: &str) -> Response {
    let error = WireError {
        code: code.to_owned(),
        message: message.to_owned(),
        cause: None,
        fix: Some(fix.to_owned()),
    };
    (status, Json(error)).into_response()
}
