//! `kill -9` of the shipped `tandem`, at any instant of a run.

use std::time::{Duration, Instant};

use super::Rng;
use super::town::{SYNC, Town};

/// Kills, unless `TANDEM_CRASH_ROUNDS` says how many.
const ROUNDS: usize = 25;
/// Each answer of the storefront takes so long, so that a run is long enough to be hit anywhere.
const LATENCY_MS: u64 = 4;

#[test]
fn a_run_may_be_killed_at_any_instant() {
    let rounds = std::env::var("TANDEM_CRASH_ROUNDS").map_or(ROUNDS, |text| {
        text.parse().expect("TANDEM_CRASH_ROUNDS is a number")
    });
    let mut rng = Rng::of(20);
    let mut town = Town::linked(21);
    town.storefront().set_latency_ms(LATENCY_MS);
    town.edit();
    let started = Instant::now();
    town.recovers();
    // Four commands; from here on a run's length is learnt from whether it was still there.
    let mut whole = usize::try_from(started.elapsed().as_micros() / 4).unwrap();
    let mut kills = 0;
    for round in 0..rounds {
        town.edit();
        let micros = u64::try_from(rng.below(whole)).unwrap();
        let mut killed = false;
        town.survive_any(|tandem| {
            killed = tandem.killed_after(Duration::from_micros(micros), &["run", SYNC]);
        });
        println!(
            "kill {round}: after {micros} µs, {}",
            if killed { "there" } else { "gone" }
        );
        kills += usize::from(killed);
        whole = if killed {
            whole + whole / 8
        } else {
            whole - whole / 4
        };
        town.recovers();
    }
    town.is_sound();
    println!("{kills} of {rounds} runs killed");
    assert!(kills * 4 > rounds, "it is hardly ever there to be killed");
}
