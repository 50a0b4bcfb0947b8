//! Calls to external systems: retry around circuit breaker around timeout, in one layer.

pub mod circuit;
pub mod gateway;
pub(crate) mod places;
mod probe;
pub mod retry;
mod sequence;

pub use circuit::CircuitBreaker;
pub use circuit::machine::{Admission, CircuitRefusal};
pub use gateway::{CallError, Gateway};
pub use probe::{look_at, probe};
pub use retry::{GiveUp, RetryPolicy, RetryableError};
