//! A probe on an admin's word: one read-only call, whose result counts.

use super::circuit::CircuitBreaker;
use super::circuit::machine::{Admission, Verdict, verdict};
use super::gateway::{CallError, within_timeout};
use crate::ports::Clock;
use crate::ports::connector::{Connector, Health};
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
    let (Admission::Call(ticket) | Admission::Probe(ticket)) = circuit.admit_probe(actor).await??;
    let answer = within_timeout(clock, connector.check()).await;
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
