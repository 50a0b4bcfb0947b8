//! Suggestions for contested fields, from what people chose before.
//!
//! The rule: what was chosen most often in the same pattern (which side was newer, which empty) is
//! suggested once at least [`MIN_DECISIONS`] decisions show that pattern, else from all decisions of
//! that field; and only where the lower bound of the 95 % Wilson interval of its share reaches
//! [`SHOWN_FROM`]. From [`STRONG_FROM`] on it is strong. A value of one's own is never suggested.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::conflict::{Choice, ConflictDraft, ConflictField};
use crate::ids::FieldName;
use crate::value::Value;

/// Fewer decisions than these suggest nothing.
pub const MIN_DECISIONS: u32 = 5;
/// The lower confidence bound from which a suggestion is shown.
pub const SHOWN_FROM: f64 = 0.6;
/// The lower confidence bound from which it is taken along with all strong ones.
pub const STRONG_FROM: f64 = 0.75;

/// What was taken, whatever the value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Took {
    /// The source's value.
    Source,
    /// The target's value.
    Target,
    /// The last agreed value.
    Base,
    /// A value of the admin's own.
    Custom,
}

impl From<&Choice> for Took {
    fn from(choice: &Choice) -> Self {
        match choice {
            Choice::Source => Self::Source,
            Choice::Target => Self::Target,
            Choice::Base => Self::Base,
            Choice::Custom(_) => Self::Custom,
        }
    }
}

/// The pattern of a field's disagreement, in words that never hold a value: which side is newer, and
/// which is empty (`source newer, target empty`).
#[must_use]
pub fn pattern(draft: &ConflictDraft, field: &ConflictField) -> String {
    let at = |side: &Option<crate::conflict::ConflictSide>| {
        side.as_ref().and_then(|side| side.updated_at)
    };
    let newer = match (at(&draft.sides.source), at(&draft.sides.target)) {
        (Some(source), Some(target)) if source > target => "source newer",
        (Some(source), Some(target)) if source < target => "target newer",
        _ => "neither newer",
    };
    let empty = match (
        is_empty(field.source.as_ref()),
        is_empty(field.target.as_ref()),
    ) {
        (true, true) => "both empty",
        (true, false) => "source empty",
        (false, true) => "target empty",
        (false, false) => "none empty",
    };
    format!("{newer}, {empty}")
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Text(text)) => text.trim().is_empty(),
        Some(Value::List(items)) => items.is_empty(),
        Some(_) => false,
    }
}

/// How often one way was chosen for a field in a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Which field.
    pub field: FieldName,
    /// See [`pattern`].
    pub pattern: String,
    /// Which way.
    pub took: Took,
    /// Decisions.
    pub times: u32,
    /// Of these, those made while a suggestion stood.
    pub offered: u32,
    /// Of these, those that chose what was suggested.
    pub followed: u32,
}

/// A suggestion for one contested field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// Which way; never [`Took::Custom`].
    pub take: Took,
    /// How often it was chosen.
    pub chosen: u32,
    /// Out of how many decisions.
    pub of: u32,
    /// Whether only decisions of the same pattern are counted.
    pub same_pattern: bool,
    /// Whether it is taken along with all strong ones.
    pub strong: bool,
    /// Decisions about this field made while a suggestion stood.
    pub offered: u32,
    /// Of these, those that followed it.
    pub followed: u32,
}

/// What is suggested for a contested field, given the tallies of its sync (of other fields too).
/// `None`: too few decisions, no clear majority, or the value chosen before is not there this time.
#[must_use]
pub fn suggest(
    tallies: &[Tally],
    draft: &ConflictDraft,
    field: &ConflictField,
) -> Option<Suggestion> {
    let here = pattern(draft, field);
    let mut all = BTreeMap::new();
    let mut same = BTreeMap::new();
    let (mut offered, mut followed) = (0_u32, 0_u32);
    for tally in tallies.iter().filter(|it| it.field == field.field) {
        count(&mut all, tally);
        if tally.pattern == here {
            count(&mut same, tally);
        }
        offered = offered.saturating_add(tally.offered);
        followed = followed.saturating_add(tally.followed);
    }
    let same_pattern = total(&same) >= MIN_DECISIONS;
    let counted = if same_pattern { same } else { all };
    let of = total(&counted);
    // Ties go to the way that comes first; with a bound above one half there is none.
    let (take, chosen) = counted.into_iter().rev().max_by_key(|(_, times)| *times)?;
    let there = match take {
        Took::Source => field.source.is_some(),
        Took::Target => field.target.is_some(),
        Took::Base => field.base.is_some(),
        Took::Custom => false,
    };
    let bound = lower_bound(chosen, of);
    (there && of >= MIN_DECISIONS && bound >= SHOWN_FROM).then_some(Suggestion {
        take,
        chosen,
        of,
        same_pattern,
        strong: bound >= STRONG_FROM,
        offered,
        followed,
    })
}

fn count(counts: &mut BTreeMap<Took, u32>, tally: &Tally) {
    let times = counts.entry(tally.took).or_default();
    *times = times.saturating_add(tally.times);
}

fn total(counts: &BTreeMap<Took, u32>) -> u32 {
    counts
        .values()
        .fold(0, |sum, times| sum.saturating_add(*times))
}

/// The lower end of the 95 % Wilson score interval of `hits` out of `of`; 0 where `of` is 0.
#[must_use]
pub fn lower_bound(hits: u32, of: u32) -> f64 {
    if of == 0 {
        return 0.0;
    }
    const Z: f64 = 1.96;
    let n = f64::from(of);
    let share = f64::from(hits) / n;
    let z2 = Z * Z;
    let spread = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    (share + z2 / (2.0 * n) - spread) / (1.0 + z2 / n)
}
