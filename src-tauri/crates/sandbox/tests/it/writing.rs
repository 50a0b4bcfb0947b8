//! Writing one record: create, patch, put, delete; versions, keys, quirks and refusals; signing in.

use reqwest::Method;
use serde_json::{Value, json};
use tandem_sandbox::{Auth, Conditional, RateLimit};

use crate::shop::{Shop, answer};

#[tokio::test]
async fn records_are_created_changed_replaced_and_deleted() {
    let shop = Shop::open(|_| {}).await;
    let made = shop
        .post(
            "/customers",
            json!({ "id": "mine", "version": 9, "a": 1, "b": null }),
        )
        .await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert_eq!(
        made.body,
        json!({ "id": "cus-0000001", "version": 1, "updated_at": "2026-03-01T10:00:00.000Z", "a": 1, "b": null })
    );
    assert_eq!(shop.get("/customers/cus-0000001").await.body, made.body);

    shop.clock.advance(1_500);
    let patched = shop
        .patch("/customers/cus-0000001", json!({ "b": [2], "c": "x" }))
        .await;
    assert_eq!(patched.status, 200);
    assert_eq!(patched.header("etag"), Some("\"2\""));
    assert_eq!(
        patched.body,
        json!({ "id": "cus-0000001", "version": 2, "updated_at": "2026-03-01T10:00:01.500Z", "a": 1, "b": [2], "c": "x" })
    );

    let put = answer(
        shop.request(Method::PUT, "/customers/cus-0000001")
            .json(&json!({ "c": 3 })),
    )
    .await;
    assert_eq!(
        (put.body["version"].clone(), put.body.get("a")),
        (json!(3), None)
    );

    let gone = shop.delete("/customers/cus-0000001").await;
    assert_eq!((gone.status, gone.body), (204, Value::Null));
    for again in [
        shop.delete("/customers/cus-0000001").await,
        shop.get("/customers/cus-0000001").await,
        shop.patch("/customers/cus-0000001", json!({})).await,
    ] {
        assert_eq!(again.status, 404);
    }
    assert_eq!(shop.front.control().stats().writes, 4);
}

#[tokio::test]
async fn numbers_keep_every_digit() {
    let shop = Shop::open(|_| {}).await;
    let body =
        r#"{"big":9007199254740993,"exact":0.10,"long":3.14159265358979323846264338327950288}"#;
    let request = shop.request(Method::POST, "/products").body(body);
    let text = request.send().await.unwrap().text().await.unwrap();
    assert!(text.ends_with(&body[1..]), "{text}");
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_no_change_unless_set() {
    for (noop_counts, version) in [(false, 1), (true, 2)] {
        let shop = Shop::stocked(1, |c| c.noop_counts = noop_counts).await;
        let again = shop
            .patch("/customers/cus-0000001", json!({ "name": "c1" }))
            .await;
        assert_eq!(again.body["version"], version, "{noop_counts}");
    }
}

#[tokio::test]
async fn if_match_guards_every_write() {
    for (header, status) in [
        ("\"1\"", 200),
        ("W/\"1\"", 200),
        ("*", 200),
        ("\"7\", \"1\"", 200),
        ("\"2\"", 412),
        ("rubbish", 412),
    ] {
        for method in [Method::PATCH, Method::PUT, Method::DELETE] {
            let shop = Shop::stocked(1, |_| {}).await;
            let request = shop
                .request(method.clone(), "/customers/cus-0000001")
                .header("If-Match", header)
                .json(&json!({ "name": "new" }));
            let got = answer(request).await;
            let want = if status == 200 && method == Method::DELETE {
                204
            } else {
                status
            };
            assert_eq!(got.status, want, "{method} {header}");
            if status == 412 {
                assert_eq!(got.body["error"]["code"], "version_conflict");
                assert_eq!(got.body["record"]["name"], "c1");
                assert_eq!(got.header("etag"), Some("\"1\""));
            }
        }
    }
}

#[tokio::test]
async fn versions_may_travel_in_the_body_or_not_count_at_all() {
    for (conditional, status, etag) in [
        (Conditional::IfMatch, 200, Some("\"2\"")),
        (Conditional::VersionField, 409, None),
        (Conditional::None, 200, None),
    ] {
        let shop = Shop::stocked(1, |c| c.conditional = conditional).await;
        let request = shop
            .request(Method::PATCH, "/customers/cus-0000001")
            .json(&json!({ "version": 5, "name": "new" }));
        let got = answer(request).await;
        assert_eq!(
            (got.status, got.header("etag")),
            (status, etag),
            "{conditional:?}"
        );
        if status == 409 {
            assert_eq!(got.body["record"]["version"], 1);
            assert_eq!(
                shop.patch(
                    "/customers/cus-0000001",
                    json!({ "version": 1, "name": "new" })
                )
                .await
                .status,
                200
            );
            assert_eq!(
                shop.delete("/customers/cus-0000001?version=1").await.status,
                409
            );
            assert_eq!(
                shop.delete("/customers/cus-0000001?version=2").await.status,
                204
            );
        }
    }
    let shop = Shop::stocked(1, |c| c.conditional = Conditional::None).await;
    let request = shop
        .request(Method::PATCH, "/customers/cus-0000001")
        .header("If-Match", "\"9\"")
        .json(&json!({ "name": "new" }));
    assert_eq!(answer(request).await.status, 200);
    let shop = Shop::stocked(1, |c| c.version_field = false).await;
    assert_eq!(
        shop.get("/customers/cus-0000001").await.body.get("version"),
        None
    );
}

#[tokio::test]
async fn a_key_used_again_gets_the_first_answer() {
    let shop = Shop::open(|_| {}).await;
    let send = |key: &'static str, body: Value| {
        answer(
            shop.request(Method::POST, "/customers")
                .header("Idempotency-Key", key)
                .json(&body),
        )
    };
    let first = send("k1", json!({ "a": 1 })).await;
    shop.patch("/customers/cus-0000001", json!({ "a": 2 }))
        .await;
    let again = send("k1", json!({ "a": 1 })).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("etag"), Some("\"1\""));
    let reused = send("k1", json!({ "a": 3 })).await;
    assert_eq!(
        (reused.status, reused.body["error"]["code"].as_str()),
        (422, Some("key_reused"))
    );
    assert_eq!(
        send("k2", json!({ "a": 1 })).await.body["id"],
        "cus-0000002"
    );
    assert_eq!(shop.front.control().count("customers").unwrap(), 2);

    let shop = Shop::open(|c| c.idempotency = false).await;
    for _ in 0..2 {
        answer(
            shop.request(Method::POST, "/customers")
                .header("Idempotency-Key", "k")
                .json(&json!({})),
        )
        .await;
    }
    assert_eq!(shop.front.control().count("customers").unwrap(), 2);
}

#[tokio::test]
async fn a_refused_write_leaves_its_key_free() {
    let shop = Shop::with_quirks().await;
    let send = |email: &'static str| {
        let body = json!({ "customer_no": "K-1", "last_name": "x", "email": email });
        answer(
            shop.request(Method::POST, "/customers")
                .header("Idempotency-Key", "k")
                .json(&body),
        )
    };
    assert_eq!(send("nobody").await.status, 422);
    assert_eq!(send("some@body.org").await.status, 201);
}

#[tokio::test]
async fn quirks_rewrite_and_rules_refuse() {
    let shop = Shop::with_quirks().await;
    let good = json!({ "customer_no": "K-1", "first_name": " Jörg\t", "last_name": "Müller", "email": "j@m.org",
        "credit_limit": 99.995, "display_name": "nonsense" });
    let made = shop.post("/customers", good).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.body["first_name"], "Jörg");
    assert_eq!(made.body["credit_limit"], json!(100.00));
    assert_eq!(made.body["display_name"], "Jörg Müller");
    let renamed = shop
        .patch(
            "/customers/cus-0000001",
            json!({ "last_name": "Weiß", "display_name": "x" }),
        )
        .await;
    assert_eq!(renamed.body["display_name"], "Jörg Weiß");
    assert_eq!(
        shop.patch("/customers/cus-0000001", json!({ "display_name": "x" }))
            .await
            .body["version"],
        2
    );

    for (patch, status, code, field) in [
        (json!({ "email": "nobody" }), 422, "invalid", "email"),
        (
            json!({ "credit_limit": -1 }),
            422,
            "invalid",
            "credit_limit",
        ),
        (json!({ "last_name": null }), 422, "invalid", "last_name"),
        (json!({ "last_name": "   " }), 422, "invalid", "last_name"),
        (json!({ "status": "gone" }), 422, "invalid", "status"),
    ] {
        let got = shop.patch("/customers/cus-0000001", patch.clone()).await;
        let error = &got.body["error"];
        assert_eq!(
            (got.status, &error["code"], &error["field"]),
            (status, &json!(code), &json!(field)),
            "{patch}"
        );
        assert!(
            error["message"].as_str().unwrap().starts_with(field),
            "{error}"
        );
    }
    let taken = shop
        .post(
            "/customers",
            json!({ "customer_no": "K-2", "last_name": "x", "email": "j@m.org" }),
        )
        .await;
    assert_eq!(
        (taken.status, &taken.body["error"]["field"]),
        (409, &json!("email"))
    );
    assert_eq!(
        shop.patch("/customers/cus-0000001", json!({ "email": "new@m.org" }))
            .await
            .status,
        200
    );
    let free = shop
        .post(
            "/customers",
            json!({ "customer_no": "K-2", "last_name": "x", "email": "j@m.org" }),
        )
        .await;
    assert_eq!(free.status, 201);
    assert_eq!(shop.delete("/customers/cus-0000001").await.status, 204);
    assert_eq!(
        shop.patch("/customers/cus-0000002", json!({ "email": "new@m.org" }))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn bodies_that_are_no_object_are_refused() {
    let shop = Shop::stocked(1, |_| {}).await;
    for body in ["", "[]", "{", "\"x\"", "{\"a\":1}}"] {
        for (method, path) in [
            (Method::POST, "/customers"),
            (Method::PATCH, "/customers/cus-0000001"),
            (Method::PUT, "/customers/cus-0000001"),
        ] {
            assert_eq!(
                answer(shop.request(method, path).body(body)).await.status,
                400,
                "{body}"
            );
        }
    }
    assert_eq!(shop.front.control().stats().writes, 0);
}

#[tokio::test]
async fn only_the_right_credentials_are_let_in() {
    let cases = [
        (Auth::Bearer("t0k".into()), "authorization", "Bearer t0k"),
        (
            Auth::Basic {
                user: "ann".into(),
                password: "s3".into(),
            },
            "authorization",
            "Basic YW5uOnMz",
        ),
        (
            Auth::ApiKey {
                header: "X-Api-Key".into(),
                key: "k3y".into(),
            },
            "x-api-key",
            "k3y",
        ),
    ];
    for (auth, header, right) in cases {
        let shop = Shop::open(|c| c.auth = auth.clone()).await;
        for (value, status) in [(Some(right), 200), (Some("Bearer no"), 401), (None, 401)] {
            let mut request = shop.request(Method::GET, "/customers");
            if let Some(value) = value {
                request = request.header(header, value);
            }
            let got = answer(request).await;
            assert_eq!(got.status, status, "{auth:?} {value:?}");
            assert_eq!(got.header("www-authenticate").is_some(), status == 401);
        }
    }
}

#[tokio::test]
async fn too_many_calls_are_told_when_to_come_back() {
    let shop = Shop::open(|c| {
        c.rate_limit = Some(RateLimit {
            requests: 2,
            window_ms: 2_500,
        });
    })
    .await;
    assert_eq!(shop.get("/customers").await.status, 200);
    assert_eq!(shop.get("/customers").await.status, 200);
    let late = shop.get("/customers").await;
    assert_eq!((late.status, late.header("retry-after")), (429, Some("3")));
    shop.clock.advance(2_000);
    assert_eq!(
        shop.get("/customers").await.header("retry-after"),
        Some("1")
    );
    shop.clock.advance(500);
    assert_eq!(shop.get("/customers").await.status, 200);
    assert_eq!(shop.front.control().stats().rate_limited, 2);
}

#[tokio::test]
async fn the_date_header_follows_the_skewed_clock() {
    let shop = Shop::open(|_| {}).await;
    assert_eq!(
        shop.get("/customers").await.header("date"),
        Some("Sun, 01 Mar 2026 10:00:00 GMT")
    );
    shop.front.control().set_clock_offset_ms(90_000);
    let made = shop.post("/customers", json!({})).await;
    assert_eq!(made.header("date"), Some("Sun, 01 Mar 2026 10:01:30 GMT"));
    assert_eq!(made.body["updated_at"], "2026-03-01T10:01:30.000Z");
}
