//! Values: exact parsing and printing, types, equality (semantics, section 3).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::json;
use tandem_domain::field_type::FieldType;
use tandem_domain::ids::{FieldName, Side};
use tandem_domain::record::CanonicalRecord;
use tandem_domain::schema::{CanonicalSchema, FieldAccess, FieldSpec};
use tandem_domain::value::Value;

fn parse(text: &str) -> Value {
    Value::from_json_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn ty(spec: serde_json::Value) -> FieldType {
    serde_json::from_value(spec).unwrap()
}

#[test]
fn json_is_read_and_written_exactly() {
    for (text, written) in [
        ("null", "null"),
        ("true", "true"),
        ("0", "0"),
        ("-0", "0"),
        ("0.10", "0.10"),
        ("1.0", "1.0"),
        ("9007199254740993", "9007199254740993"),
        (
            "-12345678901234567890.12345678",
            "-12345678901234567890.12345678",
        ),
        ("1.5e3", "1500"),
        ("25e-1", "2.5"),
        ("1E+2", "100"),
        (
            "0.0000000000000000000000000001",
            "0.0000000000000000000000000001",
        ),
        (
            "79228162514264337593543950335",
            "79228162514264337593543950335",
        ),
        (
            "1.00000000000000000000000000000000000",
            "1.0000000000000000000000000000",
        ),
        (r#""a\"b\\c\/\u00e9\n""#, r#""a\"b\\c/é\n""#),
        (r#""\ud83d\ude00""#, "\"😀\""),
        ("\"caf\u{65}\u{301}\"", "\"caf\u{65}\u{301}\""),
        (" [ 1 , [ ] , { } ] ", "[1,[],{}]"),
        (r#"{"b":1,"a":{"x":null}}"#, r#"{"a":{"x":null},"b":1}"#),
        (r#""\u0000\u001f""#, r#""\u0000\u001f""#),
    ] {
        let value = parse(text);
        assert_eq!(value.to_json_text(), written, "{text}");
        assert_eq!(parse(written), value, "{text} read back");
    }
}

#[test]
fn json_that_cannot_be_held_is_refused_with_a_reason() {
    for (text, why) in [
        ("", "ends too early"),
        ("nul", "is not JSON"),
        ("01", "leading zeros"),
        ("1.", "malformed number"),
        (".5", "is not JSON"),
        ("1e", "malformed number"),
        ("+1", "is not JSON"),
        ("NaN", "is not JSON"),
        ("1 2", "something after its end"),
        ("[1,]", "is not JSON"),
        ("{\"a\":1,}", "lacks a key"),
        ("{\"a\" 1}", "lacks a colon"),
        ("{\"a\":1,\"a\":2}", "twice"),
        ("\"a", "ends within a text"),
        ("\"a\nb\"", "control character"),
        ("\"\\ud800\"", "wrong escape"),
        ("\"\\x\"", "wrong escape"),
        ("12345678901234567890123456789012", "cannot be held exactly"),
        ("0.12345678901234567890123456789", "cannot be held exactly"),
        ("1e400", "cannot be held exactly"),
        ("1e-40", "cannot be held exactly"),
        ("79228162514264337593543950336", "cannot be held exactly"),
    ] {
        let error = Value::from_json_text(text).expect_err(text);
        assert!(error.to_string().contains(why), "{text}: {error}");
        assert!(!error.fix.is_empty(), "{text}");
    }
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Value::from_json_text(&deep(64)).is_ok());
    let error = Value::from_json_text(&deep(65)).expect_err("65 levels");
    assert!(error.why.contains("deeper"), "{error}");
}

#[test]
fn types_take_what_they_can_hold_exactly_and_refuse_the_rest() {
    let berlin = json!({"timestamp": {"zone": "Europe/Berlin"}});
    let instant = |text: &str| FieldType::parse(&ty(json!("timestamp")), &Value::Text(text.into()));
    let at = instant("2025-01-31T08:00:00Z").unwrap();
    let day = Value::Date(NaiveDate::from_ymd_opt(2025, 1, 31).unwrap());
    let number = |text: &str| Value::number(text).unwrap();
    let text = |text: &str| Value::Text(text.into());
    // type, native, typed (None: refused)
    let table: Vec<(serde_json::Value, Value, Option<Value>)> = vec![
        (json!("text"), text("x"), Some(text("x"))),
        (json!("text"), number("17"), Some(text("17"))),
        (json!("text"), Value::Bool(true), None),
        (json!("text"), Value::Null, Some(Value::Null)),
        (
            json!("integer"),
            text("9007199254740993"),
            Some(number("9007199254740993")),
        ),
        (json!("integer"), number("1.0"), Some(number("1"))),
        (json!("integer"), number("1.5"), None),
        (json!("integer"), text("1,000"), None),
        (json!("decimal"), text("0.10"), Some(number("0.1"))),
        (json!("decimal"), text(" -1.5e2 "), Some(number("-150"))),
        (json!("decimal"), text("0,10"), None),
        (json!("decimal"), text(""), None),
        (json!("boolean"), number("1"), Some(Value::Bool(true))),
        (json!("boolean"), text("FALSE"), Some(Value::Bool(false))),
        (json!("boolean"), text("yes"), None),
        (
            json!("timestamp"),
            text("2025-01-31T10:00:00+02:00"),
            Some(at.clone()),
        ),
        (
            json!("timestamp"),
            text("2025-01-31 08:00:00+00"),
            Some(at.clone()),
        ),
        (json!("timestamp"), text("2025-01-31T08:00:00"), None),
        (json!("timestamp"), text("2025-01-31"), None),
        (json!("timestamp"), number("1738310400"), None),
        (
            berlin.clone(),
            text("2025-01-31 09:00:00"),
            Some(at.clone()),
        ),
        (
            berlin.clone(),
            text("2025-07-01T09:00"),
            Some(instant("2025-07-01T07:00:00Z").unwrap()),
        ),
        // The hour that happens twice, and the one that never does.
        (berlin.clone(), text("2025-10-26 02:30:00"), None),
        (berlin, text("2025-03-30 02:30:00"), None),
        (
            json!({"timestamp": {"zone": "Mars/Olympus"}}),
            text("2025-03-30 02:30:00"),
            None,
        ),
        (json!("date"), text("2025-01-31"), Some(day.clone())),
        (
            json!("date"),
            text("2025-01-31T00:00:00+02:00"),
            Some(day.clone()),
        ),
        (
            json!("date"),
            text("2025-01-31T00:00:00.000Z"),
            Some(day.clone()),
        ),
        (json!("date"), text("2025-01-31T22:00:00Z"), None),
        (json!("date"), at, None),
        (json!("date"), text("31.01.2025"), None),
        (
            json!("json"),
            parse(r#"{"a":[1]}"#),
            Some(parse(r#"{"a":[1]}"#)),
        ),
        (json!("list"), text("a,b"), None),
        (
            json!("set"),
            parse(r#"["b","a"]"#),
            Some(parse(r#"["b","a"]"#)),
        ),
        (
            json!({"list": {"order": {"keyed": "sku"}}}),
            parse(r#"[{"sku":1}]"#),
            Some(parse(r#"[{"sku":1}]"#)),
        ),
        (
            json!({"list": {"order": {"keyed": "sku"}}}),
            parse(r#"[{"id":1}]"#),
            None,
        ),
        (
            json!({"reference": {"sync": "customers"}}),
            number("17"),
            Some(text("17")),
        ),
    ];
    for (spec, native, expected) in table {
        let result = ty(spec.clone()).parse(&native);
        match (&result, &expected) {
            (Ok(value), Some(expected)) => assert_eq!(value, expected, "{spec} {native:?}"),
            (Err(error), None) => assert!(!error.fix.is_empty(), "{spec} {native:?}"),
            _ => panic!("{spec} {native:?}: {result:?}, not {expected:?}"),
        }
    }
}

#[test]
fn custom_values_from_the_command_line_are_typed() {
    let of = |spec: serde_json::Value, wire: serde_json::Value| ty(spec).from_wire(&wire);
    assert_eq!(
        of(json!("decimal"), json!("0.10")).unwrap(),
        Value::number("0.1").unwrap()
    );
    assert_eq!(
        of(json!("decimal"), json!(0.1)).unwrap(),
        Value::number("0.1").unwrap()
    );
    assert_eq!(
        of(json!("integer"), json!(9_007_199_254_740_993_i64)).unwrap(),
        Value::number("9007199254740993").unwrap()
    );
    assert_eq!(of(json!("text"), json!(null)).unwrap(), Value::Null);
    assert_eq!(
        of(json!("text"), json!("12")).unwrap(),
        Value::Text("12".into())
    );
    // A JSON number that has lost digits on its way is not taken at its word.
    assert!(of(json!("decimal"), json!(12345678901.123_457)).is_err());
    assert!(of(json!("integer"), json!("twelve")).is_err());
    assert!(of(json!("date"), json!("tomorrow")).is_err());
}

/// One row of the equality table: type, one value, another, whether they are the same.
fn same_rows() -> Vec<(&'static str, serde_json::Value, Value, Value, bool)> {
    let text = |text: &str| Value::Text(text.into());
    let number = |text: &str| Value::number(text).unwrap();
    let at = |text: &str| {
        ty(json!("timestamp"))
            .parse(&Value::Text(text.into()))
            .unwrap()
    };
    let date = |y, m, d| Value::Date(NaiveDate::from_ymd_opt(y, m, d).unwrap());
    let ci = json!({"text": {"case_insensitive": true}});
    let trim = json!({"text": {"trim": true}});
    let empty = json!({"text": {"trim": true, "empty_is_null": true}});
    let keyed = json!({"list": {"order": {"keyed": "sku"}}});
    let precise = |precision: &str| json!({"timestamp": {"precision": precision}});
    vec![
        (
            "09 0.10 ≡ 0.1",
            json!("decimal"),
            number("0.10"),
            number("0.1"),
            true,
        ),
        (
            "09 1.0 ≡ 1",
            json!("decimal"),
            number("1.0"),
            number("1"),
            true,
        ),
        (
            "09 past 2^53",
            json!("integer"),
            number("9007199254740993"),
            number("9007199254740992"),
            false,
        ),
        (
            "09 scale rounds",
            json!({"decimal": {"scale": 2}}),
            number("1.005"),
            number("1.01"),
            true,
        ),
        (
            "09 scale rounds half away",
            json!({"decimal": {"scale": 2}}),
            number("-1.005"),
            number("-1.01"),
            true,
        ),
        (
            "09 scale keeps what counts",
            json!({"decimal": {"scale": 2}}),
            number("1.01"),
            number("1.02"),
            false,
        ),
        (
            "09 no scale, every digit counts",
            json!("decimal"),
            number("1.001"),
            number("1.002"),
            false,
        ),
        (
            "10 Z ≡ +00:00",
            json!("timestamp"),
            at("2025-01-31T08:00:00Z"),
            at("2025-01-31T08:00:00+00:00"),
            true,
        ),
        (
            "10 10:00+02:00 ≡ 08:00Z",
            json!("timestamp"),
            at("2025-01-31T10:00:00+02:00"),
            at("2025-01-31T08:00:00Z"),
            true,
        ),
        (
            "10 micro by default",
            json!("timestamp"),
            at("2025-01-31T08:00:00.1234561Z"),
            at("2025-01-31T08:00:00.1234569Z"),
            true,
        ),
        (
            "10 milli",
            precise("milli"),
            at("2025-01-31T08:00:00.1234Z"),
            at("2025-01-31T08:00:00.1239Z"),
            true,
        ),
        (
            "10 milli differs",
            precise("milli"),
            at("2025-01-31T08:00:00.123Z"),
            at("2025-01-31T08:00:00.124Z"),
            false,
        ),
        (
            "10 second",
            precise("second"),
            at("2025-01-31T08:00:00Z"),
            at("2025-01-31T08:00:00.999Z"),
            true,
        ),
        (
            "10 minute",
            precise("minute"),
            at("2025-01-31T08:00:00Z"),
            at("2025-01-31T08:00:59Z"),
            true,
        ),
        (
            "10 minute differs",
            precise("minute"),
            at("2025-01-31T08:00:59Z"),
            at("2025-01-31T08:01:00Z"),
            false,
        ),
        (
            "10 day",
            precise("day"),
            at("2025-01-31T00:00:00Z"),
            at("2025-01-31T23:59:59Z"),
            true,
        ),
        (
            "10 dates",
            json!("date"),
            date(2025, 1, 31),
            date(2025, 2, 1),
            false,
        ),
        (
            "11 NFC ≡ NFD",
            json!("text"),
            text("Zo\u{eb}"),
            text("Zoe\u{308}"),
            true,
        ),
        (
            "11 in lists",
            json!("list"),
            Value::List(vec![text("\u{e9}")]),
            Value::List(vec![text("e\u{301}")]),
            true,
        ),
        (
            "11 in objects' keys",
            json!("json"),
            Value::Object(BTreeMap::from([("\u{e9}".to_owned(), text("x"))])),
            Value::Object(BTreeMap::from([("e\u{301}".to_owned(), text("x"))])),
            true,
        ),
        (
            "case counts",
            json!("text"),
            text("Ada"),
            text("ada"),
            false,
        ),
        (
            "case folds where declared",
            ci.clone(),
            text("ADA"),
            text("ada"),
            true,
        ),
        (
            "ß folds to ss",
            ci.clone(),
            text("Straße"),
            text("STRASSE"),
            true,
        ),
        ("final sigma folds", ci, text("ΣΑΣ"), text("σας"), true),
        ("blanks count", json!("text"), text("a "), text("a"), false),
        (
            "blanks trimmed where declared",
            trim,
            text(" a "),
            text("a"),
            true,
        ),
        ("empty ≠ null", json!("text"), text(""), Value::Null, false),
        (
            "empty ≡ null where declared",
            empty.clone(),
            text("  "),
            Value::Null,
            true,
        ),
        ("a text is not null", empty, text("a"), Value::Null, false),
        (
            "12 a list's order counts",
            json!("list"),
            parse("[1,2]"),
            parse("[2,1]"),
            false,
        ),
        (
            "12 a set's does not",
            json!("set"),
            parse(r#"["a","b","a"]"#),
            parse(r#"["b","a"]"#),
            true,
        ),
        (
            "12 a set's elements do",
            json!("set"),
            parse(r#"["a"]"#),
            parse(r#"["a","b"]"#),
            false,
        ),
        (
            "12 a set of numbers",
            json!("set"),
            parse("[1.0, 2]"),
            parse("[2, 1]"),
            true,
        ),
        (
            "12 keyed",
            keyed.clone(),
            parse(r#"[{"sku":1,"n":2},{"sku":2,"n":3}]"#),
            parse(r#"[{"sku":2,"n":3},{"sku":1,"n":2}]"#),
            true,
        ),
        (
            "12 keyed, an element changed",
            keyed,
            parse(r#"[{"sku":1,"n":2}]"#),
            parse(r#"[{"sku":1,"n":3}]"#),
            false,
        ),
        (
            "json members have no order",
            json!("json"),
            parse(r#"{"a":1,"b":2.0}"#),
            parse(r#"{"b":2,"a":1.0}"#),
            true,
        ),
        (
            "json lists have",
            json!("json"),
            parse("[1,2]"),
            parse("[2,1]"),
            false,
        ),
        (
            "a time under json is the text that JSON writes for it",
            json!("json"),
            Value::Timestamp("2025-01-31T08:00:00.5Z".parse().unwrap()),
            parse(r#""2025-01-31T08:00:00.500Z""#),
            true,
        ),
        (
            "a day in a list is, too",
            json!("list"),
            Value::List(vec![Value::Date("2025-01-31".parse().unwrap())]),
            parse(r#"["2025-01-31"]"#),
            true,
        ),
        (
            "null is null",
            json!("integer"),
            Value::Null,
            Value::Null,
            true,
        ),
        (
            "null is not zero",
            json!("integer"),
            Value::Null,
            number("0"),
            false,
        ),
    ]
}

fn schema_of(ty: FieldType) -> CanonicalSchema {
    CanonicalSchema {
        fields: BTreeMap::from([(
            FieldName::new("f").unwrap(),
            FieldSpec {
                ty,
                source: FieldAccess::ReadWrite,
                target: FieldAccess::ReadWrite,
            },
        )]),
    }
}

fn record(value: Value) -> CanonicalRecord {
    CanonicalRecord::from([(FieldName::new("f").unwrap(), value)])
}

#[test]
fn case_09_10_11_12_values_of_section_3_compare_as_declared() {
    for (name, spec, a, b, same) in same_rows() {
        let ty = ty(spec);
        assert_eq!(ty.same(&a, &b), same, "{name}");
        assert_eq!(ty.same(&b, &a), same, "{name}, turned round");
        assert_eq!(
            ty.normalise(&a) == ty.normalise(&b),
            same,
            "{name}: normal form"
        );
        let again = ty.normalise(&a).into_owned();
        assert_eq!(
            ty.normalise(&again).as_ref(),
            &again,
            "{name}: normalising twice"
        );
        let schema = schema_of(ty);
        let (a, b) = (record(a), record(b));
        assert_eq!(schema.hash(&a) == schema.hash(&b), same, "{name}: digest");
        assert_eq!(schema.changed(&a, &b).is_empty(), same, "{name}: change");
    }
}

#[test]
fn absent_and_null_differ_in_digests_and_changes() {
    let schema = schema_of(FieldType::text());
    let (absent, null) = (CanonicalRecord::default(), record(Value::Null));
    let text = record(Value::Text("x".into()));
    assert_ne!(schema.hash(&absent), schema.hash(&null));
    // A field that was not carried is unchanged; so is a null where nothing was known.
    assert!(schema.changed(&absent, &text).is_empty());
    assert!(schema.changed(&null, &absent).is_empty());
    assert_eq!(schema.changed(&null, &text).len(), 1);
    assert_eq!(schema.changed(&text, &absent).len(), 1);
    assert!(schema.writable(Side::Source, &FieldName::new("f").unwrap()));
    assert!(!schema.writable(Side::Source, &FieldName::new("g").unwrap()));
}

#[test]
fn match_keys_need_every_part_and_fold_as_declared() {
    let schema = schema_of(ty(
        json!({"text": {"trim": true, "case_insensitive": true}}),
    ));
    let key = [FieldName::new("f").unwrap()];
    let of = |value: Value| schema.key_hash(&key, &record(value));
    assert_eq!(
        of(Value::Text("Ada@X.org ".into())),
        of(Value::Text("ada@x.org".into()))
    );
    assert_eq!(
        of(Value::Text("Zo\u{eb}".into())),
        of(Value::Text("Zoe\u{308}".into()))
    );
    assert_ne!(of(Value::Text("a".into())), of(Value::Text("b".into())));
    for blank in [
        Value::Null,
        Value::Text(String::new()),
        Value::Text("  ".into()),
    ] {
        assert_eq!(of(blank.clone()), None, "{blank:?}");
    }
    assert_eq!(schema.key_hash(&key, &CanonicalRecord::default()), None);
    assert_eq!(schema.key_hash(&[], &record(Value::Text("a".into()))), None);
}

#[test]
fn types_have_a_short_and_a_long_form() {
    for (spec, canonical) in [
        (json!("text"), json!("text")),
        (json!({"text": {}}), json!("text")),
        (
            json!({"decimal": {"scale": 2}}),
            json!({"decimal": {"scale": 2}}),
        ),
        (json!({"list": {"order": "set"}}), json!("set")),
        (
            json!({"timestamp": {"precision": "minute"}}),
            json!({"timestamp": {"precision": "minute"}}),
        ),
        (
            json!({"reference": {"sync": "customers"}}),
            json!({"reference": {"sync": "customers"}}),
        ),
    ] {
        assert_eq!(serde_json::to_value(ty(spec)).unwrap(), canonical);
    }
    for wrong in [json!("string"), json!({"decimal": {"places": 2}}), json!(3)] {
        assert!(
            serde_json::from_value::<FieldType>(wrong.clone()).is_err(),
            "{wrong}"
        );
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (any::<i64>(), 0_u32..9).prop_map(|(n, s)| Value::Number(rust_decimal::Decimal::new(n, s))),
        "\\PC{0,8}".prop_map(Value::Text),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map("\\PC{0,4}", inner, 0..4).prop_map(Value::Object),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_survives_json(value in any_value()) {
        let text = value.to_json_text();
        prop_assert_eq!(&parse(&text), &value);
        // Ours is the JSON that everyone else reads.
        let other: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert!(other.is_null() == (value == Value::Null));
    }

    #[test]
    fn any_text_is_read_or_refused_as_the_library_does(text in any_json_like()) {
        let ours = Value::from_json_text(&text);
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (&ours, &theirs) {
            (Ok(_), Err(error)) => prop_assert!(false, "{text:?} taken, but {error}"),
            (Err(error), Ok(_)) => prop_assert!(
                error.why.contains("exactly") || error.why.contains("twice"),
                "{text:?} refused: {error}"
            ),
            _ => {}
        }
    }

    #[test]
    fn normal_forms_agree_with_digests(a in any_value(), b in any_value()) {
        for spec in ["json", "list", "set", "text", "decimal"] {
            let ty: FieldType = serde_json::from_value(json!(spec)).unwrap();
            let schema = schema_of(ty.clone());
            let same = ty.same(&a, &b);
            prop_assert_eq!(schema.hash(&record(a.clone())) == schema.hash(&record(b.clone())), same);
            let normal = ty.normalise(&a).into_owned();
            prop_assert!(ty.same(&a, &normal));
            prop_assert_eq!(schema.hash(&record(a.clone())), schema.hash(&record(normal)));
        }
    }
}

/// Texts that are JSON or nearly so.
fn any_json_like() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-+0-9.eE]{1,12}",
        "[\\[\\]{}:,\" \\\\a-cnu0-9truefalsenull]{0,24}",
        (any_value(), any::<prop::sample::Index>(), any::<char>()).prop_map(|(value, at, c)| {
            let mut chars: Vec<char> = value.to_json_text().chars().collect();
            let at = at.index(chars.len());
            chars[at] = c;
            chars.into_iter().collect()
        }),
    ]
}
