//! One request and its whole answer, and what is told of it when it fails: nothing is followed,
//! nothing is retried, an answer is read up to a cap.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, Url};
use tandem_engine::ports::Clock;
use tandem_engine::ports::connector::{Applied, ConnectorError, Diagnostics, ErrorClass};

use super::classify;
use super::settings::RestSettings;
use crate::json::{Doc, allowance, cut};
use crate::net::CheckedResolver;
use crate::outward;
use crate::redact::Redactor;
use crate::tls;

/// Bytes of a body kept for the error log.
pub(crate) const KEPT: usize = 16 * 1024;
/// Bytes read of a refusal; what is beyond them is not waited for.
const REFUSAL: usize = 1024 * 1024;
/// Bytes of what a system says of its refusal that are told.
pub(crate) const SAID: usize = 1_000;

/// Bytes that are told of what says nothing of itself.
pub(crate) const SHOWN: usize = 300;

/// An HTTP client with what is needed to tell of its calls without a secret. Cheap to clone.
#[derive(Clone)]
pub(super) struct Transport {
    pub(super) client: reqwest::Client,
    pub(super) redactor: Arc<Redactor>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) call_timeout: Duration,
    /// Bytes of the largest decoded answer.
    pub(super) answer_cap: usize,
}

/// A request to send.
pub(super) struct Request {
    pub(super) method: Method,
    /// As it is shown.
    pub(super) url: Url,
    /// A parameter that is sent too, and never shown.
    pub(super) secret_parameter: Option<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) kind: Kind,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Records.
    Data,
    /// Credentials: neither what it holds nor what is answered is kept for anybody to see, and it
    /// writes nothing that could land.
    Login,
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
    pub(super) at: DateTime<Utc>,
    pub(crate) writes: bool,
    kind: Kind,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..300)
    }

    /// Its body, taken apart; the error says what is wrong in words.
    pub(crate) fn doc(&self) -> Result<Doc<'_>, String> {
        Doc::parse(&self.body, self.allowance)
    }

    /// Where it redirects to.
    pub(super) fn redirect(&self) -> Option<&str> {
        let redirected = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        self.header("location").filter(|_| redirected)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Transport {
    /// Sends a request and reads its answer whole.
    pub(super) async fn exchange(&self, request: Request) -> Result<Answer, ConnectorError> {
        let Request {
            method,
            url,
            secret_parameter,
            headers,
            body,
            kind,
        } = request;
        let mut sent_url = url.clone();
        if let Some((name, value)) = &secret_parameter {
            sent_url.query_pairs_mut().append_pair(name, value);
        }
        let sent = Sent {
            line: self.redactor.clean(&format!("{method} {url}")),
            body: body.clone().filter(|_| kind == Kind::Data),
            at: self.clock.now(),
            writes: method != Method::GET && kind == Kind::Data,
            kind,
        };
        let started = self.clock.monotonic();
        let mut request = self
            .client
            .request(method, sent_url)
            .headers(headers)
            .timeout(self.call_timeout);
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = match respond(request).await {
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
                    "its answer is encoded as {}, which was not asked for",
                    self.quoted(encoding, 100)
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
                        let hint = match answer.sent.kind {
                            Kind::Data => "; ask for smaller pages, or raise limits.answer_mib",
                            Kind::Login => "",
                        };
                        let what = format!(
                            "its answer is larger than {} MiB{hint}",
                            self.answer_cap >> 20
                        );
                        return Err(self.not_as_described(answer, &what, Applied::Maybe));
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

    /// What a system said, in quotation marks and cut to so many bytes.
    pub(super) fn quoted(&self, text: &str, most: usize) -> String {
        // Cleaned before it is cut: half a secret at the edge would no longer be recognised.
        format!("{:?}", cut(&self.redactor.clean(text), most))
    }

    /// An answer that is no success, as an error of its class.
    pub(crate) fn refusal(&self, answer: &Answer, message: Option<String>) -> ConnectorError {
        let (class, applied) = classify::status(answer.status);
        let (said, most) = match (message, answer.sent.kind) {
            (Some(message), _) => (message, SAID),
            (None, Kind::Data) => {
                let start = answer.body.get(..KEPT).unwrap_or(&answer.body);
                (String::from_utf8_lossy(start).into_owned(), SHOWN)
            }
            (None, Kind::Login) => (String::new(), 0),
        };
        // Cleaned before it is cut: half a secret at the edge would no longer be recognised.
        let said = self.redactor.clean(&said);
        let said = cut(&said, most).trim();
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
            Some(answer.body.as_slice()).filter(|_| answer.sent.kind == Kind::Data),
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

/// Sends it; a fuzzer answers in the system's stead.
async fn respond(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    #[cfg(any(test, feature = "fuzzing"))]
    if let Some(answer) = crate::fuzzing::answer() {
        return Ok(answer);
    }
    request.send().await
}

/// A client for one place: what it reaches, whom it trusts, how long it waits.
pub(super) fn client(
    settings: &RestSettings,
    resolver: Arc<CheckedResolver>,
    place: &Url,
    ca_file: Option<&str>,
) -> Result<reqwest::Client, String> {
    let limits = &settings.limits;
    let trusted = if let Some(file) = ca_file {
        tls::only_file(file)
    } else if place.scheme() == "http" {
        tls::nobody()
    } else {
        tls::machine()
    };
    outward::guarded()
        .gzip(true)
        .pool_max_idle_per_host(limits.in_flight)
        .connect_timeout(Duration::from_secs(limits.connect_timeout_s))
        .read_timeout(Duration::from_secs(limits.read_timeout_s))
        .dns_resolver(resolver)
        .tls_backend_preconfigured(trusted?)
        .build()
        .map_err(|error| format!("the HTTP client cannot be set up: {error}"))
}
