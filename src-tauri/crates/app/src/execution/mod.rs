//! Runs of this process: starting them, following them, carrying out decisions.

mod decisions;
mod hub;
mod retention;
mod schedule;
mod start;
mod unusable;

pub(crate) use hub::{Hub, LiveView};
pub use start::Finished;
pub(crate) use start::is_live;
