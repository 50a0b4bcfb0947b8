//! Pairs of records as administrators see them, and what of them is changed by hand.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::conflict::{ConflictDecision, ConflictDraft};
use tandem_domain::ids::{ConflictId, LinkId, RecordId, RunId, Side, SyncId};
use tandem_domain::link::{Link, LinkState};

/// Which pairs to list; in the order they were met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairFilter {
    /// Only of this configuration.
    pub sync: Option<SyncId>,
    /// Only in this state.
    pub state: Option<LinkState>,
    /// Only after this one (keyset).
    pub after: Option<LinkId>,
    /// At most so many.
    pub limit: usize,
}

/// A pair (or half a pair) as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct PairRecord {
    /// Its link.
    pub id: LinkId,
    /// Of which configuration.
    pub sync: SyncId,
    /// What is known of it.
    pub link: Link,
    /// The next run plans it whatever is read.
    pub todo: bool,
    /// Its conflict that is open or decided.
    pub conflict: Option<ConflictId>,
    /// An earlier create for it was sent and never acknowledged.
    pub uncertain: bool,
}

/// A value that was decided against, to be brought back: kept as a decision at once.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRestoration {
    /// The id of the conflict it is kept as.
    pub conflict: ConflictId,
    /// For which pair.
    pub link: LinkId,
    /// The run in which the value lost, or whose conflict it was.
    pub run: RunId,
    /// The pair as it was when this was asked for.
    pub draft: ConflictDraft,
    /// The value for the field.
    pub decision: ConflictDecision,
    /// Why.
    pub note: Option<String>,
    /// Not to be written before then.
    pub not_before: DateTime<Utc>,
}

/// Why a record is not in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetAsideWhy {
    /// It was read and cannot be used: it breaks a rule, or the mapping cannot carry it.
    Unusable,
    /// Its id or match key is not unique.
    Quarantined,
    /// It may have been created on the other side; nobody knows yet.
    Uncertain,
    /// It has no partner yet, and the next run looks for one again.
    Deferred,
}

/// Which records that are set aside to list: those that cannot be used, then those in links.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetAsideFilter {
    /// Only of this configuration.
    pub sync: Option<SyncId>,
    /// Only this record.
    pub record: Option<(Side, RecordId)>,
    /// Only after this place (keyset).
    pub after: Option<SetAsidePlace>,
    /// At most so many.
    pub limit: usize,
}

/// A place in the list of records that are set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetAsidePlace {
    /// A record that cannot be used.
    Unusable(SyncId, Side, RecordId),
    /// One side of a link.
    Linked(LinkId, Side),
}

/// A record that was read and not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAsideRecord {
    /// Of which configuration.
    pub sync: SyncId,
    /// Where it lives.
    pub side: Side,
    /// Its id there.
    pub record: RecordId,
    /// Why, in kind.
    pub why: SetAsideWhy,
    /// Why, a sentence; empty where the kind says it all.
    pub reason: String,
    /// Where in the list it stands.
    pub place: SetAsidePlace,
}
