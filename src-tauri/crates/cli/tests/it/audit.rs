//! The audit log: written out, and whether it is as it was written.

use serde_json::Value;

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
