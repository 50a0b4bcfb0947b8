//! The server from outside, over its socket: who is let in, what is answered, what is sent along.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::net::SocketAddr;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tandem_app::wire::CreateTenant;
use tandem_app::{App, AppOptions};
use tandem_server::{Running, ServeError, Settings, Token, serve};
use tempfile::TempDir;

fn app(folder: &TempDir) -> App {
    App::open(AppOptions::on_this_machine(folder.path().join("tandem.db"))).unwrap()
}

/// A server with a small panel of its own.
struct Served {
    running: Running,
    app: App,
    client: Client,
    bearer: String,
    _panel: TempDir,
    _folder: TempDir,
}

impl Served {
    async fn start() -> Self {
        let panel = tempfile::tempdir().unwrap();
        fs::create_dir(panel.path().join("assets")).unwrap();
        fs::write(panel.path().join("index.html"), "<title>Tandem</title>").unwrap();
        fs::write(panel.path().join("assets/app-1a2b.js"), "export {};").unwrap();
        fs::write(panel.path().parent().unwrap().join("beside.txt"), "no").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let app = app(&folder);
        let settings = Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            panel: Some(panel.path().to_path_buf()),
            token: Token::new([7; 32]),
        };
        let running = serve(app.clone(), settings).await.unwrap();
        let (_, token) = running.url().split_once("#token=").unwrap();
        // No TLS here, but the client wants a provider; one that is there already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            bearer: format!("Bearer {token}"),
            client: Client::builder()
                .no_proxy()
                .tls_certs_only([])
                .build()
                .unwrap(),
            app,
            running,
            _panel: panel,
            _folder: folder,
        }
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address())
    }

    async fn call(&self, command: &str, arguments: &Value) -> Response {
        self.client
            .post(self.at(&format!("/api/{command}")))
            .header(AUTHORIZATION, &self.bearer)
            .json(arguments)
            .send()
            .await
            .unwrap()
    }
}

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    let code = body.get("code").and_then(Value::as_str).unwrap();
    (status, code.to_owned())
}

#[tokio::test]
async fn a_command_is_answered_as_everywhere() {
    let served = Served::start().await;
    let answer = served.call("list_tenants", &json!({})).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(answer.json::<Value>().await.unwrap().is_array());

    let unknown = served.call("drop_everything", &json!({})).await;
    assert_eq!(code(unknown).await, (404, String::from("unknown_command")));
}

#[tokio::test]
async fn threat_only_our_own_page_with_the_token_gets_an_answer() {
    let served = Served::start().await;
    let port = served.running.address().port();
    let here = format!("127.0.0.1:{port}");
    let bearer = served.bearer.as_str();
    let shorter = &bearer[..bearer.len() - 1];
    let other = format!("Bearer {}", "0".repeat(64));
    let localhost = format!("localhost:{port}");
    let origin = format!("http://{here}");
    let secure = format!("https://{here}");
    let other_port = format!("127.0.0.1:{}", port ^ 1);
    let other_origin = format!("http://{other_port}");
    // Host, Origin, Sec-Fetch-Site, Authorization, and what comes of it.
    let cases = [
        (here.as_str(), None, None, Some(bearer), 200),
        (
            &here,
            Some(origin.as_str()),
            Some("same-origin"),
            Some(bearer),
            200,
        ),
        (&localhost, None, None, Some(bearer), 200),
        (&here, None, None, None, 401),
        (&here, None, None, Some(shorter), 401),
        (&here, None, None, Some(other.as_str()), 401),
        (&here, None, None, Some("Bearer "), 401),
        (&here, None, None, bearer.strip_prefix("Bearer "), 401),
        (&here, Some("https://example.org"), None, Some(bearer), 403),
        (&here, Some("null"), None, Some(bearer), 403),
        (&here, Some(secure.as_str()), None, Some(bearer), 403),
        (&here, Some(other_origin.as_str()), None, Some(bearer), 403),
        (
            &here,
            Some(origin.as_str()),
            Some("cross-site"),
            Some(bearer),
            403,
        ),
        (&here, None, Some("same-site"), Some(bearer), 403),
        ("example.org", None, None, Some(bearer), 421),
        ("127.0.0.1", None, None, Some(bearer), 421),
        (&other_port, None, None, Some(bearer), 421),
    ];
    for (host, origin, site, authorization, expected) in cases {
        let mut request = served
            .client
            .post(served.at("/api/list_tenants"))
            .header(HOST, host)
            .json(&json!({}));
        for (name, value) in [
            (ORIGIN.as_str(), origin),
            ("sec-fetch-site", site),
            (AUTHORIZATION.as_str(), authorization),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.unwrap();
        let told = format!("{host} {origin:?} {site:?} {authorization:?}");
        assert_eq!(answer.status(), expected, "{told}");
        assert!(
            !answer.headers().contains_key("access-control-allow-origin"),
            "{told}"
        );
    }
    // The stream of events and the panel behind a rebound name are no way round.
    let stream = served.client.get(served.at("/api/events")).send().await;
    assert_eq!(stream.unwrap().status(), 401);
    let rebound = served
        .client
        .get(served.at("/"))
        .header(HOST, "evil.example");
    assert_eq!(rebound.send().await.unwrap().status(), 421);
    // A browser that asks whether another site may call is never told yes.
    let preflight = served
        .client
        .request(Method::OPTIONS, served.at("/api/list_tenants"))
        .header(ORIGIN, "https://example.org")
        .header("access-control-request-method", "POST");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.status(), 403);
    assert!(
        !preflight
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test]
async fn threat_arguments_are_json_of_a_bounded_size() {
    let served = Served::start().await;
    let cases = [
        ("text/plain", String::from("{}"), 415, "not_json"),
        ("application/json", String::from("{"), 400, "not_json"),
        (
            "application/json",
            format!("{{\"x\": \"{}\"}}", "x".repeat(5 * 1024 * 1024)),
            413,
            "too_large",
        ),
    ];
    for (kind, body, status, expected) in cases {
        let answer = served
            .client
            .post(served.at("/api/list_tenants"))
            .header(AUTHORIZATION, &served.bearer)
            .header(CONTENT_TYPE, kind)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(code(answer).await, (status, expected.to_owned()), "{kind}");
    }
}

#[tokio::test]
async fn threat_the_panel_is_served_with_a_strict_policy() {
    let served = Served::start().await;
    // Path, what is accepted, and what comes of it.
    let cases = [
        ("/", "text/html", 200, Some("<title>Tandem</title>")),
        (
            "/t/main/history",
            "text/html",
            200,
            Some("<title>Tandem</title>"),
        ),
        ("/assets/app-1a2b.js", "*/*", 200, Some("export {};")),
        ("/assets/gone.js", "*/*", 404, None),
        ("/t/main/logo.png", "image/png", 404, None),
        ("/..%2fbeside.txt", "text/plain", 404, None),
        ("/%2e%2e/beside.txt", "text/plain", 404, None),
    ];
    for (path, accept, status, body) in cases {
        let request = served.client.get(served.at(path)).header("accept", accept);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        if let Some(body) = body {
            assert_eq!(answer.text().await.unwrap(), body, "{path}");
        }
    }
    let written = served.client.post(served.at("/")).send().await.unwrap();
    assert_eq!(written.status(), 405);
}

#[tokio::test]
async fn a_tenants_stream_carries_its_events_alone() {
    let served = Served::start().await;
    let request = served
        .client
        .get(served.at("/api/events?tenant=ours"))
        .header(AUTHORIZATION, &served.bearer);
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.chunk().await.unwrap().unwrap(), ": live\n\n");

    for name in ["theirs", "ours"] {
        let name = name.to_owned();
        served
            .app
            .create_tenant(CreateTenant { name })
            .await
            .unwrap();
    }
    let message = stream.chunk().await.unwrap().unwrap();
    let told = std::str::from_utf8(&message).unwrap();
    let data = told.strip_prefix("data: ").unwrap().trim_end();
    assert_eq!(
        serde_json::from_str::<Value>(data).unwrap(),
        json!({"type": "tenants_changed", "tenant": "ours"})
    );

    served.running.stop().await.unwrap();
    assert_eq!(stream.chunk().await.unwrap(), None, "the stream has an end");
}

#[tokio::test]
async fn threat_other_machines_are_never_listened_to() {
    let settings = Settings {
        listen: SocketAddr::from(([0, 0, 0, 0], 0)),
        panel: None,
        token: Token::new([0; 32]),
    };
    let folder = tempfile::tempdir().unwrap();
    let refused = serve(app(&folder), settings).await.unwrap_err();
    assert!(matches!(refused, ServeError::NotLoopback(_)), "{refused}");
}

#[test]
fn a_token_never_prints() {
    let token = Token::new([0xAB; 32]);
    assert!(!format!("{token:?}").contains("ab"), "{token:?}");
}
