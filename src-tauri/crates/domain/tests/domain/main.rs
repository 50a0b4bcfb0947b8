//! The domain through its public interface: tables of the numbered cases, and random histories.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "helpers of tests; a panic is how a test fails"
)]

mod checks;
mod common;
mod decisions;
mod deletes;
mod detection;
mod first_syncs;
mod histories;
mod mapping;
mod owed;
mod schedule;
mod strategies;
mod suggestions;
mod validation;
mod values;
mod waiting;
