//! A system behind a login, with its token server; and a place for secrets that writes into the same
//! book what is kept, so that the order of both can be told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::{get, post};
use serde_json::{Value as Json, json};
use tandem_engine::ports::{Hold, Secret, SecretError, Secrets};
use tokio::sync::Semaphore;

use super::serve;

type Reply = Response<String>;

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<Vec<String>>>);

impl Book {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, beginning: &str) -> usize {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|it| it.starts_with(beginning)).count()
    }
}

/// What the server does; changed by the tests.
pub(crate) struct Rules {
    /// Access tokens that are let in.
    pub(crate) valid: BTreeSet<String>,
    /// The refresh token that may be spent; once.
    pub(crate) refresh: String,
    /// Whether it gives a new one each time.
    pub(crate) rotates: bool,
    /// `expires_in`, as it stands in the answer.
    pub(crate) expires_in: Json,
    /// Whether access tokens it gives are let in.
    pub(crate) lets_in: bool,
    /// What the next logins are answered instead, and then the last of these for good.
    pub(crate) instead: VecDeque<(u16, &'static str, String)>,
    given: usize,
}

#[derive(Clone)]
pub(crate) struct Guarded {
    pub(crate) url: String,
    pub(crate) book: Book,
    rules: Arc<Mutex<Rules>>,
    /// A login is answered only with one of these.
    pub(crate) answers: Arc<Semaphore>,
}

impl Guarded {
    pub(crate) async fn start() -> Self {
        Self::holding(Semaphore::MAX_PERMITS).await
    }

    /// One that answers so many logins, until more are allowed.
    pub(crate) async fn holding(logins: usize) -> Self {
        let mut guarded = Self {
            url: String::new(),
            book: Book::default(),
            answers: Arc::new(Semaphore::new(logins)),
            rules: Arc::new(Mutex::new(Rules {
                valid: BTreeSet::new(),
                refresh: "refresh-0".to_owned(),
                rotates: true,
                expires_in: json!(3600),
                lets_in: true,
                instead: VecDeque::new(),
                given: 0,
            })),
        };
        let router = Router::new()
            .route("/token", post(token))
            .route("/login", post(login))
            .route("/items", get(items))
            .with_state(guarded.clone());
        guarded.url = serve(router).await;
        guarded
    }

    pub(crate) fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap()
    }

    /// A connection to it.
    pub(crate) fn settings(&self, auth: &Json) -> Json {
        let mut auth = auth.clone();
        if auth["type"] == "oauth2" {
            auth["token_url"] = format!("{}/token", self.url).into();
        }
        json!({
            "base_url": self.url, "allow_private": true, "auth": auth,
            "limits": { "in_flight": 32 },
            "collections": { "items": { "list": { "path": "/items", "records": "/data" } } },
        })
    }

    async fn instead(&self) -> Option<Reply> {
        let permit = self.answers.acquire().await.unwrap();
        permit.forget();
        let mut rules = self.rules();
        let (status, head, body) = match rules.instead.len() {
            0 => return None,
            1 => rules.instead[0].clone(),
            _ => rules.instead.pop_front().unwrap(),
        };
        let mut reply = Response::builder().status(status);
        if let Some((name, value)) = head.split_once(": ") {
            reply = reply.header(name, value);
        }
        Some(reply.body(body).unwrap())
    }
}

fn line_of(headers: &HeaderMap, body: &Bytes) -> String {
    let login = headers.get(header::AUTHORIZATION);
    let login = login.map_or("-", |login| login.to_str().unwrap());
    format!("{login} {}", String::from_utf8_lossy(body))
}

async fn token(State(guarded): State<Guarded>, headers: HeaderMap, body: Bytes) -> Reply {
    guarded
        .book
        .note(format!("token {}", line_of(&headers, &body)));
    if let Some(instead) = guarded.instead().await {
        return instead;
    }
    let mut rules = guarded.rules();
    let form: BTreeMap<String, String> =
        reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(&body)))
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect();
    rules.given += 1;
    let given = rules.given;
    let mut answer = json!({
        "access_token": format!("access-{given}"), "token_type": "Bearer",
        "expires_in": rules.expires_in,
    });
    if let Some(spent) = form.get("refresh_token") {
        if *spent != rules.refresh {
            let error = json!({ "error": "invalid_grant", "error_description": "spent" });
            return said(400, &error);
        }
        if rules.rotates {
            rules.refresh = format!("refresh-{given}");
            answer["refresh_token"] = rules.refresh.clone().into();
        }
    }
    if rules.lets_in {
        rules.valid.insert(format!("Bearer access-{given}"));
    }
    said(200, &answer)
}

async fn login(State(guarded): State<Guarded>, headers: HeaderMap, body: Bytes) -> Reply {
    guarded
        .book
        .note(format!("login {}", line_of(&headers, &body)));
    if let Some(instead) = guarded.instead().await {
        return instead;
    }
    let mut rules = guarded.rules();
    rules.given += 1;
    let token = format!("session-{}", rules.given);
    if rules.lets_in {
        for valid in [
            format!("Bearer {token}"),
            token.clone(),
            format!("sid={token}"),
        ] {
            rules.valid.insert(valid);
        }
    }
    Response::builder()
        .header("set-cookie", "theme=dark; Path=/")
        .header("set-cookie", format!("sid={token}; HttpOnly; Path=/"))
        .header("x-session", token.as_str())
        .body(json!({ "data": { "token": token } }).to_string())
        .unwrap()
}

async fn items(State(guarded): State<Guarded>, headers: HeaderMap) -> Reply {
    let shown = ["authorization", "cookie", "x-session"]
        .iter()
        .find_map(|name| headers.get(*name))
        .map_or("-", |value| value.to_str().unwrap())
        .to_owned();
    guarded.book.note(format!("items {shown}"));
    if guarded.rules().valid.contains(&shown) {
        return said(200, &json!({ "data": [{ "id": 1 }] }));
    }
    said(401, &json!({ "error": format!("not with {shown}") }))
}

fn said(status: u16, body: &Json) -> Reply {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .body(body.to_string())
        .unwrap()
}

/// Secrets in memory, one owner at a time.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) values: Arc<Mutex<BTreeMap<String, String>>>,
    pub(crate) book: Book,
    /// Values that cannot be kept, for now.
    pub(crate) refused: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) received: Arc<Mutex<Vec<String>>>,
    held: Arc<Mutex<bool>>,
}

struct Held(Arc<Mutex<bool>>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = false;
    }
}

impl Kept {
    pub(crate) fn new(book: &Book, values: &[(&str, &str)]) -> Arc<Self> {
        let kept = Self {
            book: book.clone(),
            ..Self::default()
        };
        let pairs = values.iter();
        *kept.values.lock().unwrap() = pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Arc::new(kept)
    }

    pub(crate) fn value(&self, name: &str) -> String {
        self.values.lock().unwrap()[name].clone()
    }
}

impl Secrets for Kept {
    fn get(&self, reference: &str) -> Result<Secret, SecretError> {
        let values = self.values.lock().unwrap();
        let value = values.get(reference).ok_or_else(|| SecretError::Missing {
            name: reference.to_owned(),
            provide: "keep it".to_owned(),
        })?;
        Ok(Secret::new(value.clone()))
    }

    fn replace(&self, reference: &str, value: &Secret) -> Result<(), SecretError> {
        if self.refused.lock().unwrap().contains(value.expose()) {
            return Err(SecretError::Unavailable {
                reason: "the disk is full".to_owned(),
            });
        }
        let value = value.expose().to_owned();
        self.book.note(format!("kept {value}"));
        let mut values = self.values.lock().unwrap();
        values.insert(reference.to_owned(), value);
        Ok(())
    }

    fn hold(&self, _: &str) -> Result<Option<Hold>, SecretError> {
        let mut held = self.held.lock().unwrap();
        if std::mem::replace(&mut *held, true) {
            return Ok(None);
        }
        Ok(Some(Box::new(Held(Arc::clone(&self.held)))))
    }

    fn received(&self, value: &Secret) {
        let mut received = self.received.lock().unwrap();
        received.push(value.expose().to_owned());
    }
}
