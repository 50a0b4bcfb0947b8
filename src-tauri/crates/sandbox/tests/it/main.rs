//! The sample systems as their clients meet them: over HTTP and through SQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, where a panic is the failure"
)]

mod bulk;
mod erp;
mod faults;
mod listing;
mod sample;
mod shop;
mod work_unit;
mod writing;
