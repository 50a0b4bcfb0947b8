//! The history of one pair of records: every write to it over all runs, newest first, with who decided.

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use tandem_domain::ids::{ConflictId, LinkId, RunId};
use tandem_engine::ports::history::{Change, DecidedBy, RecordEvent, RecordHistoryFilter};

use super::journal::change;
use crate::codec::Codec;
use crate::fault::{Result, not_found};
use crate::keys::{At, Id, SyncKey, of_word};

// The second half is the create whose body the link still holds: it is in no index.
const EVENTS: &str = "
    SELECT o.*, o.borrowed AS whole, o.body AS content,
           h.uuid AS run_uuid, h.started_at, h.run_trigger, h.actor
      FROM operations o
      JOIN sync_history h ON h.tenant_id = o.tenant_id AND h.id = o.sync_history_id
     WHERE o.tenant_id = :tenant AND o.link_id = :link AND o.seq < :before
       AND o.body IS NOT NULL AND o.state <> 5
    UNION ALL
    SELECT o.*, o.borrowed AS whole, l.base AS content,
           h.uuid AS run_uuid, h.started_at, h.run_trigger, h.actor
      FROM links l
      JOIN operations o ON o.seq = l.create_operation AND o.tenant_id = l.tenant_id
      JOIN sync_history h ON h.tenant_id = o.tenant_id AND h.id = o.sync_history_id
     WHERE l.tenant_id = :tenant AND l.id = :link AND o.seq < :before
       AND o.body IS NULL AND o.state <> 5
     ORDER BY seq DESC";

pub(crate) fn page(
    db: &Connection,
    tenant: i64,
    pair: LinkId,
    filter: &RecordHistoryFilter,
) -> Result<Vec<RecordEvent>> {
    let sync = db
        .prepare_cached("SELECT sync_configuration_id FROM links WHERE tenant_id = ?1 AND id = ?2")?
        .query_row(params![tenant, pair.0], |row| row.get(0))
        .optional()?
        .ok_or_else(|| not_found("pair", pair.0))?;
    let mut codec = Codec::load(db, SyncKey { tenant, sync })?;
    let decisions = decisions(db, tenant, pair)?;
    let mut statement = db.prepare_cached(EVENTS)?;
    let mut rows = statement.query(named_params! {
        ":tenant": tenant,
        ":link": pair.0,
        ":before": filter.before.unwrap_or(i64::MAX),
    })?;
    let mut events = Vec::new();
    // A field is told from the packed body only: rows are looked at until there are enough.
    while events.len() < filter.limit
        && let Some(row) = rows.next()?
    {
        let change = change(row, &mut codec)?;
        if is_about(&change, filter) {
            events.push(event(row, change, &decisions)?);
        }
    }
    Ok(events)
}

fn is_about(change: &Change, filter: &RecordHistoryFilter) -> bool {
    filter.field.as_ref().is_none_or(|field| {
        change.fields.iter().any(|it| it.field == *field)
            || change.losers.iter().any(|it| it.field == *field)
    })
}

fn event(row: &Row<'_>, change: Change, decisions: &[Carried]) -> Result<RecordEvent> {
    let run: i64 = row.get("sync_history_id")?;
    let decided = decisions
        .iter()
        .find(|it| it.run == Some(run))
        .map(|it| it.by.clone());
    Ok(RecordEvent {
        change,
        run: RunId(row.get::<_, Id>("run_uuid")?.0),
        at: row.get::<_, At>("started_at")?.0,
        trigger: of_word("trigger", row.get("run_trigger")?)?,
        actor: row.get("actor")?,
        decided,
    })
}

/// A decision about the pair, and the run that carried it out.
struct Carried {
    by: DecidedBy,
    run: Option<i64>,
}

// While a decision waits nothing else is written to its pair: the first write after it is its own.
fn decisions(db: &Connection, tenant: i64, pair: LinkId) -> Result<Vec<Carried>> {
    let mut statement = db.prepare_cached(
        "SELECT c.uuid, d.decided_by, d.decided_at, d.note,
                (SELECT o.sync_history_id FROM operations o
                  WHERE o.tenant_id = c.tenant_id AND o.link_id = c.link_id
                    AND o.seq > d.journal_seq AND o.body IS NOT NULL AND o.state <> 5
                  ORDER BY o.seq LIMIT 1) AS run
           FROM conflicts c
           JOIN conflict_decisions d ON d.tenant_id = c.tenant_id AND d.conflict_id = c.id
          WHERE c.tenant_id = ?1 AND c.link_id = ?2 AND c.state = 'resolved'",
    )?;
    let mut rows = statement.query(params![tenant, pair.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Carried {
            by: DecidedBy {
                conflict: ConflictId(row.get::<_, Id>("uuid")?.0),
                actor: row.get("decided_by")?,
                at: row.get::<_, At>("decided_at")?.0,
                note: row.get("note")?,
            },
            run: row.get("run")?,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    /// However long the journal is: a pair's writes are found by index, and so is the run of a decision.
    #[test]
    fn a_records_history_is_found_by_index() {
        let mut db = Connection::open_in_memory().unwrap();
        schema::migrate(&mut db, std::path::Path::new("memory")).unwrap();
        let plan: Vec<String> = db
            .prepare(&format!("EXPLAIN QUERY PLAN {EVENTS}"))
            .unwrap()
            .query_map(
                named_params! { ":tenant": 1, ":link": 1, ":before": 1 },
                |row| row.get("detail"),
            )
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("operations_link"), "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
    }
}
