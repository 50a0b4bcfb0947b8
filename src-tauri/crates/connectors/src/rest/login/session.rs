//! Logins by a call of the system's own that answers with a token or a cookie.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Map, Value as Json};
use tandem_domain::mapping::pointer_segment;
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass};
use tandem_engine::ports::{Secret, Secrets};
use url::form_urlencoded::Serializer;

use super::{ANSWER_CAP, Token};
use crate::rest::http::{below, configuration, header_name, resolve, secret_header};
use crate::rest::settings::{HeaderValue as Value, Session as Settings, SessionBody, SessionToken};
use crate::rest::transport::{Answer, Kind, Request, Transport};

/// Who logs in, where, and what is done with the answer.
pub(super) struct Session {
    transport: Transport,
    url: Url,
    /// The login's body, credentials included.
    body: Secret,
    content_type: HeaderValue,
    token: SessionToken,
    name: HeaderName,
    prefix: String,
    lifetime_s: Option<i64>,
    /// The credentials' names, for people.
    credentials: String,
    secrets: Arc<dyn Secrets>,
}

impl Session {
    pub(super) fn new(
        settings: &Settings,
        base: &Url,
        data: &Transport,
        secrets: Arc<dyn Secrets>,
    ) -> Result<Self, ConnectorError> {
        let mut values = Vec::new();
        let mut names = Vec::new();
        for (name, value) in &settings.body {
            let value = match value {
                Value::Plain(text) => Secret::new(text.clone()),
                Value::Secret(reference) => {
                    names.push(format!("{:?}", reference.reference()));
                    resolve(reference, &*secrets, &data.redactor)?
                }
            };
            values.push((name.as_str(), value));
        }
        let (body, content_type) = match settings.encoding {
            SessionBody::Json => (json(&values)?, "application/json"),
            SessionBody::Form => (form(&values), "application/x-www-form-urlencoded"),
        };
        let (name, prefix) = match &settings.token {
            SessionToken::Cookie(_) => (header::COOKIE, String::new()),
            SessionToken::Body(_) | SessionToken::Header(_) => {
                let name = match &settings.header {
                    Some(name) => header_name(name)?,
                    None => header::AUTHORIZATION,
                };
                let usual = match name == header::AUTHORIZATION {
                    true => "Bearer ",
                    false => "",
                };
                let prefix = settings.prefix.clone();
                (name, prefix.unwrap_or_else(|| usual.to_owned()))
            }
        };
        Ok(Self {
            transport: Transport {
                answer_cap: ANSWER_CAP,
                ..data.clone()
            },
            url: below(base, &settings.path)?,
            body,
            content_type: HeaderValue::from_static(content_type),
            token: settings.token.clone(),
            name,
            prefix,
            lifetime_s: settings.lifetime_s.map(i64::from),
            credentials: names.join(", "),
            secrets,
        })
    }

    pub(super) async fn obtain(&self) -> Result<Token, ConnectorError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        let asked = self.transport.clock.now();
        let answer = self
            .transport
            .exchange(Request {
                method: Method::POST,
                url: self.url.clone(),
                secret_parameter: None,
                headers,
                body: Some(Bytes::from(self.body.expose().to_owned())),
                kind: Kind::Login,
            })
            .await?;
        let found = self.found(&answer);
        if let Some(token) = &found {
            self.transport.redactor.learn(token);
            self.secrets.received(&Secret::new(token.clone()));
        }
        if !answer.is_success() {
            return Err(self.refusal(&answer));
        }
        let unlike = |what: &str| self.transport.not_as_described(&answer, what, Applied::No);
        let token = found.ok_or_else(|| {
            unlike(&format!(
                "the login's answer holds no token where auth.token says ({}); was the login refused?",
                self.token
            ))
        })?;
        let text = match &self.token {
            SessionToken::Cookie(name) => format!("{name}={token}"),
            SessionToken::Body(_) | SessionToken::Header(_) => format!("{}{token}", self.prefix),
        };
        let value = secret_header(&text)
            .map_err(|_| unlike("its token holds a sign that no header can carry"))?;
        Ok(Token::new(self.name.clone(), value, asked, self.lifetime_s))
    }

    /// The token in an answer.
    fn found(&self, answer: &Answer) -> Option<String> {
        let token = match &self.token {
            SessionToken::Body(pointer) => answer.doc().ok()?.text_at(pointer)?,
            SessionToken::Header(name) => answer.header(name)?.trim().to_owned(),
            SessionToken::Cookie(name) => cookie(&answer.headers, name)?,
        };
        Some(token).filter(|token| !token.is_empty())
    }

    fn refusal(&self, answer: &Answer) -> ConnectorError {
        if let Some(place) = answer.redirect() {
            let what = format!(
                "the login redirects to {}, where no credentials are sent; set auth.path to where it \
                 is now",
                self.transport.quoted(place, 200)
            );
            return self.transport.not_as_described(answer, &what, Applied::No);
        }
        let refused = matches!(answer.status, 400 | 401 | 403 | 422);
        let message = refused.then(|| {
            format!(
                "the login was refused; check the values of auth.body ({})",
                self.credentials
            )
        });
        let error = self.transport.refusal(answer, message);
        let class = match error.class {
            _ if refused => ErrorClass::Authentication,
            ErrorClass::Rejected => ErrorClass::Configuration,
            other => other,
        };
        ConnectorError { class, ..error }
    }
}

/// The last cookie of that name that an answer sets.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let set = headers.get_all(header::SET_COOKIE).iter();
    set.filter_map(|value| {
        let pair = value.to_str().ok()?.split(';').next()?;
        let (found, value) = pair.split_once('=')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
    .next_back()
}

fn form(values: &[(&str, Secret)]) -> Secret {
    let mut form = Serializer::new(String::new());
    for (name, value) in values {
        form.append_pair(name, value.expose());
    }
    Secret::new(form.finish())
}

/// A JSON object; a name that begins with a slash is a pointer into nested ones.
fn json(values: &[(&str, Secret)]) -> Result<Secret, ConnectorError> {
    let mut whole = Map::new();
    for (name, value) in values {
        let steps: Vec<String> = match name.strip_prefix('/') {
            Some(path) => path.split('/').map(pointer_segment).collect(),
            None => vec![(*name).to_owned()],
        };
        let Some((last, outer)) = steps.split_last() else {
            continue;
        };
        let mut place = &mut whole;
        for step in outer {
            let inner = place
                .entry(step.clone())
                .or_insert_with(|| Json::Object(Map::new()));
            place = inner.as_object_mut().ok_or_else(|| {
                configuration(format!("auth.body: {name:?} lies within another value"))
            })?;
        }
        let value = Json::String(value.expose().to_owned());
        if place.insert(last.clone(), value).is_some() {
            return Err(configuration(format!("auth.body: {name:?} is there twice")));
        }
    }
    Ok(Secret::new(Json::Object(whole).to_string()))
}
