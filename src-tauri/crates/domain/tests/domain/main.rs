//! The domain through its public interface: tables of the numbered cases, and random histories.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests; a panic is how a test fails"
)]

mod common;
mod decisions;
mod detection;
mod histories;
mod owed;
mod strategies;
mod values;
