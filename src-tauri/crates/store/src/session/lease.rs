//! The lease: who may run a configuration, until when, and the proof before each write that it is
//! still us.

use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::record::ContentHash;
use tandem_engine::ports::history::RunCounts;
use tandem_engine::ports::session::Renewal;
use tandem_engine::ports::store::{Actor, StoreError};

use super::Hold;
use crate::fault::{Fault, Result, conflict};
use crate::keys::{At, SyncKey, micros};
use crate::tenant::runs;

/// How long a lease lasts unless renewed.
pub(super) const LEASE: Duration = Duration::seconds(60);
/// How long the last call of a holder whose lease ran out may still be under way.
pub(super) const CALL: Duration = Duration::seconds(30);
/// How long a fingerprint is remembered.
const FINGERPRINT: Duration = Duration::hours(1);

/// A lease as stored.
pub(super) struct Lease {
    pub(super) generation: i64,
    pub(super) holder: Option<i64>,
    pub(super) expires: DateTime<Utc>,
}

pub(super) fn read(db: &Connection, key: SyncKey) -> Result<Option<Lease>> {
    Ok(db
        .prepare_cached(
            "SELECT generation, sync_history_id, expires_at FROM leases
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
        )?
        .query_row(params![key.tenant, key.sync], |row| {
            Ok(Lease {
                generation: row.get("generation")?,
                holder: row.get("sync_history_id")?,
                expires: row.get::<_, At>("expires_at")?.0,
            })
        })
        .optional()?)
}

/// From when on a silent holder's run can be taken over.
pub(crate) fn takeover_at(db: &Connection, key: SyncKey) -> Result<Option<DateTime<Utc>>> {
    let lease = read(db, key)?;
    Ok(lease.and_then(|lease| lease.holder.map(|_| lease.expires + CALL)))
}

/// Refuses while a run goes on. One whose process went away is closed, and what it held cannot be
/// written any more.
pub(super) fn without_run(db: &Connection, key: SyncKey, actor: &Actor) -> Result<()> {
    let Some(lease) = read(db, key)? else {
        return Ok(());
    };
    let Some(holder) = lease.holder else {
        return Ok(());
    };
    if actor.at < lease.expires + CALL {
        return Err(conflict(
            "a run of this sync is live; wait for its end or cancel it",
        ));
    }
    runs::interrupt(db, key.tenant, holder, actor.at)?;
    db.execute(
        "UPDATE leases SET generation = generation + 1, sync_history_id = NULL
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
        params![key.tenant, key.sync],
    )?;
    Ok(())
}

/// Gives the lease to a run; every earlier holder's writes fail from now on.
pub(super) fn take(
    db: &Connection,
    key: SyncKey,
    run: i64,
    generation: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO leases (tenant_id, sync_configuration_id, generation, sync_history_id, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant_id, sync_configuration_id) DO UPDATE SET
             generation = excluded.generation, sync_history_id = excluded.sync_history_id,
             expires_at = excluded.expires_at",
    )?
    .execute(params![
        key.tenant,
        key.sync,
        generation,
        run,
        micros(now + LEASE)
    ])?;
    Ok(())
}

/// Fails unless the lease is still this session's.
pub(super) fn check(db: &Connection, hold: &Hold) -> Result<()> {
    let held = db
        .prepare_cached(
            "SELECT 1 FROM leases WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                 AND sync_history_id = ?3 AND generation = ?4",
        )?
        .exists(params![
            hold.key.tenant,
            hold.key.sync,
            hold.run,
            hold.generation
        ])?;
    if held {
        Ok(())
    } else {
        Err(Fault::Store(StoreError::LeaseLost))
    }
}

pub(super) fn renew(
    db: &Connection,
    hold: &Hold,
    now: DateTime<Utc>,
    counts: &RunCounts,
) -> Result<Renewal> {
    db.prepare_cached(
        "UPDATE sync_history SET sync_status = 'running'
         WHERE tenant_id = ?1 AND id = ?2 AND sync_status = 'pending'",
    )?
    .execute(params![hold.key.tenant, hold.run])?;
    runs::put_counts(db, hold.key.tenant, hold.run, counts)?;
    touch(db, hold, now)
}

/// Extends the lease; says whether an admin asked to cancel.
pub(super) fn touch(db: &Connection, hold: &Hold, now: DateTime<Utc>) -> Result<Renewal> {
    db.prepare_cached(
        "UPDATE leases SET expires_at = max(expires_at, ?3)
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
    )?
    .execute(params![hold.key.tenant, hold.key.sync, micros(now + LEASE)])?;
    let cancel = db
        .prepare_cached(
            "SELECT 1 FROM sync_history
             WHERE tenant_id = ?1 AND id = ?2 AND cancel_requested_at IS NOT NULL",
        )?
        .exists(params![hold.key.tenant, hold.run])?;
    Ok(if cancel {
        Renewal::CancelRequested
    } else {
        Renewal::Held
    })
}

pub(super) fn release(db: &Connection, hold: &Hold) -> Result<()> {
    db.prepare_cached(
        "UPDATE leases SET sync_history_id = NULL
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2",
    )?
    .execute(params![hold.key.tenant, hold.key.sync])?;
    Ok(())
}

/// Whether the same was recorded within the last hour and not cleared; records it either way.
pub(super) fn fingerprint(
    db: &Connection,
    hold: &Hold,
    hash: ContentHash,
    now: DateTime<Utc>,
) -> Result<bool> {
    db.prepare_cached(
        "DELETE FROM fingerprints
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND recorded_at <= ?3",
    )?
    .execute(params![
        hold.key.tenant,
        hold.key.sync,
        micros(now - FINGERPRINT)
    ])?;
    let new = db
        .prepare_cached(
            "INSERT OR IGNORE INTO fingerprints
                 (tenant_id, sync_configuration_id, hash, recorded_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![hold.key.tenant, hold.key.sync, hash.0, micros(now)])?;
    // A run may record several; all are cleared together when it succeeds.
    db.prepare_cached("INSERT OR IGNORE INTO temp.recorded (hash) VALUES (?1)")?
        .execute(params![hash.0])?;
    Ok(new == 0)
}

/// Forgets what this run recorded.
pub(super) fn clear_fingerprints(db: &Connection, hold: &Hold) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM fingerprints WHERE tenant_id = ?1 AND sync_configuration_id = ?2
             AND hash IN (SELECT hash FROM temp.recorded)",
    )?
    .execute(params![hold.key.tenant, hold.key.sync])?;
    Ok(())
}
