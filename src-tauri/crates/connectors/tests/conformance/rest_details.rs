//! What only REST connectors do: poison entries of a list, refused bulks, versions from an `ETag`.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value as Json, json};
use tandem_domain::ids::Version;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{Cursor, ErrorClass, ListRequest, WriteOutcome};

use crate::doubles::script::{play, say};
use crate::doubles::serve;
use crate::system::{create, live, numbered, update, write_one};
use crate::systems::rest::connector;

/// Case 40, reading: what cannot be read exactly is handed on alone, with its id; nothing is rounded.
#[tokio::test]
async fn case_40_a_poison_entry_is_alone() {
    let digits = "1234567890123456789012345678901234567890";
    let body = format!(
        "[{{\"id\":1,\"n\":0.10}},{{\"id\":2,\"n\":{digits}}},7,{{\"name\":\"no id\"}},
          {{\"id\":\"\"}},{{\"id\":3,\"a\":1,\"a\":2}},{{\"id\":{{}}}},{{\"id\":4,\"n\":9007199254740993}}]"
    );
    let script = play(vec![say("200 OK", "", &body)]).await;
    let settings = json!({
        "base_url": script.url, "allow_private": true,
        "collections": { "items": { "list": { "path": "/items" } } },
    });
    let page = connector(&settings, "items")
        .list(&ListRequest {
            since: None,
            page: None,
        })
        .await
        .unwrap();
    let ids: Vec<_> = page
        .records
        .iter()
        .map(|record| record.id.as_str())
        .collect();
    assert_eq!(ids, ["1", "4"]);
    assert_eq!(
        live(&page.records[0])["n"],
        Value::from_json_text("0.1").unwrap()
    );
    assert_eq!(
        live(&page.records[1])["n"],
        Value::from_json_text("9007199254740993").unwrap()
    );
    let known: Vec<_> = page
        .unreadable
        .iter()
        .map(|entry| entry.id.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(
        known,
        [Some("2".into()), None, None, None, Some("3".into()), None]
    );
    assert!(page.unreadable[0].text.contains(digits));
}

/// A bulk refused as a whole is halved until the operation it is about stands alone.
#[tokio::test]
async fn case_40_a_refused_bulk_is_halved() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&calls);
    let bulk = post(move |body: Bytes| async move {
        let operations: Vec<Json> = serde_json::from_slice(&body).unwrap();
        heard.lock().unwrap().push(operations.len());
        if operations
            .iter()
            .any(|operation| operation["name"] == "Name 5")
        {
            return (
                StatusCode::BAD_REQUEST,
                "{\"message\":\"poison\"}".to_owned(),
            );
        }
        let results: Vec<Json> = operations
            .iter()
            .map(|operation| json!({ "status": 201, "id": operation["name"] }))
            .collect();
        (StatusCode::OK, Json::from(results).to_string())
    });
    let url = serve(Router::new().route("/bulk", bulk)).await;
    let settings = json!({
        "base_url": url, "allow_private": true,
        "collections": { "items": {
            "list": { "path": "/items" },
            "bulk": {
                "path": "/bulk", "create": "{{ fields }}", "update": "{{ fields }}", "delete": "{{ id }}",
                "status": "/status", "id": "/id",
            },
        } },
    });
    let operations: Vec<_> = (0..8).map(|n| create(n, &numbered(n as usize))).collect();
    let outcomes = connector(&settings, "items")
        .write(&operations)
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 8);
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            WriteOutcome::Done(receipt) => assert_eq!(receipt.id.as_str(), format!("Name {n}")),
            WriteOutcome::Rejected(error) => {
                assert_eq!((n, error.class), (5, ErrorClass::Rejected));
                assert!(error.message.contains("poison"));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(*calls.lock().unwrap(), [8, 4, 4, 2, 1, 1, 2]);
}

/// A version that is an `ETag` goes back as it came.
#[tokio::test]
async fn an_etag_goes_back_as_it_came() {
    let record = "{\"id\":\"a/b\",\"name\":\"x\"}";
    let script = play(vec![
        say("200 OK", "etag: W/\"v-1\"\r\n", record),
        say("200 OK", "etag: \"v-2\"\r\n", record),
    ])
    .await;
    let settings = json!({
        "base_url": format!("{}/api/", script.url), "allow_private": true,
        "collections": { "items": {
            "version": "etag",
            "list": { "path": "/items" },
            "get": { "path": "/items/{{ id }}" },
            "update": { "method": "PUT", "path": "/items/{{ id }}", "precondition": { "type": "if_match" }, "record": "" },
        } },
    });
    let connector = connector(&settings, "items");
    let version = crate::system::version(&*connector, "a/b").await;
    assert_eq!(version, Some(Version::new("W/\"v-1\"").unwrap()));
    let outcome = write_one(&*connector, update(1, "a/b", &[("name", "\"y\"")], version)).await;
    let WriteOutcome::Done(receipt) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(receipt.version, Some(Version::new("\"v-2\"").unwrap()));
    let asked = script.asked.lock().unwrap();
    assert!(
        asked[1].starts_with("PUT /api/items/a%2Fb "),
        "{}",
        asked[1]
    );
    assert!(asked[1].contains("if-match: W/\"v-1\"\r\n"), "{}", asked[1]);
    assert!(asked[1].ends_with("{\"name\":\"y\"}"), "{}", asked[1]);
}

/// A cursor from before what the system still remembers, or of another kind, asks for a full listing;
/// the same answer to a full listing, or another one to this, does not.
#[tokio::test]
async fn tombstone_horizon_a_cursor_too_old_is_told_apart() {
    let feed = json!({ "type": "feed", "path": "/changes", "param": "since", "records": "/data",
        "next": "/next", "more": "/more", "start": { "body": "/seq" } });
    let filter = json!({ "type": "filter", "param": "since", "format": "iso",
        "cursor": "modified_at" });
    let (gone, bad) = ("410 Gone", "400 Bad Request");
    let expired = r#"{"code":"sync_token_expired"}"#;
    let table = [
        (&feed, Some("v:7"), gone, "{}", ErrorClass::Expired),
        (&feed, Some("v:7"), bad, expired, ErrorClass::Expired),
        (&feed, Some("v:7"), bad, "{}", ErrorClass::Rejected),
        (&feed, Some("t:7"), gone, "{}", ErrorClass::Expired),
        (&feed, None, gone, "{}", ErrorClass::Rejected),
        (&filter, Some("t:7000000"), gone, "{}", ErrorClass::Expired),
        (&filter, Some("t:7000000"), bad, "{}", ErrorClass::Rejected),
        (&filter, Some("v:7"), bad, "{}", ErrorClass::Expired),
        (&filter, None, bad, expired, ErrorClass::Rejected),
    ];
    for (changes, since, status, body, class) in table {
        let script = play(vec![say(status, "", body)]).await;
        let settings = json!({
            "base_url": script.url, "allow_private": true,
            "collections": { "items": {
                "list": { "path": "/items", "records": "/data" }, "changes": changes,
                "modified_at": { "field": "at" },
                "deleted": { "field": "gone" },
                "errors": { "code": "/code", "expired_codes": ["sync_token_expired"] },
            } },
        });
        let request = ListRequest {
            since: since.map(|since| Cursor(since.into())),
            page: None,
        };
        let error = connector(&settings, "items").list(&request).await;
        let error = error.unwrap_err();
        assert_eq!(
            error.class, class,
            "{changes} since {since:?}, {status} {body}: {error}"
        );
    }
}
