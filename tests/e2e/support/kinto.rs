//! Kinto: started with a memory backend, filled, edited and read back over its own HTTP API.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::contacts::{Contact, Contacts};
use super::{free_port, provided, scratch, until_ready};

/// Basic authentication: Kinto takes any user, and a bucket belongs to who made it.
pub const USER: &str = "tandem";
pub const PASSWORD: &str = "kinto-passphrase";

const COLLECTION: &str = "/buckets/crm/collections/contacts";

/// Its own limit of one batch.
const BATCH: usize = 25;

const CONFIGURATION: &str = "\
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = @PORT@
threads = 8

[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = of a test
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = basicauth
multiauth.policy.basicauth.use = kinto.core.authentication.BasicAuthAuthenticationPolicy

[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARN
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic
[formatter_generic]
format = %(asctime)s %(levelname)s %(name)s %(message)s
";

/// A running Kinto with an empty collection of contacts; ends with the value.
pub struct Kinto {
    child: Child,
    client: Client,
    url: String,
    /// Holds its configuration and log.
    _folder: TempDir,
}

impl Kinto {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let folder = TempDir::with_prefix_in("kinto-", scratch()).unwrap();
        let ini = folder.path().join("kinto.ini");
        let log_file = folder.path().join("kinto.log");
        let port = free_port();
        fs::write(&ini, CONFIGURATION.replace("@PORT@", &port.to_string())).unwrap();
        let log = File::create(&log_file).unwrap();
        let mut child = Command::new(PathBuf::from(provided("TANDEM_KINTO_BIN")).join("kinto"))
            .args(["start", "--ini"])
            .arg(&ini)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        // No TLS here, but the client wants a provider; one that is there already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::new();
        let url = format!("http://127.0.0.1:{port}/v1");
        until_ready("Kinto", &mut child, &log_file, async || {
            let answer = client.get(format!("{url}/")).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        let kinto = Self {
            child,
            client,
            url,
            _folder: folder,
        };
        for path in ["/buckets/crm", COLLECTION] {
            let answer = kinto.call(Method::PUT, path).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::CREATED, "{path}");
        }
        kinto
    }

    /// Where its API begins.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.url))
            .basic_auth(USER, Some(PASSWORD))
    }

    /// Creates contacts, in Kinto's own batches.
    pub async fn fill(&self, contacts: &Contacts) {
        let contacts: Vec<&Contact> = contacts.values().collect();
        for chunk in contacts.chunks(BATCH) {
            let requests: Vec<Value> = chunk
                .iter()
                .map(|contact| {
                    json!({
                        "method": "POST",
                        "path": format!("{COLLECTION}/records"),
                        "body": { "data": record(contact) },
                    })
                })
                .collect();
            let answer = self
                .call(Method::POST, "/batch")
                .json(&json!({ "requests": requests }))
                .send()
                .await
                .unwrap();
            let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
            for response in answer["responses"].as_array().unwrap() {
                assert_eq!(response["status"], 201, "{response}");
            }
        }
    }

    /// Sets one field of one contact.
    pub async fn edit(&self, email: &str, field: &str, value: impl Into<Value>) {
        let path = self.path_of(email).await;
        let answer = self
            .call(Method::PATCH, &path)
            .json(&json!({ "data": { field: value.into() } }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{email}");
    }

    /// Deletes one contact.
    pub async fn delete(&self, email: &str) {
        let path = self.path_of(email).await;
        let answer = self.call(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{email}");
    }

    async fn path_of(&self, email: &str) -> String {
        let found = self.list(&[("email", email)]).await;
        assert_eq!(found.len(), 1, "{email}: {found:?}");
        let id = found[0]["id"].as_str().unwrap();
        format!("{COLLECTION}/records/{id}")
    }

    /// Everything it holds.
    pub async fn contacts(&self) -> Contacts {
        let records = self.list(&[]).await;
        let contacts: Contacts = records
            .iter()
            .map(contact)
            .map(|contact| (contact.email.clone(), contact))
            .collect();
        assert_eq!(contacts.len(), records.len(), "an address stands twice");
        contacts
    }

    /// What tells whether anything was written: each record's stamp.
    pub async fn stamps(&self) -> BTreeMap<String, String> {
        self.list(&[])
            .await
            .iter()
            .map(|record| {
                (
                    record["id"].to_string(),
                    record["last_modified"].to_string(),
                )
            })
            .collect()
    }

    /// All records that match, through all pages.
    async fn list(&self, query: &[(&str, &str)]) -> Vec<Value> {
        let mut records = Vec::new();
        let mut request = self
            .call(Method::GET, &format!("{COLLECTION}/records"))
            .query(&[("_limit", "200")])
            .query(query);
        loop {
            let answer = request.send().await.unwrap().error_for_status().unwrap();
            let next = answer
                .headers()
                .get("Next-Page")
                .map(|next| next.to_str().unwrap().to_owned());
            let page: Value = answer.json().await.unwrap();
            records.extend(page["data"].as_array().unwrap().iter().cloned());
            let Some(next) = next else { return records };
            request = self.client.get(next).basic_auth(USER, Some(PASSWORD));
        }
    }
}

impl Drop for Kinto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "credits are far below 2^53 cents"
)]
fn record(contact: &Contact) -> Value {
    json!({
        "email": contact.email,
        "full_name": contact.name,
        "phone": contact.phone,
        "city": contact.city,
        "status": contact.status,
        "credit_limit": contact.credit_cents as f64 / 100.0,
        "newsletter": contact.newsletter,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "credits are far below 2^53 cents"
)]
fn contact(record: &Value) -> Contact {
    let text = |field: &str| match &record[field] {
        Value::String(text) => text.clone(),
        other => panic!("{field} is {other} in {record}"),
    };
    let credit = record["credit_limit"].as_f64();
    let credit = credit.unwrap_or_else(|| panic!("credit_limit is no number in {record}"));
    Contact {
        email: text("email"),
        name: text("full_name"),
        phone: text("phone"),
        city: text("city"),
        status: text("status"),
        credit_cents: (credit * 100.0).round() as i64,
        newsletter: record["newsletter"]
            .as_bool()
            .unwrap_or_else(|| panic!("newsletter is no truth value in {record}")),
    }
}
