//! What is wrong with settings is said with its place and what to do about it.

use serde_json::{Value as Json, json};
use tandem_connectors::{KINDS, check_settings, described_collections, settings_schema};
use tandem_engine::ports::connector::ErrorClass;

use crate::clock::{ListedSecrets, build, clock};

fn rest() -> Json {
    json!({
        "base_url": "https://shop.example/api",
        "collections": { "items": { "list": { "path": "/items" } } },
    })
}

fn with(pointer: &str, value: Json) -> Json {
    let mut settings = rest();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    settings.pointer_mut(parent).unwrap()[name] = value;
    settings
}

#[test]
fn problems_have_a_place_and_a_fix() {
    assert_eq!(check_settings("rest", &rest()), []);
    let table = [
        (with("/base_urll", json!(1)), "base_urll", "unknown field"),
        (
            with("/base_url", json!("shop.example")),
            "base_url",
            "no address",
        ),
        (
            with("/base_url", json!("ftp://shop.example")),
            "base_url",
            "only http",
        ),
        (
            with("/base_url", json!("https://u:p@shop.example")),
            "base_url",
            "credentials",
        ),
        (
            with("/base_url", json!("http://10.0.0.1")),
            "base_url",
            "private network",
        ),
        (
            with("/limits", json!({ "in_flight": 0 })),
            "limits.in_flight",
            "out of range",
        ),
        (
            with("/auth", json!({ "type": "bearer", "token": "plain" })),
            "auth",
            "expected `secret` or `env`",
        ),
        (
            with("/collections/items/list/path", json!("/a/{{ b")),
            "collections.items.list.path",
            "syntax error",
        ),
        (
            with("/collections/items/list/records", json!("data")),
            "collections.items.list.records",
            "JSON pointer",
        ),
        (
            with("/collections/items/list/pages", json!(1)),
            "collections.items.list.pages",
            "unknown field",
        ),
        (
            with(
                "/collections/items/list/pagination",
                json!({ "type": "offset", "size": 1 }),
            ),
            "collections.items.list.pagination.size",
            "too small",
        ),
        (
            with(
                "/collections/items/update",
                json!({ "path": "/x", "precondition": { "type": "if_match" } }),
            ),
            "collections.items.update.precondition",
            "needs a version",
        ),
        (
            with(
                "/collections/items/changes",
                json!({ "type": "filter", "param": "since", "cursor": "modified_at" }),
            ),
            "collections.items.changes.cursor",
            "modified_at",
        ),
        (
            with(
                "/collections/items/delete",
                json!({ "soft": { "field": "gone", "value": true } }),
            ),
            "collections.items.delete.soft",
            "needs an update",
        ),
    ];
    for (settings, path, what) in table {
        let problems = check_settings("rest", &settings);
        let found = problems.iter().find(|problem| problem.path == path);
        let found = found.unwrap_or_else(|| panic!("{path}: {problems:?}"));
        assert!(found.what.contains(what), "{found:?}");
        assert!(!found.fix.is_empty());
    }
    let postgres = json!({
        "host": "10.0.0.1", "database": "d", "user": "u", "tls": "prefer",
        "collections": { "items": { "version": "content", "zone": "Mars/Olympus", "changes": { "column": "c", "tombstones": true } } },
    });
    let paths: Vec<_> = check_settings("postgres", &postgres)
        .into_iter()
        .map(|p| p.path)
        .collect();
    assert_eq!(
        paths,
        [
            "host",
            "tls",
            "collections.items.zone",
            "collections.items.version",
            "collections.items.changes.tombstones"
        ]
    );
    assert_eq!(check_settings("fax", &json!({}))[0].path, "kind");
}

#[test]
fn a_login_that_cannot_work_is_refused_where_it_is_written() {
    let oauth2 = json!({
        "type": "oauth2", "grant": "client_credentials", "token_url": "https://login.example/t",
        "client_id": "tandem", "client_secret": { "secret": "client" },
    });
    let session = json!({
        "type": "session", "path": "/login", "token": { "body": "/token" },
        "body": { "user": "ann", "password": { "env": "PASSWORD" } },
    });
    let changed = |auth: &Json, name: &str, value: Json| {
        let mut auth = auth.clone();
        auth[name] = value;
        auth
    };
    for auth in [&oauth2, &session] {
        assert_eq!(check_settings("rest", &with("/auth", auth.clone())), []);
    }
    let token_url = |url: &str| changed(&oauth2, "token_url", json!(url));
    // auth, where, what
    let table = [
        (token_url("login"), "token_url", "no address"),
        (token_url("ftp://login.example/t"), "token_url", "only http"),
        (
            token_url("http://login.example/t"),
            "token_url",
            "unencrypted",
        ),
        (
            token_url("https://u:p@login.example/t"),
            "token_url",
            "credentials",
        ),
        (
            token_url("https://login.example/t#x"),
            "token_url",
            "fragment",
        ),
        (
            token_url("https://10.0.0.1/t"),
            "token_url",
            "private network",
        ),
        (
            token_url("https://[::ffff:a9fe:a9fe]/t"),
            "token_url",
            "no connection may reach",
        ),
        (
            changed(&oauth2, "client_id", json!("")),
            "client_id",
            "empty",
        ),
        (
            changed(&oauth2, "client_secret", json!(null)),
            "client_secret",
            "no secret",
        ),
        (
            changed(&oauth2, "client_secret", json!("plain")),
            "",
            "expected `secret` or `env`",
        ),
        (
            changed(&oauth2, "grant", json!("password")),
            "",
            "unknown variant `password`",
        ),
        (
            changed(&oauth2, "grant", json!({ "refresh_token": { "env": "R" } })),
            "grant.refresh_token",
            "the environment variable R cannot keep",
        ),
        (
            changed(&oauth2, "scopes", json!(["read write"])),
            "scopes",
            "not one scope",
        ),
        (
            changed(&oauth2, "parameters", json!({ "scope": "x" })),
            "parameters.scope",
            "itself",
        ),
        (
            changed(&oauth2, "audience", json!("x")),
            "",
            "unknown field `audience`",
        ),
        (
            changed(&session, "path", json!("https://x.example/l")),
            "path",
            "whole address",
        ),
        (
            changed(&session, "body", json!({})),
            "body",
            "nothing is posted",
        ),
        (
            changed(&session, "token", json!({ "body": "token" })),
            "token.body",
            "JSON pointer",
        ),
        (
            changed(&session, "token", json!({ "header": "a b" })),
            "token.header",
            "no header",
        ),
        (
            changed(&session, "header", json!("a b")),
            "header",
            "no header",
        ),
        (
            changed(
                &changed(&session, "token", json!({ "cookie": "sid" })),
                "prefix",
                json!("x"),
            ),
            "header",
            "goes back as a cookie",
        ),
        (
            changed(&session, "lifetime_s", json!(0)),
            "lifetime_s",
            "out of range",
        ),
    ];
    for (auth, place, what) in table {
        let problems = check_settings("rest", &with("/auth", auth.clone()));
        let [problem] = problems.as_slice() else {
            panic!("{auth}: {problems:?}");
        };
        let path = format!("auth.{place}");
        assert_eq!(problem.path, path.trim_end_matches('.'), "{problem:?}");
        assert!(problem.what.contains(what), "{problem:?}");
        assert!(!problem.fix.is_empty());
    }
    // A literal public address is known before anything is reached.
    let mut settings = with("/auth", token_url("http://93.184.216.34/t"));
    settings["allow_private"] = true.into();
    let problems = check_settings("rest", &settings);
    assert!(
        problems[0].what.contains("would not be encrypted"),
        "{problems:?}"
    );
}

#[test]
fn a_missing_secret_or_collection_is_said() {
    let secrets = ListedSecrets(&[]);
    let failure = |settings: &Json, collection: &str| {
        build("rest", settings, collection, &secrets, clock())
            .err()
            .unwrap()
    };
    let settings = with(
        "/auth",
        json!({ "type": "bearer", "token": { "env": "SHOP" } }),
    );
    let error = failure(&settings, "items");
    assert_eq!(error.class, ErrorClass::Authentication);
    assert!(error.message.contains("env:SHOP"), "{error}");
    let error = failure(&rest(), "orders");
    assert!(error.message.contains("there are: items"), "{error}");
    assert_eq!(described_collections("rest", &rest()), ["items"]);
}

/// The published schemas accept what works and refuse what does not.
#[test]
fn schemas_are_published() {
    for kind in KINDS {
        let schema = settings_schema(kind).unwrap().to_string();
        assert!(schema.contains("\"collections\""), "{kind}");
        assert!(schema.contains("\"additionalProperties\":false"), "{kind}");
    }
    assert_eq!(settings_schema("fax"), None);
}

/// What lies in a list is written where it lies, or not at all.
#[test]
fn a_name_for_what_lies_in_a_list_needs_a_body_to_be_written() {
    let update = json!({ "path": "/items/{{ id }}" });
    let bodied = json!({ "path": "/items/{{ id }}", "body": "{\"p\": {{ values.price }} }" });
    let table = [
        (
            "/prices/currency=eur/amount",
            update.clone(),
            json!([]),
            true,
        ),
        ("/prices/0/amount", update.clone(), json!([]), true),
        ("/prices/0/amount", bodied, json!([]), false),
        ("/prices/0/amount", update.clone(), json!(["price"]), false),
        ("/address/city", update, json!([]), false),
    ];
    for (pointer, update, read_only, refused) in table {
        let mut settings = with("/collections/items/nested", json!({ "price": pointer }));
        settings["collections"]["items"]["update"] = update;
        settings["collections"]["items"]["read_only"] = read_only;
        let problems = check_settings("rest", &settings);
        let found = problems
            .iter()
            .any(|it| it.path == "collections.items.nested.price");
        assert_eq!(found, refused, "{pointer}: {problems:?}");
    }
}
