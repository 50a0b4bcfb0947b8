//! Takes secrets out of whatever is about to be shown, logged or stored.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// What stands where a secret stood.
const MASK: &str = "•••";

/// The secrets of one connection, in every form in which they can turn up.
#[derive(Default)]
pub(crate) struct Redactor {
    forms: Vec<String>,
}

impl Redactor {
    /// Learns a secret: as it is, base64, percent-encoded, and inside a JSON string.
    pub(crate) fn learn(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let encoded: String = url_form(secret);
        let json = serde_json::to_string(secret).unwrap_or_default();
        let json = json.trim_matches('"').to_owned();
        for form in [
            secret.to_owned(),
            STANDARD.encode(secret),
            STANDARD.encode(secret).trim_end_matches('=').to_owned(),
            URL_SAFE_NO_PAD.encode(secret),
            encoded,
            crate::rest::encode(secret),
            json,
        ] {
            if !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
        // Longest first, so that a form which contains another is masked whole.
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// The text without any secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), MASK);
            }
        }
        text
    }
}

/// As a form or a query writes it (blanks as `+`).
fn url_form(text: &str) -> String {
    crate::rest::encode(text).replace("%20", "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_secret_passes() {
        let mut redactor = Redactor::default();
        redactor.learn("pa ss/\"wörd");
        redactor.learn("");
        for text in [
            "x pa ss/\"wörd y".to_owned(),
            STANDARD.encode("pa ss/\"wörd"),
            "?key=pa%20ss%2F%22w%C3%B6rd&x=1".to_owned(),
            "?key=pa+ss%2F%22w%C3%B6rd&x=1".to_owned(),
            "{\"p\":\"pa ss/\\\"wörd\"}".to_owned(),
        ] {
            let clean = redactor.clean(&text);
            assert!(clean.contains(MASK), "{text} → {clean}");
            assert!(!clean.contains("ss"), "{clean}");
        }
        assert_eq!(redactor.clean("nothing here"), "nothing here");
    }
}
