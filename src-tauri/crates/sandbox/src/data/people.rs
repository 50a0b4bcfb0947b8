//! Sample customers, in the storefront's shape and in the ERP's.

use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::names::{CITIES, FIRST, LAST, NOTES, STREETS};
use super::rng::Rng;

/// One customer, before either system has given it a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// `K-00001` …; unique, and how the two systems find each other's record.
    pub customer_no: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Unique.
    pub email: String,
    /// In one of several notations; sometimes missing.
    pub phone: Option<String>,
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
    /// Postcode, leading zeros kept.
    pub postcode: String,
    /// Two letters.
    pub country: String,
    /// Decimal text with two digits after the point.
    pub credit_limit: String,
    /// `active`, `prospect` or `blocked`.
    pub status: String,
    /// `YYYY-MM-DD`; sometimes missing.
    pub birthday: Option<String>,
    /// Free text; mostly missing.
    pub notes: Option<String>,
}

/// Customer number `index` (from 1) under `seed`.
#[must_use]
pub fn customer(seed: u64, index: u64) -> Customer {
    let mut rng = Rng::of(seed, index);
    let (first, last) = (rng.pick(FIRST), rng.pick(LAST));
    let place = usize::try_from(rng.below(CITIES.len() as u64)).unwrap_or(0);
    let (city, stem, country, dial) = CITIES
        .get(place)
        .copied()
        .unwrap_or(("Berlin", "10", "DE", "+49 30"));
    let number = 100_000 + rng.below(9_000_000);
    let phone = match rng.below(8) {
        0 => None,
        1 => Some(format!("{}{number}", dial.replace(' ', ""))),
        2 => Some(format!("{}/{number}", dial.replace('+', "00"))),
        _ => Some(format!("{dial} {number}")),
    };
    let host = ["example.com", "example.org", "example.net"]
        .get(place % 3)
        .copied()
        .unwrap_or("example.com");
    let (year, month, day) = (1940 + rng.below(66), 1 + rng.below(12), 1 + rng.below(28));
    Customer {
        customer_no: format!("K-{index:05}"),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: format!(
            "{}.{}.{index}@{host}",
            plain_letters(first),
            plain_letters(last)
        ),
        phone,
        street: format!("{} {}", rng.pick(STREETS), 1 + rng.below(180)),
        city: city.to_owned(),
        postcode: format!("{stem}{:03}", rng.below(1_000)),
        country: country.to_owned(),
        credit_limit: format!(
            "{}.{:02}",
            100 * rng.below(100),
            [0, 0, 50, 99].get(place % 4).copied().unwrap_or(0)
        ),
        status: rng
            .pick(&["active", "active", "active", "prospect", "blocked"])
            .to_owned(),
        birthday: (!rng.once_in(5)).then(|| format!("{year:04}-{month:02}-{day:02}")),
        notes: rng.once_in(4).then(|| rng.pick(NOTES).to_owned()),
    }
}

impl Customer {
    /// As the storefront keeps it: `zip` for the postcode, `credit_limit` as a number, and `newsletter`, which only it knows.
    #[must_use]
    pub fn to_storefront(&self) -> Map<String, Value> {
        let mut map = self.common();
        map.insert("zip".into(), json!(self.postcode));
        map.insert("status".into(), json!(self.status));
        map.insert(
            "newsletter".into(),
            json!(self.email.len().is_multiple_of(2)),
        );
        map
    }

    /// As the ERP keeps it: `postcode`, a one-letter `status` (`A`, `P`, `B`), and `payment_terms`, which only it knows.
    #[must_use]
    pub fn to_erp(&self) -> Map<String, Value> {
        let mut map = self.common();
        let letter: String = self.status.chars().take(1).collect();
        map.insert("postcode".into(), json!(self.postcode));
        map.insert("status".into(), json!(letter.to_uppercase()));
        map.insert(
            "payment_terms".into(),
            json!(if self.country == "DE" {
                "14 days net"
            } else {
                "30 days net"
            }),
        );
        map
    }

    fn common(&self) -> Map<String, Value> {
        let limit: Value = serde_json::from_str(&self.credit_limit).unwrap_or_default();
        let pairs = [
            ("customer_no", json!(self.customer_no)),
            ("first_name", json!(self.first_name)),
            ("last_name", json!(self.last_name)),
            ("email", json!(self.email)),
            ("phone", json!(self.phone)),
            ("street", json!(self.street)),
            ("city", json!(self.city)),
            ("country", json!(self.country)),
            ("credit_limit", limit),
            ("birthday", json!(self.birthday)),
            ("notes", json!(self.notes)),
        ];
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// Lower-case letters only, accents taken off.
fn plain_letters(text: &str) -> String {
    let spelled = text
        .replace('ß', "ss")
        .replace(['ø', 'Ø'], "o")
        .replace(['ł', 'Ł'], "l")
        .replace('ı', "i");
    spelled
        .nfd()
        .filter(|c| !is_combining_mark(*c) && c.is_ascii_alphanumeric())
        .collect::<String>()
        .to_lowercase()
}

/// The same text with its accents as separate characters (NFD), as some systems write them.
pub(crate) fn decomposed(text: &str) -> String {
    text.nfd().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn customers_repeat_and_differ() {
        assert_eq!(customer(7, 12), customer(7, 12));
        assert_ne!(customer(7, 12), customer(8, 12));
        let all: Vec<_> = (1..=1_000).map(|i| customer(1, i)).collect();
        let emails: HashSet<_> = all.iter().map(|c| &c.email).collect();
        assert_eq!(emails.len(), 1_000);
        assert!(all.iter().all(|c| c.email.is_ascii()));
        for missing in [
            |c: &Customer| c.phone.is_none(),
            |c: &Customer| c.birthday.is_none(),
            |c: &Customer| c.notes.is_none(),
        ] {
            let n = all.iter().filter(|c| missing(c)).count();
            assert!((50..950).contains(&n), "{n} missing");
        }
    }

    #[test]
    fn accents_can_be_taken_apart() {
        assert_ne!(decomposed("Müller"), "Müller");
        assert_eq!(decomposed("Müller").nfc().collect::<String>(), "Müller");
        assert_eq!(plain_letters("Łukasz Groß’ Ñ"), "lukaszgrossn");
    }
}
