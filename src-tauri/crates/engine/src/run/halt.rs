//! Why a run stopped before its end, in the words of history.

use chrono::{DateTime, Utc};
use tandem_domain::config::ConfigProblem;
use tandem_domain::ids::{Both, Side};

use crate::calls::{CallError, CircuitRefusal, GiveUp};
use crate::ports::StoreError;
use crate::ports::connector::ErrorClass;
use crate::ports::history::ErrorType;

/// Why a run stopped.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// A system could not be used.
    #[error("{connection}: {error}")]
    Side {
        /// Which side.
        side: Side,
        /// Its connection's name.
        connection: String,
        /// What happened.
        error: CallError,
    },
    /// A guard refused the run before its first write.
    #[error("{0}")]
    Guard(GuardRefusal),
    /// The configuration does not fit the systems as they are now (case 37).
    #[error("the configuration does not fit: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<ConfigProblem>),
    /// The connection's address answers for another account or database than before (case 34): what
    /// is linked may be other records by now.
    #[error(
        "{connection} answers for {now:?}, but what is linked at the {side} was read from {known:?}"
    )]
    Moved {
        /// Which side.
        side: Side,
        /// Its connection's name.
        connection: String,
        /// Whose data it was.
        known: String,
        /// Whose it is now.
        now: String,
    },
    /// An admin asked.
    #[error("cancelled by an admin")]
    Cancelled,
    /// Out of time; the rest is left for the next run.
    #[error("out of time: {0}")]
    Deadline(&'static str),
    /// Our own store failed, or another run took over.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a guard saw (semantics 4: deletes).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}: this run would delete {} records at the source and {} at the target ({}); to go on, confirm exactly {} deletes", .deletes.source, .deletes.target, .examples.join(", "), .deletes.source + .deletes.target)]
pub struct GuardRefusal {
    /// Which rule.
    pub why: String,
    /// How many it would delete on each side.
    pub deletes: Both<u64>,
    /// Some of them by id, up to 20.
    pub examples: Vec<String>,
}

impl Halt {
    /// The history's word for it.
    #[must_use]
    pub const fn error_type(&self) -> ErrorType {
        match self {
            Self::Side { error, .. } => call_error_type(error),
            Self::Guard(_) | Self::Moved { .. } => ErrorType::Guard,
            Self::Config(_) => ErrorType::Mapping,
            Self::Cancelled => ErrorType::Cancelled,
            Self::Deadline(_) => ErrorType::Timeout,
            Self::Store(_) => ErrorType::Storage,
        }
    }

    /// From when on another run may do the rest, where that is all that is needed: time ran out, or
    /// a system asked to be left alone for a while.
    #[must_use]
    pub const fn continue_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Deadline(_) => Some(now),
            Self::Side {
                error:
                    CallError::Failed {
                        gave_up: Some(GiveUp::Later { until }),
                        ..
                    },
                ..
            } => Some(*until),
            _ => None,
        }
    }

    /// How often the failing call was retried.
    #[must_use]
    pub const fn retries(&self) -> u32 {
        match self {
            Self::Side {
                error: CallError::Failed { retries, .. },
                ..
            } => *retries,
            _ => 0,
        }
    }

    /// What an admin can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Side {
                connection, error, ..
            } => call_remedy(connection, error),
            Self::Guard(refusal) => format!(
                "Look at the records it would delete. If that is what you want, run again with --allow-deletes {}.",
                refusal.deletes.source + refusal.deletes.target
            ),
            Self::Moved { connection, .. } => format!(
                "Point {connection} back at the system it was set up for. If the move is meant, re-baseline the sync (tandem rebaseline): every pair is then compared anew, and no difference is absorbed."
            ),
            Self::Config(problems) => problems.first().map_or_else(String::new, |p| p.fix.clone()),
            Self::Cancelled => "Run the sync again when you want the rest done.".into(),
            Self::Deadline(_) => {
                "Nothing is lost: the next run goes on where this one stopped.".into()
            }
            Self::Store(StoreError::LeaseLost) => "Look at the run that took over.".into(),
            Self::Store(_) => {
                "Check the disk that holds Tandem's store: free space, permissions, health.".into()
            }
        }
    }
}

/// The history's word for a failed call.
#[must_use]
pub const fn call_error_type(error: &CallError) -> ErrorType {
    match error {
        CallError::Failed { error, .. } => class_error_type(error.class),
        CallError::Refused(_) => ErrorType::Network,
        CallError::Store(_) => ErrorType::Storage,
    }
}

/// The history's word for a class of failure.
#[must_use]
pub const fn class_error_type(class: ErrorClass) -> ErrorType {
    match class {
        ErrorClass::Connect
        | ErrorClass::RateLimited
        | ErrorClass::Transient
        | ErrorClass::Tls
        | ErrorClass::Expired
        | ErrorClass::Protocol => ErrorType::Network,
        ErrorClass::Timeout => ErrorType::Timeout,
        ErrorClass::Authentication | ErrorClass::Forbidden => ErrorType::Authentication,
        ErrorClass::Rejected => ErrorType::Validation,
        ErrorClass::Configuration => ErrorType::Mapping,
    }
}

fn call_remedy(connection: &str, error: &CallError) -> String {
    if let CallError::Failed {
        gave_up: Some(GiveUp::Later { until }),
        ..
    } = error
    {
        return format!("Nothing is lost: the rest is due from {until} on.");
    }
    if let CallError::Refused(CircuitRefusal::Isolated) = error {
        return format!("Reset {connection} when it may be used again.");
    }
    let CallError::Failed { error, .. } = error else {
        return format!(
            "Wait until the circuit of {connection} may be probed again, or probe or reset it once the system is back."
        );
    };
    match error.class {
        ErrorClass::Connect => format!(
            "Check that the system behind {connection} is running and its address is right."
        ),
        ErrorClass::Timeout => {
            format!("The system behind {connection} is slow or hangs; try again later.")
        }
        ErrorClass::RateLimited => format!(
            "{connection} limits how often it may be called; run less often or lower in_flight."
        ),
        ErrorClass::Transient => {
            format!("{connection} has trouble of its own; try again later or ask its operator.")
        }
        ErrorClass::Authentication => format!("Renew the credentials of {connection}."),
        ErrorClass::Forbidden => {
            format!("Give the account of {connection} the right to read and write this collection.")
        }
        ErrorClass::Tls => format!(
            "Check the certificate of {connection}; a private CA can be named in its settings."
        ),
        ErrorClass::Rejected => {
            "Correct the record at its system, or the mapping that makes it unacceptable.".into()
        }
        ErrorClass::Expired => {
            format!("Run it in full: {connection} no longer tells what changed since the last run.")
        }
        ErrorClass::Protocol => {
            format!("Compare the description of {connection} with what the system really answers.")
        }
        ErrorClass::Configuration => format!("Correct the settings of {connection}."),
    }
}
