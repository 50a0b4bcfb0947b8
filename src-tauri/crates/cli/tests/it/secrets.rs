//! Credentials: kept where one chooses, used, replaced, and written nowhere else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::alerts::hook::Hook;
use crate::bench::{Bench, Said};

/// Runs `tandem` with an encrypted file for its secrets, and `input` on standard input.
pub(crate) fn tandem(bench: &Bench, args: &[&str], input: &str, more: &[(&str, &str)]) -> Said {
    let place = format!("file:{}", bench.path("kept/secrets.json").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command
        .env("TANDEM_STORE", bench.store())
        .env("TANDEM_ANCHOR", bench.anchor())
        .env("TANDEM_ACTOR", "tester")
        .env("NO_COLOR", "1")
        .env("TANDEM_SECRETS", place)
        .env("TANDEM_SECRETS_PASSPHRASE", "the passphrase of this test")
        .envs(more.iter().copied())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Said {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn secrets_are_set_listed_replaced_and_deleted_and_the_audit_log_says_so() {
    let bench = Bench::with_customers(1);
    let listed = |more: &[(&str, &str)]| {
        tandem(&bench, &["secrets", "list", "--json"], "", more).json()["secrets"].clone()
    };
    assert_eq!(listed(&[]), serde_json::json!([]));
    let set = tandem(&bench, &["secrets", "set", "shop key"], "first\r\n", &[]);
    assert_eq!(set.status, 0, "{set:?}");
    assert!(set.out.contains("Kept the secret shop key"), "{set:?}");
    let set = tandem(&bench, &["secrets", "set", "shop key"], "second", &[]);
    assert!(set.out.contains("Replaced"), "{set:?}");
    let kept = serde_json::json!([
        { "name": "shop key", "kept": true, "found": true, "used_by": [] }
    ]);
    assert_eq!(listed(&[]), kept);
    // Another tenant has none of it.
    assert_eq!(
        tandem(&bench, &["tenants", "create", "other"], "", &[]).status,
        0
    );
    assert_eq!(listed(&[("TANDEM_TENANT", "other")]), serde_json::json!([]));
    let set = tandem(
        &bench,
        &["secrets", "set", "shop key"],
        "third",
        &[("TANDEM_SECRET_SHOP_KEY", "goes first")],
    );
    assert!(set.out.contains("goes before it"), "{set:?}");
    let deleted = tandem(&bench, &["secrets", "delete", "shop key"], "", &[]);
    assert_eq!(deleted.status, 0, "{deleted:?}");
    assert_eq!(listed(&[]), serde_json::json!([]));
    let audit = tandem(&bench, &["audit", "list", "--json"], "", &[]).out;
    for action in ["secret.set", "secret.change", "secret.delete"] {
        assert!(audit.contains(action), "{audit}");
    }
    for value in ["first", "second", "third"] {
        assert!(!audit.contains(value), "{audit}");
    }
}

#[test]
fn what_cannot_be_kept_says_why_and_changes_nothing() {
    let bench = Bench::with_customers(1);
    let long = "x".repeat(70_000);
    let wrong = [("TANDEM_SECRETS_PASSPHRASE", "another one")];
    let none = [("TANDEM_SECRETS_PASSPHRASE", "")];
    let env = [("TANDEM_SECRETS", "env")];
    let odd = [("TANDEM_SECRETS", "vault")];
    tandem(&bench, &["secrets", "set", "kept"], "value", &[]);
    let no_bus = ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    let keyring = [("TANDEM_SECRETS", "keyring"), no_bus];
    let unchosen = [("TANDEM_SECRETS", ""), no_bus];
    // Arguments, standard input, variables, what is said.
    type Row<'a> = (&'a [&'a str], &'a str, &'a [(&'a str, &'a str)], &'a str);
    let table: [Row<'_>; 11] = [
        (&["secrets", "set", "a"], "", &[], "empty"),
        (&["secrets", "set", "a"], &long, &[], "longer than"),
        (&["secrets", "set", "env:A"], "v", &[], "env:"),
        (&["secrets", "set", "a"], "v", &wrong, "does not open"),
        (
            &["secrets", "set", "a"],
            "v",
            &none,
            "TANDEM_SECRETS_PASSPHRASE_FILE",
        ),
        (&["secrets", "set", "a"], "v", &env, "file:PATH"),
        (&["secrets", "set", "a"], "v", &odd, "vault"),
        (&["secrets", "delete", "kep"], "", &[], "kept"),
        (&["secrets", "set", "a"], "v", &keyring, "no keyring here"),
        (&["secrets", "list"], "", &keyring, "no keyring here"),
        (&["secrets", "set", "a"], "v", &unchosen, "file:PATH"),
    ];
    for (args, input, more, want) in table {
        let said = tandem(&bench, args, input, more);
        assert_ne!(said.status, 0, "{args:?}: {said:?}");
        assert!(said.err.contains(want), "{args:?} {more:?}: {}", said.err);
    }
    // Without a keyring the environment still counts, and nothing is said to be kept anywhere.
    for more in [&unchosen[..], &env] {
        let said = tandem(&bench, &["secrets", "list"], "", more).out;
        assert!(said.starts_with("Kept nowhere: "), "{said}");
    }
    let none = tandem(&bench, &["secrets", "list", "--json"], "", &unchosen);
    assert_eq!(none.json()["secrets"], serde_json::json!([]));
    let list = tandem(&bench, &["secrets", "list", "--json"], "", &[]).json();
    assert_eq!(list["secrets"].as_array().unwrap().len(), 1);
}

/// What a login gives: the access token, and a new refresh token.
#[derive(Clone)]
struct Gives {
    access: String,
    refresh: String,
}

/// A system that says back, in every place an answer has, what it was sent; but who posts to
/// `/token` or `/login` is given what it gives.
fn echo(gives: &Gives) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    let gives = gives.clone();
    // It ends with the test's process.
    std::thread::spawn(move || {
        let mut turn = 0;
        for stream in listener.incoming().flatten() {
            let request = whole(&stream);
            heard.lock().unwrap().push(request.clone());
            if request.starts_with("POST /token ") || request.starts_with("POST /login ") {
                give(&stream, &gives);
            } else {
                say_back(&stream, turn, &request);
                turn += 1;
            }
        }
    });
    (port, asked)
}

/// A request, body included, a line each.
pub(crate) fn whole(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut head, mut line, mut length) = (String::new(), String::new(), 0);
    while reader.read_line(&mut line).unwrap_or(0) > 0 && !line.trim().is_empty() {
        let lower = line.to_lowercase();
        if let Some(told) = lower.strip_prefix("content-length:") {
            length = told.trim().parse().unwrap();
        }
        head.push_str(line.trim_end());
        head.push('\n');
        line.clear();
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    head + &String::from_utf8_lossy(&body)
}

fn give(mut stream: &TcpStream, gives: &Gives) {
    let Gives { access, refresh } = gives;
    let body = serde_json::json!({
        "access_token": access, "token_type": "Bearer", "refresh_token": refresh,
        "expires_in": 3600, "token": access,
    })
    .to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nSet-Cookie: sid={access}; HttpOnly\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
}

fn say_back(mut stream: &TcpStream, turn: usize, head: &str) {
    let line = head.replace('\n', " ");
    let (status, header, body) = match turn % 4 {
        0 => (
            "401 Unauthorized",
            format!("WWW-Authenticate: {line}"),
            head.to_owned(),
        ),
        1 => (
            "500 Oops",
            format!("X-Debug: {line}"),
            serde_json::json!({ "error": head }).to_string(),
        ),
        2 => (
            "200 OK",
            format!("ETag: {line}"),
            format!("no json: {head}"),
        ),
        _ => (
            "302 Found",
            format!("Location: /next?{}", line.replace(' ', "+")),
            String::new(),
        ),
    };
    // A client that went away is not the test's business.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\n{header}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
}

/// All spellings in which a value could hide in a text.
fn spellings(canary: &str) -> Vec<String> {
    let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
    // A query's own form spares fewer signs than a path's.
    let percent = |spared: &[u8]| -> String {
        let spell = |byte: u8| match byte.is_ascii_alphanumeric() || spared.contains(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        canary.bytes().map(spell).collect()
    };
    let mut all = vec![canary.to_owned(), hex.to_uppercase(), hex];
    for percent in [percent(b"-._~"), percent(b"*-._")] {
        all.extend([percent.to_lowercase(), percent]);
    }
    // Within longer base64 it stands at one of three offsets; its first and last sign depend on
    // what is beside it. OAuth2 clients log in with base64 of what is percent-encoded.
    for plain in [canary, &percent(b"*-._")] {
        for offset in 0..3 {
            let shifted = [&b"\0\0"[..offset], plain.as_bytes()].concat();
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let text = engine.encode(&shifted);
                all.push(text[offset + 1..text.len() - 1].to_owned());
            }
        }
    }
    all
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

pub(crate) const SHOP: &str = r#"
[[connections]]
name = "shop"
kind = "rest"
base_url = "http://127.0.0.1:PORT"
allow_private = true
auth = AUTH
[connections.collections.customers]
fields = { id = { type = "text" }, last_name = { type = "text" } }
list = { path = "/customers" }
create = { path = "/customers" }
update = { path = "/customers/{{ id }}" }

[[syncs]]
name = "to the shop"
source = { connection = "left", collection = "customers" }
target = { connection = "shop", collection = "customers" }

[syncs.mapping]
last_name = "text"
"#;

#[test]
fn promise_09_no_credential_is_written_anywhere() {
    let auths = [
        r#"{ type = "bearer", token = { secret = "shop" } }"#,
        r#"{ type = "basic", user = "ann", password = { secret = "shop" } }"#,
        r#"{ type = "api_key_header", header = "X-Key", key = { secret = "shop" } }"#,
        r#"{ type = "api_key_query", param = "key", key = { secret = "shop" } }"#,
        r#"{ type = "bearer", token = { env = "SHOP_TOKEN" } }"#,
        r#"{ type = "oauth2", grant = "client_credentials", token_url = "http://127.0.0.1:PORT/token",
             client_id = "ann", client_secret = { secret = "shop" } }"#,
        r#"{ type = "oauth2", grant = { refresh_token = { secret = "shop" } }, client_id = "ann",
             token_url = "http://127.0.0.1:PORT/token" }"#,
        // Its token server says back what it was sent, too.
        r#"{ type = "oauth2", grant = { refresh_token = { secret = "shop" } }, client_id = "ann",
             token_url = "http://127.0.0.1:PORT/elsewhere", client_auth = "body",
             client_secret = { env = "SHOP_TOKEN" } }"#,
        r#"{ type = "session", path = "/login", token = { body = "/token" },
             body = { user = "ann", password = { secret = "shop" } } }"#,
        r#"{ type = "session", path = "/login", token = { cookie = "sid" }, encoding = "form",
             body = { user = "ann", password = { secret = "shop" } } }"#,
        r#"{ type = "session", path = "/nowhere", token = { body = "/token" },
             body = { user = "ann", password = { secret = "shop" } } }"#,
    ];
    // They mostly wait for their retries.
    std::thread::scope(|scope| {
        for (n, auth) in auths.into_iter().enumerate() {
            scope.spawn(move || search_everything(n, auth));
        }
    });
}

fn search_everything(n: usize, auth: &str) {
    // Signs that each encoding changes; no two of them alike.
    let canary = |n: usize| format!("c4n{n}ry+one/two=three%25~{n}");
    let bench = Bench::with_customers(2);
    let hook = Hook::open();
    let [canary, access, refresh] = [n, n + 100, n + 200].map(canary);
    let (port, asked) = echo(&Gives {
        access: access.clone(),
        refresh: refresh.clone(),
    });
    let url = hook.url(&format!("/hook/{}", 90 + n));
    let mut variables = vec![
        ("TANDEM_ALERT_WEBHOOK_URL", url.as_str()),
        ("TANDEM_ALERT_WEBHOOK_ALLOW_PRIVATE", "true"),
        ("RUST_LOG", "trace"),
    ];
    if auth.contains("env") {
        variables.push(("SHOP_TOKEN", &canary));
    }
    if auth.contains("secret =") {
        let set = tandem(
            &bench,
            &["secrets", "set", "shop"],
            &format!("{canary}\n"),
            &[],
        );
        assert_eq!(set.status, 0, "{set:?}");
    }
    let shop = SHOP
        .replace("AUTH", auth)
        .replace("PORT", &port.to_string());
    let file = bench.write("shop.toml", &(bench.workspace() + &shop));
    let mut seen = Vec::new();
    for args in [
        &["apply", "-f", &file][..],
        &["secrets", "list"],
        &["connections", "test", "shop"],
        &["connections", "test", "shop", "--json"],
        &["run", "to the shop"],
        &["run", "to the shop", "--simulate"],
        &["connections", "probe", "shop"],
        &["runs", "list", "--json"],
        &["errors", "list", "--json"],
        &["audit", "list", "--json"],
        &["connections", "list", "--json"],
        &["export"],
    ] {
        let said = tandem(&bench, args, "", &variables);
        seen.push((format!("{args:?} out"), said.out.into_bytes()));
        seen.push((format!("{args:?} err"), said.err.into_bytes()));
    }
    // They were used, or there would be nothing to find.
    let asked = asked.lock().unwrap().join("\n");
    let logs_in = auth.contains("/token\"") && !auth.contains("/nowhere");
    let mut used = vec![&canary];
    used.extend([&access].into_iter().filter(|_| logs_in));
    used.extend(
        [&refresh]
            .into_iter()
            .filter(|_| logs_in && auth.contains("refresh_token")),
    );
    for value in used {
        let sent = spellings(value).iter().any(|it| asked.contains(it));
        assert!(sent, "{auth}: {value} in {asked}");
    }
    let spelled: Vec<String> = [&canary, &access, &refresh]
        .into_iter()
        .flat_map(|value| spellings(value))
        .collect();
    let runs = String::from_utf8_lossy(&seen[14].1);
    assert!(runs.contains("failed"), "{auth}: {runs}");
    assert!(!hook.posted().is_empty(), "{auth}: no alert");
    for posted in hook.posted() {
        seen.push(("alert".into(), format!("{posted:?}").into_bytes()));
    }
    files(bench.path("").as_path(), &mut seen);
    for (place, bytes) in &seen {
        for spelling in &spelled {
            let found = bytes
                .windows(spelling.len())
                .any(|window| window == spelling.as_bytes());
            assert!(!found, "{auth}: {spelling} in {place}");
        }
    }
    // The search finds what is there.
    let encoded = STANDARD.encode(format!("ann:{canary}"));
    assert!(spelled.iter().any(|it| encoded.contains(it)));
}
