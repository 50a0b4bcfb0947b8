//! The circuit breaker of one connection (PAT-003, TASK-022): five consecutive retryable failures
//! open it for five minutes; then one read-only probe decides. State is the store's, so that it
//! outlives the process and holds for every process; this is the view of one run.

use std::sync::Arc;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use tandem_domain::ids::ConnectionId;

use crate::ports::connector::{ConnectorError, ErrorClass};
use crate::ports::store::{CircuitRecord, StoreError, TenantStore};
use crate::run::blocking;

/// Consecutive retryable failures that open a circuit.
const THRESHOLD: u32 = 5;
/// How long it stays open.
const OPEN_FOR: TimeDelta = TimeDelta::minutes(5);
/// How long a probe holds the half-open circuit.
const PROBE_LEASE: TimeDelta = TimeDelta::seconds(45);

/// What a circuit says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go on.
    Closed,
    /// Send one read-only probe first; the lease is yours.
    Probe,
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
    /// Another run probes it right now.
    #[error("another run is probing the connection right now")]
    Probing,
}

/// The pure transitions; [`Circuit`] adds the store.
pub mod machine {
    use super::*;

    /// What the record says to a call at `now`.
    pub fn admit(circuit: &CircuitRecord, now: DateTime<Utc>) -> Result<Admission, CircuitRefusal> {
        if circuit.isolated {
            return Err(CircuitRefusal::Isolated);
        }
        let Some(until) = circuit.open_until else {
            return Ok(Admission::Closed);
        };
        // A clock set back must not keep a circuit open for longer than it may be.
        let until = until.min(now + OPEN_FOR);
        if now < until {
            return Err(CircuitRefusal::Open {
                until,
                failures: circuit.failures,
                last: circuit.last_error.clone().unwrap_or_default(),
            });
        }
        match circuit.probe_until {
            Some(lease) if now < lease.min(now + PROBE_LEASE) => Err(CircuitRefusal::Probing),
            _ => Ok(Admission::Probe),
        }
    }

    /// After a success or a well-formed refusal: `None` when nothing changes.
    #[must_use]
    pub fn succeeded(circuit: &CircuitRecord, now: DateTime<Utc>) -> Option<CircuitRecord> {
        if circuit.failures == 0 && circuit.open_until.is_none() && circuit.probe_until.is_none() {
            return None;
        }
        Some(CircuitRecord {
            isolated: circuit.isolated,
            generation: circuit.generation + 1,
            changed_at: Some(now),
            ..CircuitRecord::default()
        })
    }

    /// After a retryable failure.
    #[must_use]
    pub fn failed(circuit: &CircuitRecord, message: &str, now: DateTime<Utc>) -> CircuitRecord {
        let failures = circuit.failures.saturating_add(1);
        let probing = circuit.probe_until.is_some();
        let opens = probing || failures >= THRESHOLD;
        CircuitRecord {
            failures,
            open_until: if opens {
                Some(now + OPEN_FOR)
            } else {
                circuit.open_until
            },
            isolated: circuit.isolated,
            probe_until: None,
            generation: circuit.generation + 1,
            last_error: Some(message.to_owned()),
            changed_at: if opens { Some(now) } else { circuit.changed_at },
        }
    }

    /// Taking the half-open circuit's only probe.
    #[must_use]
    pub fn probing(circuit: &CircuitRecord, now: DateTime<Utc>) -> CircuitRecord {
        CircuitRecord {
            probe_until: Some(now + PROBE_LEASE),
            generation: circuit.generation + 1,
            ..circuit.clone()
        }
    }

    /// Giving a probe back undecided.
    #[must_use]
    pub fn released(circuit: &CircuitRecord) -> CircuitRecord {
        CircuitRecord {
            probe_until: None,
            generation: circuit.generation + 1,
            ..circuit.clone()
        }
    }

    /// How a failure counts: `Some(true)` as a failure, `Some(false)` as a sign of life, `None` not
    /// at all.
    #[must_use]
    pub const fn counts(class: ErrorClass) -> Option<bool> {
        match class {
            ErrorClass::Connect | ErrorClass::Timeout | ErrorClass::Transient => Some(true),
            ErrorClass::RateLimited
            | ErrorClass::Tls
            | ErrorClass::Protocol
            | ErrorClass::Configuration => None,
            ErrorClass::Authentication | ErrorClass::Forbidden | ErrorClass::Rejected => {
                Some(false)
            }
        }
    }
}

/// One connection's circuit as one run sees it.
pub struct Circuit {
    tenant: Arc<dyn TenantStore>,
    connection: ConnectionId,
    known: Mutex<CircuitRecord>,
}

impl Circuit {
    /// Reads the circuit's present state.
    pub async fn load(
        tenant: Arc<dyn TenantStore>,
        connection: ConnectionId,
    ) -> Result<Self, StoreError> {
        let store = Arc::clone(&tenant);
        let known = blocking(move || store.circuit(connection)).await?;
        Ok(Self {
            tenant,
            connection,
            known: Mutex::new(known),
        })
    }

    /// The state as last known here, for diagnostics.
    #[must_use]
    pub fn snapshot(&self) -> CircuitRecord {
        self.known.lock().map_or_else(
            |poisoned| poisoned.into_inner().clone(),
            |known| known.clone(),
        )
    }

    /// Whether a call may be sent; takes the probe's lease where that is the condition.
    pub async fn admit(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Result<Admission, CircuitRefusal>, StoreError> {
        let known = self.snapshot();
        let admission = machine::admit(&known, now);
        if admission != Ok(Admission::Probe) {
            return Ok(admission);
        }
        if self.replace(&known, machine::probing(&known, now)).await? {
            Ok(Ok(Admission::Probe))
        } else {
            Ok(Err(CircuitRefusal::Probing))
        }
    }

    /// Counts a call's success.
    pub async fn succeeded(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.update(|known| machine::succeeded(known, now)).await
    }

    /// Counts a call's failure.
    pub async fn failed(
        &self,
        error: &ConnectorError,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match machine::counts(error.class) {
            Some(true) => {
                self.update(|known| Some(machine::failed(known, &error.message, now)))
                    .await
            }
            Some(false) => self.succeeded(now).await,
            None => {
                self.update(|known| known.probe_until.map(|_| machine::released(known)))
                    .await
            }
        }
    }

    async fn update(
        &self,
        change: impl Fn(&CircuitRecord) -> Option<CircuitRecord>,
    ) -> Result<(), StoreError> {
        // Two tries: if somebody else changed the circuit meanwhile, theirs is the generation to
        // build on; a third change within that time leaves the newest state standing.
        for _ in 0..2 {
            let known = self.snapshot();
            let Some(next) = change(&known) else {
                return Ok(());
            };
            if self.replace(&known, next).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn replace(
        &self,
        known: &CircuitRecord,
        next: CircuitRecord,
    ) -> Result<bool, StoreError> {
        let (store, connection, expected) =
            (Arc::clone(&self.tenant), self.connection, known.generation);
        let (stored, held) = blocking(move || {
            if store.put_circuit(connection, &next, expected)? {
                Ok((true, next))
            } else {
                Ok((false, store.circuit(connection)?))
            }
        })
        .await?;
        match self.known.lock() {
            Ok(mut known) => *known = held,
            Err(poisoned) => *poisoned.into_inner() = held,
        }
        Ok(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::machine::{admit, counts, failed, probing, released, succeeded};
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn after_failures(n: u32) -> CircuitRecord {
        (0..n).fold(CircuitRecord::default(), |circuit, _| {
            failed(&circuit, "no route", at(0))
        })
    }

    #[test]
    fn test_004_circuit_state_transitions() {
        let open = |until| {
            Err(CircuitRefusal::Open {
                until: at(until),
                failures: 5,
                last: "no route".into(),
            })
        };
        let table: Vec<(&str, CircuitRecord, i64, Result<Admission, CircuitRefusal>)> = vec![
            ("fresh", CircuitRecord::default(), 0, Ok(Admission::Closed)),
            ("four failures", after_failures(4), 0, Ok(Admission::Closed)),
            ("five failures", after_failures(5), 0, open(300)),
            (
                "a second before it may be probed",
                after_failures(5),
                299,
                open(300),
            ),
            (
                "after five minutes",
                after_failures(5),
                300,
                Ok(Admission::Probe),
            ),
            (
                "while probed",
                probing(&after_failures(5), at(300)),
                301,
                Err(CircuitRefusal::Probing),
            ),
            (
                "a probe that never answered",
                probing(&after_failures(5), at(300)),
                345,
                Ok(Admission::Probe),
            ),
            (
                "a probe given back",
                released(&probing(&after_failures(5), at(300))),
                301,
                Ok(Admission::Probe),
            ),
            (
                "a success in between",
                failed(
                    &succeeded(&after_failures(4), at(0)).unwrap(),
                    "no route",
                    at(0),
                ),
                0,
                Ok(Admission::Closed),
            ),
            (
                "isolated",
                CircuitRecord {
                    isolated: true,
                    ..CircuitRecord::default()
                },
                9999,
                Err(CircuitRefusal::Isolated),
            ),
        ];
        for (name, circuit, now, want) in table {
            assert_eq!(admit(&circuit, at(now)), want, "{name}");
        }
        let reopened = failed(
            &probing(&after_failures(5), at(300)),
            "still no route",
            at(310),
        );
        assert_eq!(
            reopened.open_until,
            Some(at(610)),
            "a failed probe opens it for five more minutes"
        );
        let closed = succeeded(&probing(&after_failures(5), at(300)), at(310)).unwrap();
        assert_eq!(
            admit(&closed, at(310)),
            Ok(Admission::Closed),
            "a successful probe closes it"
        );
        assert_eq!(
            succeeded(&CircuitRecord::default(), at(0)),
            None,
            "a success costs a healthy circuit no write"
        );
    }

    #[test]
    fn a_clock_set_back_keeps_a_circuit_open_for_five_minutes_at_most() {
        let circuit = CircuitRecord {
            open_until: Some(at(90_000)),
            failures: 5,
            ..CircuitRecord::default()
        };
        let Err(CircuitRefusal::Open { until, .. }) = admit(&circuit, at(0)) else {
            panic!("open")
        };
        assert_eq!(until, at(300));
    }

    #[test]
    fn rate_limits_do_not_count_and_refusals_are_signs_of_life() {
        use ErrorClass as C;
        let table = [
            (C::Connect, Some(true)),
            (C::Timeout, Some(true)),
            (C::Transient, Some(true)),
            (C::RateLimited, None),
            (C::Tls, None),
            (C::Rejected, Some(false)),
            (C::Authentication, Some(false)),
        ];
        for (class, want) in table {
            assert_eq!(counts(class), want, "{class:?}");
        }
    }
}
