//! Access tokens by OAuth2 (RFC 6749): client credentials, or a refresh token that the server may
//! exchange for a new one each time. What is spent must not get lost: the new one is kept for good
//! before the access token that came with it is used, and nobody else exchanges it meanwhile.
//!
//! Made here instead of taken from the `oauth2` crate: these are two form posts, and they have to go
//! through our own client with its checked addresses, redaction and errors, which the crate would
//! wrap in types of its own.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Map, Value as Json};
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass};
use tandem_engine::ports::{Hold, Secret, SecretError, Secrets};
use tokio::sync::Mutex;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{ANSWER_CAP, Token};
use crate::json::cut;
use crate::net::CheckedResolver;
use crate::rest::http::{check_host, configuration, resolve, secret_header};
use crate::rest::settings::{ClientAuth, Grant, OAuth2 as Settings, RestSettings};
use crate::rest::transport::{self, Answer, Kind, Request, Transport};
use crate::settings::SecretRef;

/// How often and how long to wait for another process that exchanges the same refresh token.
const HOLD_TRIES: u32 = 100;
const HOLD_POLL: Duration = Duration::from_millis(100);

/// A client of a token server.
pub(super) struct OAuth2 {
    transport: Transport,
    token_url: Url,
    client_id: String,
    client_secret: Option<Secret>,
    /// The name the client's secret is kept under, for people.
    client_secret_name: Option<String>,
    client_auth: ClientAuth,
    grant: Grant,
    scope: String,
    parameters: Vec<(String, String)>,
    secrets: Arc<dyn Secrets>,
    unkept: Mutex<Option<Unkept>>,
}

/// An answer whose refresh token could not be kept yet. The old one is spent, so this one goes on
/// being held until it is.
struct Unkept {
    refresh: Secret,
    access: Token,
    _hold: Hold,
}

/// What a token server gave.
struct Granted {
    access: Token,
    refresh: Option<Secret>,
}

impl OAuth2 {
    pub(super) fn new(
        settings: &Settings,
        connection: &RestSettings,
        base: &Url,
        data: &Transport,
        secrets: Arc<dyn Secrets>,
    ) -> Result<Self, ConnectorError> {
        let token_url = Url::parse(&settings.token_url)
            .map_err(|error| configuration(format!("auth.token_url: {error}")))?;
        check_host("auth.token_url", &token_url, connection.allow_private)?;
        let resolver = match token_url.scheme() {
            "https" => CheckedResolver::shared(connection.allow_private),
            "http" if connection.allow_private => CheckedResolver::private_only(),
            _ => {
                return Err(configuration(
                    "auth.token_url: it has to begin with https://".to_owned(),
                ));
            }
        };
        // Another host has another certificate: the machine's authorities vouch for it.
        let ca_file = connection.ca_file.as_deref();
        let ca_file = ca_file.filter(|_| token_url.host_str() == base.host_str());
        let client =
            transport::client(connection, resolver, &token_url, ca_file).map_err(configuration)?;
        let transport = Transport {
            client,
            answer_cap: ANSWER_CAP,
            ..data.clone()
        };
        let client_secret = settings.client_secret.as_ref();
        if let Grant::RefreshToken(reference) = &settings.grant {
            // Looked up anew when it is spent; a missing one is said at once.
            resolve(reference, &*secrets, &transport.redactor)?;
        }
        Ok(Self {
            token_url,
            client_id: settings.client_id.clone(),
            client_secret: client_secret
                .map(|reference| resolve(reference, &*secrets, &transport.redactor))
                .transpose()?,
            client_secret_name: client_secret.map(SecretRef::reference),
            client_auth: settings.client_auth,
            grant: settings.grant.clone(),
            scope: settings.scopes.join(" "),
            parameters: settings.parameters.clone().into_iter().collect(),
            transport,
            secrets,
            unkept: Mutex::default(),
        })
    }

    pub(super) async fn obtain(&self) -> Result<Token, ConnectorError> {
        match &self.grant {
            Grant::ClientCredentials => Ok(self.ask("client_credentials", None).await?.access),
            Grant::RefreshToken(reference) => self.exchange(&reference.reference()).await,
        }
    }

    /// Spends the refresh token that is kept under this name.
    async fn exchange(&self, name: &str) -> Result<Token, ConnectorError> {
        let mut unkept = self.unkept.lock().await;
        let pending = match unkept.take() {
            Some(pending) => pending,
            None => {
                let hold = self.hold(name).await?;
                // Another process may have exchanged it since.
                let spent = self.kept(name).await?;
                // Written once as it is: a place that cannot be written has to show before it is
                // spent, not after.
                self.keep(name, spent.clone()).await.map_err(|error| {
                    refused(format!(
                        "the refresh token {name:?} cannot be exchanged, since a new one could not \
                         be kept: {error}"
                    ))
                })?;
                let granted = self.ask("refresh_token", Some((name, &spent))).await?;
                match granted.refresh.filter(|new| *new != spent) {
                    None => return Ok(granted.access),
                    Some(refresh) => Unkept {
                        refresh,
                        access: granted.access,
                        _hold: hold,
                    },
                }
            }
        };
        match self.keep(name, pending.refresh.clone()).await {
            Ok(()) => Ok(pending.access),
            Err(error) => {
                *unkept = Some(pending);
                Err(ConnectorError::new(
                    ErrorClass::Transient,
                    format!(
                        "{} gave a new refresh token in place of {name:?}, which could not be kept: \
                         {error}; the access token is not used. If this run ends before it can be \
                         kept it is lost: then sign in again and keep a new one with `tandem secrets \
                         set {name}`",
                        self.token_url
                    ),
                ))
            }
        }
    }

    /// Waits until nobody else exchanges it.
    async fn hold(&self, name: &str) -> Result<Hold, ConnectorError> {
        for _ in 0..HOLD_TRIES {
            let of = name.to_owned();
            let held = self.blocking(move |secrets| secrets.hold(&of)).await;
            if let Some(hold) = held.map_err(|error| refused(error.to_string()))? {
                return Ok(hold);
            }
            self.transport.clock.sleep(HOLD_POLL).await;
        }
        Err(ConnectorError::new(
            ErrorClass::Transient,
            format!("somebody else is exchanging the refresh token {name:?} and does not end"),
        ))
    }

    /// The refresh token as it is kept now.
    async fn kept(&self, name: &str) -> Result<Secret, ConnectorError> {
        let of = name.to_owned();
        let found = self.blocking(move |secrets| secrets.get(&of)).await;
        let found = found.map_err(|error| refused(error.to_string()))?;
        self.transport.redactor.learn(found.expose());
        Ok(found)
    }

    async fn keep(&self, name: &str, value: Secret) -> Result<(), SecretError> {
        let name = name.to_owned();
        self.blocking(move |secrets| secrets.replace(&name, &value))
            .await
    }

    /// Keyrings and files of secrets may take their time.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Secrets) -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let secrets = Arc::clone(&self.secrets);
        tokio::task::spawn_blocking(move || work(&*secrets))
            .await
            .unwrap_or_else(|error| {
                Err(SecretError::Unavailable {
                    reason: format!("looking them up broke off ({error})"),
                })
            })
    }

    async fn ask(
        &self,
        grant: &str,
        spent: Option<(&str, &Secret)>,
    ) -> Result<Granted, ConnectorError> {
        let asked = self.transport.clock.now();
        let request = self.request(grant, spent.map(|(_, secret)| secret))?;
        let answer = self.transport.exchange(request).await?;
        // Taken apart first: that bounds the memory it may take.
        let said: Option<Map<String, Json>> = answer
            .doc()
            .ok()
            .and_then(|_| serde_json::from_slice(&answer.body).ok());
        if !answer.is_success() {
            return Err(self.refusal(&answer, said.as_ref(), spent.map(|(name, _)| name)));
        }
        let unlike = |what: &str| self.transport.not_as_described(&answer, what, Applied::No);
        let text = |name: &str| match said.as_ref().and_then(|said| said.get(name)) {
            Some(Json::String(text)) if !text.is_empty() => Some(Secret::new(text.clone())),
            _ => None,
        };
        // Known as secrets before anything is told of this answer.
        let (access, refresh) = (text("access_token"), text("refresh_token"));
        for secret in access.iter().chain(&refresh) {
            self.transport.redactor.learn(secret.expose());
            self.secrets.received(secret);
        }
        let access = access.ok_or_else(|| {
            unlike("its answer is no JSON object with a text `access_token`; is this the token address?")
        })?;
        if let Some(kind) = text("token_type")
            && !kind.expose().eq_ignore_ascii_case("bearer")
        {
            let kind = self.transport.quoted(kind.expose(), 40);
            return Err(unlike(&format!(
                "it gives tokens of the type {kind}; only bearer tokens can be used"
            )));
        }
        let value = secret_header(&format!("Bearer {}", access.expose()))
            .map_err(|_| unlike("its access token holds a sign that no header can carry"))?;
        let seconds = match said.as_ref().and_then(|said| said.get("expires_in")) {
            // Some write the number as a text.
            Some(Json::String(text)) => text.trim().parse().ok(),
            Some(Json::Number(number)) => number
                .as_i64()
                .or_else(|| number.as_f64().map(|seconds| seconds as i64)),
            _ => None,
        };
        Ok(Granted {
            access: Token::new(header::AUTHORIZATION, value, asked, seconds),
            refresh,
        })
    }

    fn request(&self, grant: &str, spent: Option<&Secret>) -> Result<Request, ConnectorError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", grant);
        if let Some(spent) = spent {
            form.append_pair("refresh_token", spent.expose());
        }
        if !self.scope.is_empty() {
            form.append_pair("scope", &self.scope);
        }
        match (&self.client_secret, self.client_auth) {
            (Some(secret), ClientAuth::Basic) => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let (user, password) = (encoded(&self.client_id), encoded(secret.expose()));
                let pair = STANDARD.encode(format!("{user}:{password}"));
                self.transport.redactor.learn(&password);
                self.transport.redactor.learn(&pair);
                let basic = secret_header(&format!("Basic {pair}"))?;
                headers.insert(header::AUTHORIZATION, basic);
            }
            (Some(secret), ClientAuth::Body) => {
                form.append_pair("client_id", &self.client_id);
                form.append_pair("client_secret", secret.expose());
            }
            (None, _) => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        form.extend_pairs(&self.parameters);
        Ok(Request {
            method: Method::POST,
            url: self.token_url.clone(),
            secret_parameter: None,
            headers,
            body: Some(Bytes::from(form.finish())),
            kind: Kind::Login,
        })
    }

    /// An answer that is no success: what the server says by RFC 6749, 5.2, and what to do about it.
    fn refusal(
        &self,
        answer: &Answer,
        said: Option<&Map<String, Json>>,
        spent: Option<&str>,
    ) -> ConnectorError {
        if let Some(place) = answer.redirect() {
            return self.transport.not_as_described(
                answer,
                &format!(
                    "it redirects to {}, where no credentials are sent; set auth.token_url to where \
                     it is now",
                    self.transport.quoted(place, 200)
                ),
                Applied::No,
            );
        }
        let text = |name: &str| {
            let said = said?.get(name)?.as_str()?;
            Some(self.transport.redactor.clean(said))
        };
        let code = text("error").unwrap_or_default();
        let mut message = cut(&code, 60).to_owned();
        if let Some(more) = text("error_description").filter(|more| !more.is_empty()) {
            message = format!("{message} ({})", cut(&more, 300));
        }
        let remedy = match (code.as_str(), spent, &self.client_secret_name) {
            ("invalid_grant", Some(name), _) => format!(
                "the refresh token was spent, revoked, or has run out: sign in again and keep the \
                 new one with `tandem secrets set {name}`"
            ),
            ("invalid_client", _, Some(name)) => {
                format!("check auth.client_id, auth.client_auth, and the secret {name:?}")
            }
            ("invalid_client", _, None) => "check auth.client_id".to_owned(),
            ("unauthorized_client" | "unsupported_grant_type", ..) => {
                "allow this grant for the client at the token server, or set another auth.grant"
                    .to_owned()
            }
            ("invalid_scope", ..) => "correct auth.scopes".to_owned(),
            _ => String::new(),
        };
        if !remedy.is_empty() {
            message = format!("{message}: {remedy}");
        }
        let error = self.transport.refusal(answer, Some(message));
        let class = match (error.class, answer.status) {
            _ if error.is_retryable() => error.class,
            (_, 400 | 401 | 403) => ErrorClass::Authentication,
            (ErrorClass::Protocol, _) => ErrorClass::Protocol,
            _ => ErrorClass::Configuration,
        };
        ConnectorError { class, ..error }
    }
}

fn refused(message: String) -> ConnectorError {
    ConnectorError::new(ErrorClass::Authentication, message)
}
