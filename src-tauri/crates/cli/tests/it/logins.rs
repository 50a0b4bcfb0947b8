//! A refresh token that its server takes once, shared by several processes.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::bench::Bench;
use crate::secrets::{SHOP, tandem, whole};

/// A token server that gives a new refresh token each time, and ends them all once one is spent
/// twice; and the system behind it. What it was asked.
fn strict() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    // It ends with the test's process.
    thread::spawn(move || {
        let (mut given, mut ended) = (0, false);
        for mut stream in listener.incoming().flatten() {
            let request = whole(&stream);
            let (status, body) = if request.starts_with("POST /token ") {
                ended |=
                    !request.ends_with(&format!("refresh_token=refresh-{given}&client_id=ann"));
                given += usize::from(!ended);
                let granted = serde_json::json!({
                    "access_token": format!("access-{given}"),
                    "refresh_token": format!("refresh-{given}"),
                });
                let refused = serde_json::json!({ "error": "invalid_grant" });
                if ended {
                    ("400 No", refused)
                } else {
                    ("200 OK", granted)
                }
            } else if request.contains("authorization: Bearer access-") && !ended {
                ("200 OK", serde_json::json!([]))
            } else {
                ("401 No", serde_json::json!({}))
            };
            heard.lock().unwrap().push(request);
            let body = body.to_string();
            // A client that went away is not the test's business.
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (port, asked)
}

#[test]
fn processes_at_once_spend_each_refresh_token_once_and_lose_none() {
    let bench = Bench::with_customers(1);
    let (port, asked) = strict();
    let auth = r#"{ type = "oauth2", grant = { refresh_token = { secret = "shop" } },
        client_id = "ann", token_url = "http://127.0.0.1:PORT/token" }"#;
    let shop = SHOP
        .replace("AUTH", auth)
        .replace("PORT", &port.to_string());
    let file = bench.write("shop.toml", &(bench.workspace() + &shop));
    for (args, input) in [
        (&["secrets", "set", "shop"][..], "refresh-0"),
        (&["apply", "-f", &file], ""),
    ] {
        let said = tandem(&bench, args, input, &[]);
        assert_eq!(said.status, 0, "{said:?}");
    }
    let test = || tandem(&bench, &["connections", "test", "shop"], "", &[]);
    thread::scope(|scope| {
        let all: Vec<_> = (0..5).map(|_| scope.spawn(test)).collect();
        for one in all {
            let said = one.join().unwrap();
            assert_eq!(said.status, 0, "{said:?}");
        }
    });
    // And what the last of them left is what the next one spends.
    let said = test();
    assert_eq!(said.status, 0, "{said:?}");
    let spent = || -> Vec<String> {
        let asked = asked.lock().unwrap().clone();
        asked
            .into_iter()
            .filter(|it| it.starts_with("POST"))
            .collect()
    };
    let before = spent();
    let each: BTreeSet<&String> = before.iter().collect();
    assert!(
        before.len() >= 6 && each.len() == before.len(),
        "{before:?}"
    );

    // One from the environment could not be exchanged for a new one: it is not even spent.
    let latest = format!("refresh-{}", before.len());
    let variable = [("TANDEM_SECRET_SHOP", latest.as_str())];
    let said = tandem(&bench, &["connections", "test", "shop"], "", &variable);
    assert_ne!(said.status, 0, "{said:?}");
    let told = format!("{}{}", said.out, said.err);
    assert!(told.contains("TANDEM_SECRET_SHOP"), "{told}");
    assert_eq!(spent().len(), before.len());
}
