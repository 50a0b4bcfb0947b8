//! One read-only call on an admin's word, whose result counts.

use tandem_domain::ids::RecordId;

use super::circuit::CircuitBreaker;
use super::circuit::machine::{Admission, Verdict, verdict};
use super::gateway::{CallError, within_timeout};
use crate::ports::Clock;
use crate::ports::connector::{Connector, ConnectorError, Fetched, Health};
use crate::ports::store::Actor;

/// Reaches a connection once, before its circuit's time is up if need be: an answer closes the
/// circuit, a failure opens it for five more minutes. Audited.
///
/// # Errors
/// [`CallError::Refused`] where the connection is isolated or somebody probes it already,
/// [`CallError::Failed`] where it did not answer well.
pub async fn probe(
    circuit: &CircuitBreaker,
    connector: &dyn Connector,
    clock: &dyn Clock,
    actor: Actor,
) -> Result<Health, CallError> {
    let admission = circuit.admit_probe(actor).await??;
    let answer = within_timeout(clock, connector.check()).await;
    settled(circuit, admission, answer).await
}

/// Reads one record for a person who waits: one call, not repeated, whose result counts.
///
/// # Errors
/// [`CallError::Refused`] where the circuit lets nothing through, [`CallError::Failed`] where the
/// system did not answer well.
pub async fn look_at(
    circuit: &CircuitBreaker,
    connector: &dyn Connector,
    clock: &dyn Clock,
    record: &RecordId,
) -> Result<Fetched, CallError> {
    let admission = circuit.admit().await??;
    let answer = within_timeout(clock, connector.get(std::slice::from_ref(record))).await;
    let fetched = settled(circuit, admission, answer).await?;
    Ok(fetched
        .into_iter()
        .next()
        .unwrap_or_else(|| Fetched::Unknown("it gave no answer about it".to_owned())))
}

async fn settled<T>(
    circuit: &CircuitBreaker,
    admission: Admission,
    answer: Result<T, ConnectorError>,
) -> Result<T, CallError> {
    let (Admission::Call(ticket) | Admission::Probe(ticket)) = admission;
    let (found, message) = match &answer {
        Ok(_) => (Verdict::Alive, ""),
        Err(error) => (verdict(error.class), error.message.as_str()),
    };
    circuit.settle(ticket, found, message).await?;
    answer.map_err(|error| CallError::Failed {
        error,
        retries: 0,
        gave_up: None,
    })
}
