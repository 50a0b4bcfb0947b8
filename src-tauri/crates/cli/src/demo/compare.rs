//! Both systems read directly and compared, without any of Tandem's own code.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tandem_sandbox::{SampleSystems, SandboxError, Table};
use unicode_normalization::UnicodeNormalization as _;

/// One pair of fields that should say the same.
struct Pair {
    storefront: &'static str,
    erp: &'static str,
    how: How,
}

/// How two values are compared.
#[derive(Clone, Copy)]
enum How {
    /// As text, composed and decomposed accents alike; no value is its own.
    Text,
    /// By value, to two digits.
    Money,
    /// By value.
    Number,
    /// `true` and 1.
    Truth,
    /// A word and its first letter.
    Status,
}

const fn pair(storefront: &'static str, erp: &'static str, how: How) -> Pair {
    Pair {
        storefront,
        erp,
        how,
    }
}

const CUSTOMERS: [Pair; 13] = [
    pair("customer_no", "customer_no", How::Text),
    pair("first_name", "first_name", How::Text),
    pair("last_name", "last_name", How::Text),
    pair("email", "email", How::Text),
    pair("phone", "phone", How::Text),
    pair("street", "street", How::Text),
    pair("zip", "postcode", How::Text),
    pair("city", "city", How::Text),
    pair("country", "country", How::Text),
    pair("credit_limit", "credit_limit", How::Money),
    pair("status", "status", How::Status),
    pair("birthday", "birthday", How::Text),
    pair("notes", "notes", How::Text),
];

const PRODUCTS: [Pair; 8] = [
    pair("sku", "sku", How::Text),
    pair("title", "name", How::Text),
    pair("price", "price", How::Money),
    pair("stock", "stock", How::Number),
    pair("category", "category", How::Text),
    pair("active", "active", How::Truth),
    pair("description", "description", How::Text),
    pair("weight_grams", "weight_grams", How::Number),
];

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Records on both sides that say the same.
    pub(super) equal: usize,
    /// Keys of records that differ, or are on one side alone, each with how.
    pub(super) different: BTreeMap<String, String>,
}

/// Compares a table of the ERP with the storefront's collection of that name.
pub(super) fn compare(systems: &SampleSystems, table: Table) -> Result<Difference, SandboxError> {
    let pairs: &[Pair] = match table {
        Table::Customers => &CUSTOMERS,
        Table::Products => &PRODUCTS,
    };
    let live_here = |record: &Map<String, Value>| record.get("deleted") != Some(&Value::Bool(true));
    let live_there = |row: &Map<String, Value>| row.get("deleted") == Some(&Value::from(0));
    let here = by_key(systems.control().records(table.name())?, table, live_here);
    let there = by_key(systems.erp().records(table)?, table, live_there);
    Ok(difference(pairs, &here, &there))
}

type Records = BTreeMap<String, Map<String, Value>>;

fn by_key(
    records: Vec<Map<String, Value>>,
    table: Table,
    live: impl Fn(&Map<String, Value>) -> bool,
) -> Records {
    records
        .into_iter()
        .filter(live)
        .filter_map(|record| {
            let key = record.get(table.key()).and_then(Value::as_str)?.to_owned();
            Some((key, record))
        })
        .collect()
}

fn difference(pairs: &[Pair], here: &Records, there: &Records) -> Difference {
    let mut found = Difference::default();
    for (key, record) in here {
        let Some(row) = there.get(key) else {
            found
                .different
                .insert(key.clone(), "only at the storefront".to_owned());
            continue;
        };
        let null = Value::Null;
        let apart: Vec<String> = pairs
            .iter()
            .filter_map(|pair| {
                let left = record.get(pair.storefront).unwrap_or(&null);
                let right = row.get(pair.erp).unwrap_or(&null);
                let same = seen(left, pair.how, true) == seen(right, pair.how, false);
                (!same).then(|| format!("{}: {left} and {right}", pair.erp))
            })
            .collect();
        if apart.is_empty() {
            found.equal += 1;
        } else {
            found.different.insert(key.clone(), apart.join("; "));
        }
    }
    for key in there.keys().filter(|key| !here.contains_key(*key)) {
        found
            .different
            .insert(key.clone(), "only in the ERP".to_owned());
    }
    found
}

/// A value in a form in which equal ones are identical.
fn seen(value: &Value, how: How, storefront: bool) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let number = || {
        value
            .as_f64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    };
    let text = || {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    Some(match how {
        How::Text => text().nfc().collect(),
        How::Money => number().map_or_else(text, |number| format!("{number:.2}")),
        How::Number => number().map_or_else(text, |number| format!("{number}")),
        How::Truth => (value == &Value::Bool(true) || number() == Some(1.0)).to_string(),
        How::Status if storefront => text().chars().take(1).collect::<String>().to_uppercase(),
        How::Status => text(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn records(list: Value) -> Records {
        let list: Vec<Map<String, Value>> = serde_json::from_value(list).unwrap();
        by_key(list, Table::Products, |_| true)
    }

    #[test]
    fn what_differs_is_found_and_what_is_only_written_differently_is_not() {
        let here = records(json!([
            {"sku": "a", "title": "Caf\u{e9}", "price": 1.50, "active": true},
            {"sku": "b", "title": "x", "price": 2, "active": false},
            {"sku": "c"},
        ]));
        let there = records(json!([
            {"sku": "a", "name": "Cafe\u{301}", "price": 1.5, "active": 1},
            {"sku": "b", "name": "y", "price": 2.01, "active": 0},
            {"sku": "d"},
        ]));
        let found = difference(&PRODUCTS, &here, &there);
        assert_eq!(found.equal, 1);
        let keys: Vec<&str> = found.different.keys().map(String::as_str).collect();
        assert_eq!(keys, ["b", "c", "d"]);
        assert!(
            found.different["b"].contains("price: 2 and 2.01"),
            "{found:?}"
        );
    }
}
