//! What is wrong with settings is said with its place and what to do about it.

use serde_json::{Value as Json, json};
use tandem_connectors::{KINDS, build, check_settings, described_collections, settings_schema};
use tandem_engine::ports::connector::ErrorClass;

use crate::clock::{ListedSecrets, clock};

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
