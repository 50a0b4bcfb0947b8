//! What a record said, as it may be found again in texts.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value as Json;
use tandem_domain::link::{Link, Seen};
use tandem_domain::record::CanonicalRecord;

/// Shorter texts (characters) are no trace of anybody: "Rome" stands in many records.
const SHORTEST: usize = 5;
/// So many bytes of a longer word tell of it.
const WINDOW: usize = 8;
/// How long such parts are: a shorter word stands for itself.
const LENGTHS: [usize; 4] = [5, 6, 7, WINDOW];

/// The texts of a record's fields.
#[derive(Debug, Default)]
pub(super) struct Words(BTreeSet<String>);

impl Words {
    pub(super) fn of_json(&mut self, json: &Json) {
        match json {
            Json::String(text) => {
                let text = text.trim();
                if text.chars().count() >= SHORTEST {
                    self.0.insert(text.to_owned());
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.of_json(item)),
            Json::Object(members) => members.values().for_each(|member| self.of_json(member)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    pub(super) fn of_record(&mut self, record: &CanonicalRecord) {
        for (_, value) in record.iter() {
            self.of_json(&value.to_wire());
        }
    }

    pub(super) fn of_link(&mut self, link: &Link) {
        link.base.iter().for_each(|base| self.of_record(base));
        for half in [&link.sides.source, &link.sides.target]
            .into_iter()
            .flatten()
        {
            self.of_record(&half.shadow);
            if let Some(Seen::Live(seen)) = &half.seen {
                self.of_record(seen);
            }
            for owed in &half.owed {
                self.of_json(&owed.value.to_wire());
                owed.prior.iter().for_each(|it| self.of_json(&it.to_wire()));
            }
        }
    }

    /// Whether a text quotes any.
    pub(super) fn in_text(&self, text: &str) -> bool {
        self.0.iter().any(|word| text.contains(word.as_str()))
    }

    /// Whether any text within does.
    pub(super) fn in_json(&self, json: &Json) -> bool {
        match json {
            Json::String(text) => self.in_text(text),
            Json::Array(items) => items.iter().any(|item| self.in_json(item)),
            Json::Object(members) => members
                .iter()
                .any(|(name, member)| self.in_text(name) || self.in_json(member)),
            Json::Null | Json::Bool(_) | Json::Number(_) => false,
        }
    }

    /// Puts `instead` in the place of every text within that quotes any.
    pub(super) fn blot(&self, json: &mut Json, instead: &str) {
        match json {
            Json::String(text) if self.in_text(text) => instead.clone_into(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.blot(item, instead)),
            Json::Object(members) => members
                .values_mut()
                .for_each(|member| self.blot(member, instead)),
            Json::String(_) | Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    /// What tells of the words in a dictionary: parts of them, long enough and found in none of the
    /// other records.
    pub(super) fn parts(&self, others: &[Vec<u8>]) -> Parts<'_> {
        let mut parts: HashSet<&[u8]> = self
            .0
            .iter()
            .flat_map(|word| word.as_bytes().windows(WINDOW.min(word.len())))
            .collect();
        for other in others {
            for length in LENGTHS {
                for window in other.windows(length) {
                    parts.remove(window);
                }
            }
        }
        Parts(parts)
    }
}

/// Parts of words.
#[derive(Debug)]
pub(super) struct Parts<'a>(HashSet<&'a [u8]>);

impl Parts<'_> {
    /// Whether bytes hold any.
    pub(super) fn are_in(&self, bytes: &[u8]) -> bool {
        LENGTHS
            .into_iter()
            .any(|length| bytes.windows(length).any(|window| self.0.contains(window)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_in_texts_and_in_part_in_bytes() {
        let mut words = Words::default();
        words.of_json(&serde_json::json!({
            "a": "Lovelace", "b": ["Rome", "Ada King-Noel"], "c": 5, "d": "ada@example.com",
        }));
        let parts = words.parts(&[b"eve@example.com".to_vec()]);
        for (text, text_quotes, bytes_hold) in [
            ("said Lovelace.", true, true),
            ("said Lovelac", false, false),
            ("Rome", false, false),
            ("Ada King-", false, true),
            ("king-noel", false, false),
            // Others have such an address too.
            ("bob@example.com", false, false),
            ("", false, false),
        ] {
            assert_eq!(words.in_text(text), text_quotes, "{text}");
            assert_eq!(parts.are_in(text.as_bytes()), bytes_hold, "{text}");
        }
        let mut json = serde_json::json!({ "x": ["by Lovelace"], "y": "by nobody" });
        assert!(words.in_json(&json));
        words.blot(&mut json, "-");
        assert_eq!(json, serde_json::json!({ "x": ["-"], "y": "by nobody" }));
    }
}
