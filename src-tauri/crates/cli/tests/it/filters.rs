//! Listings that are asked for some records only (case 16).

use crate::bench::Bench;

/// The sample's target, as a shop whose list is asked for `query` (or declared so by more members),
/// with `more` members of the collection.
fn shop(bench: &Bench, list: &str, more: &str) -> String {
    let sync = bench
        .workspace()
        .replace("connection = \"left\"", "connection = \"shop\"");
    let text = format!(
        r#"
[[connections]]
name = "shop"
kind = "rest"
base_url = "http://127.0.0.1:9"
allow_private = true
[connections.collections.customers]
list = {{ path = "/customers", records = "/data", {list} }}
update = {{ path = "/customers/{{{{ id }}}}" }}
delete = {{ path = "/customers/{{{{ id }}}}" }}
{more}
"#
    );
    bench.write("filtered.toml", &(text + &sync))
}

const FIND: &str = r#"find = { customer_no = { query = { customer_no = "{{ value }}" } } }"#;

#[test]
fn case_16_an_edited_filter_has_the_links_compared_anew() {
    let bench = Bench::new();
    let rebaselined = || {
        let audit = bench.tandem(&["audit", "list", "--json"]).out;
        audit.matches("sync.rebaseline").count()
    };
    for (query, note, times) in [
        ("{ state = \"active\" }", "customers", 0),
        ("{ state = \"active\" }", "clients", 0),
        ("{ state = \"closed\" }", "clients", 1),
        ("{ }", "customers", 2),
    ] {
        let create = format!("{FIND}\ncreate = {{ path = \"/{note}\" }}");
        let file = shop(&bench, &format!("query = {query}"), &create);
        let said = bench.tandem(&["apply", "-f", &file]);
        assert_eq!(said.status, 0, "{said:?}");
        assert_eq!(rebaselined(), times, "after {query} {note}");
    }
}

/// Where records are made and a listing may hide their partners, these have to be found somehow.
#[test]
fn case_16_a_filtered_side_that_cannot_be_asked_for_a_match_key_is_refused() {
    let filtered = r#"query = { state = "active" }"#;
    let declared = r#"query = { sort = "id" }, complete = true"#;
    let elsewhere = r#"find = { phone = { query = { phone = "{{ value }}" } } }"#;
    for (list, find, taken) in [
        (filtered, "", false),
        (filtered, elsewhere, false),
        (filtered, FIND, true),
        (declared, "", true),
        ("query = { }", "", true),
    ] {
        let bench = Bench::new();
        let more = format!("{find}\ncreate = {{ path = \"/customers\" }}");
        let file = shop(&bench, list, &more);
        let said = bench.tandem(&["apply", "-f", &file]);
        assert_eq!(said.status == 0, taken, "{list} {find}: {said:?}");
        let told = said.err.contains("can be looked up in customers of shop");
        assert_eq!(told, !taken, "{list} {find}: {said:?}");
    }
}
