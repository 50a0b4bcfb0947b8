//! The bench's work unit in two storefronts.

use serde_json::json;
use tandem_sandbox::data::work_unit::{Edit, EditKind, Side, edit, fill};

use crate::shop::Shop;

fn the(kind: EditKind, side: Side) -> Edit {
    Edit {
        kind,
        side,
        round: 1,
        at_ms: None,
    }
}

#[tokio::test]
async fn edits_strike_one_percent_each_and_never_the_same_record_unless_contested() {
    let (a, b) = (Shop::open(|_| {}).await, Shop::open(|_| {}).await);
    let (control_a, control_b) = (a.front.control(), b.front.control());
    for control in [&control_a, &control_b] {
        assert_eq!(fill(control, "customers", 1, 1_000).unwrap(), 1_000);
        control.reset_stats();
    }
    assert_eq!(
        control_a.digest("customers", &[]).unwrap(),
        control_b.digest("customers", &[]).unwrap()
    );

    for (control, side) in [(&control_a, Side::A), (&control_b, Side::B)] {
        for kind in [EditKind::Disjoint, EditKind::Contested] {
            assert_eq!(
                edit(control, "customers", &the(kind, side)).unwrap(),
                10,
                "{kind:?} {side:?}"
            );
        }
    }
    let (rows_a, rows_b) = (
        control_a.records("customers").unwrap(),
        control_b.records("customers").unwrap(),
    );
    let differing: Vec<_> = rows_a
        .iter()
        .zip(&rows_b)
        .map(|(x, y)| {
            x.keys()
                .filter(|k| !["version", "updated_at"].contains(&k.as_str()) && x[*k] != y[*k])
                .map(String::as_str)
                .collect::<Vec<_>>()
        })
        .filter(|fields| !fields.is_empty())
        .collect();
    let count = |fields: &[&str]| {
        differing
            .iter()
            .filter(|d| d.iter().all(|f| fields.contains(f)) && d.len() == fields.len())
            .count()
    };
    assert_eq!(
        (
            differing.len(),
            count(&["phone", "status"]),
            count(&["city", "credit_limit"]),
            count(&["status"])
        ),
        (30, 10, 10, 10)
    );
    assert_ne!(
        control_a.digest("customers", &[]).unwrap(),
        control_b.digest("customers", &[]).unwrap()
    );
    assert_eq!(
        control_a
            .digest("customers", &["phone", "status", "city", "credit_limit"])
            .unwrap(),
        control_b
            .digest("customers", &["phone", "status", "city", "credit_limit"])
            .unwrap()
    );
    assert_eq!(
        control_a.stats().writes,
        0,
        "edits in memory are no HTTP writes"
    );
}

#[tokio::test]
async fn the_digest_sees_values_not_notation_or_order() {
    let (a, b) = (Shop::open(|_| {}).await, Shop::open(|_| {}).await);
    let send = |shop: &Shop, body: &'static str| {
        shop.request(reqwest::Method::POST, "/customers")
            .body(body)
            .send()
    };
    for body in [r#"{"x":1.50,"y":"1.5"}"#, r#"{"x":2}"#] {
        send(&a, body).await.unwrap();
    }
    for body in [r#"{"x":2.0}"#, r#"{"y":"1.5","x":1.5}"#] {
        send(&b, body).await.unwrap();
    }
    let digest = |shop: &Shop| shop.front.control().digest("customers", &[]).unwrap();
    assert_eq!(digest(&a), digest(&b));
    b.patch("/customers/cus-0000001", json!({ "x": 3 })).await;
    assert_ne!(digest(&a), digest(&b));
}

#[tokio::test]
async fn edits_are_dated_and_come_through_the_feed() {
    let shop = Shop::open(|_| {}).await;
    assert_eq!(
        shop.post(
            "/_control/work-unit/customers",
            json!({ "seed": 1, "n": 200 })
        )
        .await
        .body["records"],
        200
    );
    let since = shop.get("/customers?limit=1").await.body["seq"].clone();
    let edit =
        json!({ "kind": "contested", "side": "b", "round": 3, "at_ms": 1_772_359_201_000_i64 });
    assert_eq!(
        shop.post("/_control/work-unit/customers/edit", edit)
            .await
            .body["records"],
        2
    );
    let news = shop.get(&format!("/customers/changes?since={since}")).await;
    assert_eq!(news.column("customer_no"), ["W-0000061", "W-0000161"]);
    assert_eq!(news.column("status"), ["contested-3-b"; 2]);
    assert_eq!(news.column("updated_at"), ["2026-03-01T10:00:01.000Z"; 2]);
}
