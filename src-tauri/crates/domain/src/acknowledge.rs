//! What a receipt changes in a link.

use crate::ids::Side;
use crate::link::Link;
use crate::plan::{Acknowledged, Intent};
use crate::schema::CanonicalSchema;

/// The link after `side` acknowledged `intent`: what was owed is cleared, the shadow takes the
/// server's values for the fields we wrote (for all fields on a create); fields we did not write
/// keep the value we planned from, so that a person's edit in between is seen by the next run.
#[must_use]
pub fn acknowledge(
    link: &Link,
    side: Side,
    intent: &Intent,
    receipt: &Acknowledged,
    schema: &CanonicalSchema,
) -> Link {
    todo!("{link:?} {side} {intent:?} {receipt:?} {schema:?}")
}
