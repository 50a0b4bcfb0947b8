//! The bench's work unit: N customers of 13 fields, about 380 bytes of JSON each, and the edits made between syncs.
//!
//! Records are filled and edited in the server's memory, not over HTTP, so that the counters show the sync alone.
//! Which records an edit strikes follows from the customer number (1 % each): `A` edits those ending in 07, `B` those
//! ending in 23, both those ending in 61.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::fields::{Fields, push_text, text_json, text_of};
use crate::storefront::Control;

use super::people::customer;

/// Every note is filled up to at least this many bytes, so that a record has about 380.
const NOTES_BYTES: usize = 92;

/// Which edit, on which side. As JSON: `{"kind":"disjoint","side":"a","round":1}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// What is edited.
    pub kind: EditKind,
    /// Which of the two stores this is.
    pub side: Side,
    /// Other rounds write other values.
    #[serde(default)]
    pub round: u32,
    /// The `updated_at` given to the edited records, milliseconds since 1970; the storefront's own time if missing.
    #[serde(default)]
    pub at_ms: Option<i64>,
}

/// What an [`Edit`] changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// Records that the other side leaves alone: `A` changes phone and status, `B` changes city and credit limit.
    Disjoint,
    /// Records that both sides change: status, to different values.
    Contested,
}

/// One of the two stores of a work unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The first store.
    A,
    /// The second store.
    B,
}

/// The JSON of the 13 fields of record `index` (from 1).
#[must_use]
pub fn record_json(seed: u64, index: u64) -> String {
    let c = customer(seed, index);
    let mut notes = format!(
        "Order {index}: deliver to the side entrance; call before noon, {}.",
        c.city
    );
    while notes.len() < NOTES_BYTES {
        notes.push('.');
    }
    let texts = [
        ("customer_no", format!("W-{index:07}")),
        ("first_name", c.first_name),
        ("last_name", c.last_name),
        ("email", c.email),
        (
            "phone",
            c.phone.unwrap_or_else(|| "+49 30 1234567".to_owned()),
        ),
        ("street", c.street),
        ("city", c.city),
        ("postcode", c.postcode),
        ("country", c.country),
        ("status", c.status),
        (
            "birthday",
            c.birthday.unwrap_or_else(|| "1970-01-01".to_owned()),
        ),
        ("notes", notes),
    ];
    let mut json = String::with_capacity(400);
    json.push('{');
    for (name, text) in &texts {
        push_text(&mut json, name);
        json.push(':');
        push_text(&mut json, text);
        json.push(',');
    }
    json.push_str("\"credit_limit\":");
    json.push_str(&c.credit_limit);
    json.push('}');
    json
}

/// Fills a collection with records 1 to `n`; returns how many were added.
///
/// # Errors
/// [`SandboxError::NoCollection`].
pub fn fill(control: &Control, collection: &str, seed: u64, n: u64) -> Result<usize, SandboxError> {
    control.fill(collection, (1..=n).map(|index| record_json(seed, index)))
}

/// Makes the edit on this store; returns how many records it changed.
///
/// # Errors
/// [`SandboxError::NoCollection`].
pub fn edit(control: &Control, collection: &str, edit: &Edit) -> Result<usize, SandboxError> {
    let at_ms = edit.at_ms.unwrap_or_else(|| control.now_ms());
    let ending = match (edit.kind, edit.side) {
        (EditKind::Disjoint, Side::A) => "07",
        (EditKind::Disjoint, Side::B) => "23",
        (EditKind::Contested, _) => "61",
    };
    control.rewrite(collection, at_ms, |fields| {
        let number = fields.get("customer_no").and_then(text_of)?;
        number.ends_with(ending).then(|| patch(edit, &number))
    })
}

fn patch(edit: &Edit, number: &str) -> Fields<'static> {
    let round = edit.round;
    let digits = number.trim_start_matches("W-");
    let pairs = match (edit.kind, edit.side) {
        (EditKind::Disjoint, Side::A) => [
            ("phone", text_json(&format!("+49 30 {digits} {round}"))),
            ("status", text_json(&format!("review-{round}"))),
        ]
        .to_vec(),
        (EditKind::Disjoint, Side::B) => [
            ("city", text_json(&format!("Neustadt {round}"))),
            ("credit_limit", format!("{}.25", 1_000 + round)),
        ]
        .to_vec(),
        (EditKind::Contested, Side::A) => {
            vec![("status", text_json(&format!("contested-{round}-a")))]
        }
        (EditKind::Contested, Side::B) => {
            vec![("status", text_json(&format!("contested-{round}-b")))]
        }
    };
    let mut fields = Fields::default();
    for (name, json) in pairs {
        fields.set(Cow::Borrowed(name), Cow::Owned(json));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_13_fields_and_about_380_bytes() {
        let sizes: Vec<usize> = (1..=1_000)
            .map(|i| {
                let json = record_json(1, i);
                let map: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(&json).unwrap();
                assert_eq!(map.len(), 13);
                assert!(map.values().all(|v| !v.is_null()));
                json.len()
            })
            .collect();
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((365..=395).contains(&mean), "mean {mean}");
    }
}
