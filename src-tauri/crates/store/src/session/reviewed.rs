//! What a simulation planned, for a run that carries out just that: found by the records it is about.

use rusqlite::{Connection, OptionalExtension, Statement, ToSql, params};
use tandem_domain::ids::{Both, RecordId, RunId, Side};
use tandem_engine::ports::history::{Change, OperationKind, OperationState};

use super::Hold;
use super::undo::run_of;
use crate::codec::Codec;
use crate::fault::{Result, conflict};
use crate::keys::{Compact, limit};
use crate::tenant::journal::{change, kind_code, side_code, state_code};

/// What [`change`] reads of an operation that was only planned: its body is always its own.
const PLANNED: &str = "SELECT o.*, 0 AS whole, o.body AS content FROM temp.reviewed AS r
     JOIN operations o ON o.seq = r.seq AND o.tenant_id = ?1";

/// Lists the simulation's operations by record. A create has none of its own yet: it goes by the one
/// it is made from.
pub(super) fn take_up(db: &Connection, hold: &Hold, simulation: RunId) -> Result<u64> {
    let run = run_of(db, hold, simulation)?;
    let simulated: bool = db
        .prepare_cached(
            "SELECT option_simulate FROM sync_history WHERE tenant_id = ?1 AND id = ?2",
        )?
        .query_row(params![hold.key.tenant, run], |row| row.get(0))
        .optional()?
        .unwrap_or(false);
    if !simulated {
        return Err(conflict(format!(
            "run {simulation} was no simulation: there is no plan of it to apply"
        )));
    }
    db.execute_batch(
        "CREATE TABLE temp.reviewed (
             seq INTEGER PRIMARY KEY, side INTEGER NOT NULL, is_create INTEGER NOT NULL, record ANY,
             met INTEGER NOT NULL DEFAULT 0
         ) STRICT;",
    )?;
    let planned = db.execute(
        "INSERT INTO temp.reviewed (seq, side, is_create, record)
         SELECT seq, side, kind = ?3, CASE WHEN kind = ?3 THEN other_id ELSE record_id END
         FROM operations WHERE tenant_id = ?1 AND sync_history_id = ?2 AND state = ?4",
        params![
            hold.key.tenant,
            run,
            kind_code(OperationKind::Create),
            state_code(OperationState::Planned)
        ],
    )?;
    db.execute_batch("CREATE INDEX temp.reviewed_record ON reviewed (record, side, is_create);")?;
    Ok(planned as u64)
}

/// What was planned for the pair of these two records; all of it counts as met from now on.
pub(super) fn of_pair(
    db: &Connection,
    hold: &Hold,
    codec: &mut Codec,
    pair: &Both<Option<RecordId>>,
) -> Result<Vec<Change>> {
    let mut found = Vec::new();
    for (record, at) in Side::BOTH
        .into_iter()
        .filter_map(|side| Some((pair.get(side).as_ref()?, side)))
    {
        // Its own updates and deletes, and the creates that are made from it on the other side.
        let mut statement = db.prepare_cached(&format!(
            "{PLANNED} WHERE r.record = ?2 AND ((r.side = ?3 AND NOT r.is_create)
                 OR (r.side = ?4 AND r.is_create)) ORDER BY o.seq"
        ))?;
        found.extend(read(
            &mut statement,
            codec,
            params![
                hold.key.tenant,
                Compact::id(record),
                side_code(at),
                side_code(at.other())
            ],
        )?);
    }
    for change in &found {
        db.prepare_cached("UPDATE temp.reviewed SET met = 1 WHERE seq = ?1")?
            .execute(params![change.seq])?;
    }
    Ok(found)
}

/// What was planned and never asked for.
pub(super) fn unmet(
    db: &Connection,
    hold: &Hold,
    codec: &mut Codec,
    after: Option<i64>,
    most: usize,
) -> Result<Vec<Change>> {
    let mut statement = db.prepare_cached(&format!(
        "{PLANNED} WHERE r.met = 0 AND r.seq > ?2 ORDER BY r.seq LIMIT ?3"
    ))?;
    read(
        &mut statement,
        codec,
        params![hold.key.tenant, after.unwrap_or(i64::MIN), limit(most)],
    )
}

fn read(
    statement: &mut Statement<'_>,
    codec: &mut Codec,
    params: &[&dyn ToSql],
) -> Result<Vec<Change>> {
    let mut rows = statement.query(params)?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(change(row, codec)?);
    }
    Ok(changes)
}
