//! The one place that speaks HTTP: no redirect is followed blindly, no proxy is taken from the
//! environment, nothing is retried, an answer is read up to a cap.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use tandem_engine::ports::connector::{Applied, ConnectorError, Diagnostics, ErrorClass};
use tandem_engine::ports::{Clock, Secret, Secrets};
use tokio::sync::{Mutex, Semaphore};

use super::classify;
use super::settings::{Auth, HeaderValue as SettingsHeader, RestSettings};
use crate::json::{Doc, allowance, cut};
use crate::net::{self, CheckedResolver};
use crate::outward;
use crate::redact::Redactor;
use crate::settings::SecretRef;
use crate::tls;

/// Same-origin redirects followed for one reading call.
const MAX_REDIRECTS: usize = 5;
/// Bytes of a body kept for the error log.
const KEPT: usize = 16 * 1024;
/// Bytes read of a refusal; what is beyond them is not waited for.
const REFUSAL: usize = 1024 * 1024;
/// Bytes of what a system says of its refusal that are told.
pub(super) const SAID: usize = 1_000;

/// The client of one connection.
pub(crate) struct Http {
    client: reqwest::Client,
    base: Url,
    headers: HeaderMap,
    query_key: Option<(String, String)>,
    redactor: Redactor,
    clock: Arc<dyn Clock>,
    call_timeout: Duration,
    answer_cap: usize,
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

/// A whole answer, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Where it came from, redirects followed.
    pub(crate) url: Url,
    pub(crate) clock_offset_ms: Option<i64>,
    /// The `Date` header.
    pub(crate) date: Option<DateTime<Utc>>,
    pub(crate) elapsed: Duration,
    pub(crate) sent: Sent,
    /// The memory that its body may take once parsed, bytes.
    allowance: usize,
}

/// What was sent, for the error log.
pub(crate) struct Sent {
    pub(crate) line: String,
    body: Option<Bytes>,
    at: DateTime<Utc>,
    pub(crate) writes: bool,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..300)
    }

    /// Its body, taken apart; the error says what is wrong in words.
    pub(crate) fn doc(&self) -> Result<Doc<'_>, String> {
        Doc::parse(&self.body, self.allowance)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Http {
    pub(crate) fn new(
        settings: &RestSettings,
        secrets: &dyn Secrets,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectorError> {
        let base = Url::parse(&settings.base_url)
            .map_err(|error| configuration(format!("base_url: {error}")))?;
        check_host(&base, settings.allow_private)?;
        let mut redactor = Redactor::default();
        let (headers, query_key) = credentials(settings, secrets, &mut redactor)?;
        let limits = &settings.limits;
        Ok(Self {
            client: client(settings)?,
            base,
            headers,
            query_key,
            redactor,
            clock,
            call_timeout: Duration::from_secs(limits.call_timeout_s),
            answer_cap: limits.answer_mib * 1024 * 1024,
            permits: Semaphore::new(limits.in_flight.max(1)),
            pause: limits
                .calls_per_second
                .map(|rate| Duration::from_secs(1) / rate.max(1)),
            next_slot: Mutex::new(Duration::ZERO),
        })
    }

    /// The address of a path below the base.
    pub(crate) fn url(&self, path: &str) -> Result<Url, ConnectorError> {
        let base = self.base.as_str().trim_end_matches('/');
        let slash = if path.is_empty() || path.starts_with(['/', '?']) {
            ""
        } else {
            "/"
        };
        Url::parse(&format!("{base}{slash}{path}"))
            .map_err(|error| configuration(format!("the path {path:?} makes no address: {error}")))
    }

    /// The address of a next page as the system gave it: absolute or relative, same origin only.
    pub(crate) fn follow(&self, from: &Url, next: &str) -> Result<Url, ConnectorError> {
        let url = from.join(next).map_err(|error| {
            protocol(format!(
                "the next page's address {:?} is none: {error}",
                cut(next, 200)
            ))
        })?;
        if url.origin() == self.base.origin() {
            return Ok(url);
        }
        Err(protocol(format!(
            "{} points to another system, {}; it was not followed",
            self.base.origin().ascii_serialization(),
            url.origin().ascii_serialization()
        )))
    }

    pub(crate) fn clean(&self, text: &str) -> String {
        self.redactor.clean(text)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
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
            let redirected = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            let Some(place) = answer.header("location").filter(|_| redirected) else {
                return Ok(answer);
            };
            if method != Method::GET {
                return Err(self.not_as_described(
                    &answer,
                    &format!(
                        "it redirects to {:?}; set base_url to where it is now",
                        cut(place, 200)
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
        self.pace().await;
        let mut sent_url = url.clone();
        if let Some((param, key)) = &self.query_key {
            sent_url.query_pairs_mut().append_pair(param, key);
        }
        let sent = Sent {
            line: self.redactor.clean(&format!("{method} {url}")),
            body: body.clone(),
            at: self.clock.now(),
            writes: *method != Method::GET,
        };
        let started = self.clock.monotonic();
        let mut request = self
            .client
            .request(method.clone(), sent_url)
            .headers(self.headers.clone())
            .headers(headers.clone())
            .timeout(self.call_timeout);
        if let Some(body) = body {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.unanswered(&sent, started, None, &error)),
        };
        let elapsed_to_head = self.clock.monotonic().saturating_sub(started);
        let date = response
            .headers()
            .get(header::DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| DateTime::parse_from_rfc2822(text).ok())
            .map(|date| date.to_utc());
        let midway = sent.at + elapsed_to_head / 2;
        let mut answer = Answer {
            status: response.status().as_u16(),
            url,
            // The header counts whole seconds: on average it is half a second behind.
            clock_offset_ms: date.map(|date| (date - midway).num_milliseconds() + 500),
            date,
            headers: response.headers().clone(),
            body: Vec::new(),
            elapsed: elapsed_to_head,
            sent,
            allowance: allowance(self.answer_cap),
        };
        // What was decoded no longer says how it was encoded.
        if let Some(encoding) = answer.header("content-encoding")
            && answer.is_success()
            && !encoding.eq_ignore_ascii_case("identity")
        {
            return Err(self.not_as_described(
                &answer,
                &format!(
                    "its answer is encoded as {:?}, which was not asked for",
                    cut(encoding, 100)
                ),
                Applied::Maybe,
            ));
        }
        self.read_body(response, &mut answer, started).await?;
        answer.elapsed = self.clock.monotonic().saturating_sub(started);
        Ok(answer)
    }

    async fn read_body(
        &self,
        mut response: reqwest::Response,
        answer: &mut Answer,
        started: Duration,
    ) -> Result<(), ConnectorError> {
        let announced = response.content_length().unwrap_or(0);
        answer.body.reserve(
            usize::try_from(announced)
                .unwrap_or(0)
                .min(self.answer_cap)
                .min(1 << 20),
        );
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(()),
                Ok(Some(piece)) => {
                    let length = answer.body.len() + piece.len();
                    if answer.status >= 400 && length > REFUSAL {
                        return Ok(());
                    }
                    if length > self.answer_cap {
                        answer.body.truncate(KEPT);
                        return Err(self.not_as_described(
                            answer,
                            &format!(
                                "its answer is larger than {} MiB; ask for smaller pages, or raise limits.answer_mib",
                                self.answer_cap >> 20
                            ),
                            Applied::Maybe,
                        ));
                    }
                    answer.body.extend_from_slice(&piece);
                }
                // The status of a refusal says more than the rest of its body would have.
                Err(_) if answer.status >= 400 => return Ok(()),
                Err(error) => {
                    let (sent, status) = (&answer.sent, Some(answer.status));
                    return Err(self.unanswered(sent, started, status, &error));
                }
            }
        }
    }

    /// Keeps the agreed rate: each call takes the next free slot.
    async fn pace(&self) {
        let Some(pause) = self.pause else { return };
        let wait = {
            let mut next = self.next_slot.lock().await;
            let now = self.clock.monotonic();
            let slot = (*next).max(now);
            *next = slot + pause;
            slot - now
        };
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    fn unanswered(
        &self,
        sent: &Sent,
        started: Duration,
        status: Option<u16>,
        error: &reqwest::Error,
    ) -> ConnectorError {
        let (class, reached, what) = classify::transport(error);
        let elapsed = self.clock.monotonic().saturating_sub(started);
        let applied = if reached && sent.writes {
            Applied::Maybe
        } else {
            Applied::No
        };
        ConnectorError {
            class,
            message: self.redactor.clean(&format!("{}: {what}", sent.line)),
            applied,
            retry_after: None,
            diagnostics: Some(Box::new(self.diagnostics(sent, status, None, elapsed))),
        }
    }

    /// An answer that is no success, as an error of its class.
    pub(crate) fn refusal(&self, answer: &Answer, message: Option<String>) -> ConnectorError {
        let (class, applied) = classify::status(answer.status);
        let said = message.unwrap_or_else(|| {
            let start = answer.body.get(..SAID).unwrap_or(&answer.body);
            cut(&String::from_utf8_lossy(start), 300).trim().to_owned()
        });
        // Cleaned before it is cut: half a secret at the edge would no longer be recognised.
        let said = self.redactor.clean(&said);
        let said = cut(&said, SAID);
        let colon = if said.is_empty() { "" } else { ": " };
        let text = format!(
            "{} answered {}{colon}{said}",
            answer.sent.line, answer.status
        );
        ConnectorError {
            class,
            message: self.redactor.clean(&text),
            applied: if answer.sent.writes {
                applied
            } else {
                Applied::No
            },
            retry_after: answer
                .header("retry-after")
                .and_then(|text| classify::retry_after(text, self.clock.now())),
            diagnostics: Some(Box::new(self.answered(answer))),
        }
    }

    /// A successful answer that is not what the description says.
    pub(crate) fn not_as_described(
        &self,
        answer: &Answer,
        what: &str,
        applied: Applied,
    ) -> ConnectorError {
        ConnectorError {
            class: ErrorClass::Protocol,
            message: self
                .redactor
                .clean(&format!("{}: {what}", answer.sent.line)),
            applied: if answer.sent.writes {
                applied
            } else {
                Applied::No
            },
            retry_after: None,
            diagnostics: Some(Box::new(self.answered(answer))),
        }
    }

    fn answered(&self, answer: &Answer) -> Diagnostics {
        self.diagnostics(
            &answer.sent,
            Some(answer.status),
            Some(&answer.body),
            answer.elapsed,
        )
    }

    fn diagnostics(
        &self,
        sent: &Sent,
        status: Option<u16>,
        body: Option<&[u8]>,
        elapsed: Duration,
    ) -> Diagnostics {
        // Cleaned before it is cut: half a secret at the edge would no longer be recognised.
        let kept = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes.get(..KEPT * 2).unwrap_or(bytes));
            cut(&self.redactor.clean(&text), KEPT).to_owned()
        };
        Diagnostics {
            request: sent.line.clone(),
            request_body: sent.body.as_deref().map(kept),
            status,
            response_body: body.map(kept),
            sent_at: Some(sent.at),
            elapsed_ms: u64::try_from(elapsed.as_millis()).ok(),
        }
    }
}

fn client(settings: &RestSettings) -> Result<reqwest::Client, ConnectorError> {
    let limits = &settings.limits;
    let builder = outward::guarded()
        .gzip(true)
        .pool_max_idle_per_host(limits.in_flight)
        .connect_timeout(Duration::from_secs(limits.connect_timeout_s))
        .read_timeout(Duration::from_secs(limits.read_timeout_s))
        .dns_resolver(CheckedResolver::shared(settings.allow_private));
    let trusted = if let Some(file) = &settings.ca_file {
        let pem = std::fs::read(file)
            .map_err(|error| configuration(format!("ca_file {file}: {error}")))?;
        tls::only(&pem).map_err(|error| format!("ca_file {file}: {error}"))
    } else if settings.base_url.starts_with("http://") {
        tls::nobody()
    } else {
        tls::machine()
    };
    builder
        .tls_backend_preconfigured(trusted.map_err(configuration)?)
        .build()
        .map_err(|error| configuration(format!("the HTTP client cannot be set up: {error}")))
}

/// A literal address is checked here; a name is checked when it is resolved.
pub(crate) fn check_host(base: &Url, allow_private: bool) -> Result<(), ConnectorError> {
    let Some(host) = base.host_str() else {
        return Err(configuration(format!("base_url {base} names no host")));
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
    redactor: &mut Redactor,
) -> Result<Credentials, ConnectorError> {
    let mut headers = HeaderMap::new();
    let mut query_key = None;
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    match &settings.auth {
        Auth::None => {}
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

fn resolve(
    reference: &SecretRef,
    secrets: &dyn Secrets,
    redactor: &mut Redactor,
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

fn secret_header(text: &str) -> Result<HeaderValue, ConnectorError> {
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
