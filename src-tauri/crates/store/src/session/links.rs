//! Links as rows. What both sides agree on is stored once: a shadow only as it differs from the
//! base, a target's digest only if it is not the source's.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use tandem_domain::ids::{Both, FieldName, LinkId, OperationKey, RecordId, Side};
use tandem_domain::link::{Link, LinkSide, LinkState, OwedField, Seen};
use tandem_domain::record::{CanonicalRecord, ContentHash};
use tandem_domain::value::Value;
use tandem_engine::ports::session::LinkRow;

use crate::codec::{Codec, pack, unpack};
use crate::fault::{Result, corrupt};
use crate::keys::{Compact, Digest, Expanded, Id, Moment, SyncKey};

/// The columns [`stored`] reads.
pub(super) const COLUMNS: &str = "id, state, todo, flags, epoch, source_id, target_id, source_version, target_version, \
     source_updated_at, target_updated_at, key_hash, uncertain_create, base, extra";

const OURS: [i64; 2] = [1, 2];
const SEEN_LIVE: [i64; 2] = [4, 8];
const SEEN_DELETED: [i64; 2] = [16, 32];

pub(super) const fn index(side: Side) -> i64 {
    match side {
        Side::Source => 0,
        Side::Target => 1,
    }
}

const fn flag(of: [i64; 2], side: Side) -> i64 {
    match side {
        Side::Source => of[0],
        Side::Target => of[1],
    }
}

/// Whether a link's flags say that something beyond the shadow was seen there.
pub(super) const fn seen_live(flags: i64, side: Side) -> bool {
    flags & flag(SEEN_LIVE, side) != 0
}

/// Whether a link's flags say that the record was seen deleted, and that is not incorporated.
pub(super) const fn seen_deleted(flags: i64, side: Side) -> bool {
    flags & flag(SEEN_DELETED, side) != 0
}

/// Flags without the mark that a side's time is ours.
pub(super) const fn not_ours(flags: i64, side: Side) -> i64 {
    flags & !flag(OURS, side)
}

pub(super) const fn state_code(state: LinkState) -> i64 {
    match state {
        LinkState::Active => 0,
        LinkState::Unpaired => 1,
        LinkState::Closed => 2,
        LinkState::Excluded => 3,
        LinkState::Quarantined => 4,
    }
}

pub(super) fn state_of(code: i64) -> Result<LinkState> {
    Ok(match code {
        0 => LinkState::Active,
        1 => LinkState::Unpaired,
        2 => LinkState::Closed,
        3 => LinkState::Excluded,
        4 => LinkState::Quarantined,
        other => return Err(corrupt("link state", other)),
    })
}

/// What a link holds beyond its base.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Extra {
    source: Beyond,
    target: Beyond,
}

/// One side of it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Beyond {
    shadow: Difference,
    seen: Option<Seen>,
    owed: Vec<OwedField>,
}

/// How a shadow differs from the base.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Difference {
    set: BTreeMap<FieldName, Value>,
    absent: Vec<FieldName>,
}

impl Difference {
    fn between(base: &CanonicalRecord, shadow: &CanonicalRecord) -> Self {
        let mut difference = Self::default();
        if base.shares(shadow) {
            return difference;
        }
        for (field, value) in shadow.iter() {
            // Values that compare as equal may still be spelt differently (1 and 1.0).
            if !base.get(field).is_some_and(|old| old.identical(value)) {
                difference.set.insert(field.clone(), value.clone());
            }
        }
        difference.absent = base
            .names()
            .filter(|field| !shadow.contains(field))
            .cloned()
            .collect();
        difference
    }

    fn apply(self, base: Option<&CanonicalRecord>) -> CanonicalRecord {
        let mut record = base.cloned().unwrap_or_default();
        for field in &self.absent {
            record.remove(field);
        }
        record.extend(self.set);
        record
    }
}

/// What of a link goes beside its base: flags, and what differs from the base, packed but not yet
/// compressed.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) flags: i64,
    pub(super) extra: Option<Vec<u8>>,
}

impl Packed {
    pub(super) fn new(link: &Link) -> Result<Self> {
        let mut flags = 0;
        let mut extra = Extra::default();
        let nothing = CanonicalRecord::default();
        let ground = link.base.as_ref().unwrap_or(&nothing);
        for side in Side::BOTH {
            let Some(half) = link.sides.get(side) else {
                continue;
            };
            if half.ours {
                flags |= flag(OURS, side);
            }
            flags |= match half.seen {
                None => 0,
                Some(Seen::Live(_)) => flag(SEEN_LIVE, side),
                Some(Seen::Deleted) => flag(SEEN_DELETED, side),
            };
            let beyond = Beyond {
                shadow: Difference::between(ground, &half.shadow),
                seen: half.seen.clone(),
                owed: half.owed.clone(),
            };
            match side {
                Side::Source => extra.source = beyond,
                Side::Target => extra.target = beyond,
            }
        }
        Ok(Self {
            flags,
            extra: if extra == Extra::default() {
                None
            } else {
                Some(pack(&extra)?)
            },
        })
    }
}

/// The digests to store: an empty target's equals the source's.
pub(super) fn hash_columns(row: &LinkRow) -> (Option<[u8; 16]>, Option<Vec<u8>>) {
    let source = row.hashes.source.map(|hash| hash.0);
    let target = row.hashes.target.map(|hash| {
        if Some(hash.0) == source {
            Vec::new()
        } else {
            hash.0.to_vec()
        }
    });
    (source, target)
}

/// A side's digest from the two columns.
pub(super) fn hash_of(
    side: Side,
    source: Option<Digest>,
    target: Option<&[u8]>,
) -> Result<Option<ContentHash>> {
    let source = source.map(|digest| digest.0);
    match (side, target) {
        (Side::Target, None) => Ok(None),
        (Side::Source, _) | (Side::Target, Some([])) => Ok(source),
        (Side::Target, Some(bytes)) => <[u8; 16]>::try_from(bytes)
            .map(|bytes| Some(ContentHash(bytes)))
            .map_err(|error| corrupt("digest", error)),
    }
}

/// A link read back.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) id: LinkId,
    pub(super) link: Link,
    pub(super) todo: bool,
    pub(super) epoch: i64,
    pub(super) flags: i64,
    pub(super) key: Option<ContentHash>,
    pub(super) uncertain: Option<OperationKey>,
}

impl Stored {
    /// The side it has a record on, if only on one.
    pub(super) fn half(&self) -> Option<Side> {
        match (&self.link.sides.source, &self.link.sides.target) {
            (Some(_), None) => Some(Side::Source),
            (None, Some(_)) => Some(Side::Target),
            _ => None,
        }
    }
}

/// Reads a row of [`COLUMNS`].
pub(super) fn stored(row: &Row<'_>, codec: &mut Codec) -> Result<Stored> {
    let flags: i64 = row.get("flags")?;
    let base: Option<Vec<u8>> = row.get("base")?;
    let base: Option<CanonicalRecord> = base.map(|body| codec.decode(&body)).transpose()?;
    let extra: Option<Vec<u8>> = row.get("extra")?;
    let extra: Extra = match extra {
        Some(body) => unpack(&codec.decompress(&body)?)?,
        None => Extra::default(),
    };
    let half = |side: Side, id: &str, version: &str, time: &str, beyond: Beyond| -> Result<_> {
        let Some(id) = row.get::<_, Option<Expanded>>(id)? else {
            return Ok(None);
        };
        Ok(Some(LinkSide {
            id: id.id()?,
            version: row
                .get::<_, Option<Expanded>>(version)?
                .map(|version| version.version())
                .transpose()?,
            updated_at: row.get::<_, Option<Moment>>(time)?.map(|time| time.0),
            ours: flags & flag(OURS, side) != 0,
            shadow: beyond.shadow.apply(base.as_ref()),
            seen: beyond.seen,
            owed: beyond.owed,
        }))
    };
    let sides = Both::new(
        half(
            Side::Source,
            "source_id",
            "source_version",
            "source_updated_at",
            extra.source,
        )?,
        half(
            Side::Target,
            "target_id",
            "target_version",
            "target_updated_at",
            extra.target,
        )?,
    );
    Ok(Stored {
        id: LinkId(row.get("id")?),
        link: Link {
            state: state_of(row.get("state")?)?,
            base,
            sides,
        },
        todo: row.get("todo")?,
        epoch: row.get("epoch")?,
        flags,
        key: row
            .get::<_, Option<Digest>>("key_hash")?
            .map(|digest| digest.0),
        uncertain: row
            .get::<_, Option<Id>>("uncertain_create")?
            .map(|id| OperationKey(id.0)),
    })
}

/// One link by its row.
pub(super) fn load(
    db: &Connection,
    key: SyncKey,
    codec: &mut Codec,
    id: LinkId,
) -> Result<Option<Stored>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM main.links
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3"
    ))?;
    let mut rows = statement.query(params![key.tenant, key.sync, id.0])?;
    rows.next()?.map(|row| stored(row, codec)).transpose()
}

/// Where a link holds the id of its record on that side.
pub(super) const fn id_column(side: Side) -> &'static str {
    match side {
        Side::Source => "source_id",
        Side::Target => "target_id",
    }
}

/// The link of a record.
pub(super) fn of_record(
    db: &Connection,
    key: SyncKey,
    codec: &mut Codec,
    side: Side,
    id: &RecordId,
) -> Result<Option<Stored>> {
    let column = id_column(side);
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM main.links
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND {column} = ?3"
    ))?;
    let mut rows = statement.query(params![key.tenant, key.sync, Compact::id(id)])?;
    rows.next()?.map(|row| stored(row, codec)).transpose()
}

/// Leaves a link nothing but its ids and a state.
pub(super) fn forget(
    db: &Connection,
    key: SyncKey,
    id: LinkId,
    state: LinkState,
    todo: bool,
) -> Result<()> {
    db.execute(
        "UPDATE links SET state = ?4, todo = ?5, flags = 0, source_version = NULL,
             target_version = NULL, source_updated_at = NULL, target_updated_at = NULL,
             source_hash = NULL, target_hash = NULL, source_seen_hash = NULL,
             target_seen_hash = NULL, key_hash = NULL, create_operation = NULL, base = NULL,
             extra = NULL,
             uncertain_create = CASE WHEN source_id IS NULL OR target_id IS NULL
                                     THEN uncertain_create END
         WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3",
        params![key.tenant, key.sync, id.0, state_code(state), todo],
    )?;
    Ok(())
}

/// The other side's record of a link, whatever it is.
pub(super) fn record_of(
    db: &Connection,
    key: SyncKey,
    id: LinkId,
    side: Side,
) -> Result<Option<Expanded>> {
    let column = id_column(side);
    Ok(db
        .prepare_cached(&format!(
            "SELECT {column} FROM main.links
             WHERE tenant_id = ?1 AND sync_configuration_id = ?2 AND id = ?3"
        ))?
        .query_row(params![key.tenant, key.sync, id.0], |row| row.get(0))
        .optional()?
        .flatten())
}
