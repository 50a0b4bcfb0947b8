//! How a connection is called: which addresses, with which credentials, how many calls at once and
//! how often. No redirect is followed blindly.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass};
use tandem_engine::ports::{Clock, Secret, Secrets};
use tokio::sync::{Mutex, Semaphore};

use super::login::Login;
use super::settings::{Auth, HeaderValue as SettingsHeader, RestSettings};
use super::transport::{self, Kind, Request, Transport};
pub(crate) use super::transport::{Answer, KEPT, SAID, SHOWN};
use crate::net::{self, CheckedResolver};
use crate::redact::Redactor;
use crate::settings::SecretRef;

/// Same-origin redirects followed for one reading call.
const MAX_REDIRECTS: usize = 5;

/// The client of one connection.
pub(crate) struct Http {
    transport: Transport,
    base: Url,
    headers: HeaderMap,
    query_key: Option<(String, String)>,
    /// Where a token has to be had first.
    login: Option<Login>,
    permits: Semaphore,
    pause: Option<Duration>,
    next_slot: Mutex<Duration>,
}

/// A call to send.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<String>,
}

impl Call {
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }
}

impl Http {
    pub(crate) fn new(
        settings: &RestSettings,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectorError> {
        let base = Url::parse(&settings.base_url)
            .map_err(|error| configuration(format!("base_url: {error}")))?;
        check_host("base_url", &base, settings.allow_private)?;
        let redactor = Redactor::default();
        let (headers, query_key) = credentials(settings, &*secrets, &redactor)?;
        let limits = &settings.limits;
        let resolver = CheckedResolver::shared(settings.allow_private);
        let client = transport::client(settings, resolver, &base, settings.ca_file.as_deref())
            .map_err(configuration)?;
        let transport = Transport {
            client,
            redactor: Arc::new(redactor),
            clock,
            call_timeout: Duration::from_secs(limits.call_timeout_s),
            answer_cap: limits.answer_mib * 1024 * 1024,
        };
        let login = Login::new(settings, &base, &transport, secrets)?;
        Ok(Self {
            transport,
            base,
            headers,
            query_key,
            login,
            permits: Semaphore::new(limits.in_flight.max(1)),
            pause: limits
                .calls_per_second
                .map(|rate| Duration::from_secs(1) / rate.max(1)),
            next_slot: Mutex::new(Duration::ZERO),
        })
    }

    /// Bytes of the largest decoded answer.
    pub(crate) const fn answer_cap(&self) -> usize {
        self.transport.answer_cap
    }

    /// The address of a path below the base.
    pub(crate) fn url(&self, path: &str) -> Result<Url, ConnectorError> {
        below(&self.base, path)
    }

    /// The address of a next page as the system gave it: absolute or relative, same origin only.
    pub(crate) fn follow(&self, from: &Url, next: &str) -> Result<Url, ConnectorError> {
        let url = from.join(next).map_err(|error| {
            protocol(format!(
                "the next page's address {} is none: {error}",
                self.quoted(next, 200)
            ))
        })?;
        if url.origin() == self.base.origin() {
            return Ok(url);
        }
        Err(protocol(format!(
            "{} points to another system, {}; it was not followed",
            self.base.origin().ascii_serialization(),
            self.clean(&url.origin().ascii_serialization())
        )))
    }

    pub(crate) fn clean(&self, text: &str) -> String {
        self.transport.redactor.clean(text)
    }

    fn quoted(&self, text: &str, most: usize) -> String {
        self.transport.quoted(text, most)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.transport.clock.as_ref()
    }

    /// An answer that is no success, as an error of its class.
    pub(crate) fn refusal(&self, answer: &Answer, message: Option<String>) -> ConnectorError {
        self.transport.refusal(answer, message)
    }

    /// A successful answer that is not what the description says.
    pub(crate) fn not_as_described(
        &self,
        answer: &Answer,
        what: &str,
        applied: Applied,
    ) -> ConnectorError {
        self.transport.not_as_described(answer, what, applied)
    }

    /// Sends a call and reads its answer whole. Any status is an answer; see [`Http::refusal`].
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, ConnectorError> {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await.ok();
        let Call {
            method,
            mut url,
            headers,
            body,
        } = call;
        let body = body.map(Bytes::from);
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.once(&method, url, &headers, body.clone()).await?;
            let Some(place) = answer.redirect() else {
                return Ok(answer);
            };
            if method != Method::GET {
                return Err(self.not_as_described(
                    &answer,
                    &format!(
                        "it redirects to {}; set base_url to where it is now",
                        self.quoted(place, 200)
                    ),
                    Applied::No,
                ));
            }
            url = self
                .follow(&answer.url, place)
                .map_err(|error| self.not_as_described(&answer, &error.message, Applied::No))?;
        }
        Err(protocol(format!(
            "{} redirects more than {MAX_REDIRECTS} times",
            self.base
        )))
    }

    async fn once(
        &self,
        method: &Method,
        url: Url,
        headers: &HeaderMap,
        body: Option<Bytes>,
    ) -> Result<Answer, ConnectorError> {
        let token = match &self.login {
            Some(login) => Some(login.token().await?),
            None => None,
        };
        self.pace().await;
        let mut all = self.headers.clone();
        let own = headers.iter().map(|(name, value)| (name, value.clone()));
        let token_header = token.iter().map(|token| (&token.name, token.value.clone()));
        for (name, value) in own.chain(token_header) {
            all.insert(name, value);
        }
        if body.is_some() {
            let json = HeaderValue::from_static("application/json");
            all.entry(header::CONTENT_TYPE).or_insert(json);
        }
        let request = Request {
            method: method.clone(),
            url,
            secret_parameter: self.query_key.clone(),
            headers: all,
            body,
            kind: Kind::Data,
        };
        let answer = self.transport.exchange(request).await?;
        if let (401, Some(login), Some(token)) = (answer.status, &self.login, token) {
            login.refused(&token)?;
        }
        Ok(answer)
    }

    /// A fresh token in place of a refused one; `false` where this connection has none.
    pub(crate) async fn renew(&self) -> Result<bool, ConnectorError> {
        match &self.login {
            Some(login) => login.renew().await,
            None => Ok(false),
        }
    }

    /// Keeps the agreed rate: each call takes the next free slot.
    async fn pace(&self) {
        let Some(pause) = self.pause else { return };
        let wait = {
            let mut next = self.next_slot.lock().await;
            let now = self.clock().monotonic();
            let slot = (*next).max(now);
            *next = slot + pause;
            slot - now
        };
        if !wait.is_zero() {
            self.clock().sleep(wait).await;
        }
    }
}

/// The address of a path below a base.
pub(super) fn below(base: &Url, path: &str) -> Result<Url, ConnectorError> {
    let base = base.as_str().trim_end_matches('/');
    let slash = if path.is_empty() || path.starts_with(['/', '?']) {
        ""
    } else {
        "/"
    };
    Url::parse(&format!("{base}{slash}{path}"))
        .map_err(|error| configuration(format!("the path {path:?} makes no address: {error}")))
}

/// A literal address is checked here; a name is checked when it is resolved.
pub(crate) fn check_host(
    setting: &str,
    url: &Url,
    allow_private: bool,
) -> Result<(), ConnectorError> {
    let Some(host) = url.host_str() else {
        return Err(configuration(format!("{setting} {url} names no host")));
    };
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse() {
        net::check(host, address, allow_private)
            .map_err(|error| configuration(error.to_string()))?;
    }
    Ok(())
}

type Credentials = (HeaderMap, Option<(String, String)>);

fn credentials(
    settings: &RestSettings,
    secrets: &dyn Secrets,
    redactor: &Redactor,
) -> Result<Credentials, ConnectorError> {
    let mut headers = HeaderMap::new();
    let mut query_key = None;
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    match &settings.auth {
        // Tokens are had when the first call needs one.
        Auth::None | Auth::Oauth2(_) | Auth::Session(_) => {}
        Auth::Bearer { token } => {
            let token = resolve(token, secrets, redactor)?;
            headers.insert(
                header::AUTHORIZATION,
                secret_header(&format!("Bearer {}", token.expose()))?,
            );
        }
        Auth::Basic { user, password } => {
            let password = resolve(password, secrets, redactor)?;
            let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
            headers.insert(
                header::AUTHORIZATION,
                secret_header(&format!("Basic {pair}"))?,
            );
            redactor.learn(&pair);
        }
        Auth::ApiKeyHeader { header, key } => {
            let key = resolve(key, secrets, redactor)?;
            headers.insert(header_name(header)?, secret_header(key.expose())?);
        }
        Auth::ApiKeyQuery { param, key } => {
            let key = resolve(key, secrets, redactor)?;
            query_key = Some((param.clone(), key.expose().to_owned()));
        }
    }
    for (name, value) in &settings.headers {
        let value = match value {
            SettingsHeader::Plain(text) => header_value(text)?,
            SettingsHeader::Secret(reference) => {
                secret_header(resolve(reference, secrets, redactor)?.expose())?
            }
        };
        headers.insert(header_name(name)?, value);
    }
    Ok((headers, query_key))
}

pub(super) fn resolve(
    reference: &SecretRef,
    secrets: &dyn Secrets,
    redactor: &Redactor,
) -> Result<Secret, ConnectorError> {
    let secret = reference
        .resolve(secrets)
        .map_err(|error| ConnectorError::new(ErrorClass::Authentication, error.to_string()))?;
    redactor.learn(secret.expose());
    Ok(secret)
}

pub(crate) fn header_name(name: &str) -> Result<HeaderName, ConnectorError> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| configuration(format!("{name:?} is no header's name")))
}

pub(crate) fn header_value(text: &str) -> Result<HeaderValue, ConnectorError> {
    HeaderValue::from_str(text)
        .map_err(|_| configuration("a header's value holds a control character".to_owned()))
}

pub(super) fn secret_header(text: &str) -> Result<HeaderValue, ConnectorError> {
    let mut value = header_value(text)?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) fn configuration(message: String) -> ConnectorError {
    ConnectorError::new(ErrorClass::Configuration, message)
}

fn protocol(message: String) -> ConnectorError {
    ConnectorError::new(ErrorClass::Protocol, message)
}
