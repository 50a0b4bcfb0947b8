//! Who bears a match key already, be it paired, parked, quarantined or unlinked.

use rusqlite::{Connection, OptionalExtension, params};
use tandem_domain::ids::{LinkId, RecordId, Side};
use tandem_domain::link::LinkState;
use tandem_domain::record::ContentHash;

use super::Session;
use super::links::{self, index};
use super::pairs::NAMED;
use super::scratch::{DELETED, LIVE};
use crate::fault::Result;
use crate::keys::{Compact, Digest, Expanded, SyncKey, limit};

/// Who bears a key, or bore it.
pub(super) enum Bearer {
    /// A live record of a link.
    Record(RecordId),
    /// A link whose record there was deleted.
    Deleted(LinkId),
    /// A link that somebody chose to leave alone, with no record there (any more).
    Unlinked(LinkId),
}

/// Links that bear a key on a side, or bore it until their record there was deleted.
pub(super) fn of(
    db: &Connection,
    hold: SyncKey,
    side: Side,
    key: ContentHash,
    except: Option<LinkId>,
) -> Result<Vec<Bearer>> {
    let mut find = db.prepare_cached(
        "SELECT id, state, flags, source_id, target_id FROM main.links
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND key_hash = ?3 AND id IS NOT ?4
             AND state <> 2
         ORDER BY id LIMIT ?5",
    )?;
    let mut rows = find.query(params![
        hold.tenant,
        hold.sync,
        key.0,
        except.map(|link| link.0),
        limit(NAMED + 1)
    ])?;
    let mut bearers = Vec::new();
    while let Some(row) = rows.next()? {
        let link = LinkId(row.get("id")?);
        let flags: i64 = row.get("flags")?;
        let record: Option<Expanded> = match side {
            Side::Source => row.get("source_id")?,
            Side::Target => row.get("target_id")?,
        };
        let excluded = links::state_of(row.get("state")?)? == LinkState::Excluded;
        let Some(record) = record else {
            // Half a link is a partner, unless somebody chose that it should have none.
            if excluded {
                bearers.push(Bearer::Unlinked(link));
            }
            continue;
        };
        let now: Option<(i64, Option<Digest>)> = db
            .prepare_cached("SELECT kind, key FROM temp.staged WHERE side = ?1 AND record_id = ?2")?
            .query_row(params![index(side), Compact::new(&record.0)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let deleted = match now {
            // It gave the key up in this very run (two records may swap theirs).
            Some((LIVE, now)) if now.map(|digest| digest.0) != Some(key) => continue,
            Some((kind, _)) => kind == DELETED,
            None => links::seen_deleted(flags, side),
        };
        bearers.push(match (deleted, excluded) {
            (false, _) => Bearer::Record(record.id()?),
            (true, true) => Bearer::Unlinked(link),
            (true, false) => Bearer::Deleted(link),
        });
    }
    Ok(bearers)
}

impl Session {
    /// Live records of a side that bear a key: those of links, and those met in this run.
    pub(super) fn live_bearers(
        &self,
        side: Side,
        key: ContentHash,
        except: Option<LinkId>,
    ) -> Result<Vec<RecordId>> {
        let hold = self.hold.key;
        let mut found: Vec<RecordId> = of(&self.db, hold, side, key, except)?
            .into_iter()
            .filter_map(|bearer| match bearer {
                Bearer::Record(id) => Some(id),
                Bearer::Deleted(_) | Bearer::Unlinked(_) => None,
            })
            .collect();
        // What is left of a link's own record in this run's reading says nothing of another one.
        let own = match except {
            Some(link) => links::record_of(&self.db, hold, link, side)?,
            None => None,
        };
        let mut find = self.db.prepare_cached(
            "SELECT record_id FROM temp.staged
             WHERE link IS NULL AND kind = 0 AND key = ?1 AND side = ?2 LIMIT ?3",
        )?;
        let mut rows = find.query(params![key.0, index(side), limit(NAMED)])?;
        while let Some(row) = rows.next()? {
            let record = row.get::<_, Expanded>(0)?;
            if own.as_ref().is_none_or(|own| own.0 != record.0) {
                found.push(record.id()?);
            }
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(NAMED);
        Ok(found)
    }
}
