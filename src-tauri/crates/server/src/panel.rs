//! The panel's built files: where they are found, and how they are answered.

use std::env;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::services::{ServeDir, ServeFile};

/// Names a folder with the panel's built files.
const VARIABLE: &str = "TANDEM_PANEL";

/// Files under here carry a digest of their content in their name.
const HASHED: &str = "/assets/";

/// Where the panel's built files are: `TANDEM_PANEL`, next to the program, or in the workspace
/// that a development build came from. `None` when nowhere.
#[must_use]
pub fn find_panel() -> Option<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        // Whoever names a folder means that one, even if it is wrong.
        return Some(PathBuf::from(named));
    }
    let program = env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent);
    let installed = ["panel", "../share/tandem/panel", "../lib/Tandem/panel"]
        .into_iter()
        .filter_map(|place| Some(beside?.join(place)));
    let workspace = cfg!(debug_assertions)
        .then(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/dist"));
    installed
        .chain(workspace)
        .find(|folder| folder.join("index.html").is_file())
}

/// Answers the panel's files. Any other address a person opens is one of the panel's own routes
/// and gets its page; a missing file stays missing.
pub(crate) fn routes(folder: Option<PathBuf>) -> Router {
    let Some(folder) = folder else {
        return Router::new().fallback(not_built);
    };
    let page = ServeFile::new(folder.join("index.html"));
    let files = ServeDir::new(folder).fallback(page);
    Router::new()
        .fallback_service(files)
        .layer(middleware::from_fn(only_pages_fall_back))
}

async fn only_pages_fall_back(request: Request, next: Next) -> Response {
    let hashed = request.uri().path().starts_with(HASHED);
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"));
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let mut response = next.run(request).await;
    let is_page = response
        .headers()
        .get(axum::http::header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && (hashed || !wants_page) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let cache = if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

async fn not_built() -> (StatusCode, Body) {
    (
        StatusCode::NOT_FOUND,
        Body::from(
            "The panel's files are not here. Build them with `npm run build` in ui/, or name their \
             folder in TANDEM_PANEL. The commands under /api work without them.\n",
        ),
    )
}
