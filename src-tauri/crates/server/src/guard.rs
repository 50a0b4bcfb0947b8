//! Who may ask: the right `Host`, no foreign `Origin`, and under `/api` the bearer token.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use crate::error::refusal;
use crate::token::Token;

/// Sent by browsers: how the asking page and we are related.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What requests are held against.
#[derive(Debug)]
pub(crate) struct Guard {
    /// The `Host` values that name this server.
    hosts: [String; 3],
    token: Token,
}

impl Guard {
    /// A guard for the address that was bound.
    pub(crate) fn new(bound: SocketAddr, token: Token) -> Self {
        let port = bound.port();
        Self {
            hosts: [
                format!("127.0.0.1:{port}"),
                format!("localhost:{port}"),
                format!("[::1]:{port}"),
            ],
            token,
        }
    }

    /// A page that was rebound to our address still sends the name it was loaded from.
    fn host_is_ours(&self, headers: &HeaderMap) -> bool {
        text(headers, &HOST).is_some_and(|host| self.hosts.iter().any(|ours| ours == host))
    }

    /// Absent is fine (a same-origin `GET`, a program); anything present must be us.
    fn origin_is_ours(&self, headers: &HeaderMap) -> bool {
        let origin = !headers.contains_key(ORIGIN)
            || text(headers, &ORIGIN)
                .and_then(|origin| origin.strip_prefix("http://"))
                .is_some_and(|host| self.hosts.iter().any(|ours| ours == host));
        let site = !headers.contains_key(&SEC_FETCH_SITE)
            || text(headers, &SEC_FETCH_SITE)
                .is_some_and(|site| matches!(site, "same-origin" | "none"));
        origin && site
    }

    fn bearer_is_ours(&self, headers: &HeaderMap) -> bool {
        text(headers, &AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|token| self.token.admits(token))
    }
}

/// The header's value, if there is exactly one and it is text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() {
        return None;
    }
    first.to_str().ok()
}

/// Every request: `Host` must be us. `Origin` is not asked of the panel's files: whoever follows a
/// link to them may come from anywhere, and they hold nothing secret.
pub(crate) async fn same_host(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    if !guard.host_is_ours(request.headers()) {
        return refusal(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong_host",
            "This address is not served here.",
            "Open the address that `tandem serve` printed, unchanged.",
        );
    }
    next.run(request).await
}

/// Under `/api`: no foreign page, and the token.
pub(crate) async fn signed_in(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    if !guard.origin_is_ours(request.headers()) {
        return refusal(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "Another site may not call Tandem.",
            "Use the panel at the address that `tandem serve` printed.",
        );
    }
    if !guard.bearer_is_ours(request.headers()) {
        return refusal(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "The token is missing or is not the one of this start.",
            "Open the address that `tandem serve` printed most recently.",
        );
    }
    next.run(request).await
}
