//! Telling administrators by e-mail and by webhook. Where both go is said by environment variables,
//! since both addresses are secrets or hold one.

mod mail;
mod settings;
mod webhook;

use std::net::SocketAddr;

use futures::future::BoxFuture;

pub use mail::Mail;
pub use settings::{
    AlertProblem, AlertSettings, MAIL_FROM, MAIL_PRIVATE, MAIL_TO, MAIL_URL, MailSecurity,
    MailSettings, WEBHOOK_PRIVATE, WEBHOOK_URL, WebhookSettings, alert_settings,
};
pub use webhook::Webhook;

/// Resolves the mail server's name, refusing addresses that nothing may be sent to.
pub type Addresses =
    Box<dyn Fn() -> BoxFuture<'static, Result<Vec<SocketAddr>, String>> + Send + Sync>;

/// Posts a JSON document under a key that is the same for each attempt.
pub type PostJson =
    Box<dyn Fn(String, String) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;
