//! Alerts to a webhook as Slack takes them, and what is compatible with it: `{"text": …}`. Whatever
//! comes from a system stands in a block of preformatted text, where nothing is markup and nobody is
//! mentioned.

use async_trait::async_trait;
use serde_json::json;
use tandem_domain::redaction::Redactor;
use tandem_engine::ports::alerts::AlertKind;
use tandem_engine::ports::{Alert, AlertChannel, AlertError};

use super::PostJson;
use super::settings::WebhookSettings;

/// Tells by webhook.
pub struct Webhook {
    post: PostJson,
    redactor: Redactor,
}

impl Webhook {
    /// Reaches nothing yet.
    #[must_use]
    pub fn new(settings: &WebhookSettings, post: PostJson) -> Self {
        let url = settings.url.expose();
        // The path is what makes the address a secret.
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        let pieces = path.split(['/', '?', '&', '=']).filter(|it| it.len() >= 8);
        let redactor = Redactor::new([], [url, path].into_iter().chain(pieces));
        Self { post, redactor }
    }
}

#[async_trait]
impl AlertChannel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        let body = json!({ "text": text(alert), "link_names": false, "unfurl_links": false });
        (self.post)(body.to_string(), alert.id.clone())
            .await
            .map_err(|error| AlertError(self.redactor.text(&error).as_str().to_owned()))
    }
}

fn text(alert: &Alert) -> String {
    let what = match alert.kind {
        AlertKind::Failure => "Tandem: a sync failed",
        AlertKind::Recovery => "Tandem: a sync works again",
    };
    let mut lines = vec![alert.title(), String::new()];
    for (label, value) in alert.facts() {
        lines.push(format!("{label}: {value}"));
    }
    lines.push(String::new());
    lines.push(alert.command());
    format!(
        "{what}\n```\n{}\n```\n<{}|Open the run>",
        preformatted(&lines.join("\n")),
        alert.link
    )
}

/// Text that stays text within a preformatted block: Slack's three signs are escaped, no backtick
/// ends the block, and a word joiner keeps `@channel` from being a mention where blocks are not
/// respected.
fn preformatted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '`' => out.push('\''),
            '@' if !before.is_alphanumeric() => out.push_str("@\u{2060}"),
            c => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_systems_words_stay_words() {
        let table = [
            ("<!channel> hi", "&lt;!channel&gt; hi"),
            ("<https://x|pay>", "&lt;https://x|pay&gt;"),
            ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
            ("```\n*bold*", "'''\n*bold*"),
            (
                "@channel a@b.org (@all)",
                "@\u{2060}channel a@b.org (@\u{2060}all)",
            ),
        ];
        for (given, expected) in table {
            assert_eq!(preformatted(given), expected);
        }
    }

    #[tokio::test]
    async fn no_part_of_the_address_is_told() {
        let settings = WebhookSettings {
            url: tandem_engine::ports::Secret::new(
                "https://hooks.example.org/services/T0000001/hunter2hunter2".into(),
            ),
            encrypted: true,
            allow_private: false,
        };
        let post: PostJson = Box::new(|_, _| {
            Box::pin(async {
                Err("404: no hook /services/T0000001/hunter2hunter2, hunter2hunter2".into())
            })
        });
        let alert = Alert {
            id: "1".into(),
            tenant: "main".into(),
            kind: AlertKind::Failure,
            sync: "s".into(),
            run: "r".into(),
            link: "tandem://open/t/main/runs/r".into(),
            connection: None,
            error_type: "network",
            error: None,
            retries: 0,
            held_back: 0,
            remedy: None,
            circuit_open_until: None,
            failed_at: chrono::DateTime::UNIX_EPOCH,
            at: chrono::DateTime::UNIX_EPOCH,
        };
        let error = Webhook::new(&settings, post)
            .send(&alert)
            .await
            .unwrap_err();
        assert!(error.0.contains("404"), "{error}");
        assert!(!error.0.contains("hunter2"), "{error}");
    }
}
