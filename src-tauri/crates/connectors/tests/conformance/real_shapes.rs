//! Shapes of real systems: the ready descriptions, and what Tryton and Medusa say and are told.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value as Json, json};
use tandem_connectors::{check_settings, settings_schema};
use tandem_domain::value::Value;
use tandem_engine::ports::connector::{ListRequest, WriteOutcome};

use crate::doubles::script::{Act, Script, play, say};
use crate::system::{create, update, write_one};
use crate::systems::rest::connector;

fn template(name: &str) -> Json {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A ready description, its address replaced by that of a double, without a login.
fn described(name: &str, url: &str) -> Json {
    let mut connection = template(name)["connection"].take();
    connection["base_url"] = json!(url);
    connection["allow_private"] = json!(true);
    connection["auth"] = json!({ "type": "none" });
    connection
}

async fn answers(bodies: &[&str]) -> Script {
    let acts: Vec<Act> = bodies.iter().map(|body| say("200 OK", "", body)).collect();
    play(acts).await
}

fn asked(script: &Script, call: usize) -> (String, Json) {
    let asked = script.asked.lock().unwrap();
    let (head, body) = asked[call].split_once("\r\n\r\n").unwrap();
    let line = head.lines().next().unwrap().to_owned();
    (line, serde_json::from_str(body).unwrap_or(Json::Null))
}

#[test]
fn every_template_is_a_description_that_can_work() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let template = template(&name);
        let keys: BTreeSet<&str> = template
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let wanted = [
            "connection",
            "kind",
            "parameters",
            "quirks",
            "system",
            "version",
        ];
        assert_eq!(keys, BTreeSet::from(wanted), "{name}");
        assert!(!template["quirks"].as_array().unwrap().is_empty(), "{name}");
        let kind = template["kind"].as_str().unwrap();
        let problems = check_settings(kind, &template["connection"]);
        assert!(problems.is_empty(), "{name}: {problems:?}");
        let schema = jsonschema::validator_for(&settings_schema(kind).unwrap()).unwrap();
        let mut errors = schema.iter_errors(&template["connection"]);
        assert!(errors.next().is_none(), "{name}");
        names.insert(name);
    }
    for name in ["kinto", "medusa", "tryton"] {
        assert!(names.contains(name), "{name}");
    }
}

const PARTY: &str = r#"{"id":2,"code":"c-1","name":"ACME","__name__":"party.party","write_date":null,
    "create_date":{"__class__":"datetime","year":2026,"month":12,"day":1,"hour":2,"minute":44,"second":55,"microsecond":715021}}"#;

#[tokio::test]
async fn tryton_is_asked_for_changes_to_the_microsecond() {
    let page = format!("[{PARTY}]");
    let script = answers(&[page.as_str(), "[]", "[]"]).await;
    let parties = connector(&described("tryton", &script.url), "parties");
    let first = ListRequest {
        since: None,
        page: None,
    };
    let page = parties.list(&first).await.unwrap();
    let record = &page.records[0];
    assert_eq!(
        record.version.as_ref().unwrap().as_str(),
        "1796093095715021"
    );
    assert!(asked(&script, 0).0.contains("o=W1siaWQiLCAiQVNDIl1d"));

    let mut next = ListRequest {
        since: page.cursor,
        page: page.next,
    };
    while let Some(token) = next.page.take() {
        let page = parties
            .list(&ListRequest {
                since: None,
                page: Some(token),
            })
            .await
            .unwrap();
        next = ListRequest {
            since: page.cursor,
            page: page.next,
        };
    }
    parties.list(&next).await.unwrap();
    let last = script.asked.lock().unwrap().len() - 1;
    let line = asked(&script, last).0;
    let address = line.split(' ').nth(1).unwrap();
    let url = reqwest::Url::parse(&format!("http://x{address}")).unwrap();
    let domain = url.query_pairs().find(|(name, _)| name == "d").unwrap().1;
    let domain: Json = serde_json::from_slice(&URL_SAFE.decode(&*domain).unwrap()).unwrap();
    // Five minutes earlier than what was seen last.
    let since = json!({ "__class__": "datetime", "year": 2026, "month": 12, "day": 1, "hour": 2,
        "minute": 39, "second": 55, "microsecond": 715_021 });
    assert_eq!(
        domain,
        json!([
            "OR",
            ["write_date", ">=", since],
            ["create_date", ">=", since]
        ])
    );
}

#[tokio::test]
async fn tryton_prices_are_written_in_their_wrapper_and_new_products_get_their_defaults() {
    let product = r#"{"id":7,"code":"p-1","name":"P","list_price":{"__class__":"Decimal","decimal":"19.90"},"write_date":null,"create_date":null}"#;
    let script = answers(&[product]).await;
    let products = connector(&described("tryton", &script.url), "products");
    let fields = [
        ("name".to_owned(), "\"P\"".to_owned()),
        ("list_price".to_owned(), "19.90".to_owned()),
    ];
    let outcome = write_one(&*products, create(1, &fields.into())).await;
    let WriteOutcome::Done(receipt) = outcome else {
        panic!("{outcome:?}")
    };
    let read = receipt.record.unwrap();
    assert_eq!(read["list_price"], Value::from_json_text("19.90").unwrap());
    assert_eq!(
        asked(&script, 0).1,
        json!({ "name": "P", "type": "goods", "default_uom": 1,
            "list_price": { "__class__": "Decimal", "decimal": "19.90" } })
    );
}

const PRODUCT: &str = r#"{"product":{"id":"prod_1","title":"P","handle":"p-1","updated_at":"2026-12-01T02:34:55.831Z","variants":[
    {"id":"v1","prices":[{"id":"a","currency_code":"usd","amount":21.5},{"id":"b","currency_code":"eur","amount":19.99}]},
    {"id":"v2","prices":[{"id":"c","currency_code":"eur","amount":3}]}]}}"#;

#[tokio::test]
async fn a_medusa_price_is_changed_without_losing_other_variants_and_prices() {
    let script = answers(&[PRODUCT]).await;
    let products = connector(&described("medusa", &script.url), "products");
    let change = update(1, "prod_1", &[("price", "20.10")], None);
    let outcome = write_one(&*products, change).await;
    let WriteOutcome::Done(receipt) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        receipt.record.unwrap()["price"],
        Value::from_json_text("19.99").unwrap()
    );
    let (line, body) = asked(&script, 1);
    assert!(line.starts_with("POST /admin/products/prod_1 "), "{line}");
    assert_eq!(
        body,
        json!({ "title": "P", "handle": "p-1", "variants": [
            { "id": "v1", "prices": [
                { "currency_code": "eur", "amount": 20.10 },
                { "id": "a", "currency_code": "usd", "amount": 21.5 } ] },
            { "id": "v2", "prices": [{ "id": "c", "currency_code": "eur", "amount": 3 }] } ] })
    );
}

#[tokio::test]
async fn a_whole_record_goes_back_with_the_changed_fields_in_it() {
    let record = r#"{"id":1,"name":"N","city":"Oslo","updated":"x"}"#;
    let script = answers(&[record]).await;
    let settings = json!({ "base_url": script.url, "allow_private": true, "collections": { "items": {
        "read_only": ["updated"], "list": { "path": "/items" }, "get": { "path": "/items/{{ id }}" },
        "update": { "method": "PUT", "path": "/items/{{ id }}", "whole": true },
    } } });
    let change = update(1, "1", &[("name", "\"M\"")], None);
    let outcome = write_one(&*connector(&settings, "items"), change).await;
    assert!(matches!(outcome, WriteOutcome::Done(_)), "{outcome:?}");
    assert_eq!(asked(&script, 1).1, json!({ "name": "M", "city": "Oslo" }));
}
