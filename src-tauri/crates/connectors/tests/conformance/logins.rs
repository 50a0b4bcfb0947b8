//! Logins whose tokens do not last: how each kind is had and sent, how often, and what becomes of one
//! that is spent.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value as Json, json};
use tandem_connectors::{build, check_settings};
use tandem_engine::ports::connector::{Applied, ConnectorError, ErrorClass, ListRequest};
use tandem_engine::ports::{Clock, WritableConnector};

use crate::clock::HandClock;
use crate::doubles::guarded::{Guarded, Kept};
use crate::doubles::script::{play, say};

const ALL: ListRequest = ListRequest {
    since: None,
    page: None,
};
const SECRETS: [(&str, &str); 3] = [
    ("client", "cl1ent:s3cret&"),
    ("refresh", "refresh-0"),
    ("password", "pa ss\"word"),
];

fn client_credentials() -> Json {
    json!({
        "type": "oauth2", "grant": "client_credentials", "client_id": "tan dem",
        "client_secret": { "secret": "client" },
    })
}

fn refresh_token() -> Json {
    json!({
        "type": "oauth2", "grant": { "refresh_token": { "secret": "refresh" } },
        "client_id": "tandem",
    })
}

fn session() -> Json {
    json!({
        "type": "session", "path": "/login", "token": { "body": "/data/token" },
        "body": { "user": "ann", "password": { "secret": "password" } },
    })
}

fn with(mut auth: Json, more: &Json) -> Json {
    for (name, value) in more.as_object().unwrap() {
        auth[name] = value.clone();
    }
    auth
}

struct Bench {
    guarded: Guarded,
    kept: Arc<Kept>,
    clock: Arc<HandClock>,
    settings: Json,
}

impl Bench {
    async fn new(auth: &Json) -> Self {
        Self::before(Guarded::start().await, auth)
    }

    fn before(guarded: Guarded, auth: &Json) -> Self {
        let settings = guarded.settings(auth);
        assert_eq!(check_settings("rest", &settings), [], "{auth}");
        Self {
            kept: Kept::new(&guarded.book, &SECRETS),
            clock: HandClock::new(),
            settings,
            guarded,
        }
    }

    fn connector(&self) -> Arc<dyn WritableConnector> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let secrets = Arc::clone(&self.kept) as _;
        build("rest", &self.settings, "items", secrets, clock).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        self.guarded.book.lines()
    }
}

/// A call as the engine makes it: after a refusal once more, with fresh credentials.
async fn listed(connector: &dyn WritableConnector) -> Result<usize, ConnectorError> {
    match connector.list(&ALL).await {
        Err(error) if error.class == ErrorClass::Authentication => {
            if !connector.refresh_credentials().await? {
                return Err(error);
            }
            Ok(connector.list(&ALL).await?.records.len())
        }
        other => Ok(other?.records.len()),
    }
}

#[tokio::test]
async fn each_login_asks_and_shows_its_token_in_its_own_way() {
    // auth, what the login is asked, what a call then shows
    let table = [
        (
            client_credentials(),
            "token Basic dGFuK2RlbTpjbDFlbnQlM0FzM2NyZXQlMjY= grant_type=client_credentials",
            "Bearer access-1",
        ),
        (
            with(
                client_credentials(),
                &json!({
                    "client_auth": "body", "scopes": ["read:all", "write"],
                    "parameters": { "audience": "https://shop" },
                }),
            ),
            "token - grant_type=client_credentials&scope=read%3Aall+write&client_id=tan+dem\
             &client_secret=cl1ent%3As3cret%26&audience=https%3A%2F%2Fshop",
            "Bearer access-1",
        ),
        (
            refresh_token(),
            "token - grant_type=refresh_token&refresh_token=refresh-0&client_id=tandem",
            "Bearer access-1",
        ),
        (
            with(
                refresh_token(),
                &json!({ "client_secret": { "secret": "client" } }),
            ),
            "token Basic dGFuZGVtOmNsMWVudCUzQXMzY3JldCUyNg== \
             grant_type=refresh_token&refresh_token=refresh-0",
            "Bearer access-1",
        ),
        (
            session(),
            r#"login - {"password":"pa ss\"word","user":"ann"}"#,
            "Bearer session-1",
        ),
        (
            with(
                session(),
                &json!({
                    "body": { "jsonrpc": "2.0", "/params/user": "ann", "/params/a~1b": { "secret": "password" } },
                    "token": { "header": "X-Session" }, "header": "X-Session",
                }),
            ),
            r#"login - {"jsonrpc":"2.0","params":{"a/b":"pa ss\"word","user":"ann"}}"#,
            "session-1",
        ),
        (
            with(
                session(),
                &json!({ "encoding": "form", "token": { "cookie": "sid" } }),
            ),
            "login - password=pa+ss%22word&user=ann",
            "sid=session-1",
        ),
    ];
    for (auth, asked, shown) in table {
        let bench = Bench::new(&auth).await;
        let connector = bench.connector();
        assert_eq!(
            bench.lines(),
            Vec::<String>::new(),
            "{auth}: reached too early"
        );
        for _ in 0..2 {
            assert_eq!(
                connector.list(&ALL).await.unwrap().records.len(),
                1,
                "{auth}"
            );
        }
        let mut lines = bench.lines();
        lines.retain(|line| !line.starts_with("kept"));
        let shown = format!("items {shown}");
        assert_eq!(lines, [asked, shown.as_str(), shown.as_str()], "{auth}");
    }
}

#[tokio::test]
async fn a_token_is_renewed_a_little_before_it_runs_out() {
    // expires_in, seconds that pass, logins by then
    let table = [
        (json!(3600), 3539, 1),
        (json!(3600), 3540, 2),
        (json!("3600"), 3540, 2),
        (json!(3600.5), 3540, 2),
        (json!(100), 89, 1),
        (json!(100), 90, 2),
        (json!(null), 1_000_000, 1),
        (json!(0), 1_000_000, 1),
        (json!(-5), 1_000_000, 1),
        (json!("soon"), 1_000_000, 1),
        (json!(i64::MAX), 1_000_000, 1),
    ];
    for (expires_in, passed, logins) in table {
        let bench = Bench::new(&client_credentials()).await;
        bench.guarded.rules().expires_in = expires_in.clone();
        let connector = bench.connector();
        connector.list(&ALL).await.unwrap();
        bench.clock.advance(passed);
        connector.list(&ALL).await.unwrap();
        let found = bench.guarded.book.count("token");
        assert_eq!(found, logins, "{expires_in} after {passed} s");
    }
    let bench = Bench::new(&with(session(), &json!({ "lifetime_s": 100 }))).await;
    let connector = bench.connector();
    for (passed, logins) in [(0, 1), (89, 1), (1, 2)] {
        bench.clock.advance(passed);
        connector.list(&ALL).await.unwrap();
        assert_eq!(bench.guarded.book.count("login"), logins);
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_then_it_is_final() {
    for (auth, asked) in [
        (client_credentials(), "token"),
        (refresh_token(), "token"),
        (session(), "login"),
    ] {
        let bench = Bench::new(&auth).await;
        let connector = bench.connector();
        assert_eq!(listed(&*connector).await.unwrap(), 1);
        bench.guarded.rules().valid.clear();
        assert_eq!(listed(&*connector).await.unwrap(), 1);
        assert_eq!(bench.guarded.book.count(asked), 2, "{auth}");
        // A system that refuses whatever its token server gives.
        bench.guarded.rules().valid.clear();
        bench.guarded.rules().lets_in = false;
        let refused = listed(&*connector).await.unwrap_err();
        assert_eq!(
            refused.class,
            ErrorClass::Authentication,
            "{auth}: {refused}"
        );
        assert_eq!(bench.guarded.book.count(asked), 3, "{auth}");
    }
}

#[tokio::test]
async fn calls_at_once_share_one_login() {
    for (auth, asked) in [
        (client_credentials(), "token"),
        (refresh_token(), "token"),
        (session(), "login"),
    ] {
        let bench = Bench::new(&auth).await;
        let connector = bench.connector();
        let all = || join_all((0..20).map(|_| listed(&*connector)));
        assert!(all().await.iter().all(Result::is_ok), "{auth}");
        assert_eq!(bench.guarded.book.count(asked), 1, "{auth}");
        bench.guarded.rules().valid.clear();
        assert!(all().await.iter().all(Result::is_ok), "{auth}");
        assert_eq!(bench.guarded.book.count(asked), 2, "{auth}");
        // A login that fails is shared too, and one that failed for good is not tried again: an
        // account may be locked after a few of them.
        bench.guarded.rules().valid.clear();
        let refusal = (400, "", json!({ "error": "invalid_grant" }).to_string());
        bench.guarded.rules().instead.push_back(refusal);
        for _ in 0..2 {
            for outcome in all().await {
                assert_eq!(outcome.unwrap_err().class, ErrorClass::Authentication);
            }
        }
        assert_eq!(bench.guarded.book.count(asked), 3, "{auth}");
        // The next run's connector does.
        bench.guarded.rules().instead.clear();
        assert_eq!(listed(&*bench.connector()).await.unwrap(), 1, "{auth}");
    }
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_before_its_access_token_is_used() {
    let bench = Bench::new(&refresh_token()).await;
    let connector = bench.connector();
    listed(&*connector).await.unwrap();
    bench.clock.advance(3600);
    listed(&*connector).await.unwrap();
    let asked = "token - grant_type=refresh_token&refresh_token=";
    assert_eq!(
        bench.lines(),
        [
            // That it can be kept shows before it is spent.
            "kept refresh-0",
            &format!("{asked}refresh-0&client_id=tandem"),
            "kept refresh-1",
            "items Bearer access-1",
            "kept refresh-1",
            &format!("{asked}refresh-1&client_id=tandem"),
            "kept refresh-2",
            "items Bearer access-2",
        ]
    );
    let received = bench.kept.received.lock().unwrap().clone();
    assert_eq!(received, ["access-1", "refresh-1", "access-2", "refresh-2"]);

    let bench = Bench::new(&refresh_token()).await;
    bench.guarded.rules().rotates = false;
    let connector = bench.connector();
    for _ in 0..2 {
        listed(&*connector).await.unwrap();
        bench.clock.advance(3600);
    }
    assert_eq!(bench.kept.value("refresh"), "refresh-0");
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_used() {
    // Known beforehand: nothing is spent.
    let bench = Bench::new(&refresh_token()).await;
    bench
        .kept
        .refused
        .lock()
        .unwrap()
        .insert("refresh-0".to_owned());
    let error = listed(&*bench.connector()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Authentication, "{error}");
    assert!(error.message.contains("the disk is full"), "{error}");
    assert_eq!(bench.lines(), Vec::<String>::new());
    bench.kept.refused.lock().unwrap().clear();
    listed(&*bench.connector()).await.unwrap();

    // Seen only afterwards: held, tried again, and used once it is kept.
    let bench = Bench::new(&refresh_token()).await;
    bench
        .kept
        .refused
        .lock()
        .unwrap()
        .insert("refresh-1".to_owned());
    let connector = bench.connector();
    for _ in 0..2 {
        let error = listed(&*connector).await.unwrap_err();
        assert_eq!(
            (error.class, error.applied),
            (ErrorClass::Transient, Applied::No),
            "{error}"
        );
        let told = ["the disk is full", "tandem secrets set refresh", "not used"];
        assert!(told.iter().all(|it| error.message.contains(it)), "{error}");
        assert!(!error.message.contains("refresh-1"), "{error}");
    }
    let book = &bench.guarded.book;
    assert_eq!((book.count("token"), book.count("items")), (1, 0));
    // Nobody else spends the old one meanwhile.
    let error = listed(&*bench.connector()).await.unwrap_err();
    assert!(
        error.is_retryable() && error.message.contains("somebody else"),
        "{error}"
    );
    bench.kept.refused.lock().unwrap().clear();
    assert_eq!(listed(&*connector).await.unwrap(), 1);
    assert_eq!((book.count("token"), book.count("items")), (1, 1));
    assert_eq!(bench.kept.value("refresh"), "refresh-1");
}

#[tokio::test]
async fn connectors_at_once_never_spend_one_refresh_token_twice() {
    let bench = Bench::new(&refresh_token()).await;
    // As many processes would, each with its own connector, built while the token was the same.
    let connectors: Vec<_> = (0..8).map(|_| bench.connector()).collect();
    let outcomes = join_all(connectors.iter().map(|it| listed(&**it))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let mut spent = bench.lines();
    spent.retain(|line| line.starts_with("token"));
    let each: BTreeSet<&String> = spent.iter().collect();
    assert_eq!((spent.len(), each.len()), (8, 8), "{spent:?}");
    assert_eq!(bench.kept.value("refresh"), "refresh-8");
}

#[tokio::test]
async fn whoever_gives_up_waiting_loses_no_refresh_token() {
    let bench = Bench::before(Guarded::holding(0).await, &refresh_token());
    let connector = bench.connector();
    let waiting = tokio::spawn(async move { connector.list(&ALL).await });
    while bench.guarded.book.count("token") == 0 {
        bench.clock.sleep(std::time::Duration::ZERO).await;
    }
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    bench.guarded.answers.add_permits(1);
    while bench.kept.value("refresh") == "refresh-0" {
        bench.clock.sleep(std::time::Duration::ZERO).await;
    }
    assert_eq!(bench.kept.value("refresh"), "refresh-1");
}

#[tokio::test]
async fn answers_of_a_token_server_are_told_apart() {
    let big = format!("{{\"access_token\":\"{}\"}}", "x".repeat(1 << 20));
    let grant =
        json!({ "error": "invalid_grant", "error_description": "seen: refresh-0 cl1ent:s3cret&" });
    // status, a header, body → class, what is said
    type Row<'a> = (u16, &'static str, &'a str, ErrorClass, &'a [&'a str]);
    use ErrorClass as E;
    let table: [Row<'_>; 21] = [
        (
            200,
            "",
            "",
            E::Protocol,
            &["no JSON object", "token address"],
        ),
        (
            200,
            "",
            "<html>refresh-0</html>",
            E::Protocol,
            &["no JSON object"],
        ),
        (200, "", "[]", E::Protocol, &["no JSON object"]),
        (
            200,
            "",
            r#"{"token":"t0ken-x"}"#,
            E::Protocol,
            &["access_token"],
        ),
        (
            200,
            "",
            r#"{"access_token":""}"#,
            E::Protocol,
            &["access_token"],
        ),
        (
            200,
            "",
            r#"{"access_token":7}"#,
            E::Protocol,
            &["access_token"],
        ),
        (
            200,
            "",
            r#"{"access_token":"t0ken-x","token_type":"mac"}"#,
            E::Protocol,
            &["\"mac\"", "bearer"],
        ),
        (
            200,
            "",
            r#"{"access_token":"t0ken-x\n"}"#,
            E::Protocol,
            &["no header can carry"],
        ),
        (200, "", &big, E::Protocol, &["larger than 1 MiB"]),
        (
            302,
            "location: http://other.example/t",
            "",
            E::Protocol,
            &["redirects", "auth.token_url"],
        ),
        (307, "location: /elsewhere", "", E::Protocol, &["redirects"]),
        (
            400,
            "",
            &grant.to_string(),
            E::Authentication,
            &[
                "invalid_grant",
                "sign in again",
                "`tandem secrets set refresh`",
            ],
        ),
        (
            401,
            "",
            r#"{"error":"invalid_client"}"#,
            E::Authentication,
            &["client_id", "\"client\""],
        ),
        (
            400,
            "",
            r#"{"error":"unsupported_grant_type"}"#,
            E::Authentication,
            &["auth.grant"],
        ),
        (
            400,
            "",
            r#"{"error":"invalid_scope"}"#,
            E::Authentication,
            &["auth.scopes"],
        ),
        (403, "", "no", E::Authentication, &["answered 403"]),
        (404, "", "no", E::Configuration, &["answered 404"]),
        (429, "retry-after: 7", "", E::RateLimited, &["answered 429"]),
        (500, "", "refresh-0", E::Transient, &["answered 500"]),
        (503, "retry-after: 7", "", E::Transient, &["answered 503"]),
        (408, "", "", E::Transient, &["answered 408"]),
    ];
    for (status, head, body, class, told) in table {
        let auth = with(
            refresh_token(),
            &json!({ "client_secret": { "secret": "client" } }),
        );
        let bench = Bench::new(&auth).await;
        bench
            .guarded
            .rules()
            .instead
            .push_back((status, head, body.to_owned()));
        let connector = bench.connector();
        let name = format!("{status} {}", body.get(..80).unwrap_or(body));
        let error = connector.list(&ALL).await.unwrap_err();
        assert_eq!(
            (error.class, error.applied),
            (class, Applied::No),
            "{name}: {error}"
        );
        assert!(
            told.iter().all(|it| error.message.contains(it)),
            "{name}: {error}"
        );
        let asked = head.starts_with("retry-after").then_some(7);
        assert_eq!(error.retry_after.map(|it| it.as_secs()), asked, "{name}");
        let shown = format!("{error:?}");
        for secret in ["refresh-0", "t0ken-x", "cl1ent", "Basic "] {
            assert!(!shown.contains(secret), "{name}: {shown}");
        }
        // No system was called, and no failure for good is asked for twice.
        let again = connector.list(&ALL).await.unwrap_err();
        let asked = if error.is_retryable() { 2 } else { 1 };
        assert_eq!(bench.guarded.book.count("token"), asked, "{name}");
        assert_eq!(again.class, class, "{name}");
        assert_eq!(bench.guarded.book.count("items"), 0, "{name}");
        // A refused login is not for `refresh_credentials` to mend.
        assert!(!connector.refresh_credentials().await.unwrap(), "{name}");
        // What was spent without an answer that gave a new one is still there.
        assert_eq!(bench.kept.value("refresh"), "refresh-0", "{name}");
    }
}

#[tokio::test]
async fn answers_of_a_login_are_told_apart() {
    use ErrorClass as E;
    for (status, head, body, class, told) in [
        (
            200,
            "",
            "{}",
            E::Protocol,
            "no token where auth.token says (/data/token in its body)",
        ),
        (200, "", "no json", E::Protocol, "no token where"),
        (204, "", "", E::Protocol, "no token where"),
        (302, "location: /home", "", E::Protocol, "redirects"),
        (
            401,
            "",
            "pa ss\"word",
            E::Authentication,
            "check the values of auth.body (\"password\")",
        ),
        (422, "", "", E::Authentication, "refused"),
        (404, "", "", E::Configuration, "answered 404"),
        (503, "", "", E::Transient, "answered 503"),
    ] {
        let bench = Bench::new(&session()).await;
        bench
            .guarded
            .rules()
            .instead
            .push_back((status, head, body.to_owned()));
        let error = bench.connector().list(&ALL).await.unwrap_err();
        assert_eq!(
            (error.class, error.applied),
            (class, Applied::No),
            "{status}: {error}"
        );
        assert!(error.message.contains(told), "{status}: {error}");
        assert!(
            !format!("{error:?}").contains("pa ss"),
            "{status}: {error:?}"
        );
        assert_eq!(bench.guarded.book.count("items"), 0, "{status}");
    }
}

#[tokio::test]
async fn a_token_that_comes_back_is_masked() {
    for auth in [client_credentials(), refresh_token(), session()] {
        let bench = Bench::new(&auth).await;
        bench.guarded.rules().lets_in = false;
        // The system says back what it was shown.
        let refused = format!("{:?}", bench.connector().list(&ALL).await.unwrap_err());
        assert!(refused.contains("•••"), "{auth}: {refused}");
        for token in ["access-1", "session-1", "refresh-1"] {
            assert!(!refused.contains(token), "{auth}: {refused}");
        }
    }
}

#[tokio::test]
async fn threat_redirects_carry_no_token_and_no_login() {
    let elsewhere = play(vec![say("200 OK", "", "{\"data\":[]}")]).await;
    for status in [301, 302, 303, 307, 308] {
        for (auth, asked) in [
            (client_credentials(), "authorization: bearer access-1"),
            (refresh_token(), "authorization: bearer access-1"),
            // Here it is the login itself that is sent elsewhere.
            (session(), "post /login"),
        ] {
            let head = format!("location: {}/items\r\n", elsewhere.url);
            let script = play(vec![say(&format!("{status} Moved"), &head, "")]).await;
            let mut bench = Bench::new(&auth).await;
            bench.settings["base_url"] = script.url.as_str().into();
            let error = bench.connector().list(&ALL).await.unwrap_err();
            assert_eq!(
                error.class,
                ErrorClass::Protocol,
                "{status} {auth}: {error}"
            );
            let heard = script.asked.lock().unwrap().clone();
            let [heard] = heard.as_slice() else {
                panic!("{status} {auth}: {heard:?}");
            };
            assert!(heard.to_lowercase().contains(asked), "{status}: {heard}");
        }
    }
    assert_eq!(*elsewhere.asked.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn threat_token_servers_at_forbidden_addresses_are_sent_nothing() {
    let script = play(vec![say("200 OK", "", "{}")]).await;
    let port = script.url.rsplit(':').next().unwrap();
    // where, whether private addresses are meant
    for (url, allow_private) in [
        (format!("https://127.0.0.1:{port}/t"), false),
        (format!("https://localhost:{port}/t"), false),
        (format!("https://0x7f.1:{port}/t"), false),
        (format!("http://127.0.0.1:{port}/t"), false),
        (format!("http://169.254.169.254:{port}/t"), true),
        ("http://[fe80::1]/t".to_owned(), true),
        ("https://0.0.0.0/t".to_owned(), true),
        ("http://93.184.216.34/t".to_owned(), true),
    ] {
        let guarded = Guarded::start().await;
        let auth = with(client_credentials(), &json!({}));
        let mut settings = guarded.settings(&auth);
        settings["auth"]["token_url"] = url.as_str().into();
        settings["allow_private"] = allow_private.into();
        settings["base_url"] = "https://shop.example".into();
        let kept = Kept::new(&guarded.book, &SECRETS);
        let error = match build("rest", &settings, "items", kept, HandClock::new()) {
            Err(error) => error,
            Ok(connector) => connector.list(&ALL).await.unwrap_err(),
        };
        assert_eq!(error.class, ErrorClass::Configuration, "{url}: {error}");
    }
    assert_eq!(*script.asked.lock().unwrap(), Vec::<String>::new());
}
