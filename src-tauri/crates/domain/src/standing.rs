//! How each side of a pair stands: what the link knows of it together with what was read.

use chrono::{DateTime, Utc};

use crate::ids::{Both, RecordId, Side, Version};
use crate::link::{Link, LinkSide, LinkState, OwedField, Seen};
use crate::plan::{Observation, Observed, Pair};
use crate::record::CanonicalRecord;
use crate::schema::CanonicalSchema;

/// How one side of a pair stands.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// There is no record on that side, and never was one.
    Absent,
    /// There was one, and it is deleted.
    Gone(LinkSide),
    /// There is one.
    Live(Live),
}

/// A live record of a pair.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) id: RecordId,
    pub(crate) version: Option<Version>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    /// Whether `updated_at` was caused by our own write.
    pub(crate) ours: bool,
    /// What was last incorporated; empty for a record that just joined.
    pub(crate) shadow: CanonicalRecord,
    pub(crate) owed: Vec<OwedField>,
    /// What it says now, as far as is known.
    pub(crate) now: CanonicalRecord,
    /// It has just joined this link (a new partner).
    pub(crate) joined: bool,
    /// It took the place of another record of this link.
    pub(crate) replaced: bool,
}

impl Live {
    fn joining(observed: &Observed, replaced: bool) -> Self {
        Self {
            id: observed.id.clone(),
            version: observed.version.clone(),
            updated_at: observed.updated_at,
            ours: false,
            shadow: CanonicalRecord::default(),
            owed: Vec::new(),
            now: observed.record.clone(),
            joined: true,
            replaced,
        }
    }

    fn known(half: &LinkSide) -> Self {
        Self {
            id: half.id.clone(),
            version: half.version.clone(),
            updated_at: half.updated_at,
            ours: half.ours,
            shadow: half.shadow.clone(),
            owed: half.owed.clone(),
            now: half.known().clone(),
            joined: false,
            replaced: false,
        }
    }

    fn read(half: &LinkSide, observed: &Observed) -> Self {
        // A time is ours if it is the one our write left behind; where the write did not tell its
        // time, the first time that could be it counts as ours.
        let same_version = match (&observed.version, &half.version) {
            (Some(read), Some(left)) => read == left,
            _ => true,
        };
        let ours = half.ours
            && match half.updated_at {
                Some(at) => observed.updated_at == Some(at),
                None => same_version,
            };
        Self {
            version: observed.version.clone(),
            updated_at: observed.updated_at,
            ours,
            now: half.known().with(&observed.record),
            ..Self::known(half)
        }
    }

    /// Forgets what was agreed, for a pairing without a common past.
    pub(crate) fn forget(&mut self) {
        self.shadow = CanonicalRecord::default();
        self.owed.clear();
    }

    /// This record without fields that are mapped no more: what is made of it cannot hold them, so
    /// none of them is agreed.
    pub(crate) fn mapped(&self, schema: &CanonicalSchema) -> Self {
        let keep = |record: &CanonicalRecord| -> CanonicalRecord {
            if record
                .names()
                .all(|field| schema.fields.contains_key(field))
            {
                return record.clone();
            }
            record
                .iter()
                .filter(|(field, _)| schema.fields.contains_key(*field))
                .map(|(field, value)| (field.clone(), value.clone()))
                .collect()
        };
        let mut live = Self {
            shadow: keep(&self.shadow),
            now: keep(&self.now),
            ..self.clone()
        };
        live.owed
            .retain(|owed| schema.fields.contains_key(&owed.field));
        live
    }

    /// This side of the link, with what was incorporated and is owed now.
    pub(crate) fn half(
        &self,
        schema: &CanonicalSchema,
        shadow: CanonicalRecord,
        owed: Vec<OwedField>,
    ) -> LinkSide {
        let differs = says_more(schema, &self.now, &shadow);
        LinkSide {
            id: self.id.clone(),
            version: self.version.clone(),
            updated_at: self.updated_at,
            ours: self.ours,
            shadow,
            seen: differs.then(|| Seen::Live(self.now.clone())),
            owed,
        }
    }

    /// This side of the link with nothing incorporated: what was read is only seen.
    pub(crate) fn only_seen(&self, schema: &CanonicalSchema) -> LinkSide {
        self.half(schema, self.shadow.clone(), self.owed.clone())
    }
}

/// Whether a record says anything that its shadow does not: a null where nothing was known counts
/// here, since it was read, and a later plan has to know.
pub(crate) fn says_more(
    schema: &CanonicalSchema,
    now: &CanonicalRecord,
    shadow: &CanonicalRecord,
) -> bool {
    !now.shares(shadow)
        && now.iter().any(|(field, value)| {
            shadow
                .get(field)
                .is_none_or(|old| !schema.same(field, value, old))
        })
}

impl LinkSide {
    /// The live record as last known: what was seen, else the shadow. It stands for
    /// [`Observation::Unchanged`].
    #[must_use]
    pub fn known(&self) -> &CanonicalRecord {
        match &self.seen {
            Some(Seen::Live(record)) => record,
            Some(Seen::Deleted) | None => &self.shadow,
        }
    }
}

impl Link {
    /// This link with its agreement forgotten, for a re-baseline: both records stay paired, and the
    /// next plan treats them as met for the first time, so that no difference is absorbed.
    #[must_use]
    pub fn rebaselined(&self) -> Self {
        let forget = |half: &LinkSide| LinkSide {
            shadow: CanonicalRecord::default(),
            seen: match &half.seen {
                Some(Seen::Deleted) => Some(Seen::Deleted),
                _ => Some(Seen::Live(half.known().clone())),
            },
            owed: Vec::new(),
            ..half.clone()
        };
        Self {
            state: self.state,
            base: None,
            sides: Both::new(
                self.sides.source.as_ref().map(forget),
                self.sides.target.as_ref().map(forget),
            ),
        }
    }
}

/// How both sides of a pair stand.
pub(crate) fn standings(pair: &Pair) -> Both<Standing> {
    let closed = matches!(&pair.link, Some(link) if link.state == LinkState::Closed);
    let one = |side: Side| {
        let half = pair
            .link
            .as_ref()
            .and_then(|link| link.sides.get(side).as_ref());
        match (half, pair.sides.get(side)) {
            (None, Observation::Live(observed)) => Standing::Live(Live::joining(observed, false)),
            (None, Observation::Unchanged | Observation::Deleted) => Standing::Absent,
            (Some(half), Observation::Live(observed)) if observed.id != half.id => {
                Standing::Live(Live::joining(observed, true))
            }
            (Some(half), Observation::Live(observed)) => Standing::Live(Live::read(half, observed)),
            (Some(half), Observation::Unchanged) => match half.seen {
                _ if closed => Standing::Gone(half.clone()),
                Some(Seen::Deleted) => Standing::Gone(half.clone()),
                Some(Seen::Live(_)) | None => Standing::Live(Live::known(half)),
            },
            #[cfg(feature = "planted-bugs")]
            (Some(_), Observation::Deleted)
                if crate::planted::is(crate::planted::Bug::TombstoneForgotten) =>
            {
                Standing::Absent
            }
            (Some(half), Observation::Deleted) => Standing::Gone(half.clone()),
        }
    };
    Both::new(one(Side::Source), one(Side::Target))
}
