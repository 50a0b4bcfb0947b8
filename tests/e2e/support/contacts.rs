//! Contacts as the tests know them, what each system should hold, and the comparison.

use std::collections::BTreeMap;

/// One contact, in neither system's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub email: String,
    pub name: String,
    pub phone: String,
    pub city: String,
    /// `active`, `prospect` or `blocked`; `PostgreSQL` holds the first letter.
    pub status: String,
    /// In cents; both systems hold a decimal number.
    pub credit_cents: i64,
    pub newsletter: bool,
}

/// What a system holds, by e-mail address.
pub type Contacts = BTreeMap<String, Contact>;

const FIRST: [&str; 10] = [
    "Ada", "Björn", "Chiara", "Đặng", "Émile", "Fatima", "Grace", "Håkon", "Inès", "Jürgen",
];
const LAST: [&str; 10] = [
    "Okafor",
    "Müller",
    "Nguyễn",
    "O'Brien",
    "Søndergaard",
    "Łukasz",
    "van der Berg",
    "Sánchez",
    "Hopper",
    "Çelik",
];
const CITIES: [&str; 7] = [
    "Zürich",
    "Århus",
    "Kraków",
    "São Paulo",
    "Hà Nội",
    "Cork",
    "'s-Hertogenbosch",
];
const STATUSES: [&str; 3] = ["active", "prospect", "blocked"];

/// The contact of number `n`; the same each time.
pub fn contact(n: usize) -> Contact {
    Contact {
        email: format!("contact.{n:05}@example.org"),
        name: format!("{} {}", FIRST[n % 10], LAST[n / 10 % 10]),
        phone: format!("+49 30 {:07}", n * 7919 % 10_000_000),
        city: CITIES[n % 7].to_owned(),
        status: STATUSES[n % 3].to_owned(),
        credit_cents: i64::try_from(n * 12_345 % 1_000_000).unwrap(),
        newsletter: n.is_multiple_of(2),
    }
}

/// The contacts of the numbers in `range`.
pub fn contacts(range: std::ops::Range<usize>) -> Contacts {
    range
        .map(contact)
        .map(|contact| (contact.email.clone(), contact))
        .collect()
}

/// Where `found` is not `expected`, one line each.
pub fn differences(expected: &Contacts, found: &Contacts) -> Vec<String> {
    let missing = expected
        .values()
        .filter(|contact| !found.contains_key(&contact.email))
        .map(|contact| format!("missing: {contact:?}"));
    let others = found
        .values()
        .filter_map(|there| match expected.get(&there.email) {
            None => Some(format!("unexpected: {there:?}")),
            Some(wanted) if wanted != there => {
                Some(format!("expected {wanted:?}, found {there:?}"))
            }
            Some(_) => None,
        });
    missing.chain(others).collect()
}

/// Fails with the first differences, if there are any.
pub fn assert_holds(system: &str, expected: &Contacts, found: &Contacts) {
    let differences = differences(expected, found);
    assert!(
        differences.is_empty(),
        "{system} differs in {} of {}:\n{}",
        differences.len(),
        expected.len(),
        differences[..differences.len().min(10)].join("\n")
    );
}
