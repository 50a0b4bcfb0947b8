//! The conflict strategies: each decides one contested field.

use chrono::{DateTime, Duration, Utc};

use crate::field_type::FieldType;
use crate::ids::{Both, FieldName, Side};
use crate::plan::Clocks;
use crate::value::Value;

/// A field that both sides changed to different values.
#[derive(Debug, Clone)]
pub struct Contested<'a> {
    /// Which.
    pub field: &'a FieldName,
    /// Its type.
    pub ty: &'a FieldType,
    /// The last agreed value, if there was one.
    pub base: Option<&'a Value>,
    /// What each side says.
    pub sides: Both<Claim<'a>>,
    /// What is known of the two clocks.
    pub clocks: &'a Clocks,
    /// Now, on our clock.
    pub now: DateTime<Utc>,
}

/// One side's claim on a contested field.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The value it wants.
    pub value: &'a Value,
    /// What was last incorporated of it: `value` minus this is its change. `None`: never known.
    pub shadow: Option<&'a Value>,
    /// When that system says the record was changed (that system's clock).
    pub updated_at: Option<DateTime<Utc>>,
    /// Whether that time was caused by our own write.
    pub ours: bool,
}

/// What a strategy says.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    /// This side's value.
    Take(Side),
    /// A value of its own making.
    Value(Value),
    /// It cannot tell; a person must. With the reason, in words an admin reads.
    Undecided(String),
}

/// Decides contested fields. Pure: the same claims always give the same answer.
pub trait ConflictResolutionStrategy: std::fmt::Debug + Send + Sync {
    /// Its name, as in a workspace file.
    fn name(&self) -> &'static str;

    /// Decides one field.
    fn resolve(&self, contested: &Contested<'_>) -> Resolution;
}

/// The side that changed last, clocks corrected, supplies the value.
#[derive(Debug, Clone, Copy)]
pub struct LastWriteWins;

/// The source's value.
#[derive(Debug, Clone, Copy)]
pub struct SourceWins;

/// The target's value.
#[derive(Debug, Clone, Copy)]
pub struct TargetWins;

/// A person decides.
#[derive(Debug, Clone, Copy)]
pub struct ManualResolution;

/// Both changes are added to the last agreed value.
#[derive(Debug, Clone, Copy)]
pub struct SumDeltas;

impl ConflictResolutionStrategy for LastWriteWins {
    fn name(&self) -> &'static str {
        "last_write_wins"
    }

    fn resolve(&self, contested: &Contested<'_>) -> Resolution {
        match newer(contested) {
            Ok(side) => Resolution::Take(side),
            Err(why) => Resolution::Undecided(why),
        }
    }
}

impl ConflictResolutionStrategy for SourceWins {
    fn name(&self) -> &'static str {
        "source_wins"
    }

    fn resolve(&self, _: &Contested<'_>) -> Resolution {
        Resolution::Take(Side::Source)
    }
}

impl ConflictResolutionStrategy for TargetWins {
    fn name(&self) -> &'static str {
        "target_wins"
    }

    fn resolve(&self, _: &Contested<'_>) -> Resolution {
        Resolution::Take(Side::Target)
    }
}

impl ConflictResolutionStrategy for ManualResolution {
    fn name(&self) -> &'static str {
        "manual"
    }

    fn resolve(&self, contested: &Contested<'_>) -> Resolution {
        Resolution::Undecided(if contested.base.is_some() {
            "Both sides changed it, and the policy leaves it to a person.".into()
        } else {
            "The policy leaves it to a person.".into()
        })
    }
}

impl ConflictResolutionStrategy for SumDeltas {
    fn name(&self) -> &'static str {
        "sum_deltas"
    }

    fn resolve(&self, contested: &Contested<'_>) -> Resolution {
        let Some(Value::Number(agreed)) = contested.base else {
            return Resolution::Undecided(
                "There is no agreed number to which the changes could be added.".into(),
            );
        };
        let mut sum = *agreed;
        for side in Side::BOTH {
            let claim = contested.sides.get(side);
            let (Value::Number(now), Some(Value::Number(before))) = (claim.value, claim.shadow)
            else {
                return Resolution::Undecided(format!(
                    "The {side}'s change is not one from a number to a number."
                ));
            };
            let added = now
                .checked_sub(*before)
                .and_then(|delta| sum.checked_add(delta));
            match added {
                Some(next) => sum = next,
                None => {
                    return Resolution::Undecided("The sum has more than 28 digits.".into());
                }
            }
        }
        Resolution::Value(Value::Number(sum))
    }
}

/// The side that changed last, or why that cannot be told.
fn newer(contested: &Contested<'_>) -> Result<Side, String> {
    let time = |side: Side| {
        let claim = contested.sides.get(side);
        let at = claim
            .updated_at
            .ok_or_else(|| format!("The {side} does not say when it was changed."))?;
        if claim.ours {
            return Err(format!(
                "The {side}'s time of change was caused by our own write."
            ));
        }
        let at = at
            .checked_sub_signed(*contested.clocks.offset.get(side))
            .ok_or_else(|| format!("The {side}'s time of change is out of range."))?;
        if at - contested.now > contested.clocks.tolerance.max(Duration::zero()) {
            return Err(format!("The {side}'s time of change lies in the future."));
        }
        Ok(at)
    };
    let (source, target) = (time(Side::Source)?, time(Side::Target)?);
    let apart = (source - target).abs();
    if apart.is_zero() {
        return Err("Both sides were changed at the same time.".into());
    }
    if apart < contested.clocks.tolerance {
        return Err("The two times of change are closer than the clocks can tell apart.".into());
    }
    Ok(if source > target {
        Side::Source
    } else {
        Side::Target
    })
}
