//! A thousand histories that are the same each time, and as many new ones as are asked for.

use std::hash::{BuildHasher, RandomState};

use crate::explore::explore;

/// Histories for each of the tests.
const HISTORIES: u32 = 500;
/// Operations of a history, at most.
const OPERATIONS: usize = 60;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn check(seed: u64, histories: u32) {
    println!("{histories} histories from seed {seed}");
    if let Err(found) = explore(seed, histories, OPERATIONS, true) {
        let (why, history) = *found;
        panic!("TANDEM_ORACLE_SEED={seed}: {why}\n\n{history:#?}");
    }
}

#[test]
fn case_35_random_histories_keep_every_promise() {
    check(20_260_901, HISTORIES);
}

#[test]
fn case_35_more_random_histories_keep_every_promise() {
    check(20_260_902, HISTORIES);
}

/// Only where `TANDEM_ORACLE` says how many: `cargo xtask soak`.
#[test]
fn case_35_random_histories_of_a_fresh_seed_keep_every_promise() {
    let Some(histories) = number("TANDEM_ORACLE").and_then(|all| u32::try_from(all).ok()) else {
        return;
    };
    let seed = number("TANDEM_ORACLE_SEED").unwrap_or_else(|| RandomState::new().hash_one(()));
    check(seed, histories);
}
