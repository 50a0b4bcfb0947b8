//! TLS through rustls: trusted is what the machine trusts, or, where a connection names a CA file,
//! what that file holds and nothing else. The machine's authorities are read when the first
//! encrypted connection needs them, once for the whole process; a plain one never does.

use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

static MACHINE: OnceLock<Result<ClientConfig, String>> = OnceLock::new();

/// Trusts what the machine trusts. The error says why it cannot.
pub(crate) fn machine() -> Result<ClientConfig, String> {
    MACHINE
        .get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            let mut roots = RootCertStore::empty();
            let (usable, _) = roots.add_parsable_certificates(found.certs);
            if usable == 0 {
                let why = found.errors.first().map_or_else(
                    || "this machine has no certificate authorities".to_owned(),
                    ToString::to_string,
                );
                return Err(format!(
                    "TLS cannot be set up: {why}; install them (ca-certificates), or name a ca_file"
                ));
            }
            trusting(roots)
        })
        .clone()
}

/// Trusts what a PEM file holds and nothing else.
pub(crate) fn only(pem: &[u8]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    trusting(roots)
}

/// Trusts nobody: for connections that are not encrypted.
pub(crate) fn nobody() -> Result<ClientConfig, String> {
    trusting(RootCertStore::empty())
}

/// Whether an error is rustls' own, on its own or within an I/O error; its `source` leaves those out.
pub(crate) fn handshake_failed<'e>(
    mut error: &'e (dyn Error + 'static),
) -> Option<&'e rustls::Error> {
    loop {
        if let Some(failed) = error.downcast_ref() {
            return Some(failed);
        }
        error = error.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
