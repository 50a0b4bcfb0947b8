//! The audit log, written out.

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
             SELECT tenant_id, n, at, actor, action, subject, details, hash, body_hash, salt
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
