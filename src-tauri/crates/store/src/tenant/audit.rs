//! The audit log: each row's digest covers the row before it, and the log's end is kept apart, so
//! that a changed, removed, moved or cut-off row shows.
//!
//! Of a row's body (its subject and details) the chain covers a digest under a random salt. Once body
//! and salt are destroyed the digest tells nothing, not even to somebody who guesses the body, and
//! the chain still holds. Rows of the first versions are covered whole and keep their body.
//!
//! A chain alone can be recomputed by whoever changes the file: each row is also sealed under a key,
//! and the log's end known, outside of it; see `anchor`.

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use serde_json::Value;
use tandem_engine::ports::store::{
    Actor, Anchored, AuditEntry, AuditFault, AuditFilter, AuditNames, AuditVerdict,
};

use crate::anchor::{Anchor, Hash, LogEnd};
use crate::fault::{Result, corrupt};
use crate::keys::{At, limit, micros};

type Salt = [u8; 16];

/// What is shown for the subject of a row whose body was destroyed.
const ERASED: &str = "(erased)";

struct Row<'a> {
    tenant: i64,
    seq: i64,
    at: i64,
    actor: &'a str,
    action: &'a str,
    body: Covered<'a>,
}

/// What the chain covers of a row's body.
enum Covered<'a> {
    /// All of it, as the first versions had it.
    Whole { subject: &'a str, details: &'a str },
    /// Its salted digest.
    Digest(Hash),
}

fn digest_of(salt: &Salt, subject: &str, details: &str) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("tandem 2026 audit log body");
    hasher.update(salt);
    for text in [subject, details] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

impl Row<'_> {
    /// Lengths go first, so that no two rows read as the same bytes.
    fn hash(&self, previous: &Hash) -> Hash {
        let mut hasher = blake3::Hasher::new_derive_key(match self.body {
            Covered::Whole { .. } => "tandem 2026 audit log row",
            Covered::Digest(_) => "tandem 2026 audit log row with a salted body",
        });
        hasher.update(previous);
        for number in [self.tenant, self.seq, self.at] {
            hasher.update(&number.to_le_bytes());
        }
        let mut texts = |texts: [&str; 2]| {
            for text in texts {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        };
        texts([self.actor, self.action]);
        match &self.body {
            Covered::Whole { subject, details } => texts([subject, details]),
            Covered::Digest(digest) => {
                hasher.update(digest);
            }
        }
        *hasher.finalize().as_bytes()
    }
}

/// The log's last row: its number and digest; `0` and zeros where there is none.
pub(crate) fn head(db: &Connection, tenant: i64) -> Result<(i64, Hash)> {
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
    // SQLite's own generator, seeded by the system: a salt decides nothing and is never compared, it
    // only has to be unknown once it is gone.
    let salt: Salt = db
        .prepare_cached("SELECT randomblob(16)")?
        .query_row([], |row| row.get(0))?;
    let body_hash = digest_of(&salt, subject, &details);
    let row = Row {
        tenant,
        seq: last + 1,
        at: micros(actor.at),
        actor: &actor.name,
        action,
        body: Covered::Digest(body_hash),
    };
    let hash = row.hash(&previous);
    db.prepare_cached(
        "INSERT INTO audit_log
             (tenant_id, seq, at, actor, action, subject, details, hash, body_hash, salt, seal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, audit_seal(?1, ?8))",
    )?
    .execute(params![
        tenant, row.seq, row.at, row.actor, action, subject, details, hash, body_hash, salt
    ])?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO audit_heads (tenant_id, seq, hash) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![tenant, row.seq, hash])?;
    Ok(())
}

pub(crate) fn page(db: &Connection, tenant: i64, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
    let mut sql = String::from(
        "SELECT seq, at, actor, action, subject, details, hash,
             body_hash IS NOT NULL AND salt IS NULL AS erased FROM audit_log
         WHERE tenant_id = :tenant AND seq < :before",
    );
    let (before, most) = (filter.before.unwrap_or(i64::MAX), limit(filter.limit));
    let [since, until] = [filter.since, filter.until].map(|at| at.map(micros));
    // `conflict` means every `conflict.…`: all from there to the next letter after the dot.
    let group = filter.action.as_ref().filter(|it| !it.contains('.'));
    let range = group.map(|it| (format!("{it}."), format!("{it}/")));
    let (first, last) = (
        range.as_ref().map(|it| &it.0),
        range.as_ref().map(|it| &it.1),
    );
    let exactly = filter.action.as_ref().filter(|_| group.is_none());
    let mut bound: Vec<(&str, &dyn ToSql)> =
        vec![(":tenant", &tenant), (":before", &before), (":most", &most)];
    let parts: [(&str, Option<&dyn ToSql>, &str); 8] = [
        (":actor", asked(&filter.actor), "actor = :actor"),
        (":action", exactly.map(|it| it as _), "action = :action"),
        (":first", first.map(|it| it as _), "action > :first"),
        (":last", last.map(|it| it as _), "action < :last"),
        (":since", asked(&since), "at >= :since"),
        (":until", asked(&until), "at < :until"),
        (
            ":subject",
            asked(&filter.subject),
            "instr(lower(subject), lower(:subject)) > 0",
        ),
        (
            ":text",
            asked(&filter.text),
            "(instr(lower(subject), lower(:text)) > 0 OR instr(lower(details), lower(:text)) > 0
              OR instr(lower(actor), lower(:text)) > 0 OR instr(lower(action), lower(:text)) > 0)",
        ),
    ];
    for (sign, value, condition) in parts {
        if let Some(value) = value {
            bound.push((sign, value));
            sql.push_str(" AND ");
            sql.push_str(condition);
        }
    }
    sql.push_str(" ORDER BY seq DESC LIMIT :most");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(bound.as_slice())?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let details: String = row.get("details")?;
        let hash: Hash = row.get("hash")?;
        let erased: bool = row.get("erased")?;
        entries.push(AuditEntry {
            seq: row.get("seq")?,
            at: row.get::<_, At>("at")?.0,
            actor: row.get("actor")?,
            action: row.get("action")?,
            subject: if erased {
                ERASED.to_owned()
            } else {
                row.get("subject")?
            },
            details: if erased {
                Value::Null
            } else {
                serde_json::from_str(&details).map_err(|error| corrupt("audit entry", error))?
            },
            hash: blake3::Hash::from_bytes(hash).to_hex().to_string(),
        });
    }
    Ok(entries)
}

fn asked<T: ToSql>(value: &Option<T>) -> Option<&dyn ToSql> {
    value.as_ref().map(|it| it as _)
}

pub(crate) fn names(db: &Connection, tenant: i64) -> Result<AuditNames> {
    // From one name to the next along an index: as many steps as there are names, not rows.
    let along = |column: &str| -> Result<Vec<String>> {
        let mut statement = db.prepare_cached(&format!(
            "WITH RECURSIVE names(name) AS (
                 SELECT min({column}) FROM audit_log WHERE tenant_id = ?1
                 UNION ALL
                 SELECT (SELECT min({column}) FROM audit_log
                         WHERE tenant_id = ?1 AND {column} > name)
                 FROM names WHERE name IS NOT NULL)
             SELECT name FROM names WHERE name IS NOT NULL"
        ))?;
        let rows = statement.query_map(params![tenant], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    Ok(AuditNames {
        actors: along("actor")?,
        actions: along("action")?,
    })
}

/// The digest of that row, if it is there.
pub(crate) fn hash_at(db: &Connection, tenant: i64, seq: i64) -> Result<Option<Hash>> {
    Ok(db
        .prepare_cached("SELECT hash FROM audit_log WHERE tenant_id = ?1 AND seq = ?2")?
        .query_row(params![tenant, seq], |row| row.get(0))
        .optional()?)
}

/// The last row that this account did not seal: all later ones it did; `0` where it sealed them all.
pub(crate) fn sealed_since(db: &Connection, tenant: i64, anchor: &Anchor) -> Result<i64> {
    let mut newest = db.prepare_cached(
        "SELECT seq, hash, seal FROM audit_log WHERE tenant_id = ?1 ORDER BY seq DESC",
    )?;
    let mut rows = newest.query(params![tenant])?;
    while let Some(row) = rows.next()? {
        let (hash, seal): (Hash, Option<Hash>) = (row.get("hash")?, row.get("seal")?);
        if !anchor.is_sealed(&hash, seal.as_ref()) {
            return Ok(row.get("seq")?);
        }
    }
    Ok(0)
}

/// Checks the chain, then what is known of it outside the store.
pub(crate) fn verify(
    db: &Connection,
    tenant: i64,
    anchor: &Anchor,
    known: Option<LogEnd>,
) -> Result<AuditVerdict> {
    let anchored = known.map(|known| Anchored {
        since: known.since,
        to: known.seq,
    });
    let bad = |seq, fault| AuditVerdict {
        first_bad: Some((seq, fault)),
        anchored,
    };
    let mut statement = db.prepare_cached(
        "SELECT seq, at, actor, action, subject, details, hash, body_hash, salt, seal FROM audit_log
         WHERE tenant_id = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query(params![tenant])?;
    let mut last = (0, [0; 32]);
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get("seq")?;
        if seq != last.0 + 1 {
            return Ok(bad(last.0 + 1, AuditFault::Missing));
        }
        let Some(hash) = fits(row, tenant, seq, &last.1)? else {
            return Ok(bad(seq, AuditFault::Changed));
        };
        if let Some(known) = known {
            let seal: Option<Hash> = row.get("seal")?;
            if seq > known.since && !anchor.is_sealed(&hash, seal.as_ref()) {
                return Ok(bad(seq, AuditFault::Unsealed));
            }
            if seq == known.seq && hash != known.hash {
                return Ok(bad(seq, AuditFault::Replaced));
            }
        }
        last = (seq, hash);
    }
    let cut = head(db, tenant)? != last || known.is_some_and(|known| known.seq > last.0);
    if cut {
        return Ok(bad(last.0 + 1, AuditFault::Missing));
    }
    Ok(AuditVerdict {
        first_bad: None,
        anchored,
    })
}

/// A row's digest, if it is what the row and the one before it make.
fn fits(row: &rusqlite::Row<'_>, tenant: i64, seq: i64, previous: &Hash) -> Result<Option<Hash>> {
    let (actor, action): (String, String) = (row.get("actor")?, row.get("action")?);
    let (subject, details): (String, String) = (row.get("subject")?, row.get("details")?);
    let body_hash: Option<Hash> = row.get("body_hash")?;
    let salt: Option<Salt> = row.get("salt")?;
    let fits = match (body_hash, salt) {
        (Some(digest), Some(salt)) => digest == digest_of(&salt, &subject, &details),
        // Where nothing can be checked nothing may be told either.
        (Some(_), None) => subject.is_empty() && details.is_empty(),
        (None, salt) => salt.is_none(),
    };
    let hash = Row {
        tenant,
        seq,
        at: row.get("at")?,
        actor: &actor,
        action: &action,
        body: match body_hash {
            Some(digest) => Covered::Digest(digest),
            None => Covered::Whole {
                subject: &subject,
                details: &details,
            },
        },
    }
    .hash(previous);
    Ok((fits && hash == row.get::<_, Hash>("hash")?).then_some(hash))
}

/// Rows whose body may be destroyed, of tenant `?1` and made before `?2`. `at` only ever grows with
/// `seq` as far as clocks do, so all of them are looked at.
const BODIES: &str = "
    SELECT seq FROM audit_log WHERE tenant_id = ?1 AND at < ?2 AND salt IS NOT NULL";

pub(crate) fn any_body_before(db: &Connection, tenant: i64, before: i64) -> Result<bool> {
    Ok(db
        .prepare_cached(&format!("{BODIES} LIMIT 1"))?
        .exists(params![tenant, before])?)
}

/// Destroys at most `most` bodies; how many that were.
pub(crate) fn destroy_bodies_before(
    db: &Connection,
    tenant: i64,
    before: i64,
    most: i64,
) -> Result<usize> {
    Ok(db
        .prepare_cached(&format!(
            "UPDATE audit_log SET subject = '', details = '', salt = NULL
             WHERE tenant_id = ?1 AND seq IN ({BODIES} LIMIT ?3)"
        ))?
        .execute(params![tenant, before, most])?)
}

/// Destroys the bodies whose subject, or any text of whose details, `tells`; how many, and how many
/// rows of the first versions tell too and are kept.
pub(crate) fn destroy_bodies(
    db: &Connection,
    tenant: i64,
    tells: impl Fn(&str) -> bool,
) -> Result<(u64, u64)> {
    fn any(json: &Value, tells: &impl Fn(&str) -> bool) -> bool {
        match json {
            Value::String(text) => tells(text),
            Value::Array(items) => items.iter().any(|item| any(item, tells)),
            Value::Object(members) => members
                .iter()
                .any(|(name, member)| tells(name) || any(member, tells)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    let mut find = db.prepare(
        "SELECT seq, subject, details, salt IS NOT NULL FROM audit_log
         WHERE tenant_id = ?1 AND (salt IS NOT NULL OR body_hash IS NULL)",
    )?;
    let mut rows = find.query(params![tenant])?;
    let (mut found, mut kept) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let (subject, details): (String, String) = (row.get(1)?, row.get(2)?);
        let details: Value =
            serde_json::from_str(&details).map_err(|error| corrupt("audit entry", error))?;
        if !tells(&subject) && !any(&details, &tells) {
            continue;
        }
        if row.get(3)? {
            found.push(row.get::<_, i64>(0)?);
        } else {
            kept += 1;
        }
    }
    for seq in &found {
        db.execute(
            "UPDATE audit_log SET subject = '', details = '', salt = NULL
             WHERE tenant_id = ?1 AND seq = ?2",
            params![tenant, seq],
        )?;
    }
    Ok((found.len() as u64, kept))
}
