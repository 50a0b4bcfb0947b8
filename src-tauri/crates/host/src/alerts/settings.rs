//! Where alerts go, read from the environment and checked before anything is sent.

use std::env;
use std::ffi::OsString;

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use tandem_engine::ports::Secret;
use url::Url;

/// The mail server: `smtps://USER:PASSWORD@HOST`, or `smtp://…` with STARTTLS.
pub const MAIL_URL: &str = "TANDEM_ALERT_SMTP_URL";
/// Whom mails come from.
pub const MAIL_FROM: &str = "TANDEM_ALERT_SMTP_FROM";
/// Whom they go to, separated by commas.
pub const MAIL_TO: &str = "TANDEM_ALERT_SMTP_TO";
/// `true` where the mail server is on this machine or in a private network.
pub const MAIL_PRIVATE: &str = "TANDEM_ALERT_SMTP_ALLOW_PRIVATE";
/// The webhook's address.
pub const WEBHOOK_URL: &str = "TANDEM_ALERT_WEBHOOK_URL";
/// `true` where it is on this machine or in a private network.
pub const WEBHOOK_PRIVATE: &str = "TANDEM_ALERT_WEBHOOK_ALLOW_PRIVATE";

/// Where alerts go.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlertSettings {
    /// By e-mail.
    pub mail: Option<MailSettings>,
    /// To a Slack-compatible webhook.
    pub webhook: Option<WebhookSettings>,
}

/// A mail server and who writes to whom.
#[derive(Debug, Clone, PartialEq)]
pub struct MailSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: MailSecurity,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// Sender.
    pub from: Mailbox,
    /// Recipients, at least one.
    pub to: Vec<Mailbox>,
    /// Whether it may be on this machine or in a private network.
    pub allow_private: bool,
}

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// From the first byte.
    Tls,
    /// After STARTTLS; a server that does not offer it is sent nothing.
    StartTls,
    /// Not at all.
    None,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookSettings {
    /// Its address: whoever knows it can write there.
    pub url: Secret,
    /// Whether what is sent is encrypted.
    pub encrypted: bool,
    /// Whether it may be on this machine or in a private network.
    pub allow_private: bool,
}

/// A variable that cannot be used. Never shows the value of one that may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} cannot be used: {why}")]
pub struct AlertProblem {
    /// Which one.
    pub variable: &'static str,
    /// What is wrong with it.
    pub why: String,
    /// What to do.
    pub fix: String,
}

impl AlertProblem {
    /// A problem with that variable.
    #[must_use]
    pub fn new(variable: &'static str, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            variable,
            why: why.into(),
            fix: fix.into(),
        }
    }
}

/// What this process's environment says.
///
/// # Errors
/// [`AlertProblem`]: the first variable that cannot be used.
pub fn alert_settings() -> Result<AlertSettings, AlertProblem> {
    settings_by(&|name| env::var_os(name))
}

type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn settings_by(variable: Variable<'_>) -> Result<AlertSettings, AlertProblem> {
    Ok(AlertSettings {
        mail: mail(variable)?,
        webhook: webhook(variable)?,
    })
}

fn mail(variable: Variable<'_>) -> Result<Option<MailSettings>, AlertProblem> {
    let private = flag(variable, MAIL_PRIVATE)?;
    let (from, to) = (text(variable, MAIL_FROM)?, text(variable, MAIL_TO)?);
    let Some(address) = text(variable, MAIL_URL)? else {
        for (name, value) in [(MAIL_FROM, from), (MAIL_TO, to)] {
            if value.is_some() {
                return Err(AlertProblem::new(
                    name,
                    format!("{MAIL_URL} is not set, so no mail can be sent"),
                    format!("Set {MAIL_URL} to the mail server, or unset {name}."),
                ));
            }
        }
        return Ok(None);
    };
    let server = server(&address, private)?;
    let needed = |name, value: Option<String>| {
        value.ok_or_else(|| {
            AlertProblem::new(
                name,
                format!("it is not set, but {MAIL_URL} is"),
                format!("Set it to an address such as admin@example.org, or unset {MAIL_URL}."),
            )
        })
    };
    let from = mailbox(MAIL_FROM, &needed(MAIL_FROM, from)?)?;
    let to = needed(MAIL_TO, to)?
        .split(',')
        .map(|one| mailbox(MAIL_TO, one.trim()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Some(MailSettings {
        host: server.host,
        port: server.port,
        security: server.security,
        login: server.login,
        from,
        to,
        allow_private: private,
    }))
}

/// What the server's address says.
struct Server {
    host: String,
    port: u16,
    security: MailSecurity,
    login: Option<(String, Secret)>,
}

fn server(address: &str, private: bool) -> Result<Server, AlertProblem> {
    const SHAPE: &str = "Write it as smtps://USER:PASSWORD@HOST, or smtp://USER:PASSWORD@HOST:587 for a server that speaks STARTTLS; percent-encode what is not a letter or digit in user and password.";
    let refused = |why: &str| AlertProblem::new(MAIL_URL, why, SHAPE);
    let url =
        Url::parse(address).map_err(|error| refused(&format!("it is no address: {error}")))?;
    let plain = match url.query() {
        None => false,
        Some("tls=none") => true,
        Some(_) => return Err(refused("it has a parameter other than tls=none")),
    };
    let (security, port) = match (url.scheme(), plain) {
        ("smtps", false) => (MailSecurity::Tls, 465),
        ("smtp", false) => (MailSecurity::StartTls, 587),
        ("smtp", true) => (MailSecurity::None, 25),
        ("smtps", true) => return Err(refused("smtps and tls=none contradict each other")),
        _ => return Err(refused("it begins with neither smtps:// nor smtp://")),
    };
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or_else(|| refused("it names no host"))?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(refused("something follows the host"));
    }
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(String::from)
            .map_err(|_| refused("user or password are not UTF-8"))
    };
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (user, Some(password)) if !user.is_empty() => {
            Some((decoded(user)?, Secret::new(decoded(password)?)))
        }
        _ => return Err(refused("it has a user without a password, or the reverse")),
    };
    if security == MailSecurity::None {
        if !private {
            return Err(AlertProblem::new(
                MAIL_URL,
                "tls=none sends mail unencrypted",
                format!(
                    "Use smtps://, or smtp:// with STARTTLS; for a server on this machine or in a private network set {MAIL_PRIVATE}=true."
                ),
            ));
        }
        if login.is_some() {
            return Err(AlertProblem::new(
                MAIL_URL,
                "tls=none would send the password unencrypted",
                "Use smtps://, or leave user and password out.",
            ));
        }
    }
    Ok(Server {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(port),
        security,
        login,
    })
}

fn mailbox(name: &'static str, text: &str) -> Result<Mailbox, AlertProblem> {
    text.parse().map_err(|error| {
        AlertProblem::new(
            name,
            format!("{text:?} is no mail address: {error}"),
            "Write admin@example.org, or Name <admin@example.org>; several recipients are separated by commas.",
        )
    })
}

fn webhook(variable: Variable<'_>) -> Result<Option<WebhookSettings>, AlertProblem> {
    let private = flag(variable, WEBHOOK_PRIVATE)?;
    let Some(address) = text(variable, WEBHOOK_URL)? else {
        return Ok(None);
    };
    let refused = |why: &str, fix: &str| Err(AlertProblem::new(WEBHOOK_URL, why, fix));
    let whole = "Copy the whole address from where the webhook was made; it begins with https://.";
    let url = match Url::parse(&address) {
        Ok(url) => url,
        Err(error) => return refused(&format!("it is no address: {error}"), whole),
    };
    if url.host_str().is_none_or(str::is_empty) || !matches!(url.scheme(), "https" | "http") {
        return refused("it is no web address", whole);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("it holds a login, which webhooks do not take", whole);
    }
    let encrypted = url.scheme() == "https";
    if !encrypted && !private {
        return refused(
            "http is not encrypted",
            &format!(
                "Use https://; for a webhook on this machine or in a private network set {WEBHOOK_PRIVATE}=true."
            ),
        );
    }
    Ok(Some(WebhookSettings {
        url: Secret::new(address),
        encrypted,
        allow_private: private,
    }))
}

/// A variable's text; one that is empty counts as not set.
fn text(variable: Variable<'_>, name: &'static str) -> Result<Option<String>, AlertProblem> {
    let Some(value) = variable(name) else {
        return Ok(None);
    };
    let text = value.into_string().map_err(|_| {
        AlertProblem::new(name, "it is not valid Unicode", "Set it anew, in UTF-8.")
    })?;
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn flag(variable: Variable<'_>, name: &'static str) -> Result<bool, AlertProblem> {
    match text(variable, name)?.as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(AlertProblem::new(
            name,
            format!("{other:?} is neither true nor false"),
            "Set it to true or false.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<AlertSettings, AlertProblem> {
        settings_by(&|name| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).into())
        })
    }

    const FROM: (&str, &str) = (MAIL_FROM, "Tandem <tandem@example.org>");
    const TO: (&str, &str) = (MAIL_TO, "ann@example.org, Bo <bo@example.org>");

    #[test]
    fn nothing_set_is_no_channel() {
        assert_eq!(read(&[]), Ok(AlertSettings::default()));
        assert_eq!(
            read(&[(MAIL_URL, " "), (WEBHOOK_URL, ""), (MAIL_PRIVATE, "")]),
            Ok(AlertSettings::default())
        );
    }

    #[test]
    fn mail_servers_are_read_with_their_security_and_login() {
        type Login<'a> = Option<(&'a str, &'a str)>;
        let table: [(&str, &str, u16, MailSecurity, Login<'_>); 5] = [
            (
                "smtps://mx.example.org",
                "mx.example.org",
                465,
                MailSecurity::Tls,
                None,
            ),
            (
                "smtps://ann%40example.org:p%40ss@mx.example.org:4650/",
                "mx.example.org",
                4650,
                MailSecurity::Tls,
                Some(("ann@example.org", "p@ss")),
            ),
            (
                "smtp://ann:pass@mx.example.org",
                "mx.example.org",
                587,
                MailSecurity::StartTls,
                Some(("ann", "pass")),
            ),
            (
                "smtp://127.0.0.1:2525?tls=none",
                "127.0.0.1",
                2525,
                MailSecurity::None,
                None,
            ),
            ("smtp://[::1]?tls=none", "::1", 25, MailSecurity::None, None),
        ];
        for (url, host, port, security, login) in table {
            let found = read(&[(MAIL_URL, url), FROM, TO, (MAIL_PRIVATE, "true")]).unwrap();
            let mail = found.mail.unwrap();
            assert_eq!(
                (mail.host.as_str(), mail.port, mail.security),
                (host, port, security),
                "{url}"
            );
            let found = mail.login.as_ref();
            let found = found.map(|(user, password)| (user.as_str(), password.expose()));
            assert_eq!(found, login, "{url}");
            assert_eq!(
                (mail.to.len(), mail.to[1].email.as_ref()),
                (2, "bo@example.org")
            );
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_with_what_to_do_and_without_secrets() {
        let url = |url| [(MAIL_URL, url), FROM, TO];
        let hook = |url| [(WEBHOOK_URL, url)];
        type Case<'a> = (Vec<(&'a str, &'a str)>, &'a str, &'a str);
        let table: Vec<Case<'_>> = vec![
            (url("hunter2").into(), MAIL_URL, "no address"),
            (url("https://u:hunter2@x").into(), MAIL_URL, "neither smtps"),
            (
                url("smtps://:hunter2@x").into(),
                MAIL_URL,
                "without a password",
            ),
            (
                url("smtps://hunter2@x").into(),
                MAIL_URL,
                "without a password",
            ),
            (
                url("smtps://u:hunter2@x/inbox").into(),
                MAIL_URL,
                "follows the host",
            ),
            (
                url("smtps://u:hunter2@x?tls=off").into(),
                MAIL_URL,
                "other than tls=none",
            ),
            (
                url("smtps://u:hunter2@x?tls=none").into(),
                MAIL_URL,
                "contradict",
            ),
            (
                url("smtp://u:hunter2@x?tls=none").into(),
                MAIL_URL,
                "unencrypted",
            ),
            (
                [(MAIL_PRIVATE, "true")]
                    .into_iter()
                    .chain(url("smtp://u:hunter2@x?tls=none"))
                    .collect(),
                MAIL_URL,
                "the password",
            ),
            (vec![(MAIL_URL, "smtps://x"), TO], MAIL_FROM, "not set"),
            (vec![(MAIL_URL, "smtps://x"), FROM], MAIL_TO, "not set"),
            (vec![TO], MAIL_TO, "is not set"),
            (
                vec![(MAIL_URL, "smtps://x"), FROM, (MAIL_TO, "ann@x.org, bo")],
                MAIL_TO,
                "\"bo\" is no mail address",
            ),
            (
                vec![
                    (MAIL_URL, "smtps://x"),
                    FROM,
                    (MAIL_TO, "a@x.org\r\nBcc: b@x.org"),
                ],
                MAIL_TO,
                "no mail address",
            ),
            (vec![(MAIL_PRIVATE, "yes")], MAIL_PRIVATE, "neither true"),
            (hook("hunter2").into(), WEBHOOK_URL, "no address"),
            (
                hook("ftp://x/hunter2").into(),
                WEBHOOK_URL,
                "no web address",
            ),
            (
                hook("http://x/hunter2").into(),
                WEBHOOK_URL,
                "not encrypted",
            ),
            (hook("https://u:hunter2@x/").into(), WEBHOOK_URL, "login"),
        ];
        for (set, variable, why) in table {
            let problem = read(&set).expect_err(why);
            assert_eq!(problem.variable, variable, "{set:?}");
            assert!(problem.why.contains(why), "{set:?}: {problem}");
            assert!(!problem.fix.is_empty(), "{set:?}");
            let all = format!("{problem} {problem:?}");
            assert!(!all.contains("hunter2"), "{all}");
        }
        let private = [(WEBHOOK_URL, "http://127.0.0.1/x"), (WEBHOOK_PRIVATE, "1")];
        let webhook = read(&private).unwrap().webhook.unwrap();
        assert!(!webhook.encrypted && webhook.allow_private);
        assert!(!format!("{webhook:?}").contains("127"));
    }
}
