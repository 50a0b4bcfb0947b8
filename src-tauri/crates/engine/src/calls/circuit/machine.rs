//! The circuit's pure transitions: what is stored and what happened in, what is to be stored out.
//! Every one of them is applied within one store transaction, so that all processes see one order.
//!
//! A circuit is closed, open until a moment, half-open after it (one probe under a lease decides),
//! or isolated by an admin. Its generation goes up with each change between those; a call carries
//! the generation it was admitted under, and a result of an older one is ignored.

use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::connector::ErrorClass;
use crate::ports::store::CircuitRecord;

/// Consecutive retryable failures that open a circuit.
pub const THRESHOLD: u32 = 5;
/// How long it stays open.
pub const OPEN_FOR: TimeDelta = TimeDelta::minutes(5);
/// How long a probe holds the half-open circuit: longer than a call may take.
pub const PROBE_LEASE: TimeDelta = TimeDelta::seconds(45);

/// The generation a call was admitted under; its result is only of interest to that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

/// What a circuit says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go on.
    Call(Ticket),
    /// Send one read-only probe first; the lease is yours.
    Probe(Ticket),
}

/// Why a call is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CircuitRefusal {
    /// Open after failures.
    #[error(
        "the circuit is open until {until} after {failures} failures in a row; the last one: {last}"
    )]
    Open {
        /// Until when.
        until: DateTime<Utc>,
        /// How many.
        failures: u32,
        /// The last failure.
        last: String,
    },
    /// An admin isolated the connection.
    #[error("the connection was isolated by an admin; reset it to use it again")]
    Isolated,
    /// Somebody else probes it right now.
    #[error("the connection is being probed right now")]
    Probing,
}

/// What a call's result says about the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It answered: a success, or a well-formed refusal.
    Alive,
    /// A failure that retrying may cure.
    Down,
    /// Neither: it asks for patience (429), or the fault is the settings' or the description's.
    Unclear,
}

/// What a failure of that class says.
#[must_use]
pub const fn verdict(class: ErrorClass) -> Verdict {
    match class {
        ErrorClass::Connect | ErrorClass::Timeout | ErrorClass::Transient => Verdict::Down,
        ErrorClass::RateLimited
        | ErrorClass::Tls
        | ErrorClass::Protocol
        | ErrorClass::Configuration => Verdict::Unclear,
        ErrorClass::Authentication
        | ErrorClass::Forbidden
        | ErrorClass::Rejected
        | ErrorClass::Expired => Verdict::Alive,
    }
}

/// A transition's answer, and the record to store if it changed.
pub type Step<T> = (T, Option<CircuitRecord>);

/// Whether nothing stands in a call's way: the answer of most calls, known without asking again.
#[must_use]
pub const fn is_closed(circuit: &CircuitRecord) -> bool {
    !circuit.isolated && circuit.open_until.is_none()
}

/// A call asks to be sent at `now`.
pub fn admit(
    circuit: &CircuitRecord,
    now: DateTime<Utc>,
) -> Step<Result<Admission, CircuitRefusal>> {
    pass(circuit, now, true)
}

/// An admin asks for a probe at once, whether or not the circuit's time is up.
pub fn admit_probe(
    circuit: &CircuitRecord,
    now: DateTime<Utc>,
) -> Step<Result<Admission, CircuitRefusal>> {
    pass(circuit, now, false)
}

/// Who is let through; `waits`: not before an open circuit's time is up.
fn pass(
    circuit: &CircuitRecord,
    now: DateTime<Utc>,
    waits: bool,
) -> Step<Result<Admission, CircuitRefusal>> {
    if circuit.isolated {
        return (Err(CircuitRefusal::Isolated), None);
    }
    if circuit.open_until.is_none() {
        return (Ok(Admission::Call(Ticket(circuit.generation))), None);
    }
    let clamped = clamped(circuit, now);
    let circuit = clamped.as_ref().unwrap_or(circuit);
    if let Some(until) = circuit.open_until.filter(|until| waits && now < *until) {
        let refusal = CircuitRefusal::Open {
            until,
            failures: circuit.failures,
            last: circuit.last_error.clone().unwrap_or_default(),
        };
        return (Err(refusal), clamped);
    }
    if circuit.probe_until.is_some_and(|lease| now < lease) {
        return (Err(CircuitRefusal::Probing), clamped);
    }
    let (ticket, probing) = take_probe(circuit, now);
    (Ok(Admission::Probe(ticket)), Some(probing))
}

/// A call's result at `now`; `None` when nothing changes.
#[must_use]
pub fn settle(
    circuit: &CircuitRecord,
    ticket: Ticket,
    verdict: Verdict,
    message: &str,
    now: DateTime<Utc>,
) -> Option<CircuitRecord> {
    if ticket.0 != circuit.generation {
        return None;
    }
    let probed = circuit.probe_until.is_some();
    match verdict {
        Verdict::Alive if probed => Some(changed(circuit, CircuitRecord::default(), now)),
        Verdict::Alive if circuit.failures > 0 => Some(CircuitRecord {
            failures: 0,
            last_error: None,
            ..circuit.clone()
        }),
        Verdict::Down => {
            let failures = circuit.failures.saturating_add(1);
            let counted = CircuitRecord {
                failures,
                last_error: Some(message.to_owned()),
                ..circuit.clone()
            };
            Some(if probed || failures >= THRESHOLD {
                let opened = CircuitRecord {
                    open_until: Some(now + OPEN_FOR),
                    probe_until: None,
                    ..counted
                };
                changed(circuit, opened, now)
            } else {
                counted
            })
        }
        Verdict::Unclear if probed => {
            let released = CircuitRecord {
                probe_until: None,
                ..circuit.clone()
            };
            Some(changed(circuit, released, now))
        }
        Verdict::Alive | Verdict::Unclear => None,
    }
}

/// An admin shuts the connection.
#[must_use]
pub fn isolate(circuit: &CircuitRecord, now: DateTime<Utc>) -> Option<CircuitRecord> {
    let isolated = CircuitRecord {
        isolated: true,
        probe_until: None,
        ..circuit.clone()
    };
    (!circuit.isolated).then(|| changed(circuit, isolated, now))
}

/// An admin lets calls through again, whatever happened before.
#[must_use]
pub fn reset(circuit: &CircuitRecord, now: DateTime<Utc>) -> Option<CircuitRecord> {
    let fresh = is_closed(circuit) && circuit.failures == 0;
    (!fresh).then(|| changed(circuit, CircuitRecord::default(), now))
}

fn take_probe(circuit: &CircuitRecord, now: DateTime<Utc>) -> (Ticket, CircuitRecord) {
    let probing = CircuitRecord {
        probe_until: Some(now + PROBE_LEASE),
        ..circuit.clone()
    };
    let probing = changed(circuit, probing, now);
    (Ticket(probing.generation), probing)
}

fn changed(before: &CircuitRecord, after: CircuitRecord, now: DateTime<Utc>) -> CircuitRecord {
    CircuitRecord {
        generation: before.generation + 1,
        changed_at: Some(now),
        ..after
    }
}

/// A wall clock that was set back leaves moments too far ahead. They are stored as the most they may
/// be from now: only looking at them so, each time anew, would keep them ahead for ever.
fn clamped(circuit: &CircuitRecord, now: DateTime<Utc>) -> Option<CircuitRecord> {
    let at_most = |moment: Option<DateTime<Utc>>, ahead| moment.map(|it| it.min(now + ahead));
    let open_until = at_most(circuit.open_until, OPEN_FOR);
    let probe_until = at_most(circuit.probe_until, PROBE_LEASE);
    (open_until != circuit.open_until || probe_until != circuit.probe_until).then(|| {
        CircuitRecord {
            open_until,
            probe_until,
            ..circuit.clone()
        }
    })
}

#[cfg(test)]
mod tests;
