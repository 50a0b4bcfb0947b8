//! Who is trusted over TLS: what the connection's CA file holds and nobody else; without one, what
//! the machine trusts.

use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto::ring};
use serde_json::json;
use tandem_engine::ports::connector::{Applied, ErrorClass, ListRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::clock::{ListedSecrets, build, clock};
use crate::doubles::script::{play, say};
use crate::system::{create, numbered};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Answers every call with an empty list, or with bytes that no key made, under a certificate that
/// `authority` signed.
async fn serve(authority: &Authority, broken: bool) -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, authority)
        .unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate.der().to_vec())],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that trusts nobody here hangs up: that is what is tested.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut request = [0; 4_096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                assert!(read > 0, "a call came without a request");
                if broken {
                    let (mut below, _) = stream.into_inner();
                    below.write_all(b"this is no TLS record").await.unwrap();
                    return;
                }
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                              content-length: 11\r\nconnection: close\r\n\r\n{\"data\":[]}";
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            });
        }
    });
    url
}

#[tokio::test]
async fn a_ca_file_is_trusted_and_nobody_else() {
    let (ours, theirs) = (authority(), authority());
    let url = serve(&ours, false).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let cases = [
        (
            "its own authority",
            Some(file("ours.pem", ours.pem())),
            None,
        ),
        (
            "another authority",
            Some(file("theirs.pem", theirs.pem())),
            Some(ErrorClass::Tls),
        ),
        (
            "both in one file",
            Some(file("both.pem", theirs.pem() + &ours.pem())),
            None,
        ),
        ("the machine's", None, Some(ErrorClass::Tls)),
    ];
    for (name, ca_file, expected) in cases {
        let mut settings = json!({
            "base_url": url, "allow_private": true,
            "collections": { "items": { "list": { "path": "/items", "records": "/data" } } },
        });
        if let Some(path) = ca_file {
            settings["ca_file"] = path.into();
        }
        let connector = build("rest", &settings, "items", &ListedSecrets(&[]), clock()).unwrap();
        let request = ListRequest {
            since: None,
            page: None,
        };
        let listed = connector.list(&request).await;
        assert_eq!(
            listed.as_ref().err().map(|error| error.class),
            expected,
            "{name}: {listed:?}"
        );
    }
    let empty = json!({
        "base_url": url, "allow_private": true, "ca_file": file("empty.pem", String::new()),
        "collections": { "items": { "list": { "path": "/items", "records": "/data" } } },
    });
    let refused = build("rest", &empty, "items", &ListedSecrets(&[]), clock());
    let error = refused.err().unwrap();
    assert!(error.message.contains("holds no certificate"), "{error}");
}

#[tokio::test]
async fn a_write_may_have_landed_once_the_handshake_is_through() {
    let ours = authority();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ours.pem");
    std::fs::write(&file, ours.pem()).unwrap();
    for (trusted, expected) in [(true, Applied::Maybe), (false, Applied::No)] {
        let mut settings = json!({
            "base_url": serve(&ours, true).await, "allow_private": true,
            "collections": { "items": {
                "list": { "path": "/items", "records": "/data" },
                "create": { "path": "/items", "record": "" },
            } },
        });
        if trusted {
            settings["ca_file"] = file.to_str().into();
        }
        let connector = build("rest", &settings, "items", &ListedSecrets(&[]), clock()).unwrap();
        let error = connector
            .write(&[create(1, &numbered(1))])
            .await
            .unwrap_err();
        assert_eq!(
            (error.class, error.applied),
            (ErrorClass::Tls, expected),
            "{error}"
        );
    }
}

/// What the program that the next test starts is to list.
const TARGET: &str = "TANDEM_TEST_LISTED_ELSEWHERE";

#[tokio::test]
#[ignore = "started by the tests that need a process of their own"]
#[allow(clippy::print_stdout, reason = "read by the test that started it")]
async fn elsewhere() {
    let settings = json!({
        "base_url": std::env::var(TARGET).unwrap(), "allow_private": true,
        "collections": { "items": { "list": { "path": "/items", "records": "/data" } } },
    });
    let request = ListRequest {
        since: None,
        page: None,
    };
    let connector = build("rest", &settings, "items", &ListedSecrets(&[]), clock()).unwrap();
    let listed = connector.list(&request).await;
    println!("\nlisted: {:?}", listed.map(|page| page.records.len()));
}

/// Lists `target` in a process of its own, with more in its environment.
pub(crate) async fn listed_elsewhere(target: &str, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "https::elsewhere", "--ignored", "--nocapture"])
        .env(TARGET, target)
        .env_remove("SSL_CERT_DIR")
        .envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, said) = told.split_once("listed: ").expect(&told);
    said.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_machines_authorities_are_read_when_first_needed() {
    let ours = authority();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (trusted, none) = (
        file("ours.pem", ours.pem()),
        file("none.pem", String::new()),
    );
    let encrypted = serve(&ours, false).await;
    let plain = play(vec![say("200 OK", "", "{\"data\":[]}")]).await;
    for (target, authorities, says) in [
        (&encrypted, &trusted, "Ok(0)"),
        (&encrypted, &none, "names no certificate authority"),
        // Were they read for a plain connection, it could not be made here.
        (&plain.url, &none, "Ok(0)"),
    ] {
        let found = listed_elsewhere(target, &[("SSL_CERT_FILE", authorities)]).await;
        assert!(found.contains(says), "{target}: {found}");
    }
}
