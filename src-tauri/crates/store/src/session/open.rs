//! Opening a run: one holder for each configuration, second triggers joined, interrupted runs
//! closed and continued.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};
use tandem_domain::ids::{Both, RunId};
use tandem_engine::ports::history::RunOptions;
use tandem_engine::ports::store::{NewRun, RunOpening};

use super::kept::Plan;
use super::scratch::Bodies;
use super::{Hold, Session, lease, scratch};
use crate::codec::Codec;
use crate::db::Database;
use crate::fault::{Result, conflict};
use crate::keys::Id;
use crate::tenant::{retention, runs, syncs};

enum Opening {
    Ours(Hold, Option<RunId>),
    Theirs(RunOpening),
}

/// Opens a run of the tenant that `tenant` names.
pub(crate) fn open(
    file: &Arc<Database>,
    run: &NewRun,
    tenant: impl FnOnce(&Connection) -> Result<i64>,
) -> Result<RunOpening> {
    let mut db = file.connect()?;
    scratch::create(&db)?;
    let turn = file.turn();
    let opening = file.write_on(&mut db, |db| {
        let tenant = tenant(db)?;
        settle_holder(db, tenant, run)
    })?;
    drop(turn);
    let (hold, continues) = match opening {
        Opening::Ours(hold, continues) => (hold, continues),
        Opening::Theirs(answer) => return Ok(answer),
    };
    let key = hold.key;
    let any = |sql: &str| -> Result<bool> {
        Ok(db
            .prepare_cached(sql)?
            .exists(params![key.tenant, key.sync])?)
    };
    let has_links = any(
        "SELECT 1 FROM links
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND source_id IS NOT NULL LIMIT 1",
    )? || any(
        "SELECT 1 FROM links
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND target_id IS NOT NULL LIMIT 1",
    )?;
    let has_set_aside =
        any("SELECT 1 FROM set_aside WHERE tenant_id = ?1 AND sync_configuration_id = ?2 LIMIT 1")?;
    Ok(RunOpening::Opened(Box::new(Session {
        codec: Codec::load(&db, key)?,
        file: Arc::clone(file),
        db,
        hold,
        continues,
        bodies: Bodies::default(),
        seen: Both::default(),
        has_links,
        has_set_aside,
        pairs: None,
        plan: Plan::default(),
        open: HashMap::new(),
        written: HashMap::new(),
    })))
}

fn settle_holder(db: &Connection, tenant: i64, run: &NewRun) -> Result<Opening> {
    let key = syncs::key(db, tenant, run.sync)?;
    let sync = syncs::one(db, tenant, run.sync)?;
    if sync.archived {
        return Err(conflict(format!("sync {} is archived", sync.config.name)));
    }
    if let Some(since) = run.unless_since
        && let Some((id, at)) = runs::newest_scheduled(db, key)?
        && at >= since
    {
        return Ok(Opening::Theirs(RunOpening::Joined(id)));
    }
    let wanted = [run.options.rolls_back, run.options.applies];
    for earlier in wanted.into_iter().flatten() {
        retention::check_detailed(db, tenant, earlier)?;
    }
    let lease = lease::read(db, key)?;
    let mut continues = None;
    if let Some(lease) = &lease
        && let Some(holder) = lease.holder
    {
        if run.at < lease.expires {
            let (id, options) = live(db, tenant, holder)?;
            return Ok(Opening::Theirs(if options == run.options {
                RunOpening::Joined(id)
            } else {
                RunOpening::Busy(id)
            }));
        }
        let safe = lease.expires + lease::CALL;
        if run.at < safe {
            return Ok(Opening::Theirs(RunOpening::WaitUntil(safe)));
        }
        continues = Some(runs::interrupt(db, tenant, holder, run.at)?);
    }
    let generation = lease.map_or(0, |lease| lease.generation) + 1;
    let row = runs::insert(
        db,
        key,
        run,
        sync.config.direction,
        sync.config.name.as_str(),
    )?;
    lease::take(db, key, row, generation, run.at)?;
    let epoch = db
        .prepare_cached("SELECT epoch FROM sync_configurations WHERE tenant_id = ?1 AND id = ?2")?
        .query_row(params![tenant, key.sync], |row| row.get(0))?;
    Ok(Opening::Ours(
        Hold {
            key,
            run: row,
            id: run.id,
            generation,
            epoch,
            simulate: run.options.simulate,
        },
        continues,
    ))
}

fn live(db: &Connection, tenant: i64, run: i64) -> Result<(RunId, RunOptions)> {
    Ok(db
        .prepare_cached("SELECT * FROM sync_history WHERE tenant_id = ?1 AND id = ?2")?
        .query_row(params![tenant, run], |row| {
            Ok((RunId(row.get::<_, Id>("uuid")?.0), runs::options(row)?))
        })?)
}
