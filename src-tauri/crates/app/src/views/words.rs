//! The domain's and the engine's words as wire words, exhaustively.

use tandem_domain::config::SyncDirection;
use tandem_domain::conflict::{CloseReason, ConflictKind, ConflictState};
use tandem_domain::field_type::FieldType;
use tandem_domain::ids::{Both, Side};
use tandem_domain::link::LinkState;
use tandem_domain::schema::CanonicalSchema;
use tandem_engine::ports::events::Phase;
use tandem_engine::ports::history::{
    ErrorType, OperationKind, OperationState, RunStatus, RunTrigger,
};
use tandem_engine::ports::pairs::SetAsideWhy;
use tandem_engine::ports::store::AuditFault;

use crate::wire::{
    ChangeKind, ChangeState, SideCounts, WireAuditFault, WireConflictKind, WireConflictState,
    WireDirection, WireFieldType, WirePairState, WirePhase, WireRunStatus, WireSetAside, WireSide,
    WireTrigger,
};

/// One word for another.
macro_rules! words {
    ($($from:ty => $to:ty { $($left:ident => $right:ident),* $(,)? })*) => {$(
        impl From<$from> for $to {
            fn from(word: $from) -> Self {
                match word { $(<$from>::$left => Self::$right,)* }
            }
        }
    )*};
}

words! {
    Side => WireSide { Source => Source, Target => Target }
    SyncDirection => WireDirection {
        Bidirectional => Bidirectional, SourceToTarget => SourceToTarget,
        TargetToSource => TargetToSource,
    }
    RunStatus => WireRunStatus {
        Pending => Pending, Running => Running, Completed => Completed, Failed => Failed,
        Partial => Partial,
    }
    WireRunStatus => RunStatus {
        Pending => Pending, Running => Running, Completed => Completed, Failed => Failed,
        Partial => Partial,
    }
    RunTrigger => WireTrigger { Manual => Manual, Schedule => Schedule, Decision => Decision, Rollback => Rollback }
    Phase => WirePhase {
        Prepare => Prepare, Read => Read, Plan => Plan, Apply => Apply, Finalize => Finalize,
    }
    OperationKind => ChangeKind { Create => Create, Update => Update, Delete => Delete }
    ChangeKind => OperationKind { Create => Create, Update => Update, Delete => Delete }
    OperationState => ChangeState {
        Journalled => Journalled, Done => Done, Failed => Failed, Dropped => Dropped,
        Uncertain => Uncertain, Planned => Planned,
    }
    LinkState => WirePairState {
        Active => Active, Unpaired => Unpaired, Closed => Closed, Excluded => Excluded,
        Quarantined => Quarantined,
    }
    WirePairState => LinkState {
        Active => Active, Unpaired => Unpaired, Closed => Closed, Excluded => Excluded,
        Quarantined => Quarantined,
    }
    SetAsideWhy => WireSetAside {
        Unusable => Unusable, Quarantined => Quarantined, Uncertain => Uncertain,
        Deferred => Deferred,
    }
    AuditFault => WireAuditFault {
        Changed => Changed, Missing => Missing, Unsealed => Unsealed, Replaced => Replaced,
    }
    WireSide => Side { Source => Source, Target => Target }
    ConflictState => WireConflictState {
        Open => Open, Decided => Decided, Resolved => Resolved, Closed => Closed,
    }
    WireConflictState => ConflictState {
        Open => Open, Decided => Decided, Resolved => Resolved, Closed => Closed,
    }
}

impl From<ConflictKind> for WireConflictKind {
    fn from(kind: ConflictKind) -> Self {
        match kind {
            // What is chosen is a value for a field.
            ConflictKind::Update | ConflictKind::Restoration => Self::Update,
            ConflictKind::Delete => Self::Delete,
            ConflictKind::Pairing => Self::Pairing,
        }
    }
}

impl From<&FieldType> for WireFieldType {
    fn from(ty: &FieldType) -> Self {
        match ty {
            FieldType::Text(_) => Self::Text,
            FieldType::Integer => Self::Integer,
            FieldType::Decimal { .. } => Self::Decimal,
            FieldType::Boolean => Self::Boolean,
            FieldType::Timestamp { .. } => Self::Timestamp,
            FieldType::Date => Self::Date,
            FieldType::Json => Self::Json,
            FieldType::List(_) => Self::List,
            FieldType::Reference { .. } => Self::Reference,
        }
    }
}

impl From<Both<u64>> for SideCounts {
    fn from(counts: Both<u64>) -> Self {
        Self {
            source: counts.source,
            target: counts.target,
        }
    }
}

/// A field's type; one that the mapping no longer has is shown as JSON.
pub(crate) fn field_type(
    schema: Option<&CanonicalSchema>,
    field: &tandem_domain::ids::FieldName,
) -> WireFieldType {
    schema
        .and_then(|schema| schema.fields.get(field))
        .map_or(WireFieldType::Json, |spec| (&spec.ty).into())
}

/// Why a conflict closed by itself, a sentence.
pub(crate) const fn closed(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::SidesAgree => "Both systems came to hold the same.",
        CloseReason::PolicyDecided => "A changed policy settled it.",
        CloseReason::BothDeleted => "Both records are gone.",
        CloseReason::MovedOn => {
            "The record changed after this was decided, and both systems agree on what it says now; nothing was written for it."
        }
        CloseReason::TakenBack => "It was taken back before it was written.",
        CloseReason::ByHand => "The two records were unlinked, or linked anew, by hand.",
    }
}

/// The word of a kind of error.
pub(crate) const fn error_type(kind: ErrorType) -> &'static str {
    match kind {
        ErrorType::Validation => "validation",
        ErrorType::Mapping => "mapping",
        ErrorType::Conflict => "conflict",
        ErrorType::Network => "network",
        ErrorType::Authentication => "authentication",
        ErrorType::Guard => "guard",
        ErrorType::Timeout => "timeout",
        ErrorType::Uncertain => "uncertain",
        ErrorType::Storage => "storage",
        ErrorType::Cancelled => "cancelled",
    }
}

/// What that kind of error means and what to do, where nothing more is known.
pub(crate) const fn error_advice(kind: ErrorType) -> (&'static str, &'static str) {
    match kind {
        ErrorType::Validation => (
            "The record breaks a rule of its own or of the other system.",
            "Correct the record at its system, or the rule; it is read again by the next run.",
        ),
        ErrorType::Mapping => (
            "The record or the configuration cannot be carried through the mapping.",
            "Correct the mapping or the value; it is tried again by the next run.",
        ),
        ErrorType::Conflict => (
            "An id or a key is not unique, or both sides changed incompatibly.",
            "Make the key unique at its system, or settle the conflict.",
        ),
        ErrorType::Network => (
            "The system could not be reached, or did not answer as described.",
            "Check that it is running and that the connection's address is right.",
        ),
        ErrorType::Authentication => (
            "The system does not accept the credentials, or the account may not do this.",
            "Renew the credentials or the account's rights.",
        ),
        ErrorType::Guard => (
            "A guard against mass deletes stopped the run before its first write.",
            "Look at what it would delete (a simulation shows it); confirm with --allow-deletes and the exact number.",
        ),
        ErrorType::Timeout => (
            "Time ran out before it was done: a call's, or the run's.",
            "Run it again; it goes on where this one stopped.",
        ),
        ErrorType::Uncertain => (
            "A write was sent and no answer came; it may or may not have landed.",
            "Run the sync again: it looks before it writes.",
        ),
        ErrorType::Storage => (
            "Tandem's own store failed, or another run took over.",
            "Check the disk that holds the store.",
        ),
        ErrorType::Cancelled => (
            "A person asked the run to stop.",
            "Run it again when you want the rest done.",
        ),
    }
}

/// A `snake_case` word of a unit variant, as serde writes it.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
