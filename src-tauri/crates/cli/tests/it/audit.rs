//! The audit log: written out, and whether it is as it was written.

use serde_json::Value;
use tandem_app::{App, AppOptions, dispatch};

use crate::bench::Bench;

#[test]
fn the_audit_log_is_exported_whole_and_never_over_a_file() {
    let bench = Bench::with_customers(1);
    // More rows than one page of the export.
    rusqlite::Connection::open(bench.store())
        .unwrap()
        .execute_batch(
            "WITH RECURSIVE n(n) AS (SELECT 1001 UNION ALL SELECT n + 1 FROM n WHERE n < 1600)
             INSERT INTO audit_log
             SELECT tenant_id, n, at, actor, action, subject, details, hash, body_hash, salt, seal
             FROM audit_log, n WHERE seq = 1",
        )
        .unwrap();
    let file = bench.path("audit.jsonl").display().to_string();
    let said = bench.tandem(&["audit", "export", &file]);
    assert_eq!(said.status, 0, "{said:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(rows.len() > 600, "{}", rows.len());
    let seqs: Vec<u64> = rows
        .iter()
        .map(|row| row["seq"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(
        seqs.windows(2).all(|two| two[0] > two[1]),
        "newest first, each once"
    );
    assert_eq!(seqs.last(), Some(&1));
    assert!(rows.iter().all(|row| row["hash"].is_string()));
    let out = bench.tandem(&["audit", "export", "-"]).out;
    assert_eq!(out, text);
    let again = bench.tandem(&["audit", "export", &file]);
    assert_ne!(again.status, 0);
    assert!(again.err.contains("audit.jsonl"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn promise_12_tampering_shows_and_a_restored_backup_can_be_taken() {
    let bench = Bench::with_customers(1);
    let sql = |sql: &str| {
        let db = rusqlite::Connection::open(bench.store()).unwrap();
        db.execute_batch(sql).unwrap();
    };
    let pause = |verb: &str| {
        let said = bench.tandem(&["syncs", verb, "customers"]);
        assert_eq!(said.status, 0, "{said:?}");
    };
    let verify = |more: &[&str]| {
        let args = [&["audit", "verify"], more].concat();
        let said = bench.tandem(&args);
        (said.status, said.out)
    };
    let says = |(status, out): (i32, String), wanted: i32, words: &[&str]| {
        assert_eq!(status, wanted, "{out}");
        for word in words {
            assert!(out.contains(word), "{word:?} in {out}");
        }
    };
    pause("pause");
    pause("resume");
    says(verify(&[]), 0, &["is whole", "every row is sealed"]);

    // A backup is put back: rows are missing until a person says that this is meant.
    sql(
        "DELETE FROM audit_log WHERE seq = (SELECT seq FROM audit_heads);
         UPDATE audit_heads SET (seq, hash) =
             (SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1)",
    );
    says(verify(&[]), 1, &["missing", "--accept"]);
    pause("pause");
    assert_eq!(verify(&[]).0, 1, "a later row heals nothing");
    says(verify(&["--accept"]), 0, &["is whole", "cannot be told"]);
    says(verify(&[]), 0, &["is whole"]);
    let log = bench.tandem(&["audit", "list"]).out;
    assert!(log.contains("audit.accept"), "{log}");

    // What was changed in the store stays changed.
    sql("UPDATE audit_log SET actor = 'nobody' WHERE seq = 2");
    says(verify(&[]), 1, &["row 2 does not fit"]);
    says(verify(&["--accept"]), 1, &["row 2 does not fit"]);

    // An anchor that cannot be read stops what would go unsealed, and says what to do.
    std::fs::write(bench.anchor(), "no database").unwrap();
    let said = bench.tandem(&["syncs", "pause", "customers"]);
    assert_ne!(said.status, 0);
    assert!(said.err.contains("TANDEM_ANCHOR=off"), "{}", said.err);
}

#[test]
fn rows_are_found_and_exported_by_who_what_on_what_and_when() {
    let bench = Bench::with_customers(1);
    for (who, verb) in [("ann", "pause"), ("bo", "resume"), ("ann", "pause")] {
        let said = bench.tandem(&["--actor", who, "syncs", verb, "customers"]);
        assert_eq!(said.status, 0, "{said:?}");
    }
    let list = |filter: &[&str]| -> Vec<Value> {
        let said = bench.tandem(&[&["audit", "list", "--json"], filter].concat());
        said.json().as_array().unwrap().clone()
    };
    let all = list(&[]);
    assert_eq!(list(&["--by", "ann"]).len(), 2);
    assert_eq!(list(&["--by", "bo", "--action", "sync"]).len(), 1);
    let action = list(&["--by", "bo"])[0]["action"].clone();
    assert_eq!(
        list(&["--action", action.as_str().unwrap(), "--by", "bo"]).len(),
        1
    );
    assert_eq!(list(&["--by", "ann", "--object", "CUSTOM"]).len(), 2);
    assert!(list(&["--text", "nobody says this"]).is_empty());
    assert!(list(&["--until", "2000-01-01T00:00:00Z"]).is_empty());
    assert_eq!(list(&["--since", "2000-01-01T00:00:00Z"]), all);
    let refused = bench.tandem(&["audit", "list", "--since", "yesterday"]);
    assert_ne!(refused.status, 0);
    assert!(refused.err.contains("is no time"), "{}", refused.err);
    let file = bench.path("ann.jsonl").display().to_string();
    let said = bench.tandem(&["audit", "export", &file, "--by", "ann"]);
    assert_eq!(said.status, 0, "{said:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[tokio::test]
async fn the_panel_exports_what_it_shows_beside_the_store() {
    let bench = Bench::with_customers(1);
    bench.tandem(&["--actor", "ann", "syncs", "pause", "customers"]);
    let app = App::open(AppOptions::on_this_machine(bench.store())).unwrap();
    let ask = |filter: Value| {
        let mut asked = serde_json::json!({ "tenant": "main" });
        asked
            .as_object_mut()
            .unwrap()
            .extend(filter.as_object().unwrap().clone());
        asked
    };
    let only = ask(serde_json::json!({ "actor": "ann" }));
    let said = dispatch(&app, "export_audit", only).await.unwrap();
    assert_eq!(said["rows"], 1, "{said}");
    let file = std::path::Path::new(said["file"].as_str().unwrap());
    assert!(file.starts_with(bench.store().parent().unwrap()), "{said}");
    let text = std::fs::read_to_string(file).unwrap();
    let row: Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(row["actor"], "ann");
    let names = dispatch(&app, "list_audit_names", ask(serde_json::json!({}))).await;
    let names = names.unwrap();
    assert!(
        names["actors"].as_array().unwrap().contains(&"ann".into()),
        "{names}"
    );
}
