//! Configurations: what is refused when saved, where, and with which fix.

use serde_json::{Value as Json, json};
use tandem_domain::config::{CollectionSchema, ConfigProblem, SyncConfiguration};

use crate::common::configuration;

/// A field `f`, held like this at source and target.
fn mapped(ty: Json, source: Json, target: Json) -> Json {
    json!({"mapping": {"f": {"type": ty, "source": source, "target": target}}, "match_key": []})
}

fn problems(changes: Json) -> Vec<ConfigProblem> {
    configuration(changes).check(None, None)
}

#[test]
fn case_21_a_mapping_that_cannot_be_inverted_is_refused_when_saved() {
    let join = |more: Json| {
        let mut join = json!({"paths": ["first", "last"], "separator": " "});
        join.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        join
    };
    let lossy = json!({"map": {"values": {"A": "x", "B": "x"}}});
    let with = |transform: &Json| json!({"path": "f", "transforms": [transform]});
    let full = json!({"read": "first ~ ' ' ~ last"});
    let inverse = json!({"read": "first ~ ' ' ~ last", "write": {"first": "(value | split(' ', 1) | list)[0]", "last": "(value | split(' ', 1) | list)[1]"}});
    let split = |at: &str| json!({"join": join(json!({"split": at}))});
    let sampled = json!({"expression": inverse, "samples": ["Ada Lovelace"]});
    let folded = json!({"text": {"case_insensitive": true}});
    for (ty, source, refused) in [
        (
            json!("text"),
            json!({"join": join(json!({}))}),
            Some("the join of first and last cannot be inverted"),
        ),
        (
            json!("text"),
            json!({"join": join(json!({})), "read_only": true}),
            None,
        ),
        (json!("text"), split("first"), None),
        (json!("text"), split("last"), None),
        (
            json!("text"),
            json!({"expression": full}),
            Some("cannot be inverted"),
        ),
        (
            json!("text"),
            json!({"expression": full, "read_only": true}),
            None,
        ),
        // The inverse fails for a name of one word, so it does not round-trip …
        (
            json!("text"),
            json!({"expression": inverse}),
            Some("does not read back the same"),
        ),
        // … unless the admin says that such names do not occur.
        (json!("text"), sampled, None),
        (json!("text"), with(&lossy), Some("mean the same")),
        (
            json!("text"),
            json!({"path": "f", "transforms": [lossy], "read_only": true}),
            None,
        ),
        (json!("text"), with(&json!("upper")), Some("change of case")),
        (folded, with(&json!("upper")), None),
        (json!("text"), with(&json!("trim")), Some("`trim`")),
        (json!({"text": {"trim": true}}), with(&json!("trim")), None),
        (json!("decimal"), with(&json!({"multiply": "0.01"})), None),
        (
            json!("decimal"),
            with(&json!({"multiply": "3"})),
            Some("no exact decimal form"),
        ),
        (
            json!("decimal"),
            with(&json!({"multiply": 0})),
            Some("without a number"),
        ),
        (
            json!("integer"),
            with(&json!({"expression": {"read": "value * 2", "write": "value // 2"}})),
            Some("does not read back the same"),
        ),
        (
            json!("integer"),
            with(&json!({"expression": {"read": "value + 1", "write": "value - 1"}})),
            None,
        ),
        (
            json!("integer"),
            with(&json!({"expression": {"read": "value + 1"}})),
            Some("cannot be inverted"),
        ),
        (
            json!("integer"),
            with(&json!({"expression": {"read": "value +"}})),
            Some("cannot be inverted"),
        ),
        (json!("text"), json!({"constant": "x"}), None),
        (
            json!("integer"),
            json!({"constant": "x"}),
            Some("the constant"),
        ),
        (
            json!("text"),
            json!({"path": "a", "constant": "x"}),
            Some("more than one of"),
        ),
        (
            json!("date"),
            with(&json!({"date_format": {"format": "%d.%m.%Y"}})),
            None,
        ),
        (
            json!("date"),
            with(&json!({"date_format": {"format": "%d.%m"}})),
            Some("does not read back the same"),
        ),
        (
            json!("timestamp"),
            with(&json!({"date_format": {"format": "%d.%m.%Y %H:%M"}})),
            Some("for a timestamp"),
        ),
        (
            json!("timestamp"),
            with(&json!({"date_format": {"format": "%d.%m.%Y %H:%M", "zone": "Mars/Olympus"}})),
            Some("the zone"),
        ),
        (
            json!("timestamp"),
            with(&json!({"date_format": {"format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}})),
            None,
        ),
        (
            json!("text"),
            with(&json!({"date_format": {"format": "%d.%m.%Y"}})),
            Some("a date format on a text"),
        ),
    ] {
        let found = problems(mapped(ty, source.clone(), json!("f")));
        match refused {
            None => assert!(found.is_empty(), "{source}: {found:?}"),
            Some(what) => {
                assert_eq!(found.len(), 1, "{source}: {found:?}");
                let problem = &found[0];
                assert!(problem.to_string().contains(what), "{source}: {problem}");
                assert!(
                    problem.path.starts_with("syncs.contacts.mapping.f.source"),
                    "{}",
                    problem.path
                );
                assert!(
                    problem.why.ends_with('.') && problem.fix.ends_with('.'),
                    "{problem:?}"
                );
            }
        }
    }
    // Where that side is not written, nothing has to be inverted.
    let mut one_way = mapped(json!("text"), json!({"expression": full}), json!("f"));
    one_way["direction"] = json!("source_to_target");
    assert_eq!(problems(one_way), vec![]);
}

#[test]
fn rules_that_cannot_work_are_refused() {
    let twice = json!({"a": {"type": "text", "source": "x", "target": "a"}, "b": {"type": "text", "source": "x.y", "target": "b"}});
    for (changes, path, what) in [
        (
            json!({"mapping": {}, "match_key": []}),
            "mapping",
            "no field is mapped",
        ),
        (
            json!({"match_key": ["email"]}),
            "match_key",
            "email is not mapped",
        ),
        (
            json!({"conflict": {"fields": {"name": "sum_deltas"}}}),
            "conflict.fields.name",
            "sum_deltas on name, which is a text",
        ),
        (
            json!({"direction": "source_to_target", "conflict": {"fields": {"x": "sum_deltas"}}}),
            "conflict.fields.x",
            "not written on both sides",
        ),
        (
            json!({"conflict": {"fields": {"w": "manual"}}}),
            "conflict.fields.w",
            "w is not mapped",
        ),
        (
            json!({"conflict": {"default": "sum_deltas"}}),
            "conflict.default",
            "sum_deltas as the default",
        ),
        (
            json!({"conflict": {"first_sync": "sum_deltas"}}),
            "conflict.first_sync",
            "sum_deltas for a first sync",
        ),
        (json!({"enforce": true}), "enforce", "goes both ways"),
        (
            json!({"target": {"connection": "shop", "collection": "customers"}}),
            "target",
            "the same collection",
        ),
        (
            json!({"limits": {"chunk_size": 0}}),
            "limits.chunk_size",
            "a chunk of 0",
        ),
        (
            json!({"limits": {"page_size": 0}}),
            "limits.page_size",
            "pages of 0",
        ),
        (
            json!({"mapping": twice, "match_key": []}),
            "mapping.b.source",
            "also written by the field a",
        ),
        (
            json!({"mapping": {"t": {"type": {"timestamp": {"zone": "CET+1"}}}}, "match_key": []}),
            "mapping.t.type",
            "is no time zone",
        ),
        (
            json!({"validation": {"source": {"rules": [{"check": "x >", "message": "m"}]}}}),
            "validation.source.rules.0.check",
            "cannot be compiled",
        ),
        (
            json!({"validation": {"target": {"schema": {"type": "nonsense"}}}}),
            "validation.target.schema",
            "cannot be compiled",
        ),
    ] {
        let found = problems(changes.clone());
        assert_eq!(found.len(), 1, "{changes}: {found:?}");
        assert_eq!(found[0].path, format!("syncs.contacts.{path}"), "{changes}");
        assert!(found[0].what.contains(what), "{changes}: {}", found[0].what);
        assert!(!found[0].fix.is_empty());
    }
    assert_eq!(problems(json!({})), vec![]);
    assert_eq!(
        problems(json!({"conflict": {"fields": {"x": "sum_deltas"}}})),
        vec![]
    );
}

fn schema(fields: Json) -> CollectionSchema {
    let fields = fields
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, info)| {
            let mut whole = json!({"nullable": true, "writable": true, "primary_key": false, "max_precision": null, "scale": null, "max_length": null});
            match info {
                Json::String(ty) => whole["ty"] = json!(ty),
                more => whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone()),
            }
            (name.clone(), serde_json::from_value(whole).unwrap())
        })
        .collect();
    CollectionSchema {
        fields,
        complete: true,
    }
}

#[test]
fn fields_that_do_not_exist_or_do_not_fit_are_refused() {
    let check = |ty: Json, source: Json, fields: Json| {
        configuration(mapped(ty, source, json!("f"))).check(Some(&schema(fields)), None)
    };
    for (ty, source, fields, refused) in [
        (
            json!("text"),
            json!("email"),
            json!({"email": "text"}),
            None,
        ),
        (
            json!("text"),
            json!("emial"),
            json!({"email": "text", "name": "text"}),
            Some(("the source has no field emial", "Did you mean email?")),
        ),
        (
            json!("text"),
            json!("zzz"),
            json!({"email": "text", "name": "text"}),
            Some(("the source has no field zzz", "It has: email, name.")),
        ),
        (
            json!("text"),
            json!("data.city"),
            json!({"data": "json"}),
            None,
        ),
        (
            json!("text"),
            json!("name.city"),
            json!({"name": "text"}),
            Some(("the source has no field name.city", "Did you mean name?")),
        ),
        (
            json!("text"),
            json!("address.city"),
            json!({"address.city": "text"}),
            None,
        ),
        (
            json!("integer"),
            json!("n"),
            json!({"n": "boolean"}),
            Some(("n does not fit the type integer", "Change the type")),
        ),
        (
            json!("integer"),
            json!("n"),
            json!({"n": "text"}),
            Some(("does not fit", "as = \"text\"")),
        ),
        (
            json!("integer"),
            json!({"path": "n", "as": "text"}),
            json!({"n": "text"}),
            None,
        ),
        (
            json!("integer"),
            json!({"path": "n", "read_only": true}),
            json!({"n": "text"}),
            None,
        ),
        (
            json!("text"),
            json!("n"),
            json!({"n": "integer"}),
            Some(("does not fit", "as = \"number\"")),
        ),
        (
            json!("decimal"),
            json!("n"),
            json!({"n": "integer"}),
            Some(("does not fit", "multiply")),
        ),
        (
            json!({"decimal": {"scale": 0}}),
            json!("n"),
            json!({"n": "integer"}),
            None,
        ),
        (
            json!("timestamp"),
            json!("t"),
            json!({"t": "naive_timestamp"}),
            Some(("does not fit", "zone")),
        ),
        (
            json!({"timestamp": {"zone": "UTC"}}),
            json!("t"),
            json!({"t": "naive_timestamp"}),
            Some(("does not fit", "as = \"local\"")),
        ),
        (
            json!({"timestamp": {"zone": "UTC"}}),
            json!({"path": "t", "as": "local"}),
            json!({"t": "naive_timestamp"}),
            None,
        ),
        (
            json!("date"),
            json!("t"),
            json!({"t": "timestamp"}),
            Some(("does not fit", "Change the type")),
        ),
        (json!("json"), json!("t"), json!({"t": "timestamp"}), None),
        (
            json!("decimal"),
            json!("n"),
            json!({"n": {"ty": "decimal", "max_precision": 38}}),
            Some(("n holds numbers of 38 digits", "text")),
        ),
        (
            json!("text"),
            json!("n"),
            json!({"n": {"ty": "text", "writable": false}}),
            Some(("n cannot be written", "read_only = true")),
        ),
        (
            json!("text"),
            json!({"path": "n", "read_only": true}),
            json!({"n": {"ty": "text", "writable": false}}),
            None,
        ),
        (
            json!("text"),
            json!({"expression": {"read": "first ~ las"}, "read_only": true}),
            json!({"first": "text", "last": "text"}),
            Some(("no field las", "Did you mean last?")),
        ),
    ] {
        let found = check(ty.clone(), source.clone(), fields);
        match refused {
            None => assert!(found.is_empty(), "{source}: {found:?}"),
            Some((what, fix)) => {
                assert_eq!(found.len(), 1, "{ty} {source}: {found:?}");
                assert!(found[0].what.contains(what), "{source}: {}", found[0]);
                assert!(found[0].fix.contains(fix), "{source}: {}", found[0]);
            }
        }
    }
    // A schema that is only what was seen proves nothing.
    let seen = CollectionSchema {
        complete: false,
        ..schema(json!({"email": "text"}))
    };
    assert_eq!(
        configuration(mapped(json!("text"), json!("other"), json!("f"))).check(Some(&seen), None),
        vec![]
    );
    let validated = json!({"validation": {"source": {"required": ["emial"]}}, "mapping": {"email": "text"}, "match_key": []});
    let found = configuration(validated).check(Some(&schema(json!({"email": "text"}))), None);
    assert_eq!(found[0].path, "syncs.contacts.validation.source.required");
}

#[test]
fn a_configuration_is_the_same_in_toml_and_in_the_store() {
    let text = r#"
        name = "contacts"
        direction = "source_to_target"
        match_key = ["email"]
        source = { connection = "shop", collection = "customers" }
        target = { connection = "erp", collection = "parties" }
        deletes = "manual"
        schedule = "*/5 * * * *"

        [mapping]
        email = "text"
        city = { type = "text", source = "address.city", target = "town" }

        [conflict]
        default = "last_write_wins"
        fields = { city = "source_wins" }

        [validation.source]
        required = ["email"]
        rules = [{ check = "email is string", message = "An e-mail address is a text.", field = "email" }]
    "#;
    let config: SyncConfiguration = toml::from_str(text).unwrap();
    assert_eq!(config.check(None, None), vec![]);
    assert_eq!(config.limits.chunk_size, 100);
    let stored = serde_json::to_string(&config).unwrap();
    assert_eq!(
        serde_json::from_str::<SyncConfiguration>(&stored).unwrap(),
        config
    );
    let exported = toml::to_string(&config).unwrap();
    assert_eq!(
        toml::from_str::<SyncConfiguration>(&exported).unwrap(),
        config
    );
    for (wrong, why) in [
        ("deletes = \"manual\"", "deletion = \"manual\""),
        ("default = ", "defualt = "),
        ("check = ", "chekc = "),
    ] {
        let error = toml::from_str::<SyncConfiguration>(&text.replace(wrong, why))
            .unwrap_err()
            .to_string();
        assert!(error.contains("unknown field"), "{error}");
    }
}
