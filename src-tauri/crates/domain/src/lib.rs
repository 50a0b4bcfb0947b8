//! What a sync *means*, as pure values and functions: typed values and their equality, records and
//! links, field mapping, validation, conflict strategies and the three-way plan of one pair.
//!
//! No I/O, no clock, no async: everything here is a function of its arguments, so that hundreds of
//! thousands of histories can be tested in seconds. The engine carries out what is decided here.

pub mod config;
pub mod conflict;
pub mod ids;
pub mod link;
pub mod plan;
pub mod record;
pub mod value;
