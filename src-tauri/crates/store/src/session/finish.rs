//! The end of a run: history, snapshots, cursors, what was set aside, alert, lease, at once.

use rusqlite::{Transaction, params};
use tandem_domain::ids::{RecordId, Side};
use tandem_domain::link::LinkState;
use tandem_engine::ports::history::RunStatus;
use tandem_engine::ports::session::RunOutcome;

use super::{Hold, Session, lease, links};
use crate::fault::{Result, corrupt};
use crate::keys::{Compact, Expanded, micros};
use crate::tenant::{alerts, runs, syncs};

impl Session {
    pub(super) fn end(mut self, outcome: &RunOutcome) -> Result<()> {
        let unsettled = !self.open.is_empty();
        self.write(|db, parts| {
            let hold = parts.hold;
            runs::close(db, hold.key.tenant, hold.run, outcome, unsettled)?;
            if !hold.simulate {
                for side in Side::BOTH {
                    let progress = outcome.progress.get(side);
                    // A listing whose cursor is not committed comes again, and what it brought too.
                    if progress.is_some() || outcome.status != RunStatus::Failed {
                        remember_set_aside(db, &hold, side, micros(outcome.at))?;
                    }
                    if let Some(progress) = progress {
                        syncs::put_progress(db, hold.key, side, progress)?;
                    }
                }
            }
            alerts::step(db, hold.key, hold.id, &outcome.alert, outcome.at)?;
            if outcome.status == RunStatus::Completed {
                lease::clear_fingerprints(db, &hold)?;
            }
            lease::release(db, &hold)
        })
    }
}

/// Usable records leave the list, unusable ones join it.
fn remember_set_aside(db: &Transaction<'_>, hold: &Hold, side: Side, now: i64) -> Result<()> {
    let mut staged = db.prepare_cached(
        "SELECT record_id, kind, body FROM temp.staged WHERE side = ?1 AND (kind = 2 OR ?2)",
    )?;
    let listed = db
        .prepare_cached(
            "SELECT 1 FROM main.set_aside
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND side = ?3 LIMIT 1",
        )?
        .exists(params![hold.key.tenant, hold.key.sync, side.as_str()])?;
    let mut put = db.prepare_cached(
        "INSERT INTO main.set_aside
             (tenant_id, sync_configuration_id, side, record_id, reason, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (tenant_id, sync_configuration_id, side, record_id)
             DO UPDATE SET reason = excluded.reason",
    )?;
    let mut clear = db.prepare_cached(
        "DELETE FROM main.set_aside
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND side = ?3 AND record_id = ?4",
    )?;
    // What somebody chose to leave alone is not tried again, however unusable it is.
    let mut left_alone = db.prepare_cached(&format!(
        "SELECT 1 FROM main.links WHERE tenant_id = ?1 AND sync_configuration_id = ?2
             AND {} = ?3 AND state = ?4",
        links::id_column(side)
    ))?;
    let excluded = links::state_code(LinkState::Excluded);
    let mut rows = staged.query(params![links::index(side), listed])?;
    while let Some(row) = rows.next()? {
        let id: RecordId = row.get::<_, Expanded>(0)?.id()?;
        if row.get::<_, i64>(1)? == super::scratch::SET_ASIDE {
            let key = hold.key;
            if left_alone.exists(params![key.tenant, key.sync, Compact::id(&id), excluded])? {
                continue;
            }
            let reason = String::from_utf8(row.get(2)?)
                .map_err(|error| corrupt("reason", error.utf8_error()))?;
            put.execute(params![
                hold.key.tenant,
                hold.key.sync,
                side.as_str(),
                id.as_str(),
                reason,
                now
            ])?;
        } else {
            clear.execute(params![
                hold.key.tenant,
                hold.key.sync,
                side.as_str(),
                id.as_str()
            ])?;
        }
    }
    Ok(())
}
