//! TLS with the machine's own certificate authorities, set up once for the whole process: reading
//! some 140 of them takes longer than many a sync.

use std::sync::OnceLock;

use native_tls::TlsConnector;

static SHARED: OnceLock<Result<TlsConnector, String>> = OnceLock::new();

/// The connector that trusts what the machine trusts; the error says why there is none.
pub(crate) fn shared() -> Result<TlsConnector, String> {
    SHARED
        .get_or_init(|| {
            TlsConnector::new().map_err(|error| format!("TLS cannot be set up: {error}"))
        })
        .clone()
}

/// Reads the machine's certificate authorities ahead of the first connection, some ten milliseconds
/// of work; meant for a thread of its own while a program starts. A failure shows when a connector
/// is built.
pub fn prepare() {
    drop(shared());
}
