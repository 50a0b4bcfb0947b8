//! `PostgreSQL` where somebody stands in between, or fills its rows without measure: the connector
//! itself against the real server.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use serde_json::{Value as Json, json};
use tandem_connectors::build;
use tandem_engine::ports::connector::{ConnectorError, ErrorClass, ListRequest};
use tandem_engine::ports::{Secret, SecretError, Secrets, WritableConnector};
use tandem_host::SystemClock;
use tempfile::TempDir;

use crate::support::postgres::{DATABASE, PASSWORD, Postgres, USER};

const ALL: ListRequest = ListRequest {
    since: None,
    page: None,
};

struct Password;

impl Secrets for Password {
    fn get(&self, _: &str) -> Result<Secret, SecretError> {
        Ok(Secret::new(PASSWORD.to_owned()))
    }

    fn replace(&self, name: &str, _: &Secret) -> Result<(), SecretError> {
        Err(SecretError::Unavailable {
            reason: name.to_owned(),
        })
    }

    fn hold(&self, _: &str) -> Result<Option<Box<dyn Send + Sync>>, SecretError> {
        Ok(None)
    }
}

fn connector(server: &Postgres, collection: &str, more: &Json) -> Arc<dyn WritableConnector> {
    let mut settings = json!({
        "host": "127.0.0.1", "port": server.port(), "database": DATABASE, "user": USER,
        "password": { "secret": "postgres" }, "allow_private": true,
        "collections": { (collection): {} },
    });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    build(
        "postgres",
        &settings,
        collection,
        Arc::new(Password),
        Arc::new(SystemClock::new()),
    )
    .unwrap()
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `host`, valid until the end of `year`, with its key.
fn certificate(authority: &Authority, host: &str, year: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(year, 12, 31);
    let signed = params.signed_by(&key, authority).unwrap();
    (signed.pem(), key.serialize_pem())
}

async fn listed(server: &Postgres, more: &Json) -> Result<usize, ConnectorError> {
    let connector = connector(server, "contacts", more);
    connector.list(&ALL).await.map(|page| page.records.len())
}

#[tokio::test]
async fn threat_the_certificate_of_postgres_is_checked() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let folder = TempDir::new().unwrap();
    let file = |name: &str, authority: &Authority| {
        let path = folder.path().join(name);
        fs::write(&path, authority.pem()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (ours_file, theirs_file) = (file("ours.pem", &ours), file("theirs.pem", &theirs));
    let right = certificate(&ours, "127.0.0.1", 2999);
    let server = Postgres::start_encrypting(&right).await;
    let cases = [
        ("right", &right, &ours_file, ""),
        ("another authority", &right, &theirs_file, "UnknownIssuer"),
        (
            "another host",
            &certificate(&ours, "db.example.org", 2999),
            &ours_file,
            "not valid for name",
        ),
        (
            "expired",
            &certificate(&ours, "127.0.0.1", 2021),
            &ours_file,
            "expired",
        ),
        ("right again", &right, &ours_file, ""),
    ];
    for (name, shown, trusted, says) in cases {
        server.show(shown).await;
        for tls in [None, Some("require"), Some("prefer")] {
            let mut more = json!({ "ca_file": trusted });
            if let Some(tls) = tls {
                more["tls"] = tls.into();
            }
            let name = format!("{name}, {tls:?}");
            // Reloading takes the server a moment.
            let mut found = listed(&server, &more).await;
            for _ in 0..50 {
                let as_expected = match &found {
                    Ok(_) => says.is_empty(),
                    Err(error) => !says.is_empty() && error.message.contains(says),
                };
                if as_expected {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                found = listed(&server, &more).await;
            }
            match found {
                Ok(_) => assert_eq!(says, "", "{name} was let in"),
                Err(error) => {
                    assert_eq!(error.class, ErrorClass::Tls, "{name}: {error}");
                    assert!(
                        !says.is_empty() && error.message.contains(says),
                        "{name}: {error}"
                    );
                    assert!(!error.is_retryable(), "{name}");
                }
            }
        }
    }
    // Who asks for encryption and gets none goes on with none.
    let plain = Postgres::start().await;
    for more in [json!({ "tls": "require" }), json!({ "ca_file": ours_file })] {
        let error = listed(&plain, &more).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Tls, "{more}: {error}");
    }
}

/// A line of this process's status, KiB.
fn kib(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let found = status.lines().find_map(|it| it.strip_prefix(line)).unwrap();
    found
        .trim_matches([':', ' ', '\t', 'k', 'B'])
        .parse()
        .unwrap()
}

#[tokio::test]
async fn threat_large_cells_take_at_most_64_mib_postgres() {
    let server = Postgres::start().await;
    server
        .sql(
            "CREATE TABLE items (id int PRIMARY KEY, name text, doc jsonb, tags text[], n numeric);
             INSERT INTO items VALUES (1, 'first', '{}', '{a}', 1);
             INSERT INTO items VALUES (2, repeat('x', 500000000), NULL, NULL, 1);
             INSERT INTO items VALUES (3, NULL, to_jsonb(repeat('x', 100000000)), NULL, 1);
             INSERT INTO items VALUES (4, NULL, NULL, array_fill('x'::text, ARRAY[3000000]), 1);
             INSERT INTO items VALUES (5, NULL, NULL, NULL, ('1' || repeat('0', 100000))::numeric);
             INSERT INTO items SELECT i, repeat('x', 2000000), NULL, NULL, i
                 FROM generate_series(6, 105) AS i;
             INSERT INTO items VALUES (106, 'last', '{}', '{}', 1);",
        )
        .await;
    let connector = connector(&server, "items", &json!({}));
    connector.check().await.unwrap();
    // The peak is counted anew from here.
    fs::write(Path::new("/proc/self/clear_refs"), "5").unwrap();
    let before = kib("VmRSS");
    let mut request = ALL;
    let (mut records, mut refused) = (0, Vec::new());
    loop {
        let page = connector.list(&request).await.unwrap();
        records += page.records.len();
        refused.extend(page.unreadable);
        request.page = page.next;
        if request.page.is_none() {
            break;
        }
    }
    let rose = (kib("VmHWM") - before) >> 10;
    println!("{rose} MiB above what was taken before");
    assert!(rose <= 64, "{rose} MiB");
    assert_eq!(records, 102);
    let said: Vec<String> = refused
        .iter()
        .map(|it| format!("{} {}", it.id.as_ref().unwrap(), it.reason))
        .collect();
    for (said, expected) in said
        .iter()
        .zip(["2 name holds too much", "3 doc", "4 tags", "5 n"])
    {
        assert!(said.starts_with(expected), "{said}");
    }
    assert_eq!(said.len(), 4, "{said:?}");
}
