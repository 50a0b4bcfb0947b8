//! Pairing: which records belong together, each pair given out once.
//!
//! Three walks, each in order of a row number, so that memory stays flat: links with something to
//! say, new records whose match key finds a partner, then the other new records. A match key that
//! is not unique on a side stops every record that bears it (case 20).

use std::collections::BTreeSet;

use rusqlite::{CachedStatement, Connection, Row, params};
use tandem_domain::ids::{Both, LinkId, RecordId, Side};
use tandem_domain::link::{LinkState, Seen};
use tandem_domain::plan::{Observation, Observed, Pair};
use tandem_domain::record::ContentHash;
use tandem_engine::ports::session::{PairProblem, StagedPair};

use super::bearers::{self, Bearer};
use super::links::{self, Stored, index};
use super::scratch::{self, Bodies, DELETED, LIVE, SET_ASIDE};
use super::{Hold, Session, lease};
use crate::codec::Codec;
use crate::fault::{Result, corrupt};
use crate::keys::{Digest, Expanded, Moment, SyncKey, limit};
use crate::tenant::conflicts;

/// The others a duplicate key names, at most.
pub(super) const NAMED: usize = 10;

/// How far the walks have come, and what need not be asked at all.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    phase: Phase,
    /// Whether there are new records, by side.
    new: Both<bool>,
    /// Whether there were links before this run.
    links: bool,
    /// Whether there were half links before this run.
    halves: bool,
    /// Whether any two new records of one side share a key.
    duplicates: bool,
    /// Half links given out as another one's partner.
    absorbed: BTreeSet<LinkId>,
    /// Links given out though this run read them as they were known.
    pub(super) given_as_known: u64,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Links { after: LinkId },
    Paired { side: Side, after: i64 },
    Rest { side: Side, after: i64 },
    Done,
}

/// A staged row.
struct StagedRow {
    n: i64,
    side: Side,
    id: RecordId,
    kind: i64,
    key: Option<ContentHash>,
    /// Given out in a pair already.
    taken: bool,
    observation: Observation,
}

/// Who bears a key on the other side.
enum Partner {
    None,
    New(StagedRow),
    Half(Box<Stored>),
    Several(Vec<RecordId>),
}

/// New records not given out yet. (`+side` in the walks below keeps the planner from the index by
/// side, which would sort all that is left for each page.)
const NEW: &str = "link IS NULL AND kind = 0 AND taken = 0";

impl Session {
    pub(super) fn walk_pairs(&mut self, most: usize) -> Result<Vec<StagedPair>> {
        let batch = self.db.transaction()?;
        lease::check(&batch, &self.hold)?;
        let walk = match &self.pairs {
            Some(walk) => walk.clone(),
            None => begin(&batch, self.hold.key, self.has_links)?,
        };
        let mut walker = Walker {
            db: &batch,
            hold: &self.hold,
            codec: &mut self.codec,
            bodies: &self.bodies,
            seen: &self.seen,
            walk,
            pairs: Vec::new(),
        };
        while walker.pairs.len() < most && !matches!(walker.walk.phase, Phase::Done) {
            walker.step(most)?;
        }
        let (walk, pairs) = (walker.walk, walker.pairs);
        batch.commit()?;
        self.pairs = Some(walk);
        Ok(pairs)
    }
}

/// Everything is staged: builds the indexes the walks go by, in one go each.
fn begin(db: &Connection, key: SyncKey, links: bool) -> Result<Walk> {
    db.execute_batch(
        "CREATE INDEX temp.staged_link ON staged (link) WHERE link IS NOT NULL;
         CREATE INDEX temp.staged_key ON staged (key, side)
             WHERE link IS NULL AND kind = 0 AND key IS NOT NULL;",
    )?;
    let any = |sql: &str| -> Result<bool> { Ok(db.prepare(sql)?.exists([])?) };
    let new = |side| {
        any(&format!(
            "SELECT 1 FROM temp.staged WHERE side = {} AND {NEW} LIMIT 1",
            index(side)
        ))
    };
    Ok(Walk {
        phase: Phase::Links {
            after: LinkId(i64::MIN),
        },
        new: Both::new(new(Side::Source)?, new(Side::Target)?),
        links,
        halves: links
            && db
                .prepare(
                    "SELECT 1 FROM main.links WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                         AND (state < 2 OR state = 4) AND (source_id IS NULL OR target_id IS NULL) LIMIT 1",
                )?
                .exists(params![key.tenant, key.sync])?,
        duplicates: any(
            "SELECT 1 FROM temp.staged WHERE link IS NULL AND kind = 0 AND key IS NOT NULL
             GROUP BY key, side HAVING count(*) > 1 LIMIT 1",
        )?,
        absorbed: BTreeSet::new(),
        given_as_known: 0,
    })
}

struct Walker<'a> {
    db: &'a Connection,
    hold: &'a Hold,
    codec: &'a mut Codec,
    bodies: &'a Bodies,
    seen: &'a Both<scratch::Seen>,
    walk: Walk,
    pairs: Vec<StagedPair>,
}

impl Walker<'_> {
    fn step(&mut self, most: usize) -> Result<()> {
        let room = most.saturating_sub(self.pairs.len());
        self.walk.phase = match self.walk.phase {
            Phase::Links { after } => match self.links(after, room)? {
                Some(after) => Phase::Links { after },
                None => Phase::Paired {
                    side: Side::Source,
                    after: 0,
                },
            },
            Phase::Paired { side, after } => match self.paired(side, after, room)? {
                Some(after) => Phase::Paired { side, after },
                None if side == Side::Source => Phase::Paired {
                    side: Side::Target,
                    after: 0,
                },
                None => Phase::Rest {
                    side: Side::Source,
                    after: 0,
                },
            },
            Phase::Rest { side, after } => match self.rest(side, after, room)? {
                Some(after) => Phase::Rest { side, after },
                None if side == Side::Source => Phase::Rest {
                    side: Side::Target,
                    after: 0,
                },
                None => Phase::Done,
            },
            Phase::Done => Phase::Done,
        };
        Ok(())
    }

    /// Links with a changed side or something to do; how far it came, `None` at the end.
    fn links(&mut self, after: LinkId, room: usize) -> Result<Option<LinkId>> {
        let key = self.hold.key;
        let changed: Vec<i64> = self
            .db
            .prepare_cached(
                "SELECT DISTINCT link FROM temp.staged WHERE link > ?1 ORDER BY link LIMIT ?2",
            )?
            .query_map(params![after.0, limit(room)], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let todo: Vec<i64> = self
            .db
            .prepare_cached(
                "SELECT id FROM main.links WHERE tenant_id = ?1 AND sync_configuration_id = ?2
                     AND todo = 1 AND id > ?3 ORDER BY id LIMIT ?4",
            )?
            .query_map(params![key.tenant, key.sync, after.0, limit(room)], |row| {
                row.get(0)
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut both: Vec<i64> = changed;
        both.extend(todo);
        both.sort_unstable();
        both.dedup();
        both.truncate(room);
        let Some(last) = both.last().copied() else {
            return Ok(None);
        };
        for link in both {
            self.link(LinkId(link))?;
        }
        Ok(Some(LinkId(last)))
    }

    fn link(&mut self, id: LinkId) -> Result<()> {
        if self.walk.absorbed.contains(&id) {
            return Ok(());
        }
        let Some(stored) = links::load(self.db, self.hold.key, self.codec, id)? else {
            return Ok(());
        };
        let mut sides = Both::new(Observation::Unchanged, Observation::Unchanged);
        let mut key = stored.key;
        let mut gone = false;
        {
            let mut find = staged(self.db, "link = ?1")?;
            let mut rows = find.query(params![id.0])?;
            while let Some(row) = rows.next()? {
                let row = read(row, self.bodies)?;
                if row.kind == SET_ASIDE {
                    return Ok(());
                }
                if row.kind == LIVE {
                    key = row.key;
                }
                gone |= row.kind == DELETED;
                *sides.get_mut(row.side) = row.observation;
            }
        }
        self.replaced(&stored, &mut sides, key)?;
        let pairing = matches!(
            stored.link.state,
            LinkState::Active | LinkState::Unpaired | LinkState::Quarantined
        );
        match (stored.half(), key) {
            (Some(side), Some(key)) if pairing && !gone => self.half(stored, sides, side, key),
            _ => self.give(Some(stored), sides, None),
        }
    }

    /// A linked record that was deleted and made anew under its key in the meantime (case 17): the
    /// new one stands for it, so that a person reviews the pairing before the partner is deleted or
    /// the deleted one is made once more. So it is with the partner of a tombstone that came back.
    fn replaced(
        &mut self,
        stored: &Stored,
        sides: &mut Both<Observation>,
        now: Option<ContentHash>,
    ) -> Result<()> {
        let Some(side) = vacant(stored, sides) else {
            return Ok(());
        };
        let known = stored.key.filter(|key| Some(*key) != now);
        for key in known.into_iter().chain(now) {
            match self.partner(side, key, Some(stored.id))? {
                Partner::None => {}
                Partner::New(row) => {
                    self.take(row.n)?;
                    *sides.get_mut(side) = row.observation;
                    return Ok(());
                }
                Partner::Half(half) if !self.walk.absorbed.contains(&half.id) => {
                    *sides.get_mut(side) = self.known(&half, side)?;
                    self.note_known(half.id)?;
                    self.walk.absorbed.insert(half.id);
                    return Ok(());
                }
                // Several of them are duplicates, which say nothing of this one.
                Partner::Half(_) | Partner::Several(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// The whole link of a deleted record whose key another one bears, unless the walk over links
    /// comes or came by it: `Ok(None)`.
    fn waiting(&mut self, id: LinkId) -> Result<Option<Stored>> {
        let walked = self.walk.absorbed.contains(&id)
            || staged(self.db, "link = ?1")?.exists(params![id.0])?;
        if walked {
            return Ok(None);
        }
        let stored = links::load(self.db, self.hold.key, self.codec, id)?;
        Ok(stored.filter(|stored| {
            stored.link.state == LinkState::Active && stored.half().is_none() && !stored.todo
        }))
    }

    /// Half a pair looks for its other half.
    fn half(
        &mut self,
        stored: Stored,
        mut sides: Both<Observation>,
        side: Side,
        key: ContentHash,
    ) -> Result<()> {
        let mut problem = self.on_this_side(side, key, None, Some(stored.id))?;
        if let Some(PairProblem::Recreated { link, .. }) = problem {
            if let Some(whole) = self.waiting(link)? {
                let mut sides = Both::new(Observation::Unchanged, Observation::Unchanged);
                *sides.get_mut(side) = self.known(&stored, side)?;
                self.note_known(stored.id)?;
                self.walk.absorbed.insert(stored.id);
                return self.give(Some(whole), sides, None);
            }
            if link > stored.id {
                // The walk has yet to come by that link, which takes this record in.
                return Ok(());
            }
        }
        if problem.is_none() {
            match self.partner(side.other(), key, Some(stored.id))? {
                Partner::None => {}
                Partner::New(row) => {
                    problem = self.on_this_side(side.other(), key, Some(row.n), None)?;
                    if problem.is_none() {
                        self.take(row.n)?;
                        *sides.get_mut(side.other()) = row.observation;
                    }
                }
                Partner::Half(other) => {
                    problem = self.on_this_side(side.other(), key, None, Some(other.id))?;
                    if problem.is_none() {
                        *sides.get_mut(side.other()) = self.known(&other, side.other())?;
                        self.note_known(other.id)?;
                        self.walk.absorbed.insert(other.id);
                    }
                }
                Partner::Several(others) => {
                    problem = Some(PairProblem::DuplicateKey {
                        side: side.other(),
                        others,
                    });
                }
            }
        }
        // Quarantined before, and nothing about it has changed: it was reported then.
        let known = sides == Both::new(Observation::Unchanged, Observation::Unchanged);
        if known
            && stored.link.state == LinkState::Quarantined
            && matches!(
                problem,
                Some(PairProblem::DuplicateKey { .. } | PairProblem::Unlinked { .. })
            )
        {
            return Ok(());
        }
        self.give(Some(stored), sides, problem)
    }

    /// New records whose key finds a partner.
    fn paired(&mut self, side: Side, after: i64, room: usize) -> Result<Option<i64>> {
        let other = side.other();
        // Pairs of two new records are found from the source's side.
        let new = side == Side::Source && *self.walk.new.get(other);
        if !*self.walk.new.get(side) || !(new || self.walk.halves) {
            return Ok(None);
        }
        let key = self.hold.key;
        let rows = {
            let mut find = self.db.prepare_cached(&format!(
                "SELECT n, side, record_id, kind, version, updated_at, key, body, taken
                 FROM temp.staged AS s
                 WHERE n > ?1 AND +side = ?2 AND {NEW} AND +key IS NOT NULL AND (
                     EXISTS (SELECT 1 FROM temp.staged AS o
                             WHERE ?3 AND o.key = s.key AND o.side = ?4 AND o.link IS NULL
                                 AND o.kind = 0 AND o.key IS NOT NULL AND o.taken = 0)
                     OR EXISTS (SELECT 1 FROM main.links AS l
                             WHERE ?5 AND l.tenant_id = ?6 AND l.sync_configuration_id = ?7
                                 AND l.key_hash = s.key AND (l.state < 2 OR l.state = 4)
                                 AND (l.source_id IS NULL OR l.target_id IS NULL)))
                 ORDER BY n LIMIT ?8"
            ))?;
            let rows = find.query(params![
                after,
                index(side),
                new,
                index(other),
                self.walk.halves,
                key.tenant,
                key.sync,
                limit(room)
            ])?;
            collect(rows, self.bodies)?
        };
        self.give_new(rows)
    }

    /// New records, whoever is left.
    fn rest(&mut self, side: Side, after: i64, room: usize) -> Result<Option<i64>> {
        if !*self.walk.new.get(side) {
            return Ok(None);
        }
        let rows = {
            let mut find = self.db.prepare_cached(&format!(
                "SELECT n, side, record_id, kind, version, updated_at, key, body, taken
                 FROM temp.staged WHERE n > ?1 AND +side = ?2 AND {NEW} ORDER BY n LIMIT ?3"
            ))?;
            collect(
                find.query(params![after, index(side), limit(room)])?,
                self.bodies,
            )?
        };
        self.give_new(rows)
    }

    fn give_new(&mut self, rows: Vec<StagedRow>) -> Result<Option<i64>> {
        let last = rows.last().map(|row| row.n);
        for row in rows {
            self.meet(row)?;
        }
        Ok(last)
    }

    fn meet(&mut self, row: StagedRow) -> Result<()> {
        let (side, other) = (row.side, row.side.other());
        let mut sides = Both::new(Observation::Unchanged, Observation::Unchanged);
        let mut problem = None;
        let mut link = None;
        if let Some(key) = row.key {
            problem = self.on_this_side(side, key, Some(row.n), None)?;
            if let Some(PairProblem::Recreated { link, .. }) = problem
                && let Some(whole) = self.waiting(link)?
            {
                self.take(row.n)?;
                *sides.get_mut(side) = row.observation;
                return self.give(Some(whole), sides, None);
            }
            if problem.is_none() {
                match self.partner(other, key, None)? {
                    Partner::None => {}
                    Partner::New(partner) => {
                        problem = self.on_this_side(other, key, Some(partner.n), None)?;
                        if problem.is_none() {
                            self.take(partner.n)?;
                            *sides.get_mut(other) = partner.observation;
                        }
                    }
                    Partner::Half(half) => {
                        problem = self.on_this_side(other, key, None, Some(half.id))?;
                        if problem.is_none() {
                            link = Some(*half);
                        }
                    }
                    Partner::Several(others) => {
                        problem = Some(PairProblem::DuplicateKey {
                            side: other,
                            others,
                        });
                    }
                }
            }
        }
        if !matches!(self.walk.phase, Phase::Rest { .. }) {
            self.take(row.n)?;
        }
        *sides.get_mut(side) = row.observation;
        self.give(link, sides, problem)
    }

    fn give(
        &mut self,
        stored: Option<Stored>,
        sides: Both<Observation>,
        problem: Option<PairProblem>,
    ) -> Result<()> {
        let conflict_open = match &stored {
            Some(stored) => conflicts::is_unsettled(self.db, self.hold.key.tenant, stored.id)?,
            None => false,
        };
        let (link_id, todo, uncertain_create, link) = match stored {
            Some(stored) => {
                self.note_known(stored.id)?;
                (
                    Some(stored.id),
                    // Digests of an older epoch are written anew, or each run would plan them.
                    stored.todo || stored.epoch != self.hold.epoch,
                    stored.uncertain,
                    Some(stored.link),
                )
            }
            None => (None, false, None, None),
        };
        self.pairs.push(StagedPair {
            link_id,
            pair: Pair {
                link,
                sides,
                conflict_open,
            },
            problem,
            todo,
            uncertain_create,
        });
        Ok(())
    }

    /// Counts a link that was read as it was known and is planned all the same.
    fn note_known(&mut self, link: LinkId) -> Result<()> {
        if Side::BOTH
            .into_iter()
            .any(|side| self.seen.get(side).contains(link))
            && !staged(self.db, "link = ?1")?.exists(params![link.0])?
        {
            self.walk.given_as_known += 1;
        }
        Ok(())
    }

    fn take(&self, n: i64) -> Result<()> {
        self.db
            .prepare_cached("UPDATE temp.staged SET taken = 1 WHERE n = ?1")?
            .execute(params![n])?;
        Ok(())
    }

    /// What else on this side bears the key.
    fn on_this_side(
        &self,
        side: Side,
        key: ContentHash,
        except_row: Option<i64>,
        except_link: Option<LinkId>,
    ) -> Result<Option<PairProblem>> {
        let mut others = Vec::new();
        // One new record beside a linked one is a duplicate too.
        if self.walk.duplicates || (except_link.is_some() && *self.walk.new.get(side)) {
            let mut find = self.db.prepare_cached(
                "SELECT record_id FROM temp.staged
                 WHERE link IS NULL AND kind = 0 AND key IS NOT NULL AND key = ?1 AND side = ?2
                     AND n IS NOT ?3
                 LIMIT ?4",
            )?;
            let mut rows = find.query(params![key.0, index(side), except_row, limit(NAMED)])?;
            while let Some(row) = rows.next()? {
                others.push(row.get::<_, Expanded>(0)?.id()?);
            }
        }
        let (mut deleted, mut unlinked) = (None, None);
        if self.walk.links {
            for bearer in bearers::of(self.db, self.hold.key, side, key, except_link)? {
                match bearer {
                    Bearer::Record(id) if others.len() < NAMED => others.push(id),
                    Bearer::Record(_) => {}
                    Bearer::Deleted(link) => deleted = deleted.or(Some(link)),
                    Bearer::Unlinked(link) => unlinked = unlinked.or(Some(link)),
                }
            }
        }
        if others.is_empty() {
            let unlinked = unlinked.map(|link| PairProblem::Unlinked { side, link });
            let deleted = deleted.map(|link| PairProblem::Recreated { side, link });
            return Ok(unlinked.or(deleted));
        }
        let mut named = BTreeSet::new();
        others.retain(|id| named.insert(id.clone()));
        Ok(Some(PairProblem::DuplicateKey { side, others }))
    }

    /// Who bears the key on a side and has no partner yet.
    fn partner(&mut self, side: Side, key: ContentHash, except: Option<LinkId>) -> Result<Partner> {
        let mut found = Vec::new();
        if *self.walk.new.get(side) {
            let mut find = staged(
                self.db,
                "link IS NULL AND kind = 0 AND key IS NOT NULL AND key = ?1 AND side = ?2
                 LIMIT 11",
            )?;
            found = collect(find.query(params![key.0, index(side)])?, self.bodies)?;
        }
        let mut halves = Vec::new();
        if self.walk.halves {
            let column = match side {
                Side::Source => "source_id IS NOT NULL AND target_id IS NULL",
                Side::Target => "target_id IS NOT NULL AND source_id IS NULL",
            };
            let hold = self.hold.key;
            let mut find = self.db.prepare_cached(&format!(
                "SELECT {} FROM main.links
                 WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND key_hash = ?3
                     AND (state < 2 OR state = 4) AND {column} AND id IS NOT ?4 LIMIT 11",
                links::COLUMNS
            ))?;
            let mut rows = find.query(params![
                hold.tenant,
                hold.sync,
                key.0,
                except.map(|link| link.0)
            ])?;
            while let Some(row) = rows.next()? {
                let half = links::stored(row, self.codec)?;
                if self.still_bears(&half, side, key)? {
                    halves.push(half);
                }
            }
        }
        if found.len() + halves.len() > 1 || found.iter().any(|row| row.taken) {
            let mut others: Vec<RecordId> = found.into_iter().map(|row| row.id).collect();
            others.extend(halves.iter().filter_map(|half| {
                half.link
                    .sides
                    .get(side)
                    .as_ref()
                    .map(|record| record.id.clone())
            }));
            others.truncate(NAMED);
            return Ok(Partner::Several(others));
        }
        if let Some(half) = halves.pop() {
            return Ok(Partner::Half(Box::new(half)));
        }
        Ok(found.pop().map_or(Partner::None, Partner::New))
    }

    /// What a half link's record says, as if it had been read in this run.
    fn known(&self, half: &Stored, side: Side) -> Result<Observation> {
        let mut find = staged(self.db, "link = ?1 AND side = ?2")?;
        let mut rows = find.query(params![half.id.0, index(side)])?;
        if let Some(row) = rows.next()? {
            return Ok(read(row, self.bodies)?.observation);
        }
        Ok(match half.link.sides.get(side) {
            None => Observation::Unchanged,
            Some(record) => Observation::Live(Observed {
                id: record.id.clone(),
                record: match &record.seen {
                    Some(Seen::Live(seen)) => seen.clone(),
                    _ => record.shadow.clone(),
                },
                version: record.version.clone(),
                updated_at: record.updated_at,
            }),
        })
    }

    /// Whether a half link's record was neither deleted nor given another key in this run.
    fn still_bears(&self, half: &Stored, side: Side, key: ContentHash) -> Result<bool> {
        let mut find = staged(self.db, "link = ?1 AND side = ?2")?;
        let mut rows = find.query(params![half.id.0, index(side)])?;
        Ok(match rows.next()? {
            Some(row) => {
                let row = read(row, self.bodies)?;
                row.kind == LIVE && row.key == Some(key)
            }
            None => !links::seen_deleted(half.flags, side),
        })
    }
}

/// The side of a whole link whose record is gone while the other's is there.
fn vacant(stored: &Stored, sides: &Both<Observation>) -> Option<Side> {
    if stored.half().is_some() {
        return None;
    }
    let gone = |side: Side| match (sides.get(side), stored.link.state) {
        (Observation::Live(_), _) => false,
        (Observation::Deleted, _) | (_, LinkState::Closed) => true,
        (Observation::Unchanged, _) => links::seen_deleted(stored.flags, side),
    };
    let pairing = matches!(stored.link.state, LinkState::Active | LinkState::Closed);
    Side::BOTH
        .into_iter()
        .find(|side| pairing && gone(*side) && !gone(side.other()))
}

fn staged<'c>(db: &'c Connection, condition: &str) -> Result<CachedStatement<'c>> {
    Ok(db.prepare_cached(&format!(
        "SELECT n, side, record_id, kind, version, updated_at, key, body, taken
         FROM temp.staged WHERE {condition}"
    ))?)
}

fn collect(mut rows: rusqlite::Rows<'_>, bodies: &Bodies) -> Result<Vec<StagedRow>> {
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row, bodies)?);
    }
    Ok(all)
}

fn read(row: &Row<'_>, bodies: &Bodies) -> Result<StagedRow> {
    let n = row.get(0)?;
    let id = row.get::<_, Expanded>(2)?.id()?;
    let kind: i64 = row.get(3)?;
    let observation = match kind {
        LIVE => Observation::Live(Observed {
            id: id.clone(),
            record: bodies.record(
                n,
                row.get_ref(7)?
                    .as_blob_or_null()
                    .map_err(|error| corrupt("staged record", error))?,
            )?,
            version: row
                .get::<_, Option<Expanded>>(4)?
                .map(|version| version.version())
                .transpose()?,
            updated_at: row.get::<_, Option<Moment>>(5)?.map(|time| time.0),
        }),
        DELETED => Observation::Deleted,
        _ => Observation::Unchanged,
    };
    Ok(StagedRow {
        n,
        side: if row.get::<_, i64>(1)? == 0 {
            Side::Source
        } else {
            Side::Target
        },
        id,
        kind,
        key: row.get::<_, Option<Digest>>(6)?.map(|digest| digest.0),
        taken: row.get(8)?,
        observation,
    })
}
