//! Takes secrets out of whatever is about to be shown, logged or stored.

use std::sync::{PoisonError, RwLock};

use tandem_domain::redaction::forms;

/// What stands where a secret stood.
const MASK: &str = "•••";

/// The secrets of one connection, in every form in which they can turn up; those it is given while it
/// is in use included.
#[derive(Default)]
pub(crate) struct Redactor {
    forms: RwLock<Vec<String>>,
}

impl Redactor {
    /// Learns a secret, however short: here everything that is shown comes from a system that was
    /// sent it.
    pub(crate) fn learn(&self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let mut known = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(forms(secret));
        known.push(secret.to_owned());
        // Longest first, so that a form which contains another is masked whole.
        known.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        known.dedup();
    }

    /// The text without any secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let known = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        for form in known.iter() {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), MASK);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn no_form_of_a_secret_passes() {
        let redactor = Redactor::default();
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
