//! What a sync *means*, as pure values and functions: typed values and their equality, records and
//! links, field mapping, validation, conflict strategies and the three-way plan of one pair.
//!
//! No I/O, no clock, no async: everything here is a function of its arguments, so that hundreds of
//! thousands of histories can be tested in seconds. The engine carries out what is decided here.

pub mod acknowledge;
pub mod collection;
pub mod config;
pub mod conflict;
pub mod decide;
mod draft;
mod expression;
pub mod field_type;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod ids;
pub mod link;
pub mod mapping;
pub mod matching;
mod merge;
pub mod plan;
pub mod planner;
#[cfg(feature = "planted-bugs")]
pub mod planted;
pub mod policy;
pub mod record;
pub mod redaction;
pub mod resolution;
pub mod schedule;
pub mod schema;
mod standing;
pub mod strategy;
pub mod suggestion;
pub mod validation;
pub mod value;

pub use acknowledge::acknowledge;
pub use decide::apply_decision;
pub use planner::plan;
