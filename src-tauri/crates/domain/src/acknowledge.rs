//! What a receipt changes in a link.

use crate::ids::Side;
use crate::link::{Link, LinkSide, LinkState, Seen};
use crate::plan::{Acknowledged, Intent};
use crate::planner::closed;
use crate::record::CanonicalRecord;
use crate::schema::CanonicalSchema;
use crate::standing::says_more;

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
    let mut next = link.clone();
    match intent {
        Intent::Delete { .. } => return deleted(link, side),
        Intent::Create { fields } => {
            let shadow = match &receipt.record {
                Some(record) => fields.with(record),
                None => fields.clone(),
            };
            *next.sides.get_mut(side) = Some(LinkSide {
                id: receipt.id.clone(),
                version: receipt.version.clone(),
                updated_at: receipt.updated_at,
                ours: true,
                shadow,
                seen: None,
                owed: Vec::new(),
            });
        }
        Intent::Update { patch, .. } => {
            if let Some(half) = next.sides.get_mut(side) {
                written(half, patch, receipt, schema);
            }
        }
    }
    let whole = next.sides.source.is_some() && next.sides.target.is_some();
    if whole && next.state == LinkState::Unpaired {
        next.state = LinkState::Active;
    }
    next
}

/// A pair that is left alone stays so while its other record lives: the delete took a create back.
fn deleted(link: &Link, side: Side) -> Link {
    let other = link.sides.get(side.other());
    let lives = matches!(other, Some(half) if half.seen != Some(Seen::Deleted));
    if link.state != LinkState::Excluded || !lives {
        return closed(link);
    }
    let mut next = link.clone();
    if let Some(half) = next.sides.get_mut(side) {
        half.seen = Some(Seen::Deleted);
        half.owed.clear();
    }
    next
}

fn written(
    half: &mut LinkSide,
    patch: &CanonicalRecord,
    receipt: &Acknowledged,
    schema: &CanonicalSchema,
) {
    half.owed.retain(|owed| {
        !patch
            .get(&owed.field)
            .is_some_and(|sent| schema.same(&owed.field, sent, &owed.value))
    });
    // What the server made of the fields we wrote.
    let made: CanonicalRecord = patch
        .iter()
        .map(|(field, sent)| {
            let held = receipt.record.as_ref().and_then(|record| record.get(field));
            (field.clone(), held.unwrap_or(sent).clone())
        })
        .collect();
    // What is known of the rest: the answer where it carries the record, else what was seen.
    let mut known = half.known().with(&made);
    if let Some(record) = &receipt.record {
        known = known.with(record);
    }
    half.shadow = half.shadow.with(&made);
    #[cfg(feature = "planted-bugs")]
    if crate::planted::is(crate::planted::Bug::EditSwallowed) {
        half.shadow = known.clone();
    }
    half.seen = says_more(schema, &known, &half.shadow).then_some(Seen::Live(known));
    half.version.clone_from(&receipt.version);
    half.updated_at = receipt.updated_at;
    half.ours = true;
}
