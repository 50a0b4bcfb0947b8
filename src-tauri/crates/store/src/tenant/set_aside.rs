//! Records that were read and not settled: those that cannot be used, then those in links that wait.

use rusqlite::{Connection, ToSql, named_params};
use tandem_domain::ids::{LinkId, Side, SyncId};
use tandem_engine::ports::pairs::{SetAsideFilter, SetAsidePlace, SetAsideRecord, SetAsideWhy};

use super::syncs;
use crate::fault::{Fault, Result, corrupt};
use crate::keys::{Compact, Expanded, Id, limit};

pub(crate) fn page(
    db: &Connection,
    tenant: i64,
    filter: &SetAsideFilter,
) -> Result<Vec<SetAsideRecord>> {
    let key = |sync: SyncId| match syncs::key(db, tenant, sync) {
        Ok(key) => Ok(Some(key.sync)),
        Err(Fault::Store(_)) => Ok(None),
        Err(fault) => Err(fault),
    };
    let sync = match filter.sync {
        None => None,
        Some(id) => match key(id)? {
            None => return Ok(Vec::new()),
            sync => sync,
        },
    };
    let mut found = match &filter.after {
        Some(SetAsidePlace::Linked(..)) => Vec::new(),
        Some(SetAsidePlace::Unusable(after, side, record)) => {
            // A configuration that is gone by now leaves its records behind it.
            let after = key(*after)?.unwrap_or(i64::MIN);
            unusable(
                db,
                tenant,
                sync,
                filter,
                (after, side.as_str(), record.as_str()),
            )?
        }
        None => unusable(db, tenant, sync, filter, (i64::MIN, "", ""))?,
    };
    let after = match &filter.after {
        Some(SetAsidePlace::Linked(link, side)) => (link.0, side.as_str()),
        _ => (i64::MIN, ""),
    };
    let room = filter.limit.saturating_sub(found.len());
    if room > 0 {
        found.extend(linked(db, tenant, sync, filter, after, room)?);
    }
    Ok(found)
}

fn unusable(
    db: &Connection,
    tenant: i64,
    sync: Option<i64>,
    filter: &SetAsideFilter,
    after: (i64, &str, &str),
) -> Result<Vec<SetAsideRecord>> {
    let only = filter.record.as_ref();
    let mut statement = db.prepare_cached(
        "SELECT c.uuid, s.side, s.record_id, s.reason FROM set_aside s
         JOIN sync_configurations c
             ON c.tenant_id = s.tenant_id AND c.id = s.sync_configuration_id
         WHERE s.tenant_id = :tenant AND (:sync IS NULL OR s.sync_configuration_id = :sync)
             AND (:only IS NULL OR (s.side = :only_side AND s.record_id = :only))
             AND (s.sync_configuration_id, s.side, s.record_id) > (:after, :side, :record)
         ORDER BY s.sync_configuration_id, s.side, s.record_id LIMIT :most",
    )?;
    let mut rows = statement.query(named_params! {
        ":tenant": tenant,
        ":sync": sync,
        ":only": only.map(|(_, record)| record.as_str()),
        ":only_side": only.map(|(side, _)| side.as_str()),
        ":after": after.0,
        ":side": after.1,
        ":record": after.2,
        ":most": limit(filter.limit),
    })?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (sync, side) = (SyncId(row.get::<_, Id>(0)?.0), side_of(row.get(1)?)?);
        let record = row.get::<_, Expanded>(2)?.id()?;
        found.push(SetAsideRecord {
            sync,
            side,
            place: SetAsidePlace::Unusable(sync, side, record.clone()),
            record,
            why: SetAsideWhy::Unusable,
            reason: row.get(3)?,
        });
    }
    Ok(found)
}

fn linked(
    db: &Connection,
    tenant: i64,
    sync: Option<i64>,
    filter: &SetAsideFilter,
    after: (i64, &str),
    most: usize,
) -> Result<Vec<SetAsideRecord>> {
    // Conditions that are not asked for are left out, so that one record is found by its index.
    let mut sql = "SELECT c.uuid, w.side,
             CASE w.side WHEN 'source' THEN l.source_id ELSE l.target_id END AS record,
             CASE WHEN l.state = 4 THEN 'quarantined'
                  WHEN l.uncertain_create IS NOT NULL THEN 'uncertain' ELSE 'deferred' END, l.id
         FROM links l
         JOIN sync_configurations c
             ON c.tenant_id = l.tenant_id AND c.id = l.sync_configuration_id
         JOIN (SELECT 'source' AS side UNION ALL SELECT 'target') w
         WHERE l.tenant_id = :tenant AND l.id >= :after AND (l.id, w.side) > (:after, :side)
             AND (l.state = 4 OR (l.state = 1 AND (l.todo = 1 OR l.uncertain_create IS NOT NULL)))
             AND record IS NOT NULL"
        .to_owned();
    let most = limit(most);
    let only = filter
        .record
        .as_ref()
        .map(|(side, record)| (side.as_str(), Compact::id(record)));
    let mut bound: Vec<(&str, &dyn ToSql)> = vec![
        (":tenant", &tenant),
        (":after", &after.0),
        (":side", &after.1),
        (":most", &most),
    ];
    if let Some(sync) = &sync {
        sql.push_str(" AND l.sync_configuration_id = :sync");
        bound.push((":sync", sync));
    }
    if let Some((side, record)) = &only {
        sql.push_str(match *side {
            "source" => " AND l.source_id = :only AND w.side = :only_side",
            _ => " AND l.target_id = :only AND w.side = :only_side",
        });
        bound.push((":only", record));
        bound.push((":only_side", side));
    }
    sql.push_str(" ORDER BY l.id, w.side LIMIT :most");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(bound.as_slice())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let side = side_of(row.get(1)?)?;
        let why: String = row.get(3)?;
        found.push(SetAsideRecord {
            sync: SyncId(row.get::<_, Id>(0)?.0),
            side,
            record: row.get::<_, Expanded>(2)?.id()?,
            why: match why.as_str() {
                "quarantined" => SetAsideWhy::Quarantined,
                "uncertain" => SetAsideWhy::Uncertain,
                "deferred" => SetAsideWhy::Deferred,
                other => return Err(corrupt("reason", other)),
            },
            reason: String::new(),
            place: SetAsidePlace::Linked(LinkId(row.get(4)?), side),
        });
    }
    Ok(found)
}

fn side_of(word: String) -> Result<Side> {
    match word.as_str() {
        "source" => Ok(Side::Source),
        "target" => Ok(Side::Target),
        _ => Err(corrupt("side", word)),
    }
}
