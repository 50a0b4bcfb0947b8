//! The real binary, run as a person or a script runs it, on two real databases.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails where what it needs is not there"
)]

mod alerts;
mod audit;
mod bad_input;
mod bench;
mod conflicts;
mod decisions;
mod demo;
mod files;
mod filters;
mod hostile;
mod items;
mod logins;
mod many;
mod pairs;
mod plans;
mod record_history;
mod restore;
mod retention;
mod rollback;
mod schedule;
mod secrets;
mod states;
mod statuses;
mod stores;
mod tenants;
