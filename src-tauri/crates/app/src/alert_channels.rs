//! The channels that the environment asks for: e-mail and webhook, kept to the same rules for going
//! out as connections.

use std::sync::Arc;

use tandem_connectors::outward::{Post, Reach, addresses, check};
use tandem_engine::ports::alerts::AlertChannel;
use tandem_host::alerts::{
    AlertProblem, MAIL_PRIVATE, MAIL_URL, Mail, MailSecurity, MailSettings, WEBHOOK_PRIVATE,
    WEBHOOK_URL, Webhook, WebhookSettings, alert_settings,
};

use crate::error::AppError;

/// E-mail and webhook, where this process's environment says where they go. Nothing is reached yet.
///
/// # Errors
/// [`AppError::Alerts`]: a variable cannot be used.
pub fn alert_channels() -> Result<Vec<Arc<dyn AlertChannel>>, AppError> {
    let settings = alert_settings()?;
    let mut channels: Vec<Arc<dyn AlertChannel>> = Vec::new();
    if let Some(settings) = settings.mail {
        channels.push(Arc::new(mail(settings)?));
    }
    if let Some(settings) = settings.webhook {
        channels.push(Arc::new(webhook(&settings)?));
    }
    Ok(channels)
}

const fn reach(encrypted: bool, allow_private: bool) -> Reach {
    match (encrypted, allow_private) {
        (false, _) => Reach::PrivateOnly,
        (true, true) => Reach::Private,
        (true, false) => Reach::Public,
    }
}

fn mail(settings: MailSettings) -> Result<Mail, AlertProblem> {
    let encrypted = settings.security != MailSecurity::None;
    let (host, port) = (settings.host.clone(), settings.port);
    let reach = reach(encrypted, settings.allow_private);
    if let Ok(address) = host.parse() {
        check(&host, address, reach)
            .map_err(|why| AlertProblem::new(MAIL_URL, why.to_string(), meant(MAIL_PRIVATE)))?;
    }
    let resolve = move || {
        let host = host.clone();
        Box::pin(async move { addresses(&host, port, reach).await }) as _
    };
    Ok(Mail::new(settings, Box::new(resolve)))
}

fn webhook(settings: &WebhookSettings) -> Result<Webhook, AlertProblem> {
    let reach = reach(settings.encrypted, settings.allow_private);
    let post = Post::new(settings.url.expose(), reach)
        .map_err(|why| AlertProblem::new(WEBHOOK_URL, why, meant(WEBHOOK_PRIVATE)))?;
    let send = move |body, key: String| {
        let post = post.clone();
        Box::pin(async move { post.json(body, &key).await }) as _
    };
    Ok(Webhook::new(settings, Box::new(send)))
}

fn meant(variable: &str) -> String {
    format!(
        "Correct the address; if this machine or a private network is meant, set {variable}=true."
    )
}
