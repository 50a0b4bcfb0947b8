//! Carrying out an admin's decision on a parked conflict, against freshly read sides.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::conflict::{ConflictDecision, ConflictDraft};
use crate::ids::FieldName;
use crate::plan::{Decision, Pair};
use crate::policy::Policy;

/// What becomes of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DecisionOutcome {
    /// It holds: these writes carry it out (none where it is done already, or where the sides came
    /// to agree by themselves).
    Write(Decision),
    /// A side moved on since the admin looked: nothing is written, the conflict reopens.
    Reopen {
        /// The conflict as it stands now.
        draft: ConflictDraft,
        /// The fields whose choice no longer holds; choices for other fields are kept.
        changed: Vec<FieldName>,
    },
}

/// Carries out `decision` on the conflict `draft` that the admin saw. `pair` holds the link and both
/// sides as just read again.
#[must_use]
pub fn apply_decision(
    draft: &ConflictDraft,
    decision: &ConflictDecision,
    pair: &Pair,
    policy: &Policy,
    now: DateTime<Utc>,
) -> DecisionOutcome {
    todo!("{draft:?} {decision:?} {pair:?} {policy:?} {now}")
}
