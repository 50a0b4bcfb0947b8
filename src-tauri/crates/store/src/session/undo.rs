//! What an earlier run wrote, newest first, for a run that takes it back.

use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::ids::{Both, LinkId, RunId};
use tandem_engine::ports::history::{OperationKind, OperationState};
use tandem_engine::ports::session::{UndoLink, UndoOperation};

use super::{Hold, links};
use crate::codec::Codec;
use crate::fault::{Result, not_found};
use crate::keys::{count, limit};
use crate::tenant::journal::{OF_A_RUN, change, kind_code, side_of, state_code};

/// A run of the session's own configuration, inside the file.
pub(super) fn run_of(db: &Connection, hold: &Hold, run: RunId) -> Result<i64> {
    db.prepare_cached(
        "SELECT id FROM sync_history
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND uuid = ?3",
    )?
    .query_row(
        params![hold.key.tenant, hold.key.sync, run.0.as_bytes()],
        |row| row.get(0),
    )
    .optional()?
    .ok_or_else(|| not_found("run", run))
}

pub(super) fn page(
    db: &Connection,
    hold: &Hold,
    codec: &mut Codec,
    run: RunId,
    before: Option<i64>,
    most: usize,
) -> Result<Vec<UndoOperation>> {
    let run = run_of(db, hold, run)?;
    let mut statement = db.prepare_cached(&format!(
        "{OF_A_RUN} AND o.seq < ?3 AND o.state = ?4 ORDER BY o.seq DESC LIMIT ?5"
    ))?;
    let mut rows = statement.query(params![
        hold.key.tenant,
        run,
        before.unwrap_or(i64::MAX),
        state_code(OperationState::Done),
        limit(most)
    ])?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        let link = match row.get::<_, Option<i64>>("link_id")? {
            Some(id) => links::load(db, hold.key, codec, LinkId(id))?,
            None => None,
        };
        page.push(UndoOperation {
            change: change(row, codec)?,
            link: link.map(|stored| UndoLink {
                id: stored.id,
                link: stored.link,
                todo: stored.todo,
            }),
        });
    }
    Ok(page)
}

pub(super) fn made_by(db: &Connection, hold: &Hold, run: RunId) -> Result<Both<u64>> {
    let run = run_of(db, hold, run)?;
    let mut made = Both::new(0, 0);
    let mut statement = db.prepare_cached(
        "SELECT side, count(*) FROM operations
         WHERE tenant_id = ?1 AND sync_history_id = ?2 AND kind = ?3 AND state = ?4
         GROUP BY side",
    )?;
    let mut rows = statement.query(params![
        hold.key.tenant,
        run,
        kind_code(OperationKind::Create),
        state_code(OperationState::Done)
    ])?;
    while let Some(row) = rows.next()? {
        *made.get_mut(side_of(row.get(0)?)?) = count(row.get(1)?);
    }
    Ok(made)
}
