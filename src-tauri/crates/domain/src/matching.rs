//! Which fields of two collections probably mean the same. Proposals for a person to review: a
//! pure function of names and types, which applies nothing.

use std::collections::BTreeSet;

use crate::collection::{CollectionSchema, NativeFieldInfo, NativeType};

/// Two native fields that probably mean the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The source's field, by its path.
    pub source: String,
    /// The target's.
    pub target: String,
    /// A canonical name for both: lower case, words apart by `_`.
    pub name: String,
    /// The type both can be read as.
    pub ty: NativeType,
    /// How sure, 1 to 100: 100 is the same name and type.
    pub confidence: u8,
    /// Why.
    pub why: MatchReason,
}

/// What speaks for a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchReason {
    /// The same name, letter by letter.
    SameName,
    /// The same words, written differently (`firstName`, `first_name`).
    SameWords,
    /// Words that mean the same (`mail`, `email`).
    Synonyms,
    /// Most of the words are the same.
    Similar,
}

/// Less than this is no proposal.
const LEAST: u8 = 50;

/// Words that business systems use for the same thing; each row begins with the one that stands for
/// all.
const SYNONYMS: [&[&str]; 16] = [
    &["email", "mail", "emailaddress"],
    &["phone", "telephone", "tel", "phonenumber"],
    &["mobile", "cell", "cellphone", "handy"],
    &["zip", "postcode", "postalcode", "zipcode", "plz"],
    &["city", "town", "locality"],
    &["street", "address1", "streetaddress", "addressline1"],
    &["first", "given", "firstname", "givenname", "forename"],
    &["last", "family", "surname", "lastname", "familyname"],
    &["company", "organisation", "organization", "firm"],
    &["sku", "articlenumber", "itemnumber", "productcode"],
    &["quantity", "qty", "stock", "amount"],
    &["price", "unitprice", "listprice"],
    &["description", "desc", "text"],
    &["created", "createdat", "createdon"],
    &[
        "updated",
        "updatedat",
        "modified",
        "modifiedat",
        "changedat",
    ],
    &["country", "countrycode", "nation"],
];

/// Proposes for each field of the source at most one of the target and the other way round, the
/// surest first. Fields in `mapped` (by path, source's and target's) are left out.
#[must_use]
pub fn matches(
    source: &CollectionSchema,
    target: &CollectionSchema,
    mapped: (&BTreeSet<String>, &BTreeSet<String>),
) -> Vec<Match> {
    let mut all: Vec<Match> = Vec::new();
    let targets: Vec<(&String, &NativeFieldInfo, Name)> = target
        .fields
        .iter()
        .filter(|(path, _)| !mapped.1.contains(*path))
        .map(|(path, info)| (path, info, Name::of(path)))
        .collect();
    for (path, info) in &source.fields {
        if mapped.0.contains(path) {
            continue;
        }
        let name = Name::of(path);
        for (other, other_info, other_name) in &targets {
            let Some((why, by_name)) = likeness(path, &name, other, other_name) else {
                continue;
            };
            let Some(ty) = common(info.ty, other_info.ty) else {
                continue;
            };
            let unlike = if info.ty == other_info.ty { 0 } else { 10 };
            // A system's own key rarely means the other system's own key.
            let keys = if info.primary_key || other_info.primary_key {
                30
            } else {
                0
            };
            let confidence = by_name.saturating_sub(unlike + keys);
            if confidence >= LEAST {
                all.push(Match {
                    source: path.clone(),
                    target: (*other).clone(),
                    name: name.words.join("_"),
                    ty,
                    confidence,
                    why,
                });
            }
        }
    }
    all.sort_by(|a, b| {
        let by_name = (&a.source, &a.target).cmp(&(&b.source, &b.target));
        b.confidence.cmp(&a.confidence).then(by_name)
    });
    let (mut sources, mut targets) = (BTreeSet::new(), BTreeSet::new());
    all.retain(|it| {
        let free = !sources.contains(&it.source) && !targets.contains(&it.target);
        if free {
            sources.insert(it.source.clone());
            targets.insert(it.target.clone());
        }
        free
    });
    all
}

/// A path taken apart into words.
struct Name {
    /// Lower case, in order.
    words: Vec<String>,
    /// What it stands for, if that is known.
    meaning: Vec<String>,
}

impl Name {
    fn of(path: &str) -> Self {
        let words = words(path);
        let meaning = match known(&words.concat()) {
            Some(whole) => vec![whole.to_owned()],
            None => words.iter().map(|word| canonical(word)).collect(),
        };
        Self { words, meaning }
    }
}

/// `firstName`, `FIRST_NAME`, `first-name` and `first name` are the same two words.
fn words(path: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![String::new()];
    let mut before = None;
    for letter in path.chars() {
        let ends = !letter.is_alphanumeric()
            || letter.is_uppercase() && before.is_some_and(char::is_lowercase);
        if ends && found.last().is_some_and(|word| !word.is_empty()) {
            found.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = found.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = Some(letter);
    }
    found.retain(|word| !word.is_empty());
    found
}

fn canonical(word: &str) -> String {
    known(word).unwrap_or(word).to_owned()
}

/// The word that stands for all that mean the same as this one.
fn known(word: &str) -> Option<&'static str> {
    let row = SYNONYMS.iter().find(|row| row.contains(&word))?;
    row.first().copied()
}

fn likeness(a: &str, a_name: &Name, b: &str, b_name: &Name) -> Option<(MatchReason, u8)> {
    if a_name.words.is_empty() || b_name.words.is_empty() {
        return None;
    }
    if a == b {
        return Some((MatchReason::SameName, 100));
    }
    if a_name.words.concat() == b_name.words.concat() {
        return Some((MatchReason::SameWords, 95));
    }
    if a_name.meaning == b_name.meaning {
        return Some((MatchReason::Synonyms, 85));
    }
    let (ours, theirs): (BTreeSet<&String>, BTreeSet<&String>) = (
        a_name.meaning.iter().collect(),
        b_name.meaning.iter().collect(),
    );
    let shared = ours.intersection(&theirs).count();
    let all = ours.union(&theirs).count();
    // The last word says what a field is; those before it, of what.
    let same_end = a_name.meaning.last() == b_name.meaning.last();
    (same_end && shared * 2 >= all).then(|| {
        let share = u8::try_from(shared * 30 / all).unwrap_or(30);
        (MatchReason::Similar, 45 + share)
    })
}

/// What both types can be read as without loss; `None`: nothing.
fn common(a: NativeType, b: NativeType) -> Option<NativeType> {
    use NativeType::{Date, Decimal, Float, Integer, NaiveTimestamp, Text, Timestamp, Unknown};
    Some(match (a, b) {
        _ if a == b => a,
        (Unknown, known) | (known, Unknown) => known,
        (Integer | Decimal | Float, Integer | Decimal | Float) => Decimal,
        (Timestamp | NaiveTimestamp, Timestamp | NaiveTimestamp) => Timestamp,
        (Text, Integer | Decimal | Date | Timestamp) => b,
        (Integer | Decimal | Date | Timestamp, Text) => a,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, NativeType)]) -> CollectionSchema {
        CollectionSchema {
            fields: fields
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), NativeFieldInfo::of(*ty)))
                .collect(),
            complete: true,
        }
    }

    fn one(a: (&str, NativeType), b: (&str, NativeType)) -> Option<(MatchReason, u8)> {
        let none = BTreeSet::new();
        let found = matches(&schema(&[a]), &schema(&[b]), (&none, &none));
        found.first().map(|it| (it.why, it.confidence))
    }

    #[test]
    fn names_and_types_tell_how_sure_a_match_is() {
        use MatchReason::{SameName, SameWords, Similar, Synonyms};
        use NativeType::{Boolean, Date, Decimal, Integer, List, Text, Unknown};
        let table = [
            ("email", Text, "email", Text, Some((SameName, 100))),
            ("firstName", Text, "first_name", Text, Some((SameWords, 95))),
            (
                "FIRST-NAME",
                Text,
                "first name",
                Text,
                Some((SameWords, 95)),
            ),
            ("EMail", Text, "email", Text, Some((SameWords, 95))),
            ("mail", Text, "e_mail", Text, Some((Synonyms, 85))),
            ("surname", Text, "family_name", Text, Some((Synonyms, 85))),
            ("plz", Text, "postalCode", Text, Some((Synonyms, 85))),
            ("qty", Integer, "quantity", Integer, Some((Synonyms, 85))),
            ("qty", Integer, "quantity", Decimal, Some((Synonyms, 75))),
            ("address.city", Text, "city", Text, Some((Similar, 60))),
            ("billing.street", Text, "shipping.street", Text, None),
            ("born", Text, "born", Date, Some((SameName, 90))),
            ("born", Unknown, "born", Date, Some((SameName, 90))),
            ("active", Boolean, "active", Text, None),
            ("tags", List, "tags", Text, None),
            ("name", Text, "note", Text, None),
            ("_", Text, "-", Text, None),
        ];
        for (a, a_type, b, b_type, want) in table {
            assert_eq!(one((a, a_type), (b, b_type)), want, "{a} {b}");
            let back = one((b, b_type), (a, a_type));
            assert_eq!(back, want, "{b} {a}");
        }
    }

    #[test]
    fn each_field_is_proposed_once_and_what_is_mapped_not_at_all() {
        use NativeType::Text;
        let source = schema(&[("email", Text), ("mail", Text), ("city", Text)]);
        let target = schema(&[("email", Text), ("city", Text), ("town", Text)]);
        let pairs = |mapped: &[&str]| -> Vec<(String, String)> {
            let mapped = mapped.iter().map(|it| (*it).to_owned()).collect();
            let found = matches(&source, &target, (&mapped, &mapped));
            found.into_iter().map(|it| (it.source, it.target)).collect()
        };
        let both = |name: &str| (name.to_owned(), name.to_owned());
        assert_eq!(pairs(&[]), [both("city"), both("email")]);
        assert_eq!(pairs(&["email"]), [both("city")]);
        assert_eq!(pairs(&["email", "city"]), Vec::<(String, String)>::new());
    }

    #[test]
    fn the_keys_of_two_systems_are_no_sure_match() {
        let mut source = schema(&[("id", NativeType::Integer)]);
        source.fields.get_mut("id").unwrap().primary_key = true;
        let none = BTreeSet::new();
        let found = matches(
            &source,
            &schema(&[("id", NativeType::Integer)]),
            (&none, &none),
        );
        assert_eq!(found[0].confidence, 70);
    }
}
