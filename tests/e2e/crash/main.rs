//! Crash safety, shown with real processes: the real `tandem` dies at every instant that matters
//! (`tandem_engine::failpoints`) and at random ones, its disk fails or is full, a migration breaks
//! off; each time between two real systems and on the real store. Afterwards the next run finishes,
//! and a checker that shares no code with Tandem looks at both systems and at the store's books.
//!
//! `cargo xtask test --only crash` builds what is needed and says where it is:
//!
//! | variable | meaning |
//! | --- | --- |
//! | `TANDEM_BIN` | `tandem` as it is shipped |
//! | `TANDEM_FAILPOINTS_BIN` | the same with the feature `failpoints` |
//! | `TANDEM_CRASH_SEED` | the seed of everything random; a fresh one is printed otherwise |
//! | `TANDEM_CRASH_ROUNDS` | how many random kills (25), for a soak |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where what it needs is not there"
)]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the seed and the figures are part of the result; real processes live in real time"
)]

mod alerts;
mod books;
mod disk;
mod holders;
mod kills;
mod migrations;
mod points;
mod process;
mod rollbacks;
mod town;

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The run's seed, printed once.
fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let seed = std::env::var("TANDEM_CRASH_SEED").map_or_else(
            |_| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                u64::from(now.subsec_nanos())
            },
            |text| text.parse().expect("TANDEM_CRASH_SEED is a number"),
        );
        println!("TANDEM_CRASH_SEED={seed}");
        seed
    })
}

/// A small generator of numbers, the same for the same seed.
pub(crate) struct Rng(u64);

impl Rng {
    /// One of its own for each `stream` of the run's seed.
    pub(crate) fn of(stream: u64) -> Self {
        Self(seed() ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}
