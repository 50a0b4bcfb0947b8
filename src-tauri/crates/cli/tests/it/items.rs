//! One sync or connection edited by itself: checked without saving, applied while all else stays,
//! refused where it was changed meanwhile or would break another.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::{Value, json};
use tandem_app::{App, AppOptions, WireError, dispatch};

use crate::bench::Bench;

struct Editor {
    bench: Bench,
    app: App,
}

impl Editor {
    fn with_customers(count: u32) -> Self {
        let bench = Bench::with_customers(count);
        if count > 0 {
            assert_eq!(bench.tandem(&["run", "customers"]).status, 0);
        }
        let app = App::open(AppOptions::on_this_machine(bench.store())).unwrap();
        Self { bench, app }
    }

    async fn ask(&self, command: &str, mut args: Value) -> Result<Value, WireError> {
        args["tenant"] = json!("main");
        dispatch(&self.app, command, args).await
    }

    async fn item(&self, kind: &str, name: &str) -> Value {
        let args = json!({ "kind": kind, "name": name });
        self.ask("get_item", args).await.unwrap()
    }

    /// An edited text of something that is there.
    async fn check(&self, kind: &str, name: &str, text: &str) -> Value {
        let args = json!({ "kind": kind, "name": name, "text": text, "reach": true });
        self.ask("check_item", args).await.unwrap()
    }

    fn everything(&self) -> String {
        self.bench.tandem(&["export"]).out
    }
}

fn text(item: &Value) -> String {
    item["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_text_of_one_item_says_the_same_as_the_workspace_and_as_its_form() {
    let editor = Editor::with_customers(0);
    for (kind, name) in [("sync", "customers"), ("connection", "left")] {
        let item = editor.item(kind, name).await;
        let checked = editor.check(kind, name, &text(&item)).await;
        assert_eq!(checked["action"], "unchanged", "{checked}");
        assert_eq!(checked["problems"], json!([]));
        let form = json!({ "kind": kind, "name": name, "value": item["value"] });
        let written = editor.ask("check_item", form).await.unwrap();
        assert_eq!(written["text"], item["text"], "{kind}");
        assert_eq!(checked["value"], item["value"], "{kind}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_with_line_column_path_and_what_to_do() {
    let editor = Editor::with_customers(0);
    let sync = text(&editor.item("sync", "customers").await);
    let left = text(&editor.item("connection", "left").await);
    // What is edited, how, and of the first problem: the line's text, its path, part of the advice.
    let table = [
        (
            "sync",
            sync.replace("match_key", "matchkey"),
            "matchkey",
            "syncs.customers.matchkey",
            "match_key",
        ),
        (
            "sync",
            sync.replace("connection = \"left\"", "connection = \"lefd\""),
            "connection = \"lefd\"",
            "syncs.customers.source.connection",
            "\"left\"",
        ),
        (
            "sync",
            sync.replace("city = \"text\"", "city = \"txt\""),
            "city = \"txt\"",
            "syncs.customers.mapping.city",
            "",
        ),
        (
            "sync",
            sync.replace(
                "city = \"text\"",
                "city = { type = \"text\", source = \"citty\" }",
            ),
            "citty",
            "syncs.customers.mapping.city",
            "",
        ),
        (
            "sync",
            sync.replace("name = \"customers\"", "name = \"clients\""),
            "name = \"clients\"",
            "syncs.clients.name",
            "duplicate",
        ),
        (
            "sync",
            sync.replace("city = ", "city = = "),
            "city = = ",
            "",
            "double quotes",
        ),
        (
            "connection",
            left.replace("sqlite", "sqlit"),
            "kind = \"sqlit\"",
            "connections.left",
            "\"sqlite\"",
        ),
    ];
    for (kind, edited, on, path, advice) in table {
        let name = if kind == "sync" { "customers" } else { "left" };
        let checked = editor.check(kind, name, &edited).await;
        let problem = &checked["problems"][0];
        let line = problem["line"]
            .as_u64()
            .unwrap_or_else(|| panic!("{checked}"));
        let found = edited
            .lines()
            .nth(usize::try_from(line).unwrap() - 1)
            .unwrap();
        assert!(found.contains(on), "{found:?} {on:?} {checked}");
        assert!(problem["column"].as_u64().unwrap() >= 1);
        assert!(
            problem["path"].as_str().unwrap().starts_with(path),
            "{problem}"
        );
        let told = format!("{} {}", problem["why"], problem["fix"]).replace('\\', "");
        assert!(told.contains(advice), "{told}");
        assert_eq!(checked["action"], Value::Null);
    }
    let both = format!("{sync}\n{left}");
    for other in [both.as_str(), left.as_str(), ""] {
        let checked = editor.check("sync", "customers", other).await;
        assert_ne!(checked["problems"], json!([]), "{other}");
    }
}

#[tokio::test]
async fn one_item_is_applied_and_all_else_stays() {
    let editor = Editor::with_customers(3);
    let before = editor.everything();
    let item = editor.item("sync", "customers").await;
    let edited = text(&item).replace("city = \"text\"\n", "");
    let checked = editor.check("sync", "customers", &edited).await;
    assert_eq!(checked["action"], "updated");
    assert_eq!(checked["pairs_anew"], 3);
    assert!(
        checked["warnings"][0].as_str().unwrap().contains("3 pairs"),
        "{checked}"
    );
    assert_eq!(editor.everything(), before, "checking saves nothing");

    let apply = |text: &str, revision: &Value| json!({ "kind": "sync", "name": "customers", "text": text, "revision": revision });
    let revision = &item["revision"];
    editor
        .ask("apply_item", apply(&edited, revision))
        .await
        .unwrap();
    let after = editor.everything();
    assert_ne!(after, before);
    let connections = |file: &str| file.split("[[syncs]]").next().unwrap().to_owned();
    assert_eq!(connections(&after), connections(&before));

    // Read before that: refused, and nothing is overwritten.
    let late = editor
        .ask("apply_item", apply(&text(&item), revision))
        .await;
    assert_eq!(late.unwrap_err().code, "changed_meanwhile");
    assert_eq!(editor.everything(), after);
    let audit = editor.bench.tandem(&["audit", "list", "--json"]).out;
    assert!(audit.contains("sync.change"), "{audit}");
}

#[tokio::test]
async fn a_connection_is_refused_while_it_would_break_a_sync() {
    let editor = Editor::with_customers(0);
    let before = editor.everything();
    let item = editor.item("connection", "left").await;
    let edited = text(&item).replace("collections.customers", "collections.clients");
    let checked = editor.check("connection", "left", &edited).await;
    let problem = &checked["problems"][0];
    assert_eq!(
        problem["path"], "syncs.customers.source.collection",
        "{checked}"
    );
    assert_eq!(problem["line"], Value::Null, "it stands in another text");
    let refused = editor
        .ask(
            "apply_item",
            json!({ "kind": "connection", "name": "left", "text": edited, "revision": item["revision"] }),
        )
        .await;
    assert_eq!(refused.unwrap_err().code, "invalid_workspace");
    assert_eq!(editor.everything(), before);
}

#[tokio::test]
async fn a_sync_is_duplicated_under_a_free_name_and_archived_with_its_history() {
    let editor = Editor::with_customers(2);
    let item = editor.item("sync", "customers").await;
    let twin = |name: &str| {
        let text = text(&item).replace("name = \"customers\"", &format!("name = {name:?}"));
        json!({ "kind": "sync", "text": text })
    };
    let taken = editor.ask("apply_item", twin("customers")).await;
    assert_eq!(taken.unwrap_err().code, "already_exists");
    let made = editor.ask("apply_item", twin("clients")).await.unwrap();
    assert_eq!(made["items"][0]["action"], "created");

    let archive = |revision: &Value| json!({ "name": "customers", "revision": revision });
    let wrong = editor.ask("archive_sync", archive(&json!("1"))).await;
    assert_eq!(wrong.unwrap_err().code, "changed_meanwhile");
    editor
        .ask("archive_sync", archive(&item["revision"]))
        .await
        .unwrap();
    let left = editor.ask("list_syncs", json!({})).await.unwrap();
    assert_eq!(left.as_array().unwrap().len(), 1);
    let runs = editor.bench.tandem(&["runs", "list", "--json"]).json();
    assert_eq!(runs.as_array().unwrap().len(), 1, "history stays");
    assert_eq!(
        editor.bench.tandem(&["syncs", "archive", "clients"]).status,
        0
    );
    // The name is free again.
    editor.ask("apply_item", twin("customers")).await.unwrap();
}

#[tokio::test]
async fn real_records_are_carried_through_an_edited_mapping_field_by_field() {
    let editor = Editor::with_customers(7);
    let item = editor.item("sync", "customers").await;
    let edited = text(&item).replace(
        "city = \"text\"",
        "city = { type = \"integer\" }\nzip = { type = \"text\", source = { constant = \"00100\" }, target = { path = \"postcode\", read_only = true } }",
    );
    let args = json!({ "text": edited, "side": "source", "limit": 5 });
    let sample = editor.ask("sample_mapping", args).await.unwrap();
    assert_eq!(sample["from"], "left");
    let records = sample["records"].as_array().unwrap();
    assert_eq!(records.len(), 5);
    let field = |name: &str| {
        let fields = records[0]["fields"].as_array().unwrap();
        fields.iter().find(|it| it["field"] == name).unwrap()
    };
    let table = [
        (
            "last_name",
            json!("Name 1"),
            json!("Name 1"),
            json!("Name 1"),
            "same",
        ),
        (
            "credit_limit",
            json!("100"),
            json!("100"),
            json!("100"),
            "same",
        ),
        ("city", json!("Rome"), Value::Null, Value::Null, "refused"),
        (
            "zip",
            Value::Null,
            json!("00100"),
            Value::Null,
            "not_written",
        ),
    ];
    for (name, native, canonical, written, outcome) in table {
        let found = field(name);
        assert_eq!(found["outcome"], outcome, "{found}");
        assert_eq!(found["canonical"], canonical, "{found}");
        assert_eq!(found["native"], native, "{found}");
        assert_eq!(found["written"], written, "{found}");
    }
    assert!(field("city")["why"].as_str().unwrap().contains("Rome"));
    let said = editor
        .bench
        .tandem(&["syncs", "sample", "customers", "--side", "target"]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.contains("Name 1"), "{said:?}");
    assert_eq!(
        editor
            .bench
            .tandem(&["syncs", "sample", "customers", "--limit", "6"])
            .status,
        1
    );
}

#[tokio::test]
async fn matches_are_proposed_for_what_is_not_mapped() {
    let editor = Editor::with_customers(0);
    let ask = |mapped: Value| {
        json!({
            "source_connection": "left", "source_collection": "customers",
            "target_connection": "right", "target_collection": "customers",
            "mapped_source": mapped, "mapped_target": mapped,
        })
    };
    let all = editor.ask("propose_mapping", ask(json!([]))).await.unwrap();
    let names = |found: &Value| -> Vec<String> {
        let matches = found["matches"].as_array().unwrap();
        matches
            .iter()
            .map(|it| it["source"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(names(&all).contains(&"city".to_owned()), "{all}");
    assert!(all["source"]["complete"].as_bool().unwrap());
    let rest = editor
        .ask("propose_mapping", ask(json!(["city"])))
        .await
        .unwrap();
    assert!(!names(&rest).contains(&"city".to_owned()), "{rest}");
}

#[tokio::test]
async fn a_schedule_tells_its_next_five_times_in_its_zone() {
    let editor = Editor::with_customers(0);
    let ask = |schedule: &str| json!({ "schedule": schedule });
    let app = &editor.app;
    let told = dispatch(app, "next_times", ask("CRON_TZ=Europe/Berlin 0 3 * * *"))
        .await
        .unwrap();
    assert_eq!(told["zone"], "Europe/Berlin");
    assert_eq!(told["times"].as_array().unwrap().len(), 5);
    let refused = dispatch(app, "next_times", ask("0 25 * * *"))
        .await
        .unwrap_err();
    assert_eq!(refused.code, "invalid_argument");
}

/// 500 fields are checked while they are typed; the bar of the panel is 200 ms.
#[tokio::test]
#[allow(clippy::print_stdout, reason = "how long it took is the result")]
#[allow(clippy::disallowed_methods, reason = "real time is what is measured")]
async fn five_hundred_fields_are_checked_quickly() {
    let editor = Editor::with_customers(0);
    let mut edited = text(&editor.item("sync", "customers").await);
    let at = edited.find("[syncs.mapping]").unwrap() + "[syncs.mapping]\n".len();
    let mut fields = String::new();
    for n in 0..500 {
        writeln!(
            fields,
            "field_{n:03} = {{ type = \"text\", source = {{ path = \"a{n}\", transforms = [\"trim\"], read_only = true }}, target = \"b{n}\" }}"
        )
        .unwrap();
    }
    edited.insert_str(at, &fields);
    let mut best = u128::MAX;
    for _ in 0..3 {
        let args = json!({ "kind": "sync", "name": "customers", "text": edited, "reach": false });
        let begun = Instant::now();
        let checked = editor.ask("check_item", args).await.unwrap();
        best = best.min(begun.elapsed().as_millis());
        let mapping = checked["value"]["mapping"].as_object().unwrap();
        assert_eq!(mapping.len(), 504);
    }
    println!("504 fields checked in {best} ms (best of 3, debug build)");
    // An unoptimised build on a busy machine; the figure printed is what counts.
    assert!(best < 2_000, "{best} ms");
}
