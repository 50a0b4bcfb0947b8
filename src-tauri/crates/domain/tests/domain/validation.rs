//! Validation, cleaning and redaction of native records.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tandem_domain::ids::Side;
use tandem_domain::record::NativeFields;
use tandem_domain::redaction::{HIDDEN, Redactor};
use tandem_domain::validation::{DataValidationService, ValidationKind};
use tandem_domain::value::Value;

fn native(text: &str) -> NativeFields {
    match Value::from_json_text(text).unwrap() {
        Value::Object(fields) => fields,
        other => panic!("{other:?}"),
    }
}

fn service(rules: Json) -> DataValidationService {
    let rules = serde_json::from_value(json!({ "source": rules })).unwrap();
    DataValidationService::new(&rules).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn each_kind_of_check_finds_what_it_is_for() {
    let schema = json!({"schema": {
        "type": "object", "required": ["email"],
        "properties": {"email": {"type": "string", "format": "email"}, "age": {"type": "integer", "minimum": 0}, "address": {"properties": {"zip": {"maxLength": 5}}}},
    }});
    let required = json!({"required": ["email", "address.city"]});
    let types = json!({"types": {"price": "decimal", "born": "date", "at": "timestamp"}});
    let rules = json!({"rules": [
        {"check": "quantity > 0", "message": "Quantities are positive.", "field": "quantity", "when": "quantity is not none"},
        {"check": "born is date", "message": "The date of birth is a date."},
        {"check": "end >= start", "message": "It ends after it starts.", "when": "start is string and end is string"},
    ]});
    let ok = r#""born":"2000-01-01""#;
    for (rules, record, expected) in [
        (&schema, r#"{"email":"a@x.org","age":3}"#.to_owned(), vec![]),
        (
            &schema,
            r#"{"age":3}"#.to_owned(),
            vec![(ValidationKind::Schema, None)],
        ),
        (
            &schema,
            r#"{"email":"nobody","age":-1}"#.to_owned(),
            vec![
                (ValidationKind::Schema, Some("age")),
                (ValidationKind::Schema, Some("email")),
            ],
        ),
        (
            &schema,
            r#"{"email":"a@x.org","age":1.5}"#.to_owned(),
            vec![(ValidationKind::Schema, Some("age"))],
        ),
        (
            &schema,
            r#"{"email":"a@x.org","age":3.0}"#.to_owned(),
            vec![],
        ),
        (
            &schema,
            r#"{"email":"a@x.org","address":{"zip":"123456"}}"#.to_owned(),
            vec![(ValidationKind::Schema, Some("address.zip"))],
        ),
        (
            &required,
            r#"{"email":"a","address":{"city":"Ulm"}}"#.to_owned(),
            vec![],
        ),
        (
            &required,
            r#"{"email":" ","address":{"city":null}}"#.to_owned(),
            vec![
                (ValidationKind::Required, Some("email")),
                (ValidationKind::Required, Some("address.city")),
            ],
        ),
        (
            &required,
            r#"{"email":"a","address":"Ulm"}"#.to_owned(),
            vec![(ValidationKind::Required, Some("address.city"))],
        ),
        (
            &types,
            r#"{"price":"0.10","born":"2000-01-01","at":null}"#.to_owned(),
            vec![],
        ),
        (
            &types,
            r#"{"price":"cheap","born":"yesterday","at":"2025-01-31T08:00:00"}"#.to_owned(),
            vec![
                (ValidationKind::Type, Some("at")),
                (ValidationKind::Type, Some("born")),
                (ValidationKind::Type, Some("price")),
            ],
        ),
        (&rules, format!(r#"{{"quantity":1,{ok}}}"#), vec![]),
        (
            &rules,
            format!(r#"{{"quantity":0,{ok}}}"#),
            vec![(ValidationKind::Rule, Some("quantity"))],
        ),
        (&rules, format!(r#"{{"quantity":null,{ok}}}"#), vec![]),
        (
            &rules,
            r#"{"born":"31.01.2000"}"#.to_owned(),
            vec![(ValidationKind::Rule, None)],
        ),
        (
            &rules,
            format!(r#"{{"start":"2025-02-01","end":"2025-01-01",{ok}}}"#),
            vec![(ValidationKind::Rule, None)],
        ),
    ] {
        let problems = service(rules.clone()).check(Side::Source, &native(&record));
        let mut found: Vec<_> = problems
            .iter()
            .map(|it| (it.kind, it.field.as_deref()))
            .collect();
        if rules == &schema || rules == &types {
            found.sort_by_key(|it| it.1);
        }
        assert_eq!(found, expected, "{record}: {problems:?}");
        assert!(
            problems
                .iter()
                .all(|it| !it.message.is_empty() && !it.fix.is_empty())
        );
    }
}

#[test]
fn all_problems_are_collected_and_sides_have_their_own_rules() {
    let both = service(
        json!({"required": ["a", "b"], "types": {"n": "integer"}, "rules": [{"check": "n == 1", "message": "One."}]}),
    );
    let record = native(r#"{"n":"x"}"#);
    assert_eq!(both.check(Side::Source, &record).len(), 4);
    assert_eq!(both.check(Side::Target, &record).len(), 0);
}

#[test]
fn a_rule_that_cannot_be_told_does_not_hold() {
    for check in [
        "range(1000000000) | list | length > 0",
        "a.b.c.d",
        "missing_function(a)",
    ] {
        let service = service(json!({"rules": [{"check": check, "message": "Never."}]}));
        let problems = service.check(Side::Source, &native(r#"{"a":1}"#));
        assert_eq!(problems.len(), 1, "{check}: {problems:?}");
        assert!(problems[0].message.starts_with("Never."), "{problems:?}");
    }
}

#[test]
fn cleaning_says_what_it_took_away() {
    let service = service(json!({"trim": ["name", "address.city"]}));
    let dirty = native(
        r#"{"name":" Ada\u0000\u0007 ","note":"a\tb\nc","address":{"city":"Ulm ","zip":"\u001b1"},"tags":["x\u0000","y"]}"#,
    );
    let clean = service.sanitize_data(Side::Source, dirty.clone());
    assert_eq!(
        clean.fields,
        native(
            r#"{"name":"Ada","note":"a\tb\nc","address":{"city":"Ulm","zip":"1"},"tags":["x","y"]}"#
        )
    );
    let changes: Vec<_> = clean
        .changes
        .iter()
        .map(|it| format!("{}: {}", it.path, it.what))
        .collect();
    assert_eq!(
        changes,
        [
            "address.zip: 1 control character",
            "name: 2 control characters",
            "tags.0: 1 control character",
            "name: outer blanks",
            "address.city: outer blanks"
        ]
    );
    let again = service.sanitize_data(Side::Source, clean.fields.clone());
    assert_eq!((again.fields, again.changes.len()), (clean.fields, 0));
    // Undeclared blanks stay; so does everything on the other side's terms.
    assert_eq!(
        service
            .sanitize_data(Side::Target, native(r#"{"name":" a "}"#))
            .changes
            .len(),
        0
    );
}

#[test]
fn named_secrets_are_hidden_whatever_they_hold() {
    let redactor = Redactor::new(["shoe size"], []);
    for (name, hidden) in [
        ("password", true),
        ("userPassword", true),
        ("API-Key", true),
        ("apikey", true),
        ("access_token", true),
        ("refreshTokens", true),
        ("Authorization", true),
        ("client_secret", true),
        ("shoeSize", true),
        ("shoe_size", true),
        ("tokenized_name", false),
        ("secretary", false),
        ("author", false),
        ("key", false),
        ("size", false),
        ("email", false),
    ] {
        assert_eq!(redactor.names_secret(name), hidden, "{name}");
    }
    let record = native(
        r#"{"email":"a@x","password":"hunter2","nested":{"api_key":{"v":1},"n":0.10},"list":[{"token":"t"}],"secret":null}"#,
    );
    let redacted = redactor.redact(&record);
    assert_eq!(
        serde_json::to_value(&redacted).unwrap(),
        json!({"email": "a@x", "password": HIDDEN, "nested": {"api_key": HIDDEN, "n": "0.10"}, "list": [{"token": HIDDEN}], "secret": null})
    );
}

#[test]
fn paths_and_queries_spell_a_secret_differently() {
    let redactor = Redactor::new([], ["one*two~three four"]);
    for text in [
        "/one%2Atwo~three%20four",
        "?key=one*two%7Ethree+four",
        "?key=one*two%7ethree%20four",
    ] {
        let hidden = redactor.text(text).to_string();
        assert!(!hidden.contains("three"), "{text} → {hidden}");
    }
}

#[test]
fn a_secret_that_is_learned_later_is_hidden_like_the_first() {
    let mut redactor = Redactor::new([], ["hunter22"]);
    assert_eq!(
        redactor.text("is hunter22extra").to_string(),
        format!("is {HIDDEN}extra")
    );
    redactor.learn("hunter22extra");
    redactor.learn("abc");
    for (text, hidden) in [
        // The longer one first, so that nothing of it is left over.
        ("is hunter22extra", format!("is {HIDDEN}")),
        ("is hunter22", format!("is {HIDDEN}")),
        ("is abc", "is abc".to_owned()),
    ] {
        assert_eq!(redactor.text(text).to_string(), hidden);
    }
}

#[test]
fn known_secrets_are_hidden_in_base64_at_any_offset() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let secret = "correct?horse>battery";
    let redactor = Redactor::new([], [secret]);
    for before in ["", "a", "ab", "abc", "user:"] {
        for after in ["", "z", "zz"] {
            let text = format!("{before}{secret}{after}");
            for coded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let shown = redactor.text(&coded).to_string();
                assert!(shown.contains(HIDDEN), "{text}: {coded} → {shown}");
                assert!(
                    shown.len() <= HIDDEN.len() + 16,
                    "{text}: {coded} → {shown}"
                );
            }
        }
    }
}

#[test]
fn known_secrets_are_hidden_wherever_and_however_they_stand() {
    let secret = "p@ss w\"rd/9é+";
    let redactor = Redactor::new([], [secret, "abc"]);
    let base64 = "cEBzcyB3InJkLznDqSs=";
    let basic = "dXNlcjpwQHNzIHcicmQvOcOpKw==";
    let hex = "7040737320772272642f39c3a92b";
    for text in [
        format!("login with {secret} failed"),
        format!("Authorization: Basic {basic}"),
        format!("blob={base64};"),
        format!("hex {hex} {}", hex.to_uppercase()),
        "GET /?key=p%40ss%20w%22rd%2F9%C3%A9%2B&x=1".to_owned(),
        "key=p%40ss%20w%22rd%2f9%c3%a9%2b".to_owned(),
        "key=p%40ss+w%22rd%2F9%C3%A9%2B".to_owned(),
        "key=p%40ss+w%22rd%2f9%c3%a9%2b".to_owned(),
        r#"{"body":"p@ss w\"rd/9é+"}"#.to_owned(),
    ] {
        let hidden = redactor.text(&text).to_string();
        assert!(hidden.contains(HIDDEN), "{text} → {hidden}");
        for trace in [
            secret,
            "w\"rd",
            "cyB3InJk",
            "NzIHcicm",
            "772272642f",
            "w%22rd",
            "w\\\"rd",
        ] {
            assert!(
                !hidden.to_lowercase().contains(&trace.to_lowercase()),
                "{text} → {hidden}"
            );
        }
    }
    // Too short to be told from anything else.
    assert_eq!(redactor.text("abcdef").as_str(), "abcdef");
    // In keys and numbers as well.
    let pin = Redactor::new([], ["4711", "hunter22"]);
    assert_eq!(
        pin.json(&json!({"hunter22": [4711, true], "n": 12})),
        json!({HIDDEN: [HIDDEN, true], "n": 12})
    );
    assert!(!format!("{pin:?}").contains("4711"));
}

proptest! {
    #[test]
    fn no_secret_survives_in_any_text(secret in "[!-~]{6,20}", before in "[a-z ]{0,9}", after in "[a-z ]{0,9}") {
        let redactor = Redactor::new([], [secret.as_str()]);
        let hidden = redactor.text(&format!("{before}{secret}{after}")).to_string();
        prop_assert!(!hidden.contains(&secret) || HIDDEN.contains(&secret));
    }

    #[test]
    fn cleaning_leaves_clean_texts_alone(text in "[^\\p{Cc}]{0,20}") {
        let service = service(json!({}));
        let fields = NativeFields::from([("a".to_owned(), Value::Text(text))]);
        let clean = service.sanitize_data(Side::Source, fields.clone());
        prop_assert_eq!((clean.fields, clean.changes.len()), (fields, 0));
    }
}

/// Patterns that would take for ever or all memory, or need an engine that goes back.
#[test]
fn threat_patterns_are_matched_in_bounded_time_and_memory() {
    let rules = |pattern: &str| json!({"schema": {"type": "object", "properties": {"n": {"type": "string", "pattern": pattern}}}});
    for pattern in [
        "(a{1000}){1000}",
        "((((a{100}){100}){100}){100})",
        "(?=a)b",
        "(?<!a)b",
        "(a)\\1",
    ] {
        let rules = serde_json::from_value(json!({ "source": rules(pattern) })).unwrap();
        let problems = DataValidationService::new(&rules).expect_err(pattern);
        assert!(
            problems
                .iter()
                .any(|it| it.what.contains("cannot be compiled")),
            "{pattern}: {problems:?}"
        );
    }
    // Each would take an engine that goes back longer than the world has been there.
    let record = native(&format!(r#"{{"n":"{}!"}}"#, "a".repeat(50_000)));
    for pattern in [
        "^(a+)+$",
        "^(a|a)*$",
        "^(a|aa)+$",
        "(a+a+)+b",
        "^([a-zA-Z]+)*$",
    ] {
        let problems = service(rules(pattern)).check(Side::Source, &record);
        assert_eq!(problems.len(), 1, "{pattern}");
    }
}
