//! Staging: each record of a page is compared by digest with what its link already holds. Most are
//! as they were, and cost one look-up; the others are kept until they are planned.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use tandem_domain::ids::{LinkId, RecordId, Side};
use tandem_domain::record::{CanonicalRecord, ContentHash};
use tandem_engine::ports::session::{StageCounts, StagedBody, StagedRecord};

use super::links::{self, hash_of, not_ours, seen_deleted, seen_live};
use super::scratch::{self, Bodies, DELETED, LIVE, SET_ASIDE};
use super::{Hold, Session, lease};
use crate::codec::pack;
use crate::fault::Result;
use crate::keys::{Compact, Digest, Expanded, Moment, count};

/// What is known of a record's link, as much as staging needs.
struct Known {
    link: LinkId,
    state: i64,
    flags: i64,
    /// The shadow's digest, if it is of this epoch.
    shadow: Option<ContentHash>,
    /// The digest of what was seen beyond the shadow.
    seen: Option<ContentHash>,
    version: Option<Expanded>,
    updated_at: Option<Moment>,
}

/// A linked record whose content is as known but whose version or time moved.
struct Touched {
    link: LinkId,
    flags: i64,
    record: usize,
}

/// One of a side's statements; the column names differ.
const fn by_side(side: Side, source: &'static str, target: &'static str) -> &'static str {
    match side {
        Side::Source => source,
        Side::Target => target,
    }
}

impl Session {
    pub(super) fn stage_page(
        &mut self,
        side: Side,
        records: &[StagedRecord],
    ) -> Result<StageCounts> {
        let mut counts = StageCounts::default();
        let mut touched = Vec::new();
        let mut usable = Vec::new();
        let page = self.db.transaction()?;
        lease::check(&page, &self.hold)?;
        {
            let mut scratch = Statements::new(&page, &mut self.bodies)?;
            let mut find = page.prepare_cached(by_side(
                side,
                "SELECT id, state, flags, epoch, source_hash, NULL, source_seen_hash,
                        source_version, source_updated_at
                 FROM main.links
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND source_id = ?3",
                "SELECT id, state, flags, epoch, source_hash, target_hash, target_seen_hash,
                        target_version, target_updated_at
                 FROM main.links
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND target_id = ?3",
            ))?;
            for (at, record) in records.iter().enumerate() {
                let known = if self.has_links {
                    known(&mut find, &self.hold, side, record)?
                } else {
                    None
                };
                let again = known
                    .as_ref()
                    .is_some_and(|known| !self.seen.get_mut(side).insert(known.link));
                let same = known
                    .as_ref()
                    .is_some_and(|known| is_as_known(known, side, &record.body));
                if let (true, Some(known)) = (same, &known) {
                    if again {
                        scratch.remove(side, record)?;
                    }
                    if moved(known, record) {
                        touched.push(Touched {
                            link: known.link,
                            flags: known.flags,
                            record: at,
                        });
                    }
                    if self.has_set_aside {
                        usable.push(&record.id);
                    }
                }
                let repeated = if same {
                    again
                } else {
                    scratch.keep(side, record, known.map(|known| known.link))? || again
                };
                if repeated {
                    counts.repeated += 1;
                } else if same {
                    counts.unchanged += 1;
                } else {
                    counts.changed += 1;
                }
            }
        }
        page.commit()?;
        let anything = !touched.is_empty() || !usable.is_empty();
        if anything && !self.hold.simulate {
            self.bring_up_to_date(side, records, &touched, &usable)?;
        }
        Ok(counts)
    }

    /// Versions move without content; and what was set aside may be usable and known again.
    fn bring_up_to_date(
        &mut self,
        side: Side,
        records: &[StagedRecord],
        touched: &[Touched],
        usable: &[&RecordId],
    ) -> Result<()> {
        self.write(|db, parts| {
            let key = parts.hold.key;
            let mut update = db.prepare_cached(by_side(
                side,
                "UPDATE main.links SET source_version = ?3, source_updated_at = ?4, flags = ?5
                 WHERE tenant_id = ?1 AND id = ?2",
                "UPDATE main.links SET target_version = ?3, target_updated_at = ?4, flags = ?5
                 WHERE tenant_id = ?1 AND id = ?2",
            ))?;
            for touched in touched {
                let Some(record) = records.get(touched.record) else {
                    continue;
                };
                // A version that moved without us means that the new time is not ours either.
                // Where there are no versions nobody can tell: then it stays as it was.
                let flags = if record.version.is_some() {
                    not_ours(touched.flags, side)
                } else {
                    touched.flags
                };
                update.execute(params![
                    key.tenant,
                    touched.link.0,
                    Compact::version(record.version.as_ref()),
                    record.updated_at.map(Moment),
                    flags,
                ])?;
            }
            let mut clear = db.prepare_cached(
                "DELETE FROM main.set_aside WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                     AND side = ?3 AND record_id = ?4",
            )?;
            for id in usable {
                clear.execute(params![key.tenant, key.sync, side.as_str(), id.as_str()])?;
            }
            Ok(())
        })
    }

    /// Links with a record on that side that did not come.
    pub(super) fn unseen_links(
        &mut self,
        side: Side,
        after: Option<LinkId>,
        most: usize,
    ) -> Result<Vec<(LinkId, RecordId)>> {
        lease::check(&self.db, &self.hold)?;
        let mut found = Vec::new();
        let mut live = self.db.prepare_cached(
            "SELECT id FROM main.links WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                 AND (state < 2 OR state = 4) AND id > ?3 ORDER BY id",
        )?;
        let key = self.hold.key;
        let mut rows = live.query(params![
            key.tenant,
            key.sync,
            after.map_or(i64::MIN, |link| link.0)
        ])?;
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            let link = LinkId(row.get(0)?);
            if self.seen.get(side).contains(link) {
                continue;
            }
            if let Some(id) = links::record_of(&self.db, key, link, side)? {
                found.push((link, id.id()?));
            }
        }
        Ok(found)
    }

    /// How many links [`Self::unseen_links`] would give, and how many active links there are.
    pub(super) fn count_unseen(&mut self, side: Side) -> Result<(u64, u64)> {
        lease::check(&self.db, &self.hold)?;
        let key = self.hold.key;
        let half: i64 = self
            .db
            .prepare_cached(
                "SELECT count(*) FROM main.links
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND (state < 2 OR state = 4)
                     AND (source_id IS NULL OR target_id IS NULL)",
            )?
            .query_row(params![key.tenant, key.sync], |row| row.get(0))?;
        let (mut unseen, mut all) = (0, 0_u64);
        let mut live = self.db.prepare_cached(
            "SELECT id FROM main.links WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                 AND (state < 2 OR state = 4)",
        )?;
        let mut rows = live.query(params![key.tenant, key.sync])?;
        while let Some(row) = rows.next()? {
            let link = LinkId(row.get(0)?);
            all += 1;
            if !self.seen.get(side).contains(link)
                && links::record_of(&self.db, key, link, side)?.is_some()
            {
                unseen += 1;
            }
        }
        Ok((unseen, all.saturating_sub(count(half))))
    }

    /// Linked pairs read in this run that need no planning.
    pub(super) fn count_unchanged(&mut self) -> Result<u64> {
        lease::check(&self.db, &self.hold)?;
        let read = scratch::in_either(&self.seen.source, &self.seen.target);
        let staged: i64 = self
            .db
            .prepare_cached("SELECT count(DISTINCT link) FROM temp.staged WHERE link IS NOT NULL")?
            .query_row([], |row| row.get(0))?;
        let given = self.pairs.as_ref().map_or(0, |walk| walk.given_as_known);
        Ok(read.saturating_sub(count(staged) + given))
    }

    /// Records that earlier runs set aside and that have not come in this one.
    pub(super) fn set_aside_before(
        &mut self,
        side: Side,
        after: Option<&RecordId>,
        most: usize,
    ) -> Result<Vec<(RecordId, String)>> {
        lease::check(&self.db, &self.hold)?;
        let key = self.hold.key;
        let mut statement = self.db.prepare_cached(
            "SELECT record_id, reason FROM main.set_aside
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND side = ?3 AND record_id > ?4
             ORDER BY record_id",
        )?;
        let mut rows = statement.query(params![
            key.tenant,
            key.sync,
            side.as_str(),
            after.map_or("", RecordId::as_str)
        ])?;
        let mut found = Vec::new();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            let id = Expanded(row.get(0)?).id()?;
            let staged = self
                .db
                .prepare_cached("SELECT 1 FROM temp.staged WHERE side = ?1 AND record_id = ?2")?
                .exists(params![links::index(side), Compact::id(&id)])?;
            if !staged {
                found.push((id, row.get(1)?));
            }
        }
        drop(rows);
        Ok(found)
    }
}

fn known(
    find: &mut CachedStatement<'_>,
    hold: &Hold,
    side: Side,
    record: &StagedRecord,
) -> Result<Option<Known>> {
    let mut rows = find.query(params![
        hold.key.tenant,
        hold.key.sync,
        Compact::id(&record.id)
    ])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let epoch: i64 = row.get(3)?;
    let target: Option<&[u8]> = row
        .get_ref(5)?
        .as_blob_or_null()
        .map_err(rusqlite::Error::from)?;
    let shadow = if epoch == hold.epoch {
        hash_of(side, row.get(4)?, target)?
    } else {
        None
    };
    Ok(Some(Known {
        link: LinkId(row.get(0)?),
        state: row.get(1)?,
        flags: row.get(2)?,
        shadow,
        seen: if epoch == hold.epoch {
            row.get::<_, Option<Digest>>(6)?.map(|digest| digest.0)
        } else {
            None
        },
        version: row.get(7)?,
        updated_at: row.get(8)?,
    }))
}

/// Whether a record says nothing that its link does not know. An open conflict or drift is known
/// too: it needs planning only once the record moves on.
fn is_as_known(known: &Known, side: Side, body: &StagedBody) -> bool {
    const CLOSED: i64 = 2;
    const EXCLUDED: i64 = 3;
    match body {
        StagedBody::Live { hash, .. } => {
            // A record that comes back after its link was closed is never "as it was".
            let of = if known.state == CLOSED || seen_deleted(known.flags, side) {
                None
            } else if seen_live(known.flags, side) {
                known.seen
            } else {
                known.shadow
            };
            of == Some(*hash)
        }
        StagedBody::Deleted => {
            known.state == CLOSED || known.state == EXCLUDED || seen_deleted(known.flags, side)
        }
        StagedBody::SetAside { .. } => false,
    }
}

fn moved(known: &Known, record: &StagedRecord) -> bool {
    if matches!(record.body, StagedBody::Deleted) {
        return false;
    }
    let version = match (&record.version, &known.version) {
        (Some(now), Some(before)) => now.as_str() != before.0,
        (Some(_), None) => true,
        (None, _) => false,
    };
    // Where versions tell, they decide; a time alone counts only where there are none.
    version || (record.version.is_none() && record.updated_at.map(Moment) != known.updated_at)
}

/// The statements that keep a staged record.
struct Statements<'c> {
    db: &'c Connection,
    bodies: &'c mut Bodies,
    insert: CachedStatement<'c>,
    update: CachedStatement<'c>,
    remove: CachedStatement<'c>,
}

impl<'c> Statements<'c> {
    fn new(db: &'c Connection, bodies: &'c mut Bodies) -> Result<Self> {
        Ok(Self {
            db,
            bodies,
            insert: db.prepare_cached(
                "INSERT OR IGNORE INTO temp.staged
                     (side, record_id, link, kind, version, updated_at, hash, key, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            update: db.prepare_cached(
                "UPDATE temp.staged SET link = ?3, kind = ?4, version = ?5, updated_at = ?6,
                     hash = ?7, key = ?8, body = ?9
                 WHERE side = ?1 AND record_id = ?2",
            )?,
            remove: db
                .prepare_cached("DELETE FROM temp.staged WHERE side = ?1 AND record_id = ?2")?,
        })
    }

    /// Keeps a record; `true` if it was kept before: the later page wins.
    fn keep(&mut self, side: Side, record: &StagedRecord, link: Option<LinkId>) -> Result<bool> {
        let (kind, hash, key, live) = match &record.body {
            StagedBody::Live { record, hash, key } => {
                (LIVE, Some(hash.0), key.map(|key| key.0), Some(record))
            }
            StagedBody::Deleted => (DELETED, None, None, None),
            StagedBody::SetAside { .. } => (SET_ASIDE, None, None, None),
        };
        let kept = live.filter(|record| self.bodies.has_room(record));
        let body = match (&record.body, kept) {
            (StagedBody::Live { record, .. }, None) => Some(pack(record)?),
            (StagedBody::SetAside { reason }, _) => Some(reason.clone().into_bytes()),
            (StagedBody::Live { .. }, Some(_)) | (StagedBody::Deleted, _) => None,
        };
        let (id, version) = (
            Compact::id(&record.id),
            Compact::version(record.version.as_ref()),
        );
        let (side, link, updated_at) = (
            links::index(side),
            link.map(|link| link.0),
            record.updated_at.map(Moment),
        );
        let values = params![side, id, link, kind, version, updated_at, hash, key, body];
        if self.insert.execute(values)? == 1 {
            if let Some(record) = kept {
                self.bodies.keep(self.db.last_insert_rowid(), record);
            }
            return Ok(false);
        }
        // What came before is kept under the row's number; the later one has a body of its own.
        let body = match live {
            Some(record) => Some(pack(record)?),
            None => body,
        };
        self.update.execute(params![
            side, id, link, kind, version, updated_at, hash, key, body
        ])?;
        Ok(true)
    }

    fn remove(&mut self, side: Side, record: &StagedRecord) -> Result<()> {
        self.remove
            .execute(params![links::index(side), Compact::id(&record.id)])?;
        Ok(())
    }
}

/// The digests a record was staged with in this run: content, match key.
pub(super) fn staged_digests(
    db: &Connection,
    side: Side,
    id: &RecordId,
) -> Result<(Option<ContentHash>, Option<ContentHash>)> {
    Ok(db
        .prepare_cached(
            "SELECT hash, key FROM temp.staged WHERE side = ?1 AND record_id = ?2 AND kind = 0",
        )?
        .query_row(params![links::index(side), Compact::id(id)], |row| {
            let digest = |at| -> rusqlite::Result<Option<ContentHash>> {
                Ok(row.get::<_, Option<Digest>>(at)?.map(|digest| digest.0))
            };
            Ok((digest(0)?, digest(1)?))
        })
        .optional()?
        .unwrap_or((None, None)))
}

/// The digest under which a record was staged, if what is to be stored as seen is exactly that.
pub(super) fn staged_hash(
    db: &Connection,
    bodies: &Bodies,
    side: Side,
    id: &RecordId,
    record: &CanonicalRecord,
) -> Result<Option<[u8; 16]>> {
    let staged = db
        .prepare_cached(
            "SELECT n, body, hash FROM temp.staged WHERE side = ?1 AND record_id = ?2 AND kind = 0",
        )?
        .query_row(params![links::index(side), Compact::id(id)], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<Vec<u8>>>(1)?,
                row.get::<_, [u8; 16]>(2)?,
            ))
        })
        .optional()?;
    match staged {
        Some((n, body, hash)) if bodies.says(n, body.as_deref(), record)? => Ok(Some(hash)),
        _ => Ok(None),
    }
}
