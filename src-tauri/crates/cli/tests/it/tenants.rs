//! Nothing of one tenant is seen or changed by another: every command there is, called by a tenant
//! that has nothing with the names and ids of one that has everything.

use std::path::Path;

use serde_json::{Value, json};
use tandem_app::{App, AppOptions, COMMANDS, dispatch};

use crate::bench::Bench;
use crate::conflicts::contested;

/// What a command has to answer.
enum Want {
    /// That there is no such thing.
    NotFound(Value),
    /// The same, of each that is named.
    NoneFound(Value),
    /// A list, or an overview, of nothing.
    Nothing(Value),
    /// It is about no tenant's things, or only about the caller's own.
    Own,
}

fn want(command: &str, id: &dyn Fn(&str) -> String) -> Want {
    use Want::{NotFound, Nothing, Own};
    let named = |name: &str| NotFound(json!({ "tenant": "other", "name": name }));
    let one = |of: &str| NotFound(json!({ "tenant": "other", "id": id(of) }));
    match command {
        // Tenants' names are no secret to this machine's user; a file says nothing of what another
        // tenant has; the sample and the log are the caller's own.
        "app_info" | "list_tenants" | "create_tenant" | "remove_tenant" | "apply_workspace"
        | "load_sample" | "next_times" | "get_settings" | "change_settings" | "note_unsaved"
        | "leave_window" | "export_audit" | "list_audit_names" | "verify_audit"
        | "accept_audit" | "list_audit" => Own,
        "overview" | "list_connections" | "list_syncs" | "export_workspace" | "prune_history" => {
            Nothing(json!({ "tenant": "other" }))
        }
        "list_runs" | "list_conflicts" | "list_errors" | "list_alerts" => {
            Nothing(json!({ "tenant": "other", "limit": 1000 }))
        }
        "test_connection" | "probe_connection" | "isolate_connection" | "reset_connection" => {
            named("left")
        }
        "propose_mapping" => NotFound(json!({
            "tenant": "other",
            "source_connection": "left", "source_collection": "customers",
            "target_connection": "right", "target_collection": "customers",
        })),
        "sample_mapping" => NotFound(json!({
            "tenant": "other", "name": "customers", "side": "source", "limit": 5,
        })),
        "get_item" => NotFound(json!({ "tenant": "other", "kind": "sync", "name": "customers" })),
        "check_item" => NotFound(json!({
            "tenant": "other", "kind": "sync", "name": "customers", "text": "",
        })),
        "archive_sync" => NotFound(json!({
            "tenant": "other", "name": "customers", "revision": "1",
        })),
        "apply_item" => NotFound(json!({
            "tenant": "other", "kind": "connection", "name": "left", "revision": "1",
            "text": "[[connections]]\nname = \"left\"\nkind = \"sqlite\"\nfile = \"/nowhere.db\"\n[connections.collections.people]\n",
        })),
        "get_sync" | "pause_sync" | "resume_sync" | "rebaseline_sync" | "run_sync" => {
            named("customers")
        }
        "erase_record" => NotFound(json!({
            "tenant": "other", "sync": "customers", "source": "C-002",
        })),
        "cancel_run" | "get_run" | "rollback_run" => one("run"),
        "apply_plan" => NotFound(json!({ "tenant": "other", "hash": id("plan") })),
        "run_changes" => NotFound(json!({ "tenant": "other", "id": id("run"), "limit": 10 })),
        "record_history" => NotFound(json!({
            "tenant": "other", "sync": "customers", "source": "C-002", "limit": 10,
        })),
        "get_conflict" | "undo_decision" | "unlink_pair" => one("conflict"),
        "resolve_conflict" => NotFound(json!({
            "tenant": "other", "id": id("conflict"), "revision": 1,
            "choices": [{ "field": "city", "take": "source" }],
        })),
        "resolve_delete_conflict" => NotFound(json!({
            "tenant": "other", "id": id("conflict"), "revision": 1, "choice": "restore",
        })),
        "list_pairs" | "list_set_aside" => Nothing(json!({ "tenant": "other", "limit": 1000 })),
        "restore_value" => NotFound(json!({
            "tenant": "other", "sync": "customers", "source": "C-002", "field": "city",
            "from": id("conflict"),
        })),
        "link_pair" => NotFound(json!({
            "tenant": "other", "sync": "customers", "source": "C-001", "target": "C-001",
        })),
        // Both the number of one of its pairs and a conflict of its.
        "relink_pair" => NotFound(json!({ "tenant": "other", "id": "1" })),
        "drop_set_aside" => NotFound(json!({
            "tenant": "other", "id": "customers:source:C-001",
        })),
        "resolve_conflicts" => Want::NoneFound(json!({
            "tenant": "other", "ids": [{ "id": id("conflict") }], "take": "source",
        })),
        "undo_decisions" => Want::NoneFound(json!({ "tenant": "other", "ids": [id("conflict")] })),
        "get_error" | "resolve_error" => one("error"),
        other => panic!("say here what {other} answers about another tenant's things"),
    }
}

/// Whether an answer holds nothing at all.
fn is_nothing(answer: &Value) -> bool {
    match answer {
        Value::Null | Value::Bool(_) => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => !["left", "right", "customers"]
            .iter()
            .any(|it| text.contains(it)),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_nothing),
    }
}

/// Every row of a tenant, table by table, as SQLite shows them.
fn everything(store: &Path, tenant: &str) -> Vec<String> {
    let db = rusqlite::Connection::open(store).unwrap();
    let list = |sql: &str| -> Vec<String> {
        let mut find = db.prepare(sql).unwrap();
        let rows = find.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let mut all = Vec::new();
    for table in list(
        "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND c.name = 'tenant_id' ORDER BY m.name",
    ) {
        let columns = list(&format!(
            "SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')"
        ))
        .join(" || ',' || ");
        let rows = list(&format!(
            "SELECT {columns} FROM \"{table}\"
             WHERE tenant_id = (SELECT id FROM tenants WHERE name = '{tenant}') ORDER BY 1"
        ));
        all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    all
}

/// A tenant with a conflict, an error and runs; another one with nothing.
fn two_tenants() -> Bench {
    let bench = contested(&[2], true);
    bench.tandem(&["run", "customers", "--simulate"]);
    let away = bench.path("away.db");
    std::fs::rename(bench.right.path(), &away).unwrap();
    assert_ne!(bench.tandem(&["run", "customers"]).status, 0);
    std::fs::rename(&away, bench.right.path()).unwrap();
    assert_eq!(bench.tandem(&["tenants", "create", "other"]).status, 0);
    bench
}

/// The hash of the simulation that was made.
fn plan_of(bench: &Bench) -> String {
    let runs = bench.tandem(&["runs", "list", "--json"]).json();
    let runs = runs.as_array().unwrap();
    let simulated = runs.iter().find(|run| run["simulated"] == true).unwrap();
    simulated["plan_hash"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_command_answers_not_found_about_another_tenants_things() {
    let bench = two_tenants();
    let plan = plan_of(&bench);
    let id = |of: &str| {
        if of == "plan" {
            return plan.clone();
        }
        let verb = format!("{of}s");
        let list = bench.tandem(&[&verb, "list", "--json"]).json();
        list[0]["id"].as_str().unwrap().to_owned()
    };
    let before = everything(&bench.store(), "main");
    assert!(before.len() > 20, "{}", before.len());
    let app = App::open(AppOptions::on_this_machine(bench.store())).unwrap();
    let mut asked = 0;
    for command in COMMANDS {
        match want(command, &id) {
            Want::Own => {}
            Want::NotFound(arguments) => {
                let error = dispatch(&app, command, arguments).await.unwrap_err();
                assert_eq!(error.code, "not_found", "{command}: {error:?}");
                let told = format!("{error:?}");
                for name in ["right", "Oslo", "C-002"] {
                    assert!(!told.contains(name), "{command} tells {name}: {told}");
                }
                asked += 1;
            }
            Want::NoneFound(arguments) => {
                let answer = dispatch(&app, command, arguments).await.unwrap();
                if *command == "undo_decisions" {
                    assert_eq!(answer["undone"], 0, "{answer}");
                    let reason = answer["left"][0]["reason"].as_str();
                    assert_eq!(reason, Some("This tenant has no such conflict."));
                } else {
                    assert_eq!(answer["decided"], 0, "{command}: {answer}");
                    assert_eq!(answer["conflicts"][0]["outcome"], "not_found");
                    assert_eq!(answer["conflicts"][0]["label"], "", "{answer}");
                }
                asked += 1;
            }
            Want::Nothing(arguments) => {
                let answer = dispatch(&app, command, arguments).await.unwrap();
                assert!(is_nothing(&answer), "{command}: {answer}");
                asked += 1;
            }
        }
    }
    assert!(asked > 20, "{asked}");
    app.idle().await;
    assert_eq!(everything(&bench.store(), "main"), before);
}

#[test]
fn a_removed_tenant_leaves_no_row_and_the_other_loses_none() {
    let bench = two_tenants();
    let file = bench.path("workspace.toml").display().to_string();
    let applied = bench.tandem(&["--tenant", "other", "apply", "-f", &file]);
    assert_eq!(applied.status, 0, "{applied:?}");
    bench.tandem(&["--tenant", "other", "run", "customers"]);
    assert!(everything(&bench.store(), "other").len() > 10);
    let before = everything(&bench.store(), "main");
    let refused = bench.tandem(&["tenants", "remove", "other"]);
    assert_ne!(refused.status, 0);
    // Where it cannot be written down first, nothing goes.
    let taken = bench.path("taken");
    std::fs::write(&taken, "").unwrap();
    let taken = taken.display().to_string();
    let refused = bench.tandem(&["tenants", "remove", "other", "--yes", "--export", &taken]);
    assert!(
        refused.status == 1 && refused.err.contains("Nothing was removed"),
        "{refused:?}"
    );
    assert!(everything(&bench.store(), "other").len() > 10);
    let removed = bench
        .tandem(&["tenants", "remove", "other", "--yes", "--json"])
        .json();
    let folder = Path::new(removed["exported"].as_str().unwrap());
    assert!(folder.starts_with(bench.store().parent().unwrap()));
    let log = std::fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    let first: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(first["action"], "tenant.create", "{log}");
    // The workspace file is whole: another tenant can be made of it.
    assert_eq!(bench.tandem(&["tenants", "create", "again"]).status, 0);
    let file = folder.join("workspace.toml").display().to_string();
    let applied = bench.tandem(&["--tenant", "again", "apply", "-f", &file]);
    assert_eq!(applied.status, 0, "{applied:?}");
    let removed = bench
        .tandem(&[
            "tenants",
            "remove",
            "again",
            "--yes",
            "--no-export",
            "--json",
        ])
        .json();
    assert_eq!(removed["exported"], Value::Null);
    assert_eq!(everything(&bench.store(), "main"), before);
    let db = rusqlite::Connection::open(bench.store()).unwrap();
    let mut tables = db
        .prepare(
            "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND c.name = 'tenant_id'",
        )
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(tables.len() > 10, "{tables:?}");
    for table in tables {
        let left: i64 = db
            .query_row(
                &format!(
                    "SELECT count(*) FROM \"{table}\"
                     WHERE tenant_id NOT IN (SELECT id FROM tenants WHERE name = 'main')"
                ),
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
}
