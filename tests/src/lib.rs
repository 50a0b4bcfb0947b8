//! What whole-run tests share: a clock of our own, scripted systems that we own, a world that runs
//! the real engine over the real store between two of them, and the house's own rules. Nobody
//! imports this crate.

pub mod away;
pub mod clock;
pub mod fake;
pub mod house;
pub mod world;
