//! A server from bind to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};
use axum::{Router, serve as serve_router};
use tandem_app::App;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::error::{ServeError, refusal};
use crate::guard::{self, Guard};
use crate::{Token, api, events, headers, panel};

/// How to serve.
#[derive(Debug)]
pub struct Settings {
    /// A loopback address; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The panel's built files (`find_panel`); without, only `/api` answers.
    pub panel: Option<PathBuf>,
    /// What callers must present; fresh for every start.
    pub token: Token,
}

/// A server that answers until it is stopped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    url: String,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// What was bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens the panel, signed in. Holds the token: print it once, log it never.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it: streams are closed, answers under way are finished.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.stop.cancel();
        self.wait().await
    }

    /// Waits until it ends by itself, which it does only when it cannot go on.
    pub async fn wait(self) -> Result<(), ServeError> {
        match self.task.await {
            Ok(ended) => ended.map_err(ServeError::Stopped),
            Err(join) => Err(ServeError::Stopped(std::io::Error::other(join))),
        }
    }
}

/// Binds and begins to answer.
///
/// # Errors
/// When the address is not a loopback one, or cannot be had.
pub async fn serve(app: App, settings: Settings) -> Result<Running, ServeError> {
    let Settings {
        listen,
        panel,
        token,
    } = settings;
    if !listen.ip().is_loopback() {
        return Err(ServeError::NotLoopback(listen));
    }
    let bind = |source| ServeError::Bind {
        address: listen,
        source,
    };
    let listener = TcpListener::bind(listen).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let url = format!("http://{address}/#token={}", token.expose());
    let stop = CancellationToken::new();
    let router = router(app, panel, Guard::new(address, token), stop.clone());
    let until = stop.clone().cancelled_owned();
    let task = tokio::spawn(async move {
        serve_router(listener, router)
            .with_graceful_shutdown(until)
            .await
    });
    Ok(Running {
        address,
        url,
        stop,
        task,
    })
}

fn router(app: App, files: Option<PathBuf>, guard: Guard, stop: CancellationToken) -> Router {
    let guard = Arc::new(guard);
    let source = events::Source {
        app: app.clone(),
        stop,
    };
    let api = Router::new()
        .route("/events", get(events::stream).with_state(source))
        .route("/{command}", post(api::command).with_state(app))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(api::MOST_BYTES))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&guard),
            guard::signed_in,
        ));
    panel::routes(files)
        .nest("/api", api)
        .layer(middleware::from_fn_with_state(guard, guard::same_host))
        .layer(middleware::map_response(headers::secure))
}

async fn unknown() -> axum::response::Response {
    refusal(
        StatusCode::NOT_FOUND,
        "unknown_command",
        "There is no such command.",
        "Commands are sent as POST /api/{command}; events are read from GET /api/events.",
    )
}
