//! The domain through its public interface: tables of the numbered cases, and random histories.

mod common;
mod decisions;
mod detection;
mod histories;
mod owed;
mod strategies;
mod values;
