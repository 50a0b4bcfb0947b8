//! Redaction: what is shown, logged or put into a snapshot, with secrets removed. The results are
//! types of their own that cannot become a [`Value`] again, so that nothing redacted is ever written
//! to a system.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::record::NativeFields;
use crate::value::Value;

/// What stands where a secret was.
pub const HIDDEN: &str = "[redacted]";

/// Words in a field's name that make its value a secret, whatever it is.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "api key",
    "apikey",
    "access key",
    "private key",
    "authorization",
    "credential",
    "cookie",
    "session id",
    "cvv",
    "cvc",
    "card number",
    "pin code",
];

/// Secrets shorter than this would match anywhere.
const SHORTEST: usize = 4;

/// A record's fields with secrets removed: plain JSON, numbers as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedactedFields(serde_json::Map<String, serde_json::Value>);

impl RedactedFields {
    /// The fields, to be shown or stored.
    #[must_use]
    pub const fn as_json(&self) -> &serde_json::Map<String, serde_json::Value> {
        &self.0
    }
}

/// A text with secrets removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedactedText(String);

impl RedactedText {
    /// The text, to be shown or stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RedactedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Removes secrets: the values of fields whose name says so, and every known secret value wherever
/// it stands, also in base64, hexadecimal, percent-encoded or JSON-escaped form.
#[derive(Clone, Default)]
pub struct Redactor {
    names: BTreeSet<Vec<String>>,
    /// Every form of every secret, longest first.
    secrets: Vec<String>,
}

impl Redactor {
    /// A redactor with the built-in names, the admin's own, and the given secret values (those
    /// shorter than four bytes are left out, since they would match anywhere).
    #[must_use]
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let names = NAMES
            .iter()
            .copied()
            .chain(names)
            .map(words)
            .filter(|words| !words.is_empty())
            .collect();
        let mut redactor = Self {
            names,
            secrets: Vec::new(),
        };
        redactor.know(secrets);
        redactor
    }

    /// Knows one more secret from now on, by the same rule.
    pub fn learn(&mut self, secret: &str) {
        self.know([secret]);
    }

    fn know<'a>(&mut self, secrets: impl IntoIterator<Item = &'a str>) {
        let long_enough = secrets
            .into_iter()
            .filter(|secret| secret.len() >= SHORTEST);
        self.secrets.extend(long_enough.flat_map(forms));
        // Longest first, so that a form which contains another is hidden whole.
        self.secrets
            .sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.secrets.dedup();
    }

    /// A record's fields without secrets.
    #[must_use]
    pub fn redact(&self, fields: &NativeFields) -> RedactedFields {
        RedactedFields(
            fields
                .iter()
                .map(|(name, value)| (self.hide(name), self.value(name, value)))
                .collect(),
        )
    }

    /// One value without secrets, as JSON; `name` is its field's.
    #[must_use]
    pub fn value(&self, name: &str, value: &Value) -> serde_json::Value {
        self.member(name, &value.to_wire())
    }

    /// A JSON document (a request or response body) without secrets.
    #[must_use]
    pub fn json(&self, json: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value as Json;
        match json {
            Json::String(text) => Json::String(self.hide(text)),
            Json::Number(number) => {
                let text = number.to_string();
                let hidden = self.hide(&text);
                if hidden == text {
                    json.clone()
                } else {
                    Json::String(hidden)
                }
            }
            Json::Array(items) => Json::Array(items.iter().map(|it| self.json(it)).collect()),
            Json::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(name, value)| (self.hide(name), self.member(name, value)))
                    .collect(),
            ),
            Json::Null | Json::Bool(_) => json.clone(),
        }
    }

    /// A text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> RedactedText {
        RedactedText(self.hide(text))
    }

    /// Whether a field of this name is a secret whatever it holds.
    #[must_use]
    pub fn names_secret(&self, name: &str) -> bool {
        let words = words(name);
        self.names.iter().any(|secret| {
            words.windows(secret.len()).any(|window| {
                window
                    .iter()
                    .zip(secret)
                    .all(|(word, secret)| word == secret || word.strip_suffix('s') == Some(secret))
            })
        })
    }

    fn member(&self, name: &str, value: &serde_json::Value) -> serde_json::Value {
        if !value.is_null() && self.names_secret(name) {
            return serde_json::Value::String(HIDDEN.to_owned());
        }
        self.json(value)
    }

    fn hide(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in &self.secrets {
            if out.contains(secret.as_str()) {
                out = out.replace(secret.as_str(), HIDDEN);
            }
        }
        out
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the secrets themselves.
        write!(
            f,
            "Redactor({} names, {} forms of secrets)",
            self.names.len(),
            self.secrets.len()
        )
    }
}

/// The words of a name in lower case: `accessToken`, `access_token` and `Access-Token` are alike.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (lower && c.is_uppercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        lower = c.is_lowercase() || c.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The forms of at least four characters in which a secret may turn up: as it is, in base64 at any
/// place of a longer text, hexadecimal, percent-encoded for a path or a query, inside a JSON string.
#[must_use]
pub fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let lower: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // A path spares other signs than a query, and either may be written in lower case.
    let percent = |spared: &[u8], upper: bool| -> String {
        let spell = |byte: &u8| match byte.is_ascii_alphanumeric() || spared.contains(byte) {
            true => char::from(*byte).to_string(),
            false if upper => format!("%{byte:02X}"),
            false => format!("%{byte:02x}"),
        };
        bytes.iter().map(spell).collect()
    };
    let mut escaped = String::new();
    Value::Text(secret.to_owned()).write_json(&mut escaped);
    let mut forms = vec![
        secret.to_owned(),
        lower.to_uppercase(),
        lower,
        escaped
            .get(1..escaped.len() - 1)
            .unwrap_or_default()
            .to_owned(),
    ];
    for spared in [b"-._~", b"*-._"] {
        for upper in [true, false] {
            let percent = percent(spared, upper);
            forms.extend([percent.replace("%20", "+"), percent]);
        }
    }
    // Inside a longer text (`user:password`) the secret begins at any of three places of a group of
    // four base64 characters; the characters it shares with its neighbours are left out.
    for before in 0..3_usize {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        let whole = STANDARD_NO_PAD.encode(&padded);
        let first = (before * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        if let Some(inner) = whole.get(first..last)
            && inner.len() >= SHORTEST
        {
            forms.push(inner.to_owned());
            forms.push(inner.replace('+', "-").replace('/', "_"));
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}
