//! Small HTTP systems of our own, real over a real socket.

pub(crate) mod db;
pub(crate) mod guarded;
pub(crate) mod kinto;
pub(crate) mod script;
pub(crate) mod shop;

use axum::Router;

/// Serves a router on a free loopback port; its base URL. It ends with the test's runtime.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}
