//! One side of a run: its connector behind retry, circuit and timeout. Nothing else in the engine
//! calls a connector.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tandem_domain::config::CollectionSchema;
use tandem_domain::ids::{RecordId, Side};
use tandem_domain::record::NativeRecord;
use tokio::sync::Semaphore;

use super::circuit::CircuitBreaker;
use super::circuit::machine::{Admission, CircuitRefusal, Ticket, Verdict, verdict};
use super::retry::{GiveUp, RetryBudget, RetryPolicy, RetryableError};
use super::sequence::{Effect, Sequence};
use crate::ports::connector::{
    Applied, Capabilities, Connector, ConnectorError, ErrorClass, Fetched, ListRequest,
    NativeChange, Page, WritableConnector, WriteOperation, WriteOutcome,
};
use crate::ports::{Clock, StoreError};
use crate::run::budget::Budget;
use crate::run::lease::Lease;
use crate::run::signals::Signals;

/// The longest a call may take in all.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a call to a system came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It failed; retries, if it is worth any, are used up.
    #[error("{error}")]
    Failed {
        /// The last failure.
        error: ConnectorError,
        /// How often it was retried.
        retries: u32,
        /// Why it was not retried once more, for retryable failures.
        gave_up: Option<GiveUp>,
    },
    /// It was never sent.
    #[error("{0}")]
    Refused(#[from] CircuitRefusal),
    /// The circuit's state could not be read or kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One side's guarded connector.
pub struct Gateway {
    side: Side,
    connector: Access,
    circuit: CircuitBreaker,
    /// What this connection takes at once, shared with every other run that uses it.
    places: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
    policy: RetryPolicy,
    retries: RetryBudget,
    bounds: Bounds,
    /// Until when the system asked to be left alone, and the failure that said so.
    asked: Mutex<Option<(DateTime<Utc>, ConnectorError)>>,
}

/// What a run's own bounds say about each call of it.
#[derive(Clone)]
pub struct Bounds {
    /// How long it may take.
    pub budget: Arc<Budget>,
    /// Whether it is to stop.
    pub signals: Arc<Signals>,
    /// Whether it is still the one that may write.
    pub lease: Arc<Lease>,
}

/// What a run holds of a connector: a simulation holds one that cannot write, by type.
#[derive(Clone)]
pub enum Access {
    /// To read only.
    Read(Arc<dyn Connector>),
    /// To read and write.
    Write(Arc<dyn WritableConnector>),
}

impl Access {
    fn reader(&self) -> &dyn Connector {
        match self {
            Self::Read(connector) => connector.as_ref(),
            Self::Write(connector) => connector.as_read_only(),
        }
    }
}

impl Gateway {
    /// Guards a connector.
    #[must_use]
    pub fn new(
        side: Side,
        connector: Access,
        circuit: CircuitBreaker,
        places: Arc<Semaphore>,
        clock: Arc<dyn Clock>,
        policy: RetryPolicy,
        bounds: Bounds,
    ) -> Self {
        Self {
            side,
            connector,
            circuit,
            places,
            clock,
            policy,
            retries: RetryBudget::default(),
            bounds,
            asked: Mutex::default(),
        }
    }

    /// Which side this is.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// What the collection can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.connector.reader().capabilities()
    }

    /// The circuit, for diagnostics.
    #[must_use]
    pub const fn circuit(&self) -> &CircuitBreaker {
        &self.circuit
    }

    /// Retries made so far in this run.
    #[must_use]
    pub fn retried(&self) -> u64 {
        self.retries.retries()
    }

    /// One page.
    pub async fn list(&self, request: &ListRequest) -> Result<Page, CallError> {
        self.call(Effect::None, || self.connector.reader().list(request))
            .await
    }

    /// Records by id.
    pub async fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, CallError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let fetched = self
            .call(Effect::None, || self.connector.reader().get(ids))
            .await?;
        expect_answers(ids.len(), fetched, Applied::No)
    }

    /// Records whose field equals a value.
    pub async fn find(&self, field: &str, value: &str) -> Result<Vec<NativeRecord>, CallError> {
        self.call(Effect::None, || self.connector.reader().find(field, value))
            .await
    }

    /// The fields the collection has now.
    pub async fn describe(&self) -> Result<CollectionSchema, CallError> {
        self.call(Effect::Declares, || self.connector.reader().describe())
            .await
    }

    /// Whose data it is, where that can be told.
    pub async fn identity(&self) -> Result<Option<String>, CallError> {
        self.call(Effect::Declares, || self.connector.reader().identity())
            .await
    }

    /// Carries out operations. A call that may have had its effect is sent again only if that is
    /// harmless: every create in it is idempotent at the system.
    pub async fn write(
        &self,
        operations: &[WriteOperation],
    ) -> Result<Vec<WriteOutcome>, CallError> {
        let Access::Write(connector) = &self.connector else {
            return Err(CallError::Failed {
                error: ConnectorError::new(
                    ErrorClass::Configuration,
                    "this run was opened to read only",
                ),
                retries: 0,
                gave_up: None,
            });
        };
        let creates = operations
            .iter()
            .any(|operation| matches!(operation.change, NativeChange::Create { .. }));
        let effect = match (creates, connector.capabilities().idempotent_creates) {
            (false, _) => Effect::Changes,
            (true, true) => Effect::KeyedCreates,
            (true, false) => Effect::Creates,
        };
        let outcomes = self.call(effect, || connector.write(operations)).await?;
        expect_answers(operations.len(), outcomes, Applied::Maybe)
    }

    async fn call<'a, T, F, Fut>(&'a self, effect: Effect, send: F) -> Result<T, CallError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, ConnectorError>> + 'a,
    {
        let mut sequence = Sequence::new(effect);
        // What costs no call is no sign of life.
        let success = match effect {
            Effect::Declares => Verdict::Unclear,
            _ => Verdict::Alive,
        };
        self.left_alone()?;
        loop {
            // Closed by nobody.
            let place = self.places.acquire().await.ok();
            let ticket = match self.admission().await {
                Ok(ticket) => ticket,
                Err(refused) => return Err(sequence.refused(refused)),
            };
            // Last of all: the circuit's probe may have taken its time.
            if effect != Effect::None
                && let Err(error) = self.bounds.lease.holds().await
            {
                return Err(sequence.refused(CallError::Store(error)));
            }
            self.retries.sent();
            let mut error = match self.within_timeout(send()).await {
                Ok(answer) => {
                    self.settle(ticket, success, "").await;
                    return Ok(answer);
                }
                Err(error) => error,
            };
            self.settle(ticket, verdict(error.class), &error.message)
                .await;
            drop(place);
            sequence.may_have_landed |= error.applied == Applied::Maybe;
            if error.class == ErrorClass::Authentication && !sequence.refreshed {
                sequence.refreshed = true;
                match self.refresh(error).await {
                    Ok(()) => continue,
                    Err(failed) => error = failed,
                }
            }
            let error = match RetryableError::new(error) {
                Ok(error) if sequence.may_repeat() => error,
                Ok(error) => return Err(sequence.ended(error.into_error(), None)),
                Err(error) => return Err(sequence.ended(error, None)),
            };
            if let Err(why) = self.back_off(&error, sequence.retries).await {
                if let GiveUp::Later { until } = why {
                    *self.asked() = Some((until, error.error().clone()));
                }
                return Err(sequence.ended(error.into_error(), Some(why)));
            }
            sequence.retries += 1;
            sequence.last = Some(error.into_error());
        }
    }

    /// A system that asked to be left alone for longer than this run may wait is sent nothing more.
    fn left_alone(&self) -> Result<(), CallError> {
        match &*self.asked() {
            Some((until, error)) if self.clock.now() < *until => Err(CallError::Failed {
                error: ConnectorError {
                    applied: Applied::No,
                    ..error.clone()
                },
                retries: 0,
                gave_up: Some(GiveUp::Later { until: *until }),
            }),
            _ => Ok(()),
        }
    }

    fn asked(&self) -> MutexGuard<'_, Option<(DateTime<Utc>, ConnectorError)>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next try, if there is to be one.
    async fn back_off(&self, error: &RetryableError, retries: u32) -> Result<(), GiveUp> {
        let now = self.clock.now();
        let wait = self
            .policy
            .next_wait(error, retries, self.bounds.budget.left(), now)?;
        if self.bounds.signals.is_raised() {
            return Err(GiveUp::Stopped);
        }
        if !self.retries.take() {
            return Err(GiveUp::Budget);
        }
        tracing::debug!(side = %self.side, ?wait, %error, "call failed, trying again");
        let _pause = self.bounds.budget.pause();
        tokio::select! {
            biased;
            () = self.bounds.signals.raised() => Err(GiveUp::Stopped),
            () = self.clock.sleep(wait) => Ok(()),
        }
    }

    /// The circuit's leave to send a call; where it is half-open, after a probe of our own.
    async fn admission(&self) -> Result<Ticket, CallError> {
        loop {
            match self.circuit.admit().await?? {
                Admission::Call(ticket) => return Ok(ticket),
                Admission::Probe(ticket) => self.probe(ticket).await?,
            }
        }
    }

    async fn probe(&self, ticket: Ticket) -> Result<(), CallError> {
        let check = self.connector.reader().check();
        let Err(error) = self.within_timeout(check).await else {
            self.settle(ticket, Verdict::Alive, "").await;
            return Ok(());
        };
        self.settle(ticket, verdict(error.class), &error.message)
            .await;
        Err(CallError::Failed {
            error,
            retries: 0,
            gave_up: Some(GiveUp::ProbeFailed),
        })
    }

    /// A call's own result stands, whatever becomes of its count: a receipt must not be lost over it.
    async fn settle(&self, ticket: Ticket, verdict: Verdict, message: &str) {
        if let Err(error) = self.circuit.settle(ticket, verdict, message).await {
            tracing::warn!(side = %self.side, %error, "a call's result was not counted by its circuit");
        }
    }

    /// Once after a 401; the refusal itself, where that does not help. Where fresh credentials may be
    /// had later, the failure is theirs, to be retried like any other.
    async fn refresh(&self, refused: ConnectorError) -> Result<(), ConnectorError> {
        let refresh = self.connector.reader().refresh_credentials();
        match self.within_timeout(refresh).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(refused),
            Err(error) => {
                let message = format!(
                    "{}; fresh credentials were not to be had: {error}",
                    refused.message
                );
                let failed = if error.is_retryable() { error } else { refused };
                Err(ConnectorError {
                    message,
                    // The call itself was refused.
                    applied: Applied::No,
                    ..failed
                })
            }
        }
    }

    async fn within_timeout<T>(
        &self,
        call: impl Future<Output = Result<T, ConnectorError>>,
    ) -> Result<T, ConnectorError> {
        within_timeout(self.clock.as_ref(), call).await
    }
}

/// No call takes longer than this, whatever its connector does.
pub(super) async fn within_timeout<T>(
    clock: &dyn Clock,
    call: impl Future<Output = Result<T, ConnectorError>>,
) -> Result<T, ConnectorError> {
    tokio::select! {
        biased;
        answer = call => answer,
        () = clock.sleep(CALL_TIMEOUT) => Err(ConnectorError {
            applied: Applied::Maybe,
            ..ConnectorError::new(
                ErrorClass::Timeout,
                format!("no whole answer within {} s", CALL_TIMEOUT.as_secs()),
            )
        }),
    }
}

/// A connector that answers for fewer or more records than asked has a bug; nothing it said can be
/// told apart, so nothing of it is used.
fn expect_answers<T>(asked: usize, answers: Vec<T>, applied: Applied) -> Result<Vec<T>, CallError> {
    if answers.len() == asked {
        return Ok(answers);
    }
    Err(CallError::Failed {
        error: ConnectorError {
            applied,
            ..ConnectorError::new(
                ErrorClass::Protocol,
                format!("asked for {asked} answers, got {}", answers.len()),
            )
        },
        retries: 0,
        gave_up: None,
    })
}
