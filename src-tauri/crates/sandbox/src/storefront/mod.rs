//! The storefront: records in memory behind a real HTTP/JSON socket on loopback.
//!
//! [`Storefront::start`] binds `127.0.0.1` on a free port and serves until it is stopped or dropped; its records and
//! counters stay readable through [`Control`]. The interface it speaks is described in the crate's documentation.

mod answer;
mod collection;
mod config;
mod control;
mod control_routes;
mod faults;
mod listing;
mod query;
mod quirks;
mod routes;
mod serve;
mod shared;
mod stats;
mod write;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use config::{
    Auth, Check, CollectionConfig, Computed, Conditional, Deletes, Paging, RateLimit, Rule,
    StorefrontConfig,
};
pub use control::Control;
pub use faults::{Fault, FaultKind};
pub use stats::Stats;

use crate::error::SandboxError;
use shared::Shared;

/// A running storefront. Dropping it closes its socket and all connections.
#[derive(Debug)]
pub struct Storefront {
    shared: Arc<Shared>,
    address: SocketAddr,
    serving: Option<JoinHandle<()>>,
}

impl Storefront {
    /// Starts on a free port of 127.0.0.1, on the current tokio runtime.
    ///
    /// # Errors
    /// [`SandboxError::Listen`] where no port could be opened.
    pub async fn start(config: StorefrontConfig) -> Result<Self, SandboxError> {
        Self::start_on(config, 0).await
    }

    /// Starts on the given port of 127.0.0.1.
    ///
    /// # Errors
    /// [`SandboxError::Listen`] where that port is taken.
    pub async fn start_on(config: StorefrontConfig, port: u16) -> Result<Self, SandboxError> {
        let (listener, address) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let shared = Arc::new(Shared::new(config, format!("http://{address}")));
        let serving = tokio::spawn(serve::accept(listener, Arc::clone(&shared)));
        Ok(Self {
            shared,
            address,
            serving: Some(serving),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.base_url.clone()
    }

    /// The handle for faults, counters, edits and dumps; it stays usable after the socket is closed.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.shared))
    }

    /// Closes the socket and all connections, and waits until they are closed. Records are kept.
    pub async fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            // The only error is the abort itself.
            let _ = serving.await;
        }
    }

    /// Opens the same address again after [`Storefront::stop`], with the records as they were.
    ///
    /// # Errors
    /// [`SandboxError::Listen`] where the port has been taken meanwhile.
    pub async fn restart(&mut self) -> Result<(), SandboxError> {
        self.stop().await;
        let (listener, _) = listen(self.address).await?;
        self.serving = Some(tokio::spawn(serve::accept(
            listener,
            Arc::clone(&self.shared),
        )));
        Ok(())
    }
}

impl Drop for Storefront {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), SandboxError> {
    let failed = |source| SandboxError::Listen {
        address: address.to_string(),
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
