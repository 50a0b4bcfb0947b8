//! The field mapping: both ways, with transforms, and what cannot be carried.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tandem_domain::ids::Side;
use tandem_domain::mapping::{FieldPath, Mapping};
use tandem_domain::record::{CanonicalRecord, NativeFields};
use tandem_domain::value::Value;

use crate::common::{field, show};

fn mapping(fields: Json) -> Mapping {
    serde_json::from_value(fields).unwrap()
}

fn native(text: &str) -> NativeFields {
    match Value::from_json_text(text).unwrap() {
        Value::Object(fields) => fields,
        other => panic!("{other:?}"),
    }
}

fn json_of(fields: NativeFields) -> String {
    Value::Object(fields).to_json_text()
}

/// A field `f` of this type, held like this at the source.
fn one(ty: Json, source: Json) -> Mapping {
    mapping(json!({"f": {"type": ty, "source": source, "target": "f"}}))
}

fn read(mapping: &Mapping, text: &str) -> Result<String, String> {
    mapping
        .to_canonical(Side::Source, &native(text), true)
        .map(|record| show(&record))
        .map_err(|error| error.to_string())
}

#[test]
fn each_transform_goes_there_and_back() {
    let cents = json!({"path": "cents", "transforms": [{"multiply": "0.01"}]});
    let status = json!({"path": "st", "transforms": [{"map": {"values": {"A": "active", "I": "inactive"}}}]});
    let flag = json!({"path": "st", "as": "number", "transforms": [{"map": {"values": {"1": "yes", "0": "no"}}}]});
    let german = json!({"path": "d", "transforms": [{"date_format": {"format": "%d.%m.%Y"}}]});
    let local = json!({"path": "d", "transforms": [{"date_format": {"format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}}]});
    let name = |split: &str| json!({"join": {"paths": ["n.first", "n.last"], "separator": " ", "split": split}});
    let tags = json!({"path": "tags", "transforms": [{"split": ","}]});
    let upper = json!({"path": "c", "transforms": ["upper"]});
    let doubled = json!({"path": "n", "transforms": [{"expression": {"read": "value * 2", "write": "value / 2"}}]});
    let phone = json!({"expression": {"read": "cc ~ ' ' ~ no", "write": {"cc": "(value | split(' ') | list)[0]", "no": "(value | split(' ') | list)[1]"}}});
    let minute = json!({"timestamp": {"precision": "minute"}});
    let berlin = json!({"timestamp": {"zone": "Europe/Berlin"}});
    let folded = json!({"text": {"case_insensitive": true}});
    // type, source, native, canonical
    for (ty, source, native_text, canonical) in [
        (
            json!("text"),
            json!("a.b.c"),
            r#"{"a":{"b":{"c":"x"}}}"#,
            r#"f="x""#,
        ),
        (json!("text"), json!("a\\.b"), r#"{"a.b":"x"}"#, r#"f="x""#),
        (
            json!("decimal"),
            cents.clone(),
            r#"{"cents":1999}"#,
            "f=19.99",
        ),
        (
            json!("decimal"),
            cents.clone(),
            r#"{"cents":-5}"#,
            "f=-0.05",
        ),
        (json!("decimal"), cents, r#"{"cents":null}"#, "f=null"),
        (json!("text"), status, r#"{"st":"I"}"#, r#"f="inactive""#),
        (json!("text"), flag, r#"{"st":1}"#, r#"f="yes""#),
        (
            json!("date"),
            german,
            r#"{"d":"31.01.2025"}"#,
            r#"f="2025-01-31""#,
        ),
        (
            minute,
            local,
            r#"{"d":"01.07.2025 09:15"}"#,
            r#"f="2025-07-01T07:15:00Z""#,
        ),
        (
            berlin,
            json!({"path": "d", "as": "local"}),
            r#"{"d":"2025-01-31T09:00:00.500"}"#,
            r#"f="2025-01-31T08:00:00.500Z""#,
        ),
        (
            json!("timestamp"),
            json!({"path": "d", "as": "epoch_seconds"}),
            r#"{"d":1738310400}"#,
            r#"f="2025-01-31T08:00:00Z""#,
        ),
        (
            json!("timestamp"),
            json!({"path": "d", "as": "epoch_millis"}),
            r#"{"d":1738310400123}"#,
            r#"f="2025-01-31T08:00:00.123Z""#,
        ),
        (
            json!("decimal"),
            json!({"path": "p", "as": "text"}),
            r#"{"p":"0.10"}"#,
            "f=0.10",
        ),
        (
            json!("text"),
            json!({"path": "id", "as": "number"}),
            r#"{"id":17}"#,
            r#"f="17""#,
        ),
        (
            json!("boolean"),
            json!({"path": "b", "as": "number"}),
            r#"{"b":1}"#,
            "f=true",
        ),
        (
            json!("text"),
            name("last"),
            r#"{"n":{"first":"Jean Paul","last":"Sartre"}}"#,
            r#"f="Jean Paul Sartre""#,
        ),
        (
            json!("text"),
            name("first"),
            r#"{"n":{"first":"Jean","last":"Paul Sartre"}}"#,
            r#"f="Jean Paul Sartre""#,
        ),
        (
            json!("text"),
            name("first"),
            r#"{"n":{"first":"Plato","last":""}}"#,
            r#"f="Plato""#,
        ),
        (
            json!("text"),
            name("last"),
            r#"{"n":{"first":null,"last":null}}"#,
            "f=null",
        ),
        (
            json!("set"),
            tags.clone(),
            r#"{"tags":"a,b"}"#,
            r#"f=["a","b"]"#,
        ),
        (json!("set"), tags, r#"{"tags":""}"#, "f=[]"),
        (folded, upper, r#"{"c":"EUR"}"#, r#"f="EUR""#),
        (json!("integer"), doubled, r#"{"n":21}"#, "f=42"),
        (
            json!("text"),
            phone,
            r#"{"cc":"+49","no":"30"}"#,
            r#"f="+49 30""#,
        ),
    ] {
        let mapping = one(ty.clone(), source.clone());
        let record = mapping
            .to_canonical(Side::Source, &native(native_text), true)
            .unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(show(&record), canonical, "{source}");
        let back = mapping
            .to_native(Side::Source, &record, None)
            .unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(native(&json_of(back)), native(native_text), "{source}");
    }
}

#[test]
fn what_does_not_fit_is_named_with_its_fix() {
    let status = json!({"path": "st", "transforms": [{"map": {"values": {"A": "active"}}}]});
    let keep = json!({"path": "st", "transforms": [{"map": {"values": {"A": "active"}, "otherwise": "keep"}}]});
    for (ty, source, text, expected) in [
        (
            json!("integer"),
            json!("n"),
            r#"{"n":"twelve"}"#,
            Err("is no whole number"),
        ),
        (
            json!("text"),
            status.clone(),
            r#"{"st":"X"}"#,
            Err("is not in the map (A)"),
        ),
        (json!("text"), keep, r#"{"st":"X"}"#, Ok(r#"f="X""#)),
        (
            json!("text"),
            json!("a.b"),
            r#"{"a":"x"}"#,
            Err("expects an object"),
        ),
        (json!("text"), json!("a.b"), r#"{"a":null}"#, Ok("f=null")),
        (
            json!("date"),
            json!({"path": "d", "transforms": [{"date_format": {"format": "%d.%m.%Y"}}]}),
            r#"{"d":"2025-01-31"}"#,
            Err("is not written like %d.%m.%Y"),
        ),
        (
            json!("text"),
            json!({"join": {"paths": ["a", "b"], "separator": " "}}),
            r#"{"a":1,"b":"x"}"#,
            Err("cannot be joined"),
        ),
        (
            json!("decimal"),
            json!({"expression": {"read": "price * 2"}}),
            r#"{"price":12345678901234567.25}"#,
            Err("more digits than an expression"),
        ),
        (
            json!("decimal"),
            json!({"expression": {"read": "a + b"}}),
            r#"{"a":0.1,"b":0.2}"#,
            Ok("f=0.3"),
        ),
        (
            json!("integer"),
            json!({"expression": {"read": "n + 1"}}),
            r#"{"n":9007199254740993}"#,
            Ok("f=9007199254740994"),
        ),
        (
            json!("text"),
            json!({"expression": {"read": "range(999999999) | list | length"}}),
            "{}",
            Err("failed"),
        ),
    ] {
        let result = read(&one(ty, source.clone()), text);
        match (&result, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{source}"),
            (Err(found), Err(expected)) => {
                assert!(found.contains(expected), "{source}: {found}");
                assert!(found.starts_with("f (source): "), "{found}");
            }
            _ => panic!("{source}: {result:?}"),
        }
    }
}

#[test]
fn nothing_is_written_that_would_not_read_back() {
    let euros = |source: Json| one(json!("decimal"), source);
    let patch =
        |text: &str| CanonicalRecord::from([(field("f"), Value::from_json_text(text).unwrap())]);
    let write = |mapping: &Mapping, text: &str| {
        mapping
            .to_native(Side::Source, &patch(text), None)
            .map(json_of)
            .map_err(|error| error.to_string())
    };
    let third = euros(json!({"path": "n", "transforms": [{"multiply": "2.5"}]}));
    assert_eq!(write(&third, "5").unwrap(), r#"{"n":2}"#);
    // An inverse that is wrong for some values only is caught when such a value comes.
    let wrong = one(
        json!("integer"),
        json!({"path": "n", "transforms": [{"expression": {"read": "value * 2", "write": "value // 2"}}]}),
    );
    assert_eq!(write(&wrong, "4").unwrap(), r#"{"n":2}"#);
    let error = write(&wrong, "5").unwrap_err();
    assert!(error.contains("would read back as 4"), "{error}");
    // A separator inside an element.
    let tags = one(
        json!("list"),
        json!({"path": "t", "transforms": [{"split": ","}]}),
    );
    assert!(
        write(&tags, r#"["a,b"]"#)
            .unwrap_err()
            .contains("would read back")
    );
    // An instant in the hour that happens twice.
    let local = one(
        json!("timestamp"),
        json!({"path": "t", "transforms": [{"date_format": {"format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin"}}]}),
    );
    let fold = local
        .to_canonical(
            Side::Target,
            &native(r#"{"f":"2025-10-26T00:30:00Z"}"#),
            true,
        )
        .unwrap();
    let error = local
        .to_native(Side::Source, &fold, None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("happens twice"), "{error}");
}

#[test]
fn case_07_partial_and_complete_records_say_different_things_of_missing_fields() {
    let mapping = mapping(json!({
        "a": {"type": "text", "source": "a", "target": "a"},
        "n": {"type": "text", "source": {"path": "n", "missing": "null"}, "target": "n"},
        "j": {"type": "text", "source": {"join": {"paths": ["p", "q"], "separator": " "}}, "target": "j"},
        "e": {"type": "text", "source": {"expression": {"read": "u or 'none'"}}, "target": "e"},
        "c": {"type": "text", "source": {"constant": "shop"}, "target": "c"},
    }));
    let read = |text: &str, complete| {
        show(
            &mapping
                .to_canonical(Side::Source, &native(text), complete)
                .unwrap(),
        )
    };
    assert_eq!(read("{}", false), r#"c="shop""#);
    assert_eq!(read("{}", true), r#"c="shop" e="none" n=null"#);
    assert_eq!(read(r#"{"p":"x"}"#, false), r#"c="shop""#);
    assert_eq!(
        read(r#"{"p":"x","a":"","u":"v"}"#, true),
        r#"a="" c="shop" e="v" j="x" n=null"#
    );
}

#[test]
fn one_way_fields_are_never_written_and_nested_ones_stay_nested() {
    let mapping = mapping(json!({
        "city": {"type": "text", "source": "address.city", "target": "city"},
        "zip": {"type": "text", "source": "address.zip", "target": "zip"},
        "full": {"type": "text", "source": {"expression": {"read": "first ~ ' ' ~ last"}}, "target": "name"},
        "made": {"type": "timestamp", "source": {"path": "made", "read_only": true}, "target": "made"},
        "from": {"type": "text", "source": {"constant": "shop"}, "target": "origin"},
    }));
    let record = mapping
        .to_canonical(Side::Source, &native(r#"{"address":{"city":"Ulm","zip":"89073","street":"x"},"first":"Ada","last":"L","made":"2025-01-31T08:00:00Z"}"#), true)
        .unwrap();
    assert_eq!(record.len(), 5);
    let source = mapping.to_native(Side::Source, &record, None).unwrap();
    assert_eq!(
        json_of(source),
        r#"{"address":{"city":"Ulm","zip":"89073"}}"#
    );
    let target = mapping.to_native(Side::Target, &record, None).unwrap();
    assert_eq!(
        json_of(target),
        r#"{"city":"Ulm","made":"2025-01-31T08:00:00Z","name":"Ada L","origin":"shop","zip":"89073"}"#
    );
    for (name, source, target) in [
        ("city", true, true),
        ("full", false, true),
        ("made", false, true),
        ("from", false, true),
        ("nothing", false, false),
    ] {
        assert_eq!(
            mapping.writable(Side::Source, &field(name)),
            source,
            "{name}"
        );
        assert_eq!(
            mapping.writable(Side::Target, &field(name)),
            target,
            "{name}"
        );
        assert_eq!(
            mapping.schema().writable(Side::Source, &field(name)),
            source,
            "{name}"
        );
    }
}

#[test]
fn an_inverse_may_look_at_the_rest_of_the_record() {
    let mapping = mapping(json!({
        "net": {"type": "decimal", "source": "net", "target": {"expression": {"read": "gross - tax", "write": {"gross": "value + record.tax"}}}},
        "tax": {"type": "decimal", "source": "tax", "target": "tax"},
    }));
    let current = CanonicalRecord::from([
        (field("net"), Value::number("10").unwrap()),
        (field("tax"), Value::number("2").unwrap()),
    ]);
    let patch = CanonicalRecord::from([(field("net"), Value::number("20").unwrap())]);
    let native = mapping
        .to_native(Side::Target, &patch, Some(&current))
        .unwrap();
    assert_eq!(json_of(native), r#"{"gross":22}"#);
}

#[test]
fn a_mapping_reads_and_writes_itself_in_json_and_toml() {
    let text = r#"
        email = "text"
        city = { type = "text", source = "address.city", target = "town" }
        status = { type = "text", target = { path = "st", transforms = [{ map = { values = { A = "active" } } }] } }
        tags = { type = "set", source = { path = "tags", transforms = ["trim", { split = "," }] }, target = "labels" }
        price = { type = { decimal = { scale = 2 } }, source = { path = "cents", transforms = [{ multiply = "0.01" }] } }
    "#;
    let from_toml: Mapping = toml::from_str(text).unwrap();
    assert_eq!(from_toml.fields().len(), 5);
    let stored = serde_json::to_string(&from_toml).unwrap();
    assert_eq!(serde_json::from_str::<Mapping>(&stored).unwrap(), from_toml);
    let exported = toml::to_string(&from_toml).unwrap();
    assert_eq!(toml::from_str::<Mapping>(&exported).unwrap(), from_toml);
    let record = from_toml
        .to_canonical(
            Side::Source,
            &native(r#"{"email":"a@x","status":"active"}"#),
            true,
        )
        .unwrap();
    assert_eq!(show(&record), r#"email="a@x" status="active""#);
    for (wrong, why) in [
        (r#"email = { type = "text", sources = "x" }"#, "sources"),
        (r#"email = "string""#, "string"),
        (
            r#"email = { type = "text", source = { path = "a..b" } }"#,
            "empty part",
        ),
        (
            r#"email = { type = "text", source = { transforms = [{ reverse = 1 }] } }"#,
            "reverse",
        ),
    ] {
        let error = toml::from_str::<Mapping>(wrong).unwrap_err().to_string();
        assert!(error.contains(why), "{wrong}: {error}");
    }
}

#[test]
fn case_11_what_is_written_keeps_its_bytes() {
    let mapping = mapping(json!({"name": "text"}));
    let nfd = r#"{"name":"Zoe\u0308"}"#;
    let record = mapping
        .to_canonical(Side::Source, &native(nfd), true)
        .unwrap();
    let written = mapping.to_native(Side::Target, &record, None).unwrap();
    assert_eq!(written, native(nfd));
}

proptest! {
    #[test]
    fn paths_read_what_they_wrote(parts in prop::collection::vec("[a-z.\\\\]{1,4}", 1..4)) {
        let text = parts
            .iter()
            .map(|part| part.replace('\\', "\\\\").replace('.', "\\."))
            .collect::<Vec<_>>()
            .join(".");
        let path = FieldPath::new(&text).unwrap();
        prop_assert_eq!(path.parts(), &parts[..]);
        prop_assert_eq!(path.to_string(), text);
    }

    #[test]
    fn whatever_is_written_reads_back_the_same(cents in -10_000_000_i64..10_000_000, first in "[A-Za-z ]{0,8}", last in "[A-Za-z ]{0,8}") {
        let mapping = mapping(json!({
            "price": {"type": "decimal", "source": {"path": "cents", "transforms": [{"multiply": "0.01"}]}, "target": "price"},
            "name": {"type": "text", "source": {"join": {"paths": ["first", "last"], "separator": " ", "split": "last"}}, "target": "name"},
        }));
        let native = NativeFields::from([
            ("cents".to_owned(), Value::Number(cents.into())),
            ("first".to_owned(), Value::Text(first)),
            ("last".to_owned(), Value::Text(last)),
        ]);
        let record = mapping.to_canonical(Side::Source, &native, true).unwrap();
        // Where a mapping cannot carry a value back it says so; it never writes another one.
        if let Ok(back) = mapping.to_native(Side::Source, &record, None) {
            prop_assert_eq!(mapping.to_canonical(Side::Source, &back, true).unwrap(), record);
        }
    }
}
