//! Takes secrets out of whatever is about to be shown, logged or stored.

use tandem_domain::redaction::forms;

/// What stands where a secret stood.
const MASK: &str = "•••";

/// The secrets of one connection, in every form in which they can turn up.
#[derive(Default)]
pub(crate) struct Redactor {
    forms: Vec<String>,
}

impl Redactor {
    /// Learns a secret, however short: here everything that is shown comes from a system that was
    /// sent it.
    pub(crate) fn learn(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        self.forms.extend(forms(secret));
        self.forms.push(secret.to_owned());
        // Longest first, so that a form which contains another is masked whole.
        self.forms
            .sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.forms.dedup();
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

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

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
