//! Faults, delay, counters and the control routes.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tandem_sandbox::{Fault, FaultKind, Stats};

use crate::shop::{Shop, answer};

#[tokio::test]
async fn calls_fail_with_the_status_asked_for() {
    let shop = Shop::stocked(1, |_| {}).await;
    let control = shop.front.control();
    control.inject(
        Fault::next(FaultKind::Status {
            code: 503,
            retry_after: Some(7),
        })
        .on("GET", "/customers")
        .after(1)
        .times(2),
    );
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let got = shop.get("/customers").await;
        assert_eq!(
            got.header("retry-after"),
            (got.status == 503).then_some("7")
        );
        statuses.push(got.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    control.inject(
        Fault::next(FaultKind::Status {
            code: 500,
            retry_after: None,
        })
        .always(),
    );
    assert_eq!(shop.post("/customers", json!({})).await.status, 500);
    assert_eq!(shop.get("/customers/cus-0000001").await.status, 500);
    control.clear_faults();
    assert_eq!(
        shop.get("/customers").await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "nothing was applied"
    );
    assert_eq!(control.stats().faults, 4);
}

#[tokio::test]
async fn connections_drop_before_or_after_the_write() {
    for (kind, stored) in [(FaultKind::DropBefore, 0), (FaultKind::DropAfter, 1)] {
        let shop = Shop::open(|_| {}).await;
        shop.front.control().inject(Fault::next(kind));
        let request = shop
            .request(Method::POST, "/customers")
            .header("Idempotency-Key", "k")
            .json(&json!({ "a": 1 }));
        assert!(request.send().await.is_err(), "{kind:?}");
        assert_eq!(
            shop.front.control().count("customers").unwrap(),
            stored,
            "{kind:?}"
        );
        let retry = shop
            .request(Method::POST, "/customers")
            .header("Idempotency-Key", "k")
            .json(&json!({ "a": 1 }));
        assert_eq!(answer(retry).await.status, 201);
        assert_eq!(
            shop.front.control().count("customers").unwrap(),
            1,
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_truncated_body_is_noticed_by_the_client() {
    let shop = Shop::stocked(50, |_| {}).await;
    shop.front
        .control()
        .inject(Fault::next(FaultKind::Truncate));
    let response = shop
        .request(Method::GET, "/customers")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
    assert_eq!(shop.get("/customers").await.column("id").len(), 50);
}

#[tokio::test]
async fn lists_come_back_empty_or_with_a_page_missing() {
    let shop = Shop::stocked(30, |_| {}).await;
    let control = shop.front.control();
    control.inject(Fault::next(FaultKind::EmptyListing));
    let empty = shop.get("/customers?limit=10").await;
    assert_eq!(
        (
            empty.status,
            &empty.body["data"],
            &empty.body["next_cursor"]
        ),
        (200, &json!([]), &Value::Null)
    );

    control.inject(Fault::next(FaultKind::MissingPage).after(1));
    let (mut cursor, mut rows) = (String::new(), Vec::new());
    loop {
        let page = shop.get(&format!("/customers?limit=10{cursor}")).await;
        rows.push(page.column("id").len());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(rows, [10, 0, 10]);

    control.inject(Fault::next(FaultKind::EmptyListing));
    assert_eq!(
        shop.get("/customers/changes?since=4").await.body,
        json!({ "data": [], "next": 4, "more": false })
    );
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the delay is real time")]
async fn answers_are_delayed() {
    let shop = Shop::stocked(1, |c| c.latency_ms = 60).await;
    let start = Instant::now();
    shop.get("/customers").await;
    assert!(start.elapsed() >= Duration::from_millis(60));
    shop.front.control().set_latency_ms(0);
    shop.front
        .control()
        .inject(Fault::next(FaultKind::Delay { ms: 40 }));
    let start = Instant::now();
    shop.get("/customers").await;
    assert!(start.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn calls_are_counted_by_route() {
    let shop = Shop::open(|_| {}).await;
    shop.post("/customers", json!({ "a": 1 })).await;
    shop.get("/customers").await;
    shop.get("/customers/cus-0000001").await;
    shop.get("/customers/nobody").await;
    shop.get("/customers/changes").await;
    let stats = shop.front.control().stats();
    let routes: Vec<_> = stats
        .by_route
        .iter()
        .map(|(route, n)| (route.as_str(), *n))
        .collect();
    assert_eq!(
        routes,
        [
            ("GET /customers", 1),
            ("GET /customers/changes", 1),
            ("GET /customers/{id}", 2),
            ("POST /customers", 1)
        ]
    );
    assert_eq!((stats.requests, stats.writes, stats.bytes_in), (5, 1, 7));
    assert!(stats.bytes_out > 300);
    shop.front.control().reset_stats();
    assert_eq!(shop.front.control().stats(), Stats::default());
}

#[tokio::test]
async fn everything_can_be_controlled_over_http() {
    let shop = Shop::stocked(2, |_| {}).await;
    let put = |path: &'static str, body: Value| answer(shop.request(Method::PUT, path).json(&body));
    let fault = json!({ "fault": { "kind": "status", "code": 418 }, "method": "GET", "path": "/customers", "times": 1 });
    assert_eq!(shop.post("/_control/faults", fault).await.status, 204);
    assert_eq!(
        shop.get("/_control/faults")
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(shop.get("/customers").await.status, 418);
    assert_eq!(
        shop.post(
            "/_control/faults",
            json!({ "fault": { "kind": "drop_before" } })
        )
        .await
        .status,
        204
    );
    assert_eq!(shop.delete("/_control/faults").await.status, 204);
    assert_eq!(shop.get("/customers").await.status, 200);
    assert_eq!(
        put("/_control/clock", json!({ "offset_ms": -1000 }))
            .await
            .status,
        204
    );
    assert_eq!(
        shop.get("/customers").await.header("date"),
        Some("Sun, 01 Mar 2026 10:00:01 GMT")
    );
    assert_eq!(
        put("/_control/latency", json!({ "ms": 1 })).await.status,
        204
    );
    assert_eq!(shop.get("/_control/stats").await.body["requests"], 3);
    assert_eq!(shop.delete("/_control/stats").await.status, 204);
    assert_eq!(shop.get("/_control/stats").await.body["requests"], 0);
    assert_eq!(
        shop.get("/_control/dump/customers").await.column("name"),
        ["c1", "c2"]
    );
    assert_eq!(shop.get("/_control/dump/orders").await.status, 404);
    assert_eq!(
        shop.get("/_control/digest/customers").await.body["count"],
        2
    );
}

#[tokio::test]
async fn a_stopped_storefront_refuses_connections_and_comes_back_with_its_records() {
    let mut shop = Shop::stocked(2, |_| {}).await;
    assert_eq!(shop.get("/customers").await.status, 200);
    shop.front.stop().await;
    let refused = shop
        .request(Method::GET, "/customers")
        .send()
        .await
        .unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    assert_eq!(shop.front.control().count("customers").unwrap(), 2);
    shop.front.restart().await.unwrap();
    assert_eq!(shop.get("/customers").await.column("name"), ["c1", "c2"]);
}
