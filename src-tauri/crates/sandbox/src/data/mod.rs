//! Deterministic sample data: the same seed gives the same records on every machine.

mod names;
mod people;
mod products;
mod rng;
pub mod work_unit;

pub(crate) use people::decomposed;
pub use people::{Customer, customer};
pub use products::{Product, product};
