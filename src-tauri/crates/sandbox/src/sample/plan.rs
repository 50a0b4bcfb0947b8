//! What people edit between two syncs, for each collection.

use serde_json::{Map, Value, json};

use crate::data::{customer, product};
use crate::erp::Table;

type Fields = fn(u32, usize) -> Map<String, Value>;

/// The edits of one collection; each function is given the round and the record's place.
pub(super) struct Plan {
    pub(super) table: Table,
    pub(super) storefront_edit: Fields,
    pub(super) erp_edit: Fields,
    pub(super) same_storefront: Fields,
    pub(super) same_erp: Fields,
    pub(super) contested_storefront: Fields,
    pub(super) contested_erp: Fields,
    pub(super) new_storefront: fn(u64, u64) -> Map<String, Value>,
    pub(super) new_erp: fn(u64, u64) -> Map<String, Value>,
}

fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

pub(super) const CUSTOMERS: Plan = Plan {
    table: Table::Customers,
    storefront_edit: |round, at| {
        fields([
            ("phone", json!(format!("+49 30 55{at:04}{round}"))),
            ("street", json!(format!("Neue Straße {at}"))),
        ])
    },
    erp_edit: |round, at| {
        fields([
            (
                "credit_limit",
                json!(7_000 + u64::from(round) * 1_000 + at as u64),
            ),
            ("city", json!(format!("Neustadt {round}"))),
        ])
    },
    same_storefront: |round, _| {
        fields([("notes", json!(format!("Agreed by phone, round {round}.")))])
    },
    same_erp: |round, _| fields([("notes", json!(format!("Agreed by phone, round {round}.")))]),
    contested_storefront: |round, at| {
        fields([("phone", json!(format!("+49 89 11{at:04}{round}")))])
    },
    contested_erp: |round, at| fields([("phone", json!(format!("+49 40 22{at:04}{round}")))]),
    new_storefront: |seed, number| {
        let mut new = customer(seed, number);
        new.customer_no = format!("N-{number:06}");
        new.to_storefront()
    },
    new_erp: |seed, number| {
        let mut new = customer(seed, number);
        new.customer_no = format!("N-{number:06}");
        new.to_erp()
    },
};

pub(super) const PRODUCTS: Plan = Plan {
    table: Table::Products,
    storefront_edit: |round, at| {
        fields([("title", json!(format!("Relaunch {at}, round {round}")))])
    },
    erp_edit: |round, at| fields([("stock", json!(600 + u64::from(round) * 1_000 + at as u64))]),
    same_storefront: |round, _| fields([("category", json!(format!("clearance {round}")))]),
    same_erp: |round, _| fields([("category", json!(format!("clearance {round}")))]),
    contested_storefront: |round, at| {
        fields([(
            "price",
            json!((at as u64 + 1_000 * u64::from(round)) as f64 + 0.95),
        )])
    },
    contested_erp: |round, at| {
        fields([(
            "price",
            json!((at as u64 + 1_000 * u64::from(round)) as f64 + 0.49),
        )])
    },
    new_storefront: |seed, number| {
        let mut new = product(seed, number);
        new.sku = format!("NEW-{number:06}");
        new.to_storefront()
    },
    new_erp: |seed, number| {
        let mut new = product(seed, number);
        new.sku = format!("NEW-{number:06}");
        new.to_erp()
    },
};
