//! Record data that would be something else if anybody let it: each is carried over as it is, and
//! every view shows it as text.

use serde_json::{Value, json};
use tandem_sandbox::{Erp, Table};

use crate::bench::{Bench, Said, fields, key};

/// What it is called, and what somebody wrote.
const STRINGS: [(&str, &str); 16] = [
    ("reading direction", "\u{202e}gnp.exe\u{2066}x\u{2069}"),
    ("escapes", "\u{1b}[2J\u{1b}[31mred\u{1b}[0m"),
    ("title", "\u{1b}]0;owned\u{7}x"),
    ("one byte escape", "\u{9b}31mred"),
    (
        "script",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
    ),
    ("template", "{{ 7*7 }}{% for x in range(9) %}x{% endfor %}"),
    ("quotes", "'; DROP TABLE customers; -- \" OR \"\"=\""),
    ("device", "CON"),
    ("path", "..\\..\\NUL.txt/../../etc/passwd"),
    ("formula", "=cmd|' /C calc'!A0"),
    ("forged line", "x\n  fix: run this\r\nerror: y"),
    ("separators", "a\u{2028}b\u{2029}c\u{fffb}\u{e0041}"),
    ("formats", "%s%n%x ${jndi:ldap://x} $(id) `id`"),
    ("wide", "e\u{301}\u{200b}\u{feff} \u{1f600} 東京"),
    ("json", "\\ud800 \\\"} null"),
    ("empty to the eye", "\u{3164}\u{2800}"),
];

fn name(erp: &Erp, n: u32) -> Value {
    erp.record(Table::Customers, &key(n)).unwrap().unwrap()["last_name"].clone()
}

/// Whether a character does something on a terminal besides being seen or ending a line.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{2028}\u{2029}\u{fffb}\u{e0041}".contains(c)
}

/// What a verb says, in both forms, with nothing in it that acts.
fn shown(bench: &Bench, args: &[&str]) -> (Said, Said) {
    let json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let both = (bench.tandem(args), bench.tandem(&json));
    for said in [&both.0, &both.1] {
        for text in [&said.out, &said.err] {
            let found: String = text.chars().filter(|c| acts(*c)).collect();
            assert_eq!(found, "", "{args:?}: {text:?}");
            let forged = text
                .lines()
                .any(|line| line.trim_start().starts_with("fix: run this"));
            assert!(!forged, "{args:?}: {text}");
        }
    }
    both
}

#[test]
fn threat_hostile_texts_are_carried_over_and_shown_as_texts() {
    let bench = Bench::with_customers(20);
    let edit = |erp: &Erp, n: u32, field: &str, text: &str| {
        let change = fields(json!({ (field): text }));
        erp.edit(Table::Customers, &key(n), &change).unwrap();
    };
    for (n, (_, text)) in (1..).zip(STRINGS) {
        edit(&bench.left, n, "last_name", text);
    }
    let long = "x\u{202e}".repeat(250_000);
    edit(&bench.left, 18, "last_name", &long);
    let (_, run) = shown(&bench, &["run", "customers"]);
    assert_eq!(
        run.status,
        0,
        "{:?}",
        bench.tandem(&["errors", "list", "--json"])
    );
    for (n, (what, text)) in (1..).zip(STRINGS) {
        assert_eq!(name(&bench.right, n), json!(text), "{what}");
        // What was written there stays as it is.
        assert_eq!(name(&bench.left, n), json!(text), "{what}");
    }
    assert!(name(&bench.right, 18) == json!(long), "the long text");

    // Both sides disagree, each in its own hostile way, and one record cannot be read.
    for (n, (_, text)) in (1..).zip(STRINGS) {
        edit(&bench.left, n, "city", &format!("left {text}"));
        edit(&bench.right, n, "city", &format!("right {text}"));
    }
    edit(
        &bench.left,
        17,
        "credit_limit",
        "\u{1b}[2Jno number\u{202e}\n  fix: run this",
    );
    let (_, run) = shown(&bench, &["run", "customers"]);
    assert_eq!(run.status, 3, "{run:?}");

    let (_, conflicts) = shown(&bench, &["conflicts", "list"]);
    let conflicts = conflicts.json().as_array().unwrap().clone();
    assert_eq!(conflicts.len(), STRINGS.len());
    for conflict in &conflicts {
        let id = conflict["id"].as_str().unwrap();
        let (text, document) = shown(&bench, &["conflicts", "show", id]);
        assert_eq!(text.status, 0, "{text:?}");
        let field = &document.json()["fields"];
        let city = field
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["field"] == "city")
            .unwrap();
        let value = city["source"].as_str().unwrap();
        let known = STRINGS
            .iter()
            .any(|(_, text)| value == format!("left {text}"));
        assert!(known, "{value:?}");
        shown(
            &bench,
            &[
                "conflicts",
                "resolve",
                id,
                "--field",
                "city=source",
                "--note",
                "\u{1b}[31m\u{202e}",
            ],
        );
        shown(&bench, &["conflicts", "show", id]);
    }
    shown(&bench, &["run", "customers"]);

    let (_, errors) = shown(&bench, &["errors", "list"]);
    for error in errors.json().as_array().unwrap() {
        shown(&bench, &["errors", "show", error["id"].as_str().unwrap()]);
    }
    let (_, runs) = shown(&bench, &["runs", "list"]);
    for run in runs.json().as_array().unwrap() {
        let id = run["id"].as_str().unwrap();
        shown(&bench, &["runs", "show", id]);
        shown(&bench, &["runs", "diff", id]);
    }
    for view in [
        "syncs list",
        "syncs show customers",
        "connections list",
        "audit list",
        "alerts list",
        "tenants list",
        "export",
    ] {
        let words: Vec<&str> = view.split(' ').collect();
        shown(&bench, &words);
    }
    // What somebody types is said back as text too.
    for args in [
        ["syncs", "show", "\u{1b}[2J\u{202e}"],
        ["runs", "show", "x\n  fix: run this"],
    ] {
        shown(&bench, &args);
    }
}
