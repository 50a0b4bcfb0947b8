//! One side of a run: its connector behind retry, circuit and timeout. Nothing else in the engine
//! calls a connector.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tandem_domain::config::CollectionSchema;
use tandem_domain::ids::{RecordId, Side};

use super::circuit::{Admission, Circuit, CircuitRefusal};
use super::retry::{GiveUp, RetryPolicy};
use crate::ports::connector::{
    Applied, Capabilities, Connector, ConnectorError, ErrorClass, Fetched, ListRequest,
    NativeChange, Page, WritableConnector, WriteOperation, WriteOutcome,
};
use crate::ports::{Clock, StoreError};
use crate::run::budget::Budget;

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
        gave_up: Option<&'static str>,
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
    circuit: Arc<Circuit>,
    clock: Arc<dyn Clock>,
    policy: RetryPolicy,
    budget: Arc<Budget>,
    calls: AtomicU64,
    retried: AtomicU64,
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
        circuit: Arc<Circuit>,
        clock: Arc<dyn Clock>,
        policy: RetryPolicy,
        budget: Arc<Budget>,
    ) -> Self {
        Self {
            side,
            connector,
            circuit,
            clock,
            policy,
            budget,
            calls: AtomicU64::new(0),
            retried: AtomicU64::new(0),
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
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Retries made so far in this run.
    #[must_use]
    pub fn retried(&self) -> u64 {
        self.retried.load(Ordering::Relaxed)
    }

    /// One page.
    pub async fn list(&self, request: &ListRequest) -> Result<Page, CallError> {
        self.call(true, || self.connector.reader().list(request))
            .await
    }

    /// Records by id.
    pub async fn get(&self, ids: &[RecordId]) -> Result<Vec<Fetched>, CallError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let fetched = self.call(true, || self.connector.reader().get(ids)).await?;
        expect_answers(ids.len(), fetched, Applied::No)
    }

    /// The fields the collection has now.
    pub async fn describe(&self) -> Result<CollectionSchema, CallError> {
        self.call(true, || self.connector.reader().describe()).await
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
        let harmless = connector.capabilities().idempotent_creates
            || !operations
                .iter()
                .any(|o| matches!(o.change, NativeChange::Create { .. }));
        let outcomes = self.call(harmless, || connector.write(operations)).await?;
        expect_answers(operations.len(), outcomes, Applied::Maybe)
    }

    async fn call<'a, T, F, Fut>(&'a self, harmless: bool, send: F) -> Result<T, CallError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, ConnectorError>> + 'a,
    {
        let mut retries = 0_u32;
        loop {
            match self.circuit.admit(self.clock.now()).await? {
                Ok(Admission::Closed) => {}
                Ok(Admission::Probe) => self.probe().await?,
                Err(refusal) => return Err(refusal.into()),
            }
            self.calls.fetch_add(1, Ordering::Relaxed);
            let error = match self.within_timeout(send()).await {
                Ok(answer) => {
                    self.circuit.succeeded(self.clock.now()).await?;
                    return Ok(answer);
                }
                Err(error) => error,
            };
            self.circuit.failed(&error, self.clock.now()).await?;
            let uncertain = error.applied == Applied::Maybe && !harmless;
            if !error.is_retryable() || uncertain {
                return Err(CallError::Failed {
                    error,
                    retries,
                    gave_up: None,
                });
            }
            let wait = self.policy.next_wait(
                retries as usize,
                error.retry_after,
                self.calls.load(Ordering::Relaxed),
                self.retried.load(Ordering::Relaxed),
            );
            match wait {
                Ok(wait) => {
                    tracing::debug!(side = %self.side, ?wait, error = %error, "call failed, trying again");
                    self.clock.sleep(wait).await;
                    self.budget.pause(wait);
                    self.retried.fetch_add(1, Ordering::Relaxed);
                    retries += 1;
                }
                Err(why) => {
                    return Err(CallError::Failed {
                        error,
                        retries,
                        gave_up: Some(words(why)),
                    });
                }
            }
        }
    }

    async fn probe(&self) -> Result<(), CallError> {
        match self.within_timeout(self.connector.reader().check()).await {
            Ok(_) => Ok(self.circuit.succeeded(self.clock.now()).await?),
            Err(error) => {
                self.circuit.failed(&error, self.clock.now()).await?;
                Err(CallError::Failed {
                    error,
                    retries: 0,
                    gave_up: Some("the probe of an open circuit failed"),
                })
            }
        }
    }

    async fn within_timeout<T>(
        &self,
        call: impl Future<Output = Result<T, ConnectorError>>,
    ) -> Result<T, ConnectorError> {
        tokio::select! {
            biased;
            answer = call => answer,
            () = self.clock.sleep(CALL_TIMEOUT) => Err(ConnectorError {
                applied: Applied::Maybe,
                ..ConnectorError::new(
                    ErrorClass::Timeout,
                    format!("no whole answer within {} s", CALL_TIMEOUT.as_secs()),
                )
            }),
        }
    }
}

const fn words(why: GiveUp) -> &'static str {
    match why {
        GiveUp::Exhausted => "all retries failed",
        GiveUp::RetryAfterTooLong => "the system asked to wait longer than a run may",
        GiveUp::Budget => "too many calls of this run were retries already",
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
