//! Sample products, in the storefront's shape and in the ERP's.

use serde_json::{Map, Value, json};

use super::names::{CATEGORIES, KINDS, THINGS};
use super::rng::Rng;

/// One product, before either system has given it a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// `SKU-00001` …; unique, and how the two systems find each other's record.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// Decimal text with two digits after the point.
    pub price: String,
    /// Pieces.
    pub stock: u32,
    /// One of five words.
    pub category: String,
    /// Whether it is sold.
    pub active: bool,
    /// Free text; sometimes missing.
    pub description: Option<String>,
    /// Grams.
    pub weight_grams: u32,
}

/// Product number `index` (from 1) under `seed`.
#[must_use]
pub fn product(seed: u64, index: u64) -> Product {
    let mut rng = Rng::of(seed ^ 0x70, index);
    let name = format!("{} {}", rng.pick(THINGS), rng.pick(KINDS));
    Product {
        sku: format!("SKU-{index:05}"),
        price: format!(
            "{}.{:02}",
            2 + rng.below(400),
            rng.pick(&["0", "49", "50", "90", "95", "99"])
                .parse()
                .unwrap_or(0)
        ),
        stock: u32::try_from(rng.below(500)).unwrap_or(0),
        category: rng.pick(CATEGORIES).to_owned(),
        active: !rng.once_in(12),
        description: (!rng.once_in(3))
            .then(|| format!("{name}, hand-finished; care: “30 °C, no bleach”.")),
        weight_grams: u32::try_from(50 + rng.below(12_000)).unwrap_or(0),
        name,
    }
}

impl Product {
    /// As the storefront keeps it: `title`, and `tags`, which only it knows.
    #[must_use]
    pub fn to_storefront(&self) -> Map<String, Value> {
        let mut map = self.common();
        map.insert("title".into(), json!(self.name));
        map.insert("active".into(), json!(self.active));
        map.insert("tags".into(), json!([self.category, "sample"]));
        map
    }

    /// As the ERP keeps it: `name`, `active` as 0 or 1, and `warehouse_bin`, which only it knows.
    #[must_use]
    pub fn to_erp(&self) -> Map<String, Value> {
        let mut map = self.common();
        map.insert("name".into(), json!(self.name));
        map.insert("active".into(), json!(u8::from(self.active)));
        map.insert(
            "warehouse_bin".into(),
            json!(format!("R{:02}-{}", self.stock % 40, self.category.len())),
        );
        map
    }

    fn common(&self) -> Map<String, Value> {
        let price: Value = serde_json::from_str(&self.price).unwrap_or_default();
        let pairs = [
            ("sku", json!(self.sku)),
            ("price", price),
            ("stock", json!(self.stock)),
            ("category", json!(self.category)),
            ("description", json!(self.description)),
            ("weight_grams", json!(self.weight_grams)),
        ];
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_repeat_and_differ() {
        assert_eq!(product(7, 12), product(7, 12));
        assert_ne!(product(7, 12).name, product(7, 13).name);
        for i in 1..=1_000 {
            let p = product(1, i);
            assert!(p.price.parse::<f64>().unwrap() > 0.0, "{}", p.price);
        }
    }
}
