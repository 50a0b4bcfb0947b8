//! Bulk writes: a result for each operation, the same rules as for single ones.

use serde_json::json;

use crate::shop::Shop;

#[tokio::test]
async fn each_operation_gets_its_own_result() {
    for wrapped in [false, true] {
        let shop = Shop::stocked(3, |_| {}).await;
        let list = json!([
            { "op": "create", "key": "k1", "fields": { "name": "new" } },
            { "op": "update", "id": "cus-0000001", "if_version": 1, "fields": { "name": "a" } },
            { "op": "update", "id": "cus-0000002", "if_version": "\"8\"", "fields": { "name": "b" } },
            { "op": "update", "id": "nobody", "fields": {} },
            { "op": "delete", "id": "cus-0000003", "if_version": 1 },
            { "op": "delete", "id": "cus-0000003" },
            { "op": "create", "key": "k1", "fields": { "name": "new" } },
            { "op": "update", "fields": {} },
        ]);
        let body = if wrapped {
            json!({ "operations": list })
        } else {
            list
        };
        let answer = shop.post("/customers/bulk", body).await;
        assert_eq!(answer.status, 200);
        let results = answer.body["results"].as_array().unwrap();
        let statuses: Vec<_> = results
            .iter()
            .map(|r| r["status"].as_u64().unwrap())
            .collect();
        assert_eq!(statuses, [201, 200, 412, 404, 204, 404, 201, 400]);
        assert_eq!(results[0]["record"]["id"], "cus-0000004");
        assert_eq!(results[0], results[6], "the same key, the same answer");
        assert_eq!(
            (&results[1]["id"], &results[1]["record"]["version"]),
            (&json!("cus-0000001"), &json!(2))
        );
        assert_eq!(
            (&results[2]["record"]["name"], &results[2]["error"]["code"]),
            (&json!("c2"), &json!("version_conflict"))
        );
        assert_eq!(shop.front.control().count("customers").unwrap(), 3);
        assert_eq!(shop.front.control().stats().writes, 3);
    }
}

#[tokio::test]
async fn one_bad_record_does_not_hold_up_the_rest() {
    let shop = Shop::with_quirks().await;
    let list: Vec<_> = (0..100)
        .map(|i| {
            let email = if i % 10 == 3 { "bad".to_owned() } else { format!("c{i}@x.org") };
            json!({ "op": "create", "fields": { "customer_no": format!("K-{i}"), "last_name": "x", "email": email } })
        })
        .collect();
    let answer = shop.post("/customers/bulk", json!(list)).await;
    let results = answer.body["results"].as_array().unwrap();
    let bad = results
        .iter()
        .filter(|r| r["status"] == 422 && r["error"]["field"] == "email")
        .count();
    assert_eq!(
        (bad, shop.front.control().count("customers").unwrap()),
        (10, 90)
    );
}

#[tokio::test]
async fn malformed_and_oversized_bulks_change_nothing() {
    let shop = Shop::open(|_| {}).await;
    let create = json!({ "op": "create", "fields": {} });
    for (body, status) in [
        (json!([{ "op": "upsert" }]), 400),
        (json!([{ "op": "create", "feilds": {} }]), 400),
        (json!([create.clone(), 7]), 400),
        (json!({ "ops": [] }), 400),
        (json!(vec![create.clone(); 101]), 413),
        (json!([]), 200),
    ] {
        assert_eq!(
            shop.post("/customers/bulk", body.clone()).await.status,
            status,
            "{body}"
        );
    }
    assert_eq!(shop.post("/orders/bulk", json!([create])).await.status, 404);
    assert_eq!(shop.front.control().count("customers").unwrap(), 0);
}
