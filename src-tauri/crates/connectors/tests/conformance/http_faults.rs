//! What can go wrong between a REST connector and its system: each failure has its class, says
//! whether a write may have landed, and gives no secret away.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tandem_engine::ports::WritableConnector;
use tandem_engine::ports::connector::{
    Applied, ConnectorError, ErrorClass, Fetched, ListRequest, WriteOutcome,
};

use crate::clock::{ListedSecrets, build, clock};
use crate::doubles::script::{Act, play, say};
use crate::system::{create, id, numbered};

const CANARY: &str = "c4n4ry/p@ss w\"rd";

fn settings(url: &str) -> Json {
    json!({
        "base_url": url, "allow_private": true,
        "limits": { "answer_mib": 1, "read_timeout_s": 1, "call_timeout_s": 2 },
        "collections": { "items": {
            "list": { "path": "/items", "records": "/data", "pagination": { "type": "cursor_body", "next": "/next", "param": "after" } },
            "get": { "path": "/items/{{ id }}" },
            "find": { "email": { "query": { "email": "{{ value }}" } } },
            "create": { "path": "/items", "record": "" },
        } },
    })
}

fn connector(settings: &Json) -> Arc<dyn WritableConnector> {
    let secrets = ListedSecrets(&[("canary", CANARY)]);
    build("rest", settings, "items", &secrets, clock()).unwrap()
}

async fn list_error(url: &str) -> ConnectorError {
    let request = ListRequest {
        since: None,
        page: None,
    };
    connector(&settings(url)).list(&request).await.unwrap_err()
}

async fn write(url: &str) -> Result<WriteOutcome, ConnectorError> {
    let outcomes = connector(&settings(url))
        .write(&[create(1, &numbered(1))])
        .await?;
    Ok(outcomes.into_iter().next().unwrap())
}

#[tokio::test]
async fn broken_exchanges_are_told_apart() {
    let bomb = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![b'0'; 1 << 20];
        for _ in 0..64 {
            encoder.write_all(&zeros).unwrap();
        }
        let body = encoder.finish().unwrap();
        assert!(body.len() < 100_000);
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        answer.extend(body);
        Act::Say(answer)
    };
    let cut_short = Act::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"data\":[".to_vec());
    let bad_gzip = Act::Say(
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope".to_vec(),
    );
    let deep = say("200 OK", "", &"[".repeat(5_000));
    use ErrorClass as E;
    let table = [
        ("dropped", Act::Drop, E::Connect, "connection broke"),
        ("cut short", cut_short, E::Connect, "connection broke"),
        ("hangs", Act::Hang, E::Timeout, "in time"),
        ("bomb", bomb, E::Protocol, "larger than 1 MiB"),
        ("bad gzip", bad_gzip, E::Protocol, "cannot be decoded"),
        ("html", say("200 OK", "", "<html>"), E::Protocol, "not JSON"),
        ("nested", deep, E::Protocol, "nested deeper"),
        (
            "no list",
            say("200 OK", "", "{\"data\":7}"),
            E::Protocol,
            "no list",
        ),
        (
            "nothing there",
            say("200 OK", "", "{}"),
            E::Protocol,
            "nothing is at",
        ),
    ];
    for (name, act, class, says) in table {
        let script = play(vec![act.clone()]).await;
        let error = list_error(&script.url).await;
        assert_eq!(
            (error.class, error.applied),
            (class, Applied::No),
            "{name}: {error}"
        );
        assert!(error.message.contains(says), "{name}: {error}");
        assert!(error.message.contains(&script.url), "{name}: {error}");
        assert_eq!(
            script.asked.lock().unwrap().len(),
            1,
            "{name} was asked again"
        );
        // A write whose answer was not whole may have landed.
        if matches!(
            name,
            "dropped" | "cut short" | "hangs" | "bomb" | "bad gzip"
        ) {
            let script = play(vec![act]).await;
            let error = write(&script.url).await.unwrap_err();
            assert_eq!(
                (error.class, error.applied),
                (class, Applied::Maybe),
                "{name}: {error}"
            );
            assert!(
                error
                    .diagnostics
                    .unwrap()
                    .request_body
                    .unwrap()
                    .contains("Name 1")
            );
        }
    }
}

#[tokio::test]
async fn who_is_not_there_is_not_reached() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = write(&url).await.unwrap_err();
    assert_eq!(
        (error.class, error.applied),
        (ErrorClass::Connect, Applied::No),
        "{error}"
    );
    // Nobody speaks TLS here.
    let script = play(vec![say("400 Bad Request", "", "")]).await;
    let error = write(&script.url.replace("http:", "https:"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.applied),
        (ErrorClass::Tls, Applied::No),
        "{error}"
    );
}

#[tokio::test]
async fn statuses_decide_what_becomes_of_a_write() {
    use ErrorClass as E;
    let table = [
        ("400", E::Rejected, Applied::No, true),
        ("401", E::Authentication, Applied::No, false),
        ("403", E::Forbidden, Applied::No, true),
        ("409", E::Rejected, Applied::No, true),
        ("413", E::Rejected, Applied::No, true),
        ("422", E::Rejected, Applied::No, true),
        ("429", E::RateLimited, Applied::No, false),
        ("500", E::Transient, Applied::Maybe, false),
        ("502", E::Transient, Applied::Maybe, false),
        ("503", E::Transient, Applied::No, false),
        ("504", E::Transient, Applied::Maybe, false),
    ];
    for (status, class, applied, of_one_record) in table {
        let body = "{\"error\":{\"message\":\"it says so\"}}";
        let script = play(vec![say(status, "retry-after: 7\r\n", body)]).await;
        let error = match write(&script.url).await {
            Ok(WriteOutcome::Rejected(error)) if of_one_record => error,
            Err(error) if !of_one_record => error,
            other => panic!("{status}: {other:?}"),
        };
        assert_eq!((error.class, error.applied), (class, applied), "{status}");
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)), "{status}");
        assert!(
            error
                .message
                .ends_with(&format!("answered {status}: it says so")),
            "{error}"
        );
        let diagnostics = error.diagnostics.unwrap();
        assert_eq!(diagnostics.status, status.parse().ok());
        assert_eq!(diagnostics.response_body.as_deref(), Some(body));
    }
}

#[tokio::test]
async fn case_15_only_a_certain_answer_is_gone() {
    let table = [
        ("404 Not Found", Some(Fetched::Gone)),
        ("410 Gone", Some(Fetched::Gone)),
        ("403 Forbidden", None),
        ("400 Bad Request", None),
    ];
    for (status, expected) in table {
        let script = play(vec![say(status, "", "{}")]).await;
        let fetched = connector(&settings(&script.url))
            .get(&[id("x")])
            .await
            .unwrap()
            .remove(0);
        match expected {
            Some(expected) => assert_eq!(fetched, expected, "{status}"),
            None => assert!(
                matches!(fetched, Fetched::Unknown(_)),
                "{status}: {fetched:?}"
            ),
        }
    }
    for status in ["401 Unauthorized", "503 Busy", "500 Oops", "429 Slow down"] {
        let script = play(vec![say(status, "", "{}")]).await;
        assert!(
            connector(&settings(&script.url))
                .get(&[id("x")])
                .await
                .is_err(),
            "{status}"
        );
    }
    // Somebody else's record is no answer either.
    let script = play(vec![say("200 OK", "", "{\"id\":\"y\"}")]).await;
    let error = connector(&settings(&script.url))
        .get(&[id("x")])
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Protocol);
}

#[tokio::test]
async fn redirects_stay_at_home_and_carry_no_write() {
    let list = say("200 OK", "", "{\"data\":[]}");
    let moved = |to: &str| say("302 Found", &format!("location: {to}\r\n"), "");
    let request = ListRequest {
        since: None,
        page: None,
    };
    let mut with_key = settings("");
    with_key["auth"] =
        json!({ "type": "api_key_header", "header": "X-Key", "key": { "secret": "canary" } });

    let script = play(vec![moved("/there?x=1"), list.clone()]).await;
    with_key["base_url"] = script.url.clone().into();
    assert!(
        connector(&with_key)
            .list(&request)
            .await
            .unwrap()
            .records
            .is_empty()
    );
    assert!(script.asked.lock().unwrap()[1].starts_with("GET /there?x=1 "));

    let elsewhere = play(vec![list]).await;
    let script = play(vec![moved(&elsewhere.url)]).await;
    with_key["base_url"] = script.url.clone().into();
    let error = connector(&with_key).list(&request).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Protocol);
    assert!(error.message.contains("another system"), "{error}");
    assert!(
        elsewhere.asked.lock().unwrap().is_empty(),
        "the key went elsewhere"
    );

    let script = play(vec![moved("/items")]).await;
    assert!(
        list_error(&script.url)
            .await
            .message
            .contains("more than 5 times")
    );
    assert_eq!(script.asked.lock().unwrap().len(), 6);

    let script = play(vec![moved("/there")]).await;
    let error = write(&script.url).await.unwrap_err();
    assert!(error.message.contains("redirects to"), "{error}");
    assert_eq!(script.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn endless_listings_are_refused() {
    let same = say("200 OK", "", "{\"data\":[{\"id\":1}],\"next\":\"c1\"}");
    let script = play(vec![same]).await;
    let connector = connector(&settings(&script.url));
    let mut request = ListRequest {
        since: None,
        page: None,
    };
    for _ in 0..5 {
        match connector.list(&request).await {
            Ok(page) => request.page = page.next,
            Err(error) => {
                assert_eq!(error.class, ErrorClass::Protocol);
                assert!(error.message.contains("circle"), "{error}");
                return;
            }
        }
    }
    panic!("it went on and on");
}

#[tokio::test]
async fn an_ignored_filter_is_no_proof_of_absence() {
    let others = |next: &str| {
        let body = format!("{{\"data\":[{{\"id\":1,\"email\":\"a@x\"}}],\"next\":{next}}}");
        say("200 OK", "", &body)
    };
    let script = play(vec![others("null")]).await;
    assert!(
        connector(&settings(&script.url))
            .find("email", "b@x")
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        connector(&settings(&script.url))
            .find("email", "A@x ")
            .await
            .unwrap()
            .len(),
        1
    );
    let script = play(vec![others("\"c1\"")]).await;
    let error = connector(&settings(&script.url))
        .find("email", "b@x")
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Protocol);
}

#[tokio::test]
async fn forbidden_addresses_are_not_reached() {
    let script = play(vec![say("200 OK", "", "{\"data\":[]}")]).await;
    let port = script.url.rsplit(':').next().unwrap();
    for (host, allow_private) in [
        ("127.0.0.1", false),
        ("localhost", false),
        ("[::1]", false),
        ("[::ffff:127.0.0.1]", false),
        ("2130706433", false),
        ("169.254.169.254", true),
        ("[fe80::1]", true),
        ("0.0.0.0", true),
    ] {
        let mut settings = settings(&format!("http://{host}:{port}"));
        settings["allow_private"] = allow_private.into();
        let secrets = ListedSecrets(&[]);
        let error = match build("rest", &settings, "items", &secrets, clock()) {
            Err(error) => error,
            Ok(connector) => connector
                .list(&ListRequest {
                    since: None,
                    page: None,
                })
                .await
                .unwrap_err(),
        };
        assert_eq!(error.class, ErrorClass::Configuration, "{host}: {error}");
    }
    assert!(script.asked.lock().unwrap().is_empty());
    let mut settings = settings(&format!("http://localhost:{port}"));
    settings["allow_private"] = true.into();
    connector(&settings)
        .list(&ListRequest {
            since: None,
            page: None,
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn promise_9_no_secret_comes_back() {
    let auths = [
        json!({ "type": "bearer", "token": { "secret": "canary-token" } }),
        json!({ "type": "basic", "user": "u", "password": { "secret": "canary" } }),
        json!({ "type": "api_key_header", "header": "X-Key", "key": { "secret": "canary-token" } }),
        json!({ "type": "api_key_query", "param": "key", "key": { "secret": "canary" } }),
    ];
    const SECRETS: ListedSecrets =
        ListedSecrets(&[("canary", CANARY), ("canary-token", "c4n4ry-t0ken")]);
    for auth in auths {
        // The system says back whatever it was sent.
        let echo = play(vec![Act::Drop]).await;
        let mut settings = settings(&echo.url);
        settings["auth"] = auth.clone();
        let connector = build("rest", &settings, "items", &SECRETS, clock()).unwrap();
        let request = ListRequest {
            since: None,
            page: None,
        };
        let dropped = connector.list(&request).await.unwrap_err();
        let heard = echo.asked.lock().unwrap()[0].clone();
        let sent = heard.to_lowercase();
        assert!(
            sent.contains("c4n4ry") || sent.contains("basic "),
            "{heard}"
        );
        let secret = if auth.to_string().contains("canary-token") {
            "c4n4ry-t0ken"
        } else {
            CANARY
        };
        let body = json!({ "error": { "message": heard }, "raw": secret }).to_string();
        let script = play(vec![say("400 Bad Request", "", &body)]).await;
        settings["base_url"] = script.url.clone().into();
        let connector = build("rest", &settings, "items", &SECRETS, clock()).unwrap();
        let refused = connector.list(&request).await.unwrap_err();
        for error in [dropped, refused] {
            let shown = format!("{error} {error:?}").to_lowercase();
            assert!(!shown.contains("c4n4ry"), "{auth}: {shown}");
            assert!(!shown.contains("dtpjng40cnk"), "base64 of {auth}: {shown}");
        }
    }
}

#[tokio::test]
async fn the_clocks_difference_is_told() {
    let headers = "date: Sun, 01 Mar 2026 10:01:30 GMT\r\n";
    let script = play(vec![say("200 OK", headers, "{\"data\":[]}")]).await;
    let connector = connector(&settings(&script.url));
    let page = connector
        .list(&ListRequest {
            since: None,
            page: None,
        })
        .await
        .unwrap();
    assert_eq!(page.clock_offset_ms, Some(90_500));
    assert_eq!(
        connector.check().await.unwrap().clock_offset_ms,
        Some(90_500)
    );
}
