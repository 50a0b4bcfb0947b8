//! Editing what a listing shows (case 16).

use crate::bench::Bench;

#[test]
fn case_16_an_edited_filter_has_the_links_compared_anew() {
    let bench = Bench::new();
    let shop = |query: &str, note: &str| {
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
list = {{ path = "/customers", records = "/data", query = {query} }}
create = {{ path = "/{note}" }}
update = {{ path = "/customers/{{{{ id }}}}" }}
delete = {{ path = "/customers/{{{{ id }}}}" }}
"#
        );
        bench.write("filtered.toml", &(text + &sync))
    };
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
        let said = bench.tandem(&["apply", "-f", &shop(query, note)]);
        assert_eq!(said.status, 0, "{said:?}");
        assert_eq!(rebaselined(), times, "after {query} {note}");
    }
}
