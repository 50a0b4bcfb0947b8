//! The circuit breaker of one connection (PAT-003, TASK-022): five consecutive retryable failures
//! open it for five minutes; then one read-only probe decides. State is the store's, so that it
//! outlives the process and holds for every process; this is one process's view of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tandem_domain::ids::ConnectionId;

pub mod machine;
#[cfg(test)]
mod tests;

use machine::{Admission, CircuitRefusal, Step, Ticket, Verdict};

use crate::ports::Clock;
use crate::ports::store::{Actor, CircuitRecord, CircuitStore, StoreError};
use crate::run::blocking;

/// How long a closed circuit is taken for closed without asking the store: what another process
/// found, or an admin ordered, takes effect within that time.
const FRESH: Duration = Duration::from_secs(1);

/// One connection's circuit.
pub struct CircuitBreaker {
    circuits: Arc<dyn CircuitStore>,
    connection: ConnectionId,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    opened: AtomicBool,
}

struct Known {
    circuit: CircuitRecord,
    /// On the monotonic clock.
    read_at: Duration,
}

impl CircuitBreaker {
    /// Reads the circuit's present state.
    ///
    /// # Errors
    /// The store's; no such connection.
    pub async fn load(
        circuits: Arc<dyn CircuitStore>,
        connection: ConnectionId,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let store = Arc::clone(&circuits);
        let circuit = blocking(move || store.circuit(connection)).await?;
        let read_at = clock.monotonic();
        Ok(Self {
            circuits,
            connection,
            clock,
            known: Mutex::new(Known { circuit, read_at }),
            opened: AtomicBool::new(false),
        })
    }

    /// The state as last known here, for diagnostics.
    #[must_use]
    pub fn snapshot(&self) -> CircuitRecord {
        self.known().circuit.clone()
    }

    /// Whether a failure seen here opened it (or opened it again).
    #[must_use]
    pub fn has_opened(&self) -> bool {
        self.opened.load(Ordering::Relaxed)
    }

    /// Whether a call may be sent; takes the probe's lease where that is the condition.
    ///
    /// # Errors
    /// The store's; the inner result is the circuit's answer.
    pub async fn admit(&self) -> Result<Result<Admission, CircuitRefusal>, StoreError> {
        let now = self.clock.now();
        let known = self.fresh().await?;
        if machine::is_closed(&known) {
            return Ok(machine::admit(&known, now).0);
        }
        self.step(None, move |circuit| machine::admit(circuit, now))
            .await
    }

    /// Counts a call's result.
    ///
    /// # Errors
    /// The store's; the call's own result stands whatever becomes of this.
    pub async fn settle(
        &self,
        ticket: Ticket,
        verdict: Verdict,
        message: &str,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        // Most calls succeed at a healthy system, which costs no write.
        if verdict == Verdict::Alive {
            let known = self.fresh().await?;
            if machine::is_closed(&known)
                && machine::settle(&known, ticket, verdict, message, now).is_none()
            {
                return Ok(());
            }
        }
        let message = message.to_owned();
        self.step(None, move |circuit| {
            ((), machine::settle(circuit, ticket, verdict, &message, now))
        })
        .await
    }

    /// Takes a probe's lease now on an admin's word, audited.
    ///
    /// # Errors
    /// The store's; the inner result is the circuit's answer.
    pub async fn admit_probe(
        &self,
        actor: Actor,
    ) -> Result<Result<Admission, CircuitRefusal>, StoreError> {
        let now = actor.at;
        self.step(Some((actor, "connection.probe")), move |circuit| {
            machine::admit_probe(circuit, now)
        })
        .await
    }

    /// Shuts the connection until it is reset, audited.
    ///
    /// # Errors
    /// The store's.
    pub async fn isolate(&self, actor: Actor) -> Result<(), StoreError> {
        let now = actor.at;
        self.step(Some((actor, "connection.isolate")), move |circuit| {
            ((), machine::isolate(circuit, now))
        })
        .await
    }

    /// Lets calls through again, audited.
    ///
    /// # Errors
    /// The store's.
    pub async fn reset(&self, actor: Actor) -> Result<(), StoreError> {
        let now = actor.at;
        self.step(Some((actor, "connection.reset")), move |circuit| {
            ((), machine::reset(circuit, now))
        })
        .await
    }

    /// What is known, read again if that is a while ago.
    async fn fresh(&self) -> Result<CircuitRecord, StoreError> {
        {
            let known = self.known();
            if self.clock.monotonic().saturating_sub(known.read_at) < FRESH {
                return Ok(known.circuit.clone());
            }
        }
        let (store, connection) = (Arc::clone(&self.circuits), self.connection);
        let circuit = blocking(move || store.circuit(connection)).await?;
        self.learn(circuit.clone());
        Ok(circuit)
    }

    fn learn(&self, circuit: CircuitRecord) {
        *self.known() = Known {
            circuit,
            read_at: self.clock.monotonic(),
        };
    }

    /// One transition in one transaction on what the store holds then.
    async fn step<T: Send + 'static>(
        &self,
        audit: Option<(Actor, &'static str)>,
        transition: impl Fn(&CircuitRecord) -> Step<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (store, connection) = (Arc::clone(&self.circuits), self.connection);
        let (answer, before, after) = blocking(move || {
            let mut seen = None;
            let after = store.change_circuit(
                connection,
                audit.as_ref().map(|(actor, action)| (actor, *action)),
                &mut |circuit| {
                    let (answer, next) = transition(circuit);
                    seen = Some((answer, circuit.clone()));
                    next
                },
            )?;
            let (answer, before) =
                seen.ok_or_else(|| StoreError::Other("a circuit was not shown".into()))?;
            Ok((answer, before, after))
        })
        .await?;
        self.tell(&before, &after);
        self.learn(after);
        Ok(answer)
    }

    /// State changes are logged (TASK-022).
    fn tell(&self, before: &CircuitRecord, after: &CircuitRecord) {
        if before.generation == after.generation {
            return;
        }
        let connection = self.connection;
        if after.isolated {
            tracing::warn!(%connection, "circuit isolated");
        } else if after.probe_until.is_some() {
            tracing::info!(%connection, "circuit half-open, probing");
        } else if after.open_until.is_some() && after.open_until == before.open_until {
            tracing::info!(%connection, "circuit still open, the probe told nothing");
        } else if let Some(until) = after.open_until {
            self.opened.store(true, Ordering::Relaxed);
            let last = after.last_error.as_deref().unwrap_or_default();
            tracing::warn!(%connection, %until, failures = after.failures, last, "circuit open");
        } else {
            tracing::info!(%connection, "circuit closed");
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
