//! The threat table, row by row, where it concerns connectors: each attack against each spelling or
//! kind of what it attacks.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query};
use axum::routing;
use rusqlite::Connection;
use serde_json::json;
use tandem_connectors::check_settings;
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{
    Applied, ConnectorError, ErrorClass, Fetched, ListRequest, WriteOutcome,
};

use crate::clock::{ListedSecrets, build, clock};
use crate::doubles::script::{play, say};
use crate::doubles::serve;
use crate::https::listed_elsewhere;
use crate::system::{Fields, create, id, live, numbered, update, version, write_one};
use crate::systems::sqlite;

const ALL: ListRequest = ListRequest {
    since: None,
    page: None,
};
const CANARY: &str = "c4n4ry-t0ken";
const SECRETS: ListedSecrets = ListedSecrets(&[("canary", CANARY)]);

fn settings(url: &str) -> serde_json::Value {
    json!({
        "base_url": url, "allow_private": true,
        "limits": { "answer_mib": 1, "read_timeout_s": 2, "call_timeout_s": 4 },
        "collections": { "items": {
            "list": { "path": "/items", "records": "/data" },
            "create": { "path": "/items", "record": "" },
            "update": { "path": "/items/{{ id }}", "record": "" },
            "delete": { "path": "/items/{{ id }}" },
        } },
    })
}

async fn list_error(kind: &str, settings: &serde_json::Value) -> ConnectorError {
    match build(kind, settings, "items", &SECRETS, clock()) {
        Err(error) => error,
        Ok(connector) => connector.list(&ALL).await.unwrap_err(),
    }
}

#[tokio::test]
async fn threat_redirects_carry_no_credential_and_no_write() {
    let auths = [
        json!({ "type": "none" }),
        json!({ "type": "bearer", "token": { "secret": "canary" } }),
        json!({ "type": "basic", "user": "u", "password": { "secret": "canary" } }),
        json!({ "type": "api_key_header", "header": "X-Key", "key": { "secret": "canary" } }),
        json!({ "type": "api_key_query", "param": "key", "key": { "secret": "canary" } }),
    ];
    let elsewhere = play(vec![say("200 OK", "", "{\"data\":[]}")]).await;
    let host = elsewhere.url.trim_start_matches("http://").to_owned();
    let port = host.rsplit(':').next().unwrap();
    let places = [
        format!("http://{host}/items"),
        format!("//{host}/items"),
        format!("http://u:p@{host}/items"),
        format!("http:\\\\{host}\\items"),
        format!("http://localhost:{port}/items"),
        format!("\t//{host}/items"),
    ];
    for auth in &auths {
        for status in [300, 301, 302, 303, 304, 305, 306, 307, 308] {
            for place in &places {
                let head = format!("location: {place}\r\n");
                let script = play(vec![say(&format!("{status} Moved"), &head, "")]).await;
                let mut settings = settings(&script.url);
                settings["auth"] = auth.clone();
                settings["headers"] = json!({ "X-Also": { "secret": "canary" } });
                let connector = build("rest", &settings, "items", &SECRETS, clock()).unwrap();
                let name = format!("{status} to {place:?} with {auth}");
                let error = connector.list(&ALL).await.unwrap_err();
                assert_eq!(error.class, ErrorClass::Protocol, "{name}: {error}");
                assert!(!format!("{error:?}").contains(CANARY), "{name}: {error:?}");
                // Neither followed nor sent again.
                let error = connector
                    .write(&[create(1, &numbered(1))])
                    .await
                    .unwrap_err();
                assert_eq!(error.class, ErrorClass::Protocol, "{name}: {error}");
                assert_eq!(script.asked.lock().unwrap().len(), 2, "{name}");
            }
        }
    }
    assert_eq!(*elsewhere.asked.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn threat_a_redirected_write_is_sent_nowhere() {
    let list = say("200 OK", "", "{\"data\":[]}");
    for status in ["301 M", "302 M", "303 M", "307 M", "308 M"] {
        // To the very same system, where a reading call would follow.
        let script = play(vec![say(status, "location: /there\r\n", ""), list.clone()]).await;
        let connector = build("rest", &settings(&script.url), "items", &SECRETS, clock()).unwrap();
        let error = connector
            .write(&[create(1, &numbered(1))])
            .await
            .unwrap_err();
        assert_eq!(
            (error.class, error.applied),
            (ErrorClass::Protocol, Applied::No),
            "{status}: {error}"
        );
        assert_eq!(script.asked.lock().unwrap().len(), 1, "{status}");
    }
}

/// However it is spelled, and whatever resolves it.
#[tokio::test]
async fn threat_addresses_are_refused_in_every_spelling() {
    let here = [
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7F.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "93.184.216.34@127.0.0.1",
        "example.com:80@127.0.0.1",
        "example.com%2f@127.0.0.1",
    ];
    let never = [
        "169.254.169.254",
        "169.254.169.254.",
        "169.254.43518",
        "2852039166",
        "0xA9FEA9FE",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "025177524776",
        "\u{2460}\u{2465}\u{2468}.254.169.254",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[fd00:ec2::254]",
        "[fe80::a9fe:a9fe]",
        "example.com@169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "0",
        "[::]",
        "255.255.255.255",
        "224.0.0.1",
    ];
    let script = play(vec![say("200 OK", "", "{\"data\":[]}")]).await;
    let port = script.url.rsplit(':').next().unwrap();
    let asked = here
        .iter()
        .map(|host| (host, false))
        .chain(never.iter().map(|host| (host, true)));
    for (host, allow_private) in asked {
        let mut settings = settings(&format!("http://{host}:{port}"));
        settings["allow_private"] = allow_private.into();
        let error = list_error("rest", &settings).await;
        assert_eq!(error.class, ErrorClass::Configuration, "{host}: {error}");
        let why = ["is at ", "is a socket of this machine"];
        assert!(
            why.iter().any(|why| error.message.contains(why)),
            "{host}: {error}"
        );
    }
    assert_eq!(*script.asked.lock().unwrap(), Vec::<String>::new());
}

/// A database's host is resolved by the same rules.
#[tokio::test]
async fn threat_databases_at_forbidden_addresses() {
    for (host, allow_private) in [
        ("127.0.0.1", false),
        ("127.1", false),
        ("2130706433", false),
        ("0x7f.1", false),
        ("localhost", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("/var/run/postgresql", false),
        ("169.254.169.254", true),
        ("2852039166", true),
        ("0xA9FEA9FE", true),
        ("::ffff:a9fe:a9fe", true),
        ("0.0.0.0", true),
    ] {
        let settings = json!({
            "host": host, "database": "d", "user": "u", "allow_private": allow_private,
            "limits": { "connect_timeout_s": 2 }, "collections": { "items": {} },
        });
        let error = list_error("postgres", &settings).await;
        assert_eq!(error.class, ErrorClass::Configuration, "{host}: {error}");
        let why = ["is at ", "is a socket of this machine"];
        assert!(
            why.iter().any(|why| error.message.contains(why)),
            "{host}: {error}"
        );
    }
}

#[tokio::test]
async fn threat_no_proxy_is_taken_from_the_environment() {
    let system = play(vec![say("200 OK", "", "{\"data\":[]}")]).await;
    let proxy = play(vec![say("502 Bad Gateway", "", "")]).await;
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let environment = [
            (name, proxy.url.as_str()),
            ("NO_PROXY", ""),
            ("no_proxy", ""),
        ];
        let found = listed_elsewhere(&system.url, &environment).await;
        assert_eq!(found, "Ok(0)", "{name}");
    }
    assert_eq!(system.asked.lock().unwrap().len(), 4);
    assert_eq!(*proxy.asked.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn threat_numbers_of_any_size() {
    let digits = "9".repeat(200_000);
    for (name, value) in [
        ("many digits", digits.clone()),
        ("many decimals", format!("0.{digits}")),
        ("large exponent", "1e999999999".to_owned()),
        ("small exponent", "1e-999999999".to_owned()),
        ("exponent beyond 64 bits", format!("1e{}", "9".repeat(30))),
    ] {
        let body = format!("{{\"data\":[{{\"id\":1,\"n\":{value}}},{{\"id\":2,\"n\":5}}]}}");
        let script = play(vec![say("200 OK", "", &body)]).await;
        let connector = build("rest", &settings(&script.url), "items", &SECRETS, clock()).unwrap();
        // One such record spoils itself, or the page is refused: nothing is rounded unseen.
        match connector.list(&ALL).await {
            Ok(page) => {
                for record in &page.records {
                    if record.id.as_str() == "2" {
                        assert_eq!(live(record)["n"], Value::from_json_text("5").unwrap());
                    }
                }
            }
            Err(error) => assert_eq!(error.class, ErrorClass::Protocol, "{name}: {error}"),
        }
    }
}

/// Names and values of tables are what they are, never SQL.
const HOSTILE: [&str; 9] = [
    "x\"; DROP TABLE kept; --",
    "x'; DROP TABLE kept; --",
    "\"\"",
    "a\\\"b",
    "select",
    "x) OR (1=1",
    "`x`",
    "$1",
    "?1 \u{202e}\u{1f600}",
];

#[tokio::test]
async fn threat_sql_names_and_values_sqlite() {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    for name in HOSTILE {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.db");
        let direct = Connection::open(&file).unwrap();
        let quoted = quote(name);
        direct
            .execute_batch(&format!(
                "CREATE TABLE kept (id INTEGER PRIMARY KEY); INSERT INTO kept VALUES (1);
                 CREATE TABLE {quoted} (id TEXT PRIMARY KEY, {quoted} TEXT)"
            ))
            .unwrap();
        let collection = json!({ "table": name, "lookup": [name] });
        let settings = json!({ "file": file, "collections": { "items": collection } });
        let connector = sqlite::connector(&settings);
        for (n, value) in (1u128..).zip(HOSTILE) {
            let text = |text: &str| serde_json::to_string(text).unwrap();
            let (id, value) = (format!("{n}{value}"), value.to_owned());
            let fields = Fields::from([
                ("id".to_owned(), text(&id)),
                (name.to_owned(), text(&value)),
            ]);
            let landed = write_one(&*connector, create(n, &fields)).await;
            assert!(
                matches!(landed, WriteOutcome::Done(_)),
                "{name}: {landed:?}"
            );
            let now = version(&*connector, &id).await;
            let patch = [(name, &*text(&format!("{value}!")))];
            let landed = write_one(&*connector, update(n + 100, &id, &patch, now)).await;
            assert!(
                matches!(landed, WriteOutcome::Done(_)),
                "{name}: {landed:?}"
            );
            let found = connector.find(name, &format!("{value}!")).await.unwrap();
            assert_eq!(found.len(), 1, "{name} = {value}");
            assert_eq!(live(&found[0])[name], Value::Text(format!("{value}!")));
        }
        let listed = connector.list(&ALL).await.unwrap().records.len();
        assert_eq!(listed, HOSTILE.len(), "{name}");
        let kept: i64 = direct
            .query_row("SELECT count(*) FROM kept", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 1, "{name}");
        // A name that the catalogue does not know never reaches a statement.
        for (table, lookup) in [(format!("{name} "), name), (name.to_owned(), "1=1 --")] {
            let collection = json!({ "table": table, "lookup": [lookup] });
            let settings = json!({ "file": file, "collections": { "items": collection } });
            let error = list_error("sqlite", &settings).await;
            assert_eq!(error.class, ErrorClass::Configuration, "{name}: {error}");
            assert!(
                error.message.contains("there is no") || error.message.contains("has no"),
                "{error}"
            );
        }
    }
}

/// Files that are none, or not the one that was meant.
#[cfg(unix)]
#[tokio::test]
async fn threat_paths_lead_to_the_file_they_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = at("t.db");
    let direct = Connection::open(&file).unwrap();
    direct
        .execute_batch("CREATE TABLE items (id INTEGER PRIMARY KEY); INSERT INTO items VALUES (1)")
        .unwrap();
    std::os::unix::fs::symlink(&file, at("link.db")).unwrap();
    std::os::unix::fs::symlink("/proc/self/mem", at("memory.db")).unwrap();
    std::os::unix::fs::symlink(folder.path(), at("folder")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(at("pipe"))
        .status();
    assert!(made.unwrap().success());
    let text = |path: &std::path::Path| path.display().to_string();
    let refused = [
        (text(&at("link.db")), "it is a link"),
        (text(&at("memory.db")), "it is a link"),
        (text(folder.path()), "no plain file"),
        (text(&at("pipe")), "no plain file"),
        ("/dev/zero".to_owned(), "no plain file"),
        ("/dev/stdin".to_owned(), ""),
        ("/proc/self/status".to_owned(), "belongs to the system"),
        (
            format!(
                "{}/../../../../../../../../proc/self/status",
                text(folder.path())
            ),
            "belongs to the system",
        ),
        ("/sys/kernel/mm/ksm/run".to_owned(), ""),
        (format!("file:{}", text(&file)), "no such file"),
        (format!("file:{}?mode=memory", text(&file)), "no such file"),
        (":memory:".to_owned(), "no such file"),
        (format!("{}?mode=rwc", text(&file)), "no such file"),
        (format!("{}\0.txt", text(&file)), "no such file"),
        (text(&at("new.db")), "no such file"),
        (String::new(), "no such file"),
    ];
    for (path, says) in refused {
        let settings = json!({ "file": path, "collections": { "items": {} } });
        let error = list_error("sqlite", &settings).await;
        let class = [ErrorClass::Configuration, ErrorClass::Connect];
        assert!(class.contains(&error.class), "{path:?}: {error}");
        assert!(error.message.contains(says), "{path:?}: {error}");
    }
    assert!(!at("new.db").exists() && !std::path::Path::new(":memory:").exists());
    // One that leads there in the end is that file, by whatever way.
    for path in [
        text(&file),
        format!("{}/./x/../t.db", text(folder.path())),
        text(&at("folder/t.db")),
    ] {
        std::fs::create_dir_all(at("x")).unwrap();
        let settings = json!({ "file": path, "collections": { "items": {} } });
        let connector = sqlite::connector(&settings);
        assert_eq!(
            connector.list(&ALL).await.unwrap().records.len(),
            1,
            "{path}"
        );
    }
    // Nor is anything without an end read for certificates.
    for (path, says) in [
        ("/dev/zero".to_owned(), "no plain file"),
        (text(&at("pipe")), "no plain file"),
        (text(folder.path()), "no plain file"),
        ("/proc/self/status".to_owned(), "no certificate"),
    ] {
        let mut rest = settings("https://localhost:1");
        rest["ca_file"] = path.clone().into();
        let postgres = json!({
            "host": "localhost", "database": "d", "user": "u", "allow_private": true,
            "ca_file": path, "collections": { "items": {} },
        });
        for (kind, settings) in [("rest", &rest), ("postgres", &postgres)] {
            let error = list_error(kind, settings).await;
            assert_eq!(
                error.class,
                ErrorClass::Configuration,
                "{kind} {path}: {error}"
            );
            assert!(error.message.contains(says), "{kind} {path}: {error}");
        }
    }
}

/// Whatever it may be called, there is no such switch.
#[test]
fn threat_no_switch_leaves_a_certificate_unchecked() {
    let postgres = json!({
        "host": "db.example.org", "database": "d", "user": "u", "collections": { "items": {} },
    });
    let rest = settings("https://shop.example.org");
    for (kind, good) in [("rest", rest), ("postgres", postgres)] {
        assert_eq!(check_settings(kind, &good), []);
        for switch in [
            ("insecure", json!(true)),
            ("verify", json!(false)),
            ("verify_certificate", json!(false)),
            ("tls_verify", json!(false)),
            ("ignore_certificate", json!(true)),
            ("accept_invalid_certs", json!(true)),
            ("danger_accept_invalid_certs", json!(true)),
            ("sslmode", json!("require")),
            ("tls", json!("no-verify")),
            ("tls", json!("insecure")),
            ("tls", json!(false)),
        ] {
            let mut settings = good.clone();
            settings[switch.0] = switch.1.clone();
            assert_ne!(check_settings(kind, &settings), [], "{kind}: {switch:?}");
        }
    }
}

/// Texts that no Unicode is, or that would end a line of HTTP.
#[tokio::test]
async fn threat_lone_surrogates_stop_their_record_alone() {
    let lone = [
        "\\ud800",
        "\\udfff",
        "\\ud800\\ud800",
        "\\udc00\\ud800",
        "\\ud83d x",
        "\\uD83D\\u0041",
        "\\u12",
        "\\x41",
    ];
    for text in lone {
        let body = format!(
            "{{\"data\":[{{\"id\":1,\"n\":\"{text}\"}},{{\"id\":2,\"n\":\"\\ud83d\\ude00\\u0000\"}}]}}"
        );
        let script = play(vec![say("200 OK", "", &body)]).await;
        let connector = build("rest", &settings(&script.url), "items", &SECRETS, clock()).unwrap();
        match connector.list(&ALL).await {
            Ok(page) => {
                assert_eq!(page.unreadable.len(), 1, "{text}");
                assert_eq!(
                    page.unreadable[0].id.as_ref().unwrap().as_str(),
                    "1",
                    "{text}"
                );
                assert_eq!(
                    live(&page.records[0])["n"],
                    Value::Text("\u{1f600}\0".to_owned())
                );
            }
            // What is no JSON at all spoils its page.
            Err(error) => {
                assert_eq!(error.class, ErrorClass::Protocol, "{text}: {error}");
                assert!(["\\u12", "\\x41"].contains(&text), "{text}: {error}");
            }
        }
    }
}

/// Each answer may be as large as an answer may be; many of them may not.
#[tokio::test]
async fn threat_records_read_by_id_are_bounded_together() {
    let record = |id: &str| json!({ "id": id, "text": "x".repeat(300 * 1024) });
    let one = move |Path(id): Path<String>| async move { Json(record(&id)) };
    let many = move |Query(asked): Query<BTreeMap<String, String>>| async move {
        let ids = asked["ids"].split(',');
        Json(json!({ "data": ids.map(record).collect::<Vec<_>>() }))
    };
    let router = axum::Router::new()
        .route("/items", routing::get(many))
        .route("/items/{id}", routing::get(one));
    let url = serve(router).await;
    let ids = |count: u32| (0..count).map(|n| id(&n.to_string())).collect::<Vec<_>>();
    let single = json!({ "path": "/items/{{ id }}", "record": "" });
    let mut batched = single.clone();
    batched["batch"] = json!({
        "path": "/items", "param": "ids", "separator": ",", "max": 2, "records": "/data",
    });
    for get in [single, batched] {
        let mut settings = settings(&url);
        settings["collections"]["items"]["get"] = get.clone();
        let connector = build("rest", &settings, "items", &SECRETS, clock()).unwrap();
        let found = connector.get(&ids(3)).await.unwrap();
        assert!(
            found.iter().all(|it| matches!(it, Fetched::Found(_))),
            "{get}"
        );
        let error = connector.get(&ids(5)).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Protocol, "{get}: {error}");
        assert!(
            error.message.contains("larger than 1 MiB together"),
            "{get}: {error}"
        );
    }
}
