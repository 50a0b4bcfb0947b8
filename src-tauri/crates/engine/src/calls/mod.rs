//! Calls to external systems: retry around circuit breaker around timeout, in one layer.

pub mod circuit;
pub mod gateway;
pub mod retry;

pub use circuit::{Circuit, CircuitRefusal};
pub use gateway::{CallError, Gateway};
pub use retry::RetryPolicy;
