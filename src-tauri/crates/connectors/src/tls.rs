//! TLS through rustls: trusted is what the machine trusts, or, where a connection names a CA file,
//! what that file holds and nothing else. The machine's authorities are read when the first
//! certificate is checked against them, once for the whole process; a plain connection never does.

use std::error::Error;
use std::fs;
use std::io::{self, Read as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

static MACHINE: OnceLock<Result<ClientConfig, String>> = OnceLock::new();

/// Trusts what the machine trusts. Reads nothing yet: a database that turns out not to encrypt
/// needs none of it.
pub(crate) fn machine() -> Result<ClientConfig, String> {
    MACHINE
        .get_or_init(|| {
            let provider = Arc::new(ring::default_provider());
            let verifier = Arc::new(Machine {
                provider: Arc::clone(&provider),
                verifier: Mutex::new(None),
            });
            Ok(ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| format!("TLS cannot be set up: {error}"))?
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth())
        })
        .clone()
}

/// Most bytes of a file with certificates: a machine's whole collection has a quarter of them.
const LARGEST: u64 = 1 << 20;

/// Trusts what a connection's CA file holds and nothing else.
pub(crate) fn only_file(file: &str) -> Result<ClientConfig, String> {
    let told = |error: String| format!("ca_file {file}: {error}");
    read(file).and_then(|pem| only(&pem)).map_err(told)
}

/// The certificates to trust, DER, for a client that makes its own configuration: what a CA file
/// holds, or what the machine trusts.
pub(crate) fn authorities(ca_file: Option<&str>) -> Result<Vec<Vec<u8>>, String> {
    let found = match ca_file {
        Some(file) => read(file)
            .and_then(|pem| certificates(&pem))
            .map_err(|error| format!("ca_file {file}: {error}"))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    Ok(found.iter().map(|it| it.as_ref().to_vec()).collect())
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("it holds no certificate".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(error.to_string()),
    }
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut pem = Vec::new();
        // A device has no end, and a pipe may never begin.
        if !fs::metadata(file)?.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        fs::File::open(file)?
            .take(LARGEST + 1)
            .read_to_end(&mut pem)?;
        if pem.len() as u64 > LARGEST {
            return Err(io::Error::other("it is larger than 1 MiB"));
        }
        Ok(pem)
    };
    read().map_err(|error| error.to_string())
}

/// Trusts what a PEM text holds and nothing else.
fn only(pem: &[u8]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
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

/// Checks certificates as rustls does, against authorities read at the first check. Should reading
/// fail, the next check reads again.
#[derive(Debug)]
struct Machine {
    provider: Arc<CryptoProvider>,
    verifier: Mutex<Option<Arc<WebPkiServerVerifier>>>,
}

impl Machine {
    fn verifier(&self) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
        let mut kept = self.verifier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verifier) = kept.as_ref() {
            return Ok(Arc::clone(verifier));
        }
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (trusted, ignored) = roots.add_parsable_certificates(found.certs);
        for error in &found.errors {
            tracing::warn!(%error, "a part of the machine's certificate authorities cannot be read");
        }
        tracing::debug!(
            trusted,
            ignored,
            "read the machine's certificate authorities"
        );
        if roots.is_empty() {
            return Err(rustls::Error::General(
                "this machine names no certificate authority; install them (ca-certificates), or name a ca_file"
                    .to_owned(),
            ));
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&self.provider),
        )
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Arc::clone(kept.insert(verifier)))
    }
}

impl ServerCertVerifier for Machine {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier()?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
