//! Operations of earlier runs: what a crash left without a receipt, and how much was deleted lately.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tandem_domain::ids::{Both, LinkId, OperationKey, RunId};
use tandem_engine::ports::history::{OperationKind, OperationState};
use tandem_engine::ports::session::Unsettled;

use super::{Hold, Parts};
use crate::fault::{Result, corrupt, not_found};
use crate::keys::{Expanded, Id, count, micros};
use crate::tenant::journal::{kind_code, kind_of, side_of, state_code as operation_code};

/// An operation that this session did not journal, or acknowledged before: the newest of its key.
pub(super) fn find_operation(
    db: &Connection,
    parts: &Parts<'_>,
    key: OperationKey,
) -> Result<(i64, OperationKind)> {
    db.prepare_cached(
        "SELECT o.seq, o.kind FROM sync_history h CROSS JOIN operations o
             ON o.tenant_id = h.tenant_id AND o.sync_history_id = h.id
         WHERE h.tenant_id = ?1 AND h.sync_configuration_id = ?2 AND (h.unsettled = 1 OR h.id = ?3)
             AND o.operation_key = ?4
         ORDER BY o.seq DESC LIMIT 1",
    )?
    .query_row(
        params![
            parts.hold.key.tenant,
            parts.hold.key.sync,
            parts.hold.run,
            key.0.as_bytes()
        ],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .optional()?
    .ok_or_else(|| not_found("operation", key))
    .and_then(|(seq, kind)| Ok((seq, kind_of(kind)?)))
}

/// Runs first, by CROSS JOIN: left to itself SQLite walks every operation of the tenant.
const UNSETTLED: &str = "
    FROM sync_history h CROSS JOIN operations o
        ON o.tenant_id = h.tenant_id AND o.sync_history_id = h.id
    WHERE h.tenant_id = ?1 AND h.sync_configuration_id = ?2 AND h.unsettled = 1 AND h.id <> ?3
        AND o.state = 0";

/// Counted from the journal: what history counts of a run that was interrupted may lag behind.
pub(super) fn deletes_since(
    db: &Connection,
    hold: &Hold,
    since: DateTime<Utc>,
) -> Result<Both<u64>> {
    let mut deletes = Both::new(0, 0);
    let mut find = db.prepare_cached(
        "SELECT o.side, count(*) FROM sync_history h CROSS JOIN operations o
             ON o.tenant_id = h.tenant_id AND o.sync_history_id = h.id
         WHERE h.tenant_id = ?1 AND h.sync_configuration_id = ?2 AND h.started_at >= ?3
             AND o.kind = ?4 AND o.state IN (?5, ?6, ?7)
         GROUP BY o.side",
    )?;
    let mut rows = find.query(params![
        hold.key.tenant,
        hold.key.sync,
        micros(since),
        kind_code(OperationKind::Delete),
        operation_code(OperationState::Journalled),
        operation_code(OperationState::Done),
        operation_code(OperationState::Uncertain),
    ])?;
    while let Some(row) = rows.next()? {
        let made: i64 = row.get(1)?;
        *deletes.get_mut(side_of(row.get(0)?)?) = count(made);
    }
    Ok(deletes)
}

pub(super) fn unsettled(db: &Transaction<'_>, parts: &mut Parts<'_>) -> Result<Vec<Unsettled>> {
    let hold = parts.hold;
    let mut find = db.prepare_cached(&format!(
        "SELECT o.seq, o.operation_key, h.uuid, o.side, o.kind, o.record_id, o.link_id {UNSETTLED}
         ORDER BY o.seq"
    ))?;
    let mut rows = find.query(params![hold.key.tenant, hold.key.sync, hold.run])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let record: Option<Expanded> = row.get("record_id")?;
        all.push(Unsettled {
            key: OperationKey(row.get::<_, Id>("operation_key")?.0),
            run: RunId(row.get::<_, Id>("uuid")?.0),
            side: side_of(row.get("side")?)?,
            kind: kind_of(row.get("kind")?)?,
            record_id: record.as_ref().map(Expanded::id).transpose()?,
            link_id: LinkId(
                row.get::<_, Option<i64>>("link_id")?
                    .ok_or_else(|| corrupt("operation", "it has no link"))?,
            ),
        });
    }
    Ok(all)
}

pub(super) fn settle(
    db: &Connection,
    parts: &mut Parts<'_>,
    operations: &[(OperationKey, OperationState)],
) -> Result<()> {
    let hold = parts.hold;
    let key = hold.key;
    // Read once: a run that was interrupted late has many operations, each of them to look through.
    let mut open: HashMap<OperationKey, Vec<(i64, i64, Option<i64>)>> = HashMap::new();
    {
        let mut find = db.prepare_cached(&format!(
            "SELECT o.operation_key, o.seq, o.kind, o.link_id {UNSETTLED}"
        ))?;
        let mut rows = find.query(params![key.tenant, key.sync, hold.run])?;
        while let Some(row) = rows.next()? {
            open.entry(OperationKey(row.get::<_, Id>(0)?.0))
                .or_default()
                .push((row.get(1)?, row.get(2)?, row.get(3)?));
        }
    }
    for (operation, state) in operations {
        let found = open.remove(operation).unwrap_or_default();
        if found.is_empty() {
            return Err(not_found("operation", operation));
        }
        for (seq, kind, link) in found {
            db.prepare_cached(
                "UPDATE operations SET state = ?3 WHERE tenant_id = ?1 AND seq = ?2",
            )?
            .execute(params![key.tenant, seq, operation_code(*state)])?;
            let uncertain =
                *state == OperationState::Uncertain && kind == kind_code(OperationKind::Create);
            db.prepare_cached(
                "UPDATE links SET todo = 1,
                     uncertain_create = CASE
                         WHEN ?4 IS NOT NULL AND (source_id IS NULL OR target_id IS NULL) THEN ?4
                         ELSE uncertain_create END
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3",
            )?
            .execute(params![
                key.tenant,
                key.sync,
                link,
                uncertain.then(|| operation.0.as_bytes().to_vec()),
            ])?;
        }
    }
    db.prepare_cached(
        "UPDATE sync_history AS r SET unsettled = 0
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND unsettled = 1 AND id <> ?3
             AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.tenant_id = r.tenant_id
                                 AND o.sync_history_id = r.id AND o.state = 0)",
    )?
    .execute(params![key.tenant, key.sync, hold.run])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A history of a million operations must not be walked at the start of every run.
    #[test]
    fn what_is_unsettled_is_looked_for_run_by_run() -> Result<()> {
        let mut db = Connection::open_in_memory()?;
        crate::schema::migrate(&mut db, std::path::Path::new("memory"))?;
        let steps: Vec<String> = db
            .prepare(&format!("EXPLAIN QUERY PLAN SELECT o.seq {UNSETTLED}"))?
            .query_map(params![1, 1, 1], |row| row.get("detail"))?
            .collect::<rusqlite::Result<_>>()?;
        for (step, index) in steps.iter().zip([
            "sync_history_unsettled",
            "operations_history (tenant_id=? AND sync_history_id=?)",
        ]) {
            assert!(step.contains(index), "{steps:?}");
        }
        assert_eq!(steps.len(), 2, "{steps:?}");
        Ok(())
    }
}
