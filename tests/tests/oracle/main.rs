//! The oracle: random histories of two systems, people, admins, faults and crashes, carried out by
//! the real engine over the real store, and checked against a log of what everybody meant.
//!
//! Plain proptest over lists of operations: the systems, the engine and the store are the state, and
//! every operation is possible in each, so that a reference machine would have no precondition to
//! check and nothing to say.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot set up its world must stop, and a seed has to be told"
)]

mod explore;
mod ghost;
#[cfg(not(feature = "planted-bugs"))]
mod histories;
mod invariants;
mod machine;
mod operations;
#[cfg(feature = "planted-bugs")]
mod planted;
mod rest;
mod script;
mod workers;
