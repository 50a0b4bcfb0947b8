//! What the tests of whole runs share. Nobody imports this crate.

pub mod house;
