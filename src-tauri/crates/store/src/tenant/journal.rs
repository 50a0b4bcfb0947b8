//! The journal as history shows it: one run's writes, ascending.

use rusqlite::{Connection, Row, params};
use tandem_domain::ids::{LinkId, OperationKey, RunId, Side};
use tandem_domain::plan::Loser;
use tandem_domain::record::CanonicalRecord;
use tandem_engine::ports::history::{Change, FieldChange, OperationKind, OperationState};

use super::runs;
use crate::codec::Codec;
use crate::fault::{Result, corrupt};
use crate::keys::{Expanded, Id, SyncKey, limit, of_word};

/// What an operation's body holds. A create that made exactly its link's base has the record alone.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Body {
    pub(crate) fields: Vec<FieldChange>,
    pub(crate) losers: Vec<Loser>,
}

pub(crate) const fn side_code(side: Side) -> i64 {
    match side {
        Side::Source => 0,
        Side::Target => 1,
    }
}

pub(crate) fn side_of(code: i64) -> Result<Side> {
    match code {
        0 => Ok(Side::Source),
        1 => Ok(Side::Target),
        other => Err(corrupt("side", other)),
    }
}

pub(crate) const fn kind_code(kind: OperationKind) -> i64 {
    match kind {
        OperationKind::Create => 0,
        OperationKind::Update => 1,
        OperationKind::Delete => 2,
    }
}

pub(crate) fn kind_of(code: i64) -> Result<OperationKind> {
    match code {
        0 => Ok(OperationKind::Create),
        1 => Ok(OperationKind::Update),
        2 => Ok(OperationKind::Delete),
        other => Err(corrupt("operation kind", other)),
    }
}

pub(crate) const fn state_code(state: OperationState) -> i64 {
    match state {
        OperationState::Journalled => 0,
        OperationState::Done => 1,
        OperationState::Failed => 2,
        OperationState::Dropped => 3,
        OperationState::Uncertain => 4,
        OperationState::Planned => 5,
    }
}

fn state_of(code: i64) -> Result<OperationState> {
    Ok(match code {
        0 => OperationState::Journalled,
        1 => OperationState::Done,
        2 => OperationState::Failed,
        3 => OperationState::Dropped,
        4 => OperationState::Uncertain,
        5 => OperationState::Planned,
        other => return Err(corrupt("operation state", other)),
    })
}

/// What [`change`] reads, of tenant `?1` and run `?2`. A body that is absent is its link's base.
pub(crate) const OF_A_RUN: &str = "SELECT o.*, o.borrowed AS whole,
            coalesce(o.body, (SELECT l.base FROM links l
                              WHERE l.tenant_id = o.tenant_id AND l.id = o.link_id
                                AND l.create_operation = o.seq)) AS content
     FROM operations o
     WHERE o.tenant_id = ?1 AND o.sync_history_id = ?2";

pub(crate) fn changes(
    db: &Connection,
    tenant: i64,
    run: RunId,
    kind: Option<OperationKind>,
    after: Option<i64>,
    most: usize,
) -> Result<Vec<Change>> {
    let (run, mut codec) = of_run(db, tenant, run)?;
    let mut statement = db.prepare_cached(&format!(
        "{OF_A_RUN} AND o.seq > ?3 AND (?5 IS NULL OR o.kind = ?5) ORDER BY o.seq LIMIT ?4"
    ))?;
    let mut rows = statement.query(params![
        tenant,
        run,
        after.unwrap_or(i64::MIN),
        limit(most),
        kind.map(kind_code)
    ])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(change(row, &mut codec)?);
    }
    Ok(changes)
}

/// What a run did to one pair, ascending.
pub(crate) fn changes_of(
    db: &Connection,
    tenant: i64,
    run: RunId,
    pair: LinkId,
) -> Result<Vec<Change>> {
    let (run, mut codec) = of_run(db, tenant, run)?;
    let mut statement =
        db.prepare_cached(&format!("{OF_A_RUN} AND o.link_id = ?3 ORDER BY o.seq"))?;
    let mut rows = statement.query(params![tenant, run, pair.0])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(change(row, &mut codec)?);
    }
    Ok(changes)
}

/// A run's key, and what its bodies are read with.
fn of_run(db: &Connection, tenant: i64, run: RunId) -> Result<(i64, Codec)> {
    let run = runs::key(db, tenant, run)?;
    let sync = db
        .prepare_cached(
            "SELECT sync_configuration_id FROM sync_history WHERE tenant_id = ?1 AND id = ?2",
        )?
        .query_row(params![tenant, run], |row| row.get(0))?;
    Ok((run, Codec::load(db, SyncKey { tenant, sync })?))
}

pub(crate) fn change(row: &Row<'_>, codec: &mut Codec) -> Result<Change> {
    let content: Option<Vec<u8>> = row.get("content")?;
    let content = content.ok_or_else(|| corrupt("change", "its fields are missing"))?;
    // What was erased is left empty; nothing that was ever written is.
    let erased = content.is_empty();
    let body = if erased {
        Body {
            fields: Vec::new(),
            losers: Vec::new(),
        }
    } else if row.get("whole")? {
        let record: CanonicalRecord = codec.decode(&content)?;
        Body {
            fields: FieldChange::of(None, Some(&record)),
            losers: Vec::new(),
        }
    } else {
        codec.decode(&content)?
    };
    let id = |column: &str| -> Result<_> {
        row.get::<_, Option<Expanded>>(column)?
            .map(|id| id.id())
            .transpose()
    };
    Ok(Change {
        seq: row.get("seq")?,
        key: OperationKey(row.get::<_, Id>("operation_key")?.0),
        side: side_of(row.get("side")?)?,
        kind: kind_of(row.get("kind")?)?,
        state: state_of(row.get("state")?)?,
        record_id: id("record_id")?,
        other_id: id("other_id")?,
        fields: body.fields,
        losers: body.losers,
        reason: of_word("reason", row.get("reason")?)?,
        error: row.get("error")?,
        erased,
    })
}
