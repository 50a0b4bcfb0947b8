//! What people chose, counted as they choose: what suggestions are made from.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use tandem_domain::conflict::ConflictDecision;
use tandem_domain::ids::FieldName;
use tandem_domain::suggestion::{Tally, Took, pattern, suggest};
use tandem_engine::ports::store::ConflictRecord;

use crate::fault::{Result, corrupt};
use crate::keys::{SyncKey, word};

/// What was suggested for each contested field of a decision.
type Suggested = BTreeMap<FieldName, Took>;

/// The tallies of a configuration; of one field of it, where one is named.
pub(crate) fn tallies(
    db: &Connection,
    sync: SyncKey,
    field: Option<&FieldName>,
) -> Result<Vec<Tally>> {
    let mut query = db.prepare_cached(if field.is_some() {
        "SELECT field, pattern, took, times, offered, followed FROM decision_tallies
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND field = ?3"
    } else {
        "SELECT field, pattern, took, times, offered, followed FROM decision_tallies
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND ?3 IS NULL"
    })?;
    let rows = query.query_map(
        params![sync.tenant, sync.sync, field.map(FieldName::as_str)],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                (row.get(3)?, row.get(4)?, row.get(5)?),
            ))
        },
    )?;
    let mut tallies = Vec::new();
    for row in rows {
        let (field, pattern, took, (times, offered, followed)) = row?;
        tallies.push(Tally {
            field: FieldName::new(&field).map_err(|error| corrupt("tally", error))?,
            pattern,
            took: serde_json::from_value(took.into()).map_err(|error| corrupt("tally", error))?,
            times,
            offered,
            followed,
        });
    }
    Ok(tallies)
}

/// Counts a decision that is being kept; answers what was suggested, to be kept with it.
pub(crate) fn count(
    db: &Connection,
    sync: SyncKey,
    conflict: &ConflictRecord,
    decision: &ConflictDecision,
) -> Result<String> {
    let mut suggested = Suggested::new();
    if let ConflictDecision::Fields(choices) = decision {
        for field in &conflict.draft.fields {
            if choices.contains_key(&field.field) {
                let before = tallies(db, sync, Some(&field.field))?;
                if let Some(suggestion) = suggest(&before, &conflict.draft, field) {
                    suggested.insert(field.field.clone(), suggestion.take);
                }
            }
        }
    }
    add(db, sync, conflict, decision, &suggested, 1)?;
    serde_json::to_string(&suggested).map_err(|error| corrupt("tally", error))
}

/// Takes a decision that is being taken back out of the counts, as it went in.
pub(crate) fn uncount(
    db: &Connection,
    tenant: i64,
    conflict: &ConflictRecord,
    key: i64,
) -> Result<()> {
    let kept: Option<String> = db
        .prepare_cached(
            "SELECT suggested FROM conflict_decisions WHERE tenant_id = ?1 AND conflict_id = ?2",
        )?
        .query_row(params![tenant, key], |row| row.get(0))?;
    // Kept before decisions were counted, or a restoration: it never went in.
    let (Some(kept), Some(decision)) = (kept, &conflict.decision) else {
        return Ok(());
    };
    let suggested: Suggested =
        serde_json::from_str(&kept).map_err(|error| corrupt("tally", error))?;
    let sync = super::syncs::key(db, tenant, conflict.sync)?;
    add(db, sync, conflict, decision, &suggested, -1)
}

fn add(
    db: &Connection,
    sync: SyncKey,
    conflict: &ConflictRecord,
    decision: &ConflictDecision,
    suggested: &Suggested,
    by: i64,
) -> Result<()> {
    let ConflictDecision::Fields(choices) = decision else {
        return Ok(());
    };
    for field in &conflict.draft.fields {
        let Some(choice) = choices.get(&field.field) else {
            continue;
        };
        let took = Took::from(choice);
        let offer = suggested.get(&field.field);
        let offered = if offer.is_some() { by } else { 0 };
        let followed = if offer == Some(&took) { by } else { 0 };
        let mut change = db.prepare_cached(if by > 0 {
            "INSERT INTO decision_tallies
                 (tenant_id, sync_configuration_id, field, pattern, took, times, offered, followed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET times = times + excluded.times,
                 offered = offered + excluded.offered, followed = followed + excluded.followed"
        } else {
            "UPDATE decision_tallies
             SET times = max(times + ?6, 0), offered = max(offered + ?7, 0),
                 followed = max(followed + ?8, 0)
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND field = ?3 AND pattern = ?4
                 AND took = ?5"
        })?;
        change.execute(params![
            sync.tenant,
            sync.sync,
            field.field.as_str(),
            pattern(&conflict.draft, field),
            word(&took)?,
            by,
            offered,
            followed,
        ])?;
    }
    Ok(())
}
