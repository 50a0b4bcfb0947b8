//! The engine carries out what the domain decides: the run as a template method, retries, circuit
//! breaker, timeouts, idempotency, validation. It reaches the world only through the ports it owns
//! and knows no SQL, no HTTP and no screen.

pub mod calls;
pub mod failpoints;
pub mod ports;
pub mod run;
pub mod schedule;
