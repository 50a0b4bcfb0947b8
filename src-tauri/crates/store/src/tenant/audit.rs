//! The audit log: each row's digest covers the row before it, and the log's end is kept apart, so
//! that a changed, removed, moved or cut-off row shows.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use tandem_engine::ports::store::{Actor, AuditEntry};

use crate::fault::{Result, corrupt};
use crate::keys::{At, limit, micros};

type Hash = [u8; 32];

struct Row<'a> {
    tenant: i64,
    seq: i64,
    at: i64,
    actor: &'a str,
    action: &'a str,
    subject: &'a str,
    details: &'a str,
}

impl Row<'_> {
    /// Lengths go first, so that no two rows read as the same bytes.
    fn hash(&self, previous: &Hash) -> Hash {
        let mut hasher = blake3::Hasher::new_derive_key("tandem 2026 audit log row");
        hasher.update(previous);
        for number in [self.tenant, self.seq, self.at] {
            hasher.update(&number.to_le_bytes());
        }
        for text in [self.actor, self.action, self.subject, self.details] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}

fn head(db: &Connection, tenant: i64) -> Result<(i64, Hash)> {
    Ok(db
        .prepare_cached("SELECT seq, hash FROM audit_heads WHERE tenant_id = ?1")?
        .query_row(params![tenant], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .unwrap_or((0, [0; 32])))
}

/// Adds a row within the caller's transaction.
pub(crate) fn add(
    db: &Connection,
    tenant: i64,
    actor: &Actor,
    action: &str,
    subject: &str,
    details: &Value,
) -> Result<()> {
    let (last, previous) = head(db, tenant)?;
    let details = details.to_string();
    let row = Row {
        tenant,
        seq: last + 1,
        at: micros(actor.at),
        actor: &actor.name,
        action,
        subject,
        details: &details,
    };
    let hash = row.hash(&previous);
    db.prepare_cached(
        "INSERT INTO audit_log (tenant_id, seq, at, actor, action, subject, details, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        tenant,
        row.seq,
        row.at,
        row.actor,
        action,
        subject,
        row.details,
        hash
    ])?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO audit_heads (tenant_id, seq, hash) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![tenant, row.seq, hash])?;
    Ok(())
}

pub(crate) fn page(
    db: &Connection,
    tenant: i64,
    before: Option<i64>,
    most: usize,
) -> Result<Vec<AuditEntry>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, at, actor, action, subject, details, hash FROM audit_log
         WHERE tenant_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
    )?;
    let mut rows = statement.query(params![tenant, before.unwrap_or(i64::MAX), limit(most)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let details: String = row.get("details")?;
        let hash: Hash = row.get("hash")?;
        entries.push(AuditEntry {
            seq: row.get("seq")?,
            at: row.get::<_, At>("at")?.0,
            actor: row.get("actor")?,
            action: row.get("action")?,
            subject: row.get("subject")?,
            details: serde_json::from_str(&details)
                .map_err(|error| corrupt("audit entry", error))?,
            hash: blake3::Hash::from_bytes(hash).to_hex().to_string(),
        });
    }
    Ok(entries)
}

/// The first row that does not fit, if any; one past the last row where the tail was cut off.
pub(crate) fn verify(db: &Connection, tenant: i64) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, at, actor, action, subject, details, hash FROM audit_log
         WHERE tenant_id = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query(params![tenant])?;
    let mut last = (0, [0; 32]);
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get("seq")?;
        let (actor, action): (String, String) = (row.get("actor")?, row.get("action")?);
        let (subject, details): (String, String) = (row.get("subject")?, row.get("details")?);
        let hash = Row {
            tenant,
            seq,
            at: row.get("at")?,
            actor: &actor,
            action: &action,
            subject: &subject,
            details: &details,
        }
        .hash(&last.1);
        if seq != last.0 + 1 {
            return Ok(Some(last.0 + 1));
        }
        if hash != row.get::<_, Hash>("hash")? {
            return Ok(Some(seq));
        }
        last = (seq, hash);
    }
    Ok((head(db, tenant)? != last).then_some(last.0 + 1))
}
