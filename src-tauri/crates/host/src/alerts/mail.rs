//! Alerts by e-mail: plain text, so that nothing in it is markup, through SMTP over rustls. The
//! server's name is resolved and checked first, then connected to by address, so that no second
//! look-up can lead elsewhere; its certificate is checked against its name.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tandem_domain::redaction::Redactor;
use tandem_engine::ports::{Alert, AlertChannel, AlertError};

use super::Addresses;
use super::settings::{MailSecurity, MailSettings};

/// Until connected, and for each answer of the server.
const STEP: Duration = Duration::from_secs(10);

/// Tells by e-mail.
pub struct Mail {
    settings: MailSettings,
    addresses: Addresses,
    redactor: Redactor,
}

impl Mail {
    /// Reaches nothing yet.
    #[must_use]
    pub fn new(settings: MailSettings, addresses: Addresses) -> Self {
        let mut secrets = Vec::new();
        if let Some((user, password)) = &settings.login {
            secrets.push(password.expose().to_owned());
            // As AUTH PLAIN has it.
            secrets.push(format!("\0{user}\0{}", password.expose()));
        }
        let redactor = Redactor::new([], secrets.iter().map(String::as_str));
        Self {
            settings,
            addresses,
            redactor,
        }
    }

    fn message(&self, alert: &Alert) -> Result<Message, lettre::error::Error> {
        let from = &self.settings.from;
        let mut message = Message::builder()
            .from(from.clone())
            .subject(alert.title())
            .date(SystemTime::from(alert.at))
            // The same for every attempt, so that one that came twice shows once.
            .message_id(Some(format!("<{}@{}>", alert.id, from.email.domain())))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN);
        for to in &self.settings.to {
            message = message.to(to.clone());
        }
        message.body(body(alert))
    }

    fn transport(&self, address: &str, port: u16) -> Result<AsyncSmtpTransportBuilder, Error> {
        let tls = match self.settings.security {
            MailSecurity::None => Tls::None,
            MailSecurity::Tls => Tls::Wrapper(self.trusted()?),
            MailSecurity::StartTls => Tls::Required(self.trusted()?),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address)
            .port(port)
            .tls(tls)
            .timeout(Some(STEP));
        Ok(match &self.settings.login {
            Some((user, password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()))
            }
            None => builder,
        })
    }

    /// The machine's own certificate authorities.
    fn trusted(&self) -> Result<TlsParameters, Error> {
        TlsParameters::builder(self.settings.host.clone()).build_rustls()
    }

    async fn deliver(&self, alert: &Alert) -> Result<(), String> {
        let message = self
            .message(alert)
            .map_err(|error| format!("the mail cannot be written: {error}"))?;
        let mut last = String::new();
        for address in (self.addresses)().await? {
            let sent = match self.transport(&address.ip().to_string(), address.port()) {
                Ok(builder) => {
                    let transport: AsyncSmtpTransport<Tokio1Executor> = builder.build();
                    transport.send(message.clone()).await
                }
                Err(error) => Err(error),
            };
            let Err(error) = sent else {
                return Ok(());
            };
            last = format!("{}: {}", self.settings.host, told(&error));
            // A server that answered is not asked again at another of its addresses.
            if error.is_permanent() || error.is_transient() || error.is_tls() {
                break;
            }
        }
        Err(last)
    }
}

#[async_trait]
impl AlertChannel for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.deliver(alert)
            .await
            .map_err(|error| AlertError(self.redactor.text(&error).as_str().to_owned()))
    }
}

/// An error with what lies under it.
fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// Nobody's machine answers it (RFC 3834).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The title, every fact on its line, and where to look.
fn body(alert: &Alert) -> String {
    let mut text = format!("{}\n\n", alert.title());
    for (label, value) in alert.facts() {
        text.push_str(&format!("{:<13} {value}\n", format!("{label}:")));
    }
    text.push_str(&format!(
        "\nOpen the run: {}\nIn a terminal: {}\n",
        alert.link,
        alert.command()
    ));
    text
}
