//! `POST /api/{command}`: a JSON object of arguments in, the command's result or error out.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tandem_app::wire::WireError;
use tandem_app::{App, dispatch};

use crate::error::refusal;

/// The most bytes of arguments read: a large workspace file is well below.
pub(crate) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Answers one command.
pub(crate) async fn command(
    State(app): State<App>,
    Path(command): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let mut response = match arguments(&headers, body) {
        Ok(arguments) => match dispatch(&app, &command, arguments).await {
            Ok(result) => Json(result).into_response(),
            Err(error) => (status(&error), Json(error)).into_response(),
        },
        Err(refusal) => *refusal,
    };
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A page of another site can send text, but not JSON, without asking first; we never say yes.
fn arguments(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<serde_json::Value, Box<Response>> {
    let json = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !json {
        return Err(Box::new(refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "Arguments are a JSON object.",
            "Send them with Content-Type: application/json.",
        )));
    }
    let body = body.map_err(|rejection| {
        let status = rejection.status();
        let (code, message) = if status == StatusCode::PAYLOAD_TOO_LARGE {
            ("too_large", "The arguments are larger than 4 MiB.")
        } else {
            ("broken_request", "The arguments did not arrive whole.")
        };
        Box::new(refusal(status, code, message, "Send them again, smaller."))
    })?;
    if body.is_empty() {
        return Ok(serde_json::Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(&body).map_err(|error| {
        Box::new(refusal(
            StatusCode::BAD_REQUEST,
            "not_json",
            &format!("The arguments are not JSON: {error}."),
            "Send a JSON object.",
        ))
    })
}

/// The HTTP status that goes with an error, for callers that look no further.
fn status(error: &WireError) -> StatusCode {
    match error.code.as_str() {
        "unknown_command" | "not_found" => StatusCode::NOT_FOUND,
        "invalid_arguments" => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
