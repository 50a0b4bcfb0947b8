//! Connections, and what surrounds every call: faults, delay, sign-in, rate, counting, the `Date` header.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::{Body as _, Incoming};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::clock::http_date;

use super::config::Auth;
use super::faults::{FaultKind, ListingFault};
use super::routes;
use super::shared::Shared;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was dropped on request")]
struct Dropped;

/// Accepts connections until the task is aborted; open connections end with it.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let router = routes::router(Arc::clone(&shared));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // An accept that fails (too many open files) is tried again; the sample system stays up.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&shared), router.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, router: Router) {
    // Without it small answers wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let (shared, router) = (Arc::clone(&shared), router.clone());
        async move { answer(&shared, router, request).await }
    });
    // Errors here are the client's hanging up, or a drop that was asked for.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    shared: &Shared,
    router: Router,
    request: hyper::Request<Incoming>,
) -> Result<Response, Dropped> {
    let mut request: Request = request.map(Body::new);
    let path = request.uri().path().to_owned();
    if path.starts_with("/_control") {
        return Ok(route(router, request).await);
    }
    let method = request.method().clone();
    let fault = shared.faults().take(method.as_str(), &path);
    {
        let mut stats = shared.stats();
        stats.count(
            method.as_str(),
            &path,
            request.body().size_hint().exact().unwrap_or(0),
        );
        stats.faults += u64::from(fault.is_some());
    }
    wait(shared, fault).await;
    if fault == Some(FaultKind::DropBefore) {
        return Err(Dropped);
    }
    let listing_fault = match fault {
        Some(FaultKind::EmptyListing) => Some(ListingFault::Empty),
        Some(FaultKind::MissingPage) => Some(ListingFault::Missing),
        _ => None,
    };
    if let Some(fault) = listing_fault {
        request.extensions_mut().insert(fault);
    }
    let mut response = match refuse(shared, request.headers(), fault) {
        Some(refusal) => refusal,
        None => route(router, request).await,
    };
    match fault {
        Some(FaultKind::DropAfter) => return Err(Dropped),
        Some(FaultKind::Truncate) => response = truncate(response),
        _ => {}
    }
    shared.stats().bytes_out += response.body().size_hint().exact().unwrap_or(0);
    if let Ok(date) = HeaderValue::try_from(http_date(shared.now_ms())) {
        response.headers_mut().insert(header::DATE, date);
    }
    Ok(response)
}

async fn route(router: Router, request: Request) -> Response {
    match TowerToHyperService::new(router).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn wait(shared: &Shared, fault: Option<FaultKind>) {
    let extra = match fault {
        Some(FaultKind::Delay { ms }) => ms,
        _ => 0,
    };
    let ms = shared.latency_ms.load(Ordering::SeqCst) + extra;
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

/// The answer to a call that does not get as far as its handler.
fn refuse(shared: &Shared, headers: &HeaderMap, fault: Option<FaultKind>) -> Option<Response> {
    if let Some(FaultKind::Status { code, retry_after }) = fault {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return Some(problem(
            status,
            "fault",
            "a fault was asked for",
            retry_after,
        ));
    }
    if !signed_in(&shared.config.auth, headers) {
        let mut response = problem(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "credentials are missing or wrong",
            None,
        );
        let scheme = match shared.config.auth {
            Auth::Basic { .. } => "Basic realm=\"storefront\"",
            _ => "Bearer",
        };
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        return Some(response);
    }
    let seconds = shared.over_rate()?;
    shared.stats().rate_limited += 1;
    Some(problem(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "too many requests",
        Some(seconds),
    ))
}

fn problem(status: StatusCode, code: &str, message: &str, retry_after: Option<u32>) -> Response {
    let body = format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"{message}\"}}}}");
    let mut response = routes::json(status, body);
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn signed_in(auth: &Auth, headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    match auth {
        Auth::None => true,
        Auth::Bearer(token) => header("authorization") == Some(&format!("Bearer {token}")),
        Auth::Basic { user, password } => {
            let pair = STANDARD.encode(format!("{user}:{password}"));
            header("authorization") == Some(&format!("Basic {pair}"))
        }
        Auth::ApiKey { header: name, key } => header(name) == Some(key),
    }
}

/// Promises the whole body and sends half of it; the connection ends there.
fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = body.size_hint().exact().unwrap_or(0);
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(whole));
    Response::from_parts(
        parts,
        Body::new(Half {
            body,
            left: whole / 2,
            sent: false,
        }),
    )
}

/// The first `left` bytes of a body, with no word about how long it is.
struct Half {
    body: Body,
    left: u64,
    sent: bool,
}

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        use std::task::Poll;
        if self.left == 0 {
            if !self.sent {
                // One more turn of the connection, so that the half leaves before the connection is closed.
                self.sent = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(None);
        }
        match std::pin::Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let data = frame.into_data().unwrap_or_default();
                let take = usize::try_from(self.left)
                    .unwrap_or(usize::MAX)
                    .min(data.len());
                self.left -= take as u64;
                Poll::Ready(Some(Ok(hyper::body::Frame::data(data.slice(..take)))))
            }
            other => other,
        }
    }
}
