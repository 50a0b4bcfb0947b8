//! A call and its retries as one: how often it was sent, and whether any of the sends may have had
//! its effect. The last failure alone cannot tell that.

use super::gateway::CallError;
use super::retry::GiveUp;
use crate::ports::connector::{Applied, ConnectorError, ErrorClass};

/// What a call does to its system, which decides whether it may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Tells what there is to read; some connectors know that without asking their system.
    Declares,
    /// Reads.
    None,
    /// Changes records that exist: what became of it shows when they are read again.
    Changes,
    /// Creates too, but under keys that make one record of two.
    KeyedCreates,
    /// Creates: sent twice, it may make two.
    Creates,
}

/// A call and its retries.
pub(super) struct Sequence {
    effect: Effect,
    pub(super) retries: u32,
    /// The last failure that was retried.
    pub(super) last: Option<ConnectorError>,
    /// Any of its sends may have had its effect, whatever the last one says.
    pub(super) may_have_landed: bool,
    pub(super) refreshed: bool,
}

impl Sequence {
    pub(super) const fn new(effect: Effect) -> Self {
        Self {
            effect,
            retries: 0,
            last: None,
            may_have_landed: false,
            refreshed: false,
        }
    }

    pub(super) fn may_repeat(&self) -> bool {
        #[cfg(feature = "planted-bugs")]
        if tandem_domain::planted::is(tandem_domain::planted::Bug::CreateResent) {
            return true;
        }
        !(self.may_have_landed && self.effect == Effect::Creates)
    }

    pub(super) fn ended(&self, mut error: ConnectorError, gave_up: Option<GiveUp>) -> CallError {
        let refused = error.class == ErrorClass::Rejected;
        let lands = match self.effect {
            Effect::Declares | Effect::None => false,
            // A refusal of the content is this record's own; whether an earlier send changed it all
            // the same is seen when it is read again.
            Effect::Changes => !refused,
            Effect::KeyedCreates | Effect::Creates => true,
        };
        if lands && self.may_have_landed {
            error.applied = Applied::Maybe;
        }
        CallError::Failed {
            error,
            retries: self.retries,
            gave_up,
        }
    }

    /// Not let through: before the first send that is the answer; later the failure is, of which it
    /// is known whether it may have landed.
    pub(super) fn refused(&mut self, refused: CallError) -> CallError {
        let last = match self.last.take() {
            None => return refused,
            Some(_) if matches!(refused, CallError::Store(_)) && !self.may_have_landed => {
                return refused;
            }
            Some(last) => last,
        };
        self.ended(last, Some(GiveUp::Barred))
    }
}

#[cfg(test)]
mod tests;
