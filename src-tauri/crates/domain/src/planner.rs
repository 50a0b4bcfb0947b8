//! Planning one pair: a pure function of its link, what both sides say now, the policy and the time.

use chrono::{DateTime, Utc};

use crate::plan::{Decision, Pair};
use crate::policy::Policy;

/// What to do about one pair, exactly as the semantics' section 4 says.
#[must_use]
pub fn plan(pair: &Pair, policy: &Policy, now: DateTime<Utc>) -> Decision {
    todo!("{pair:?} {policy:?} {now}")
}
