//! The oracle is tested too: bugs planted in the engine, one after the other, are each found.

use tandem_domain::planted::{Bug, plant};

use crate::explore::explore;

/// Histories after which a bug has to be found.
const HISTORIES: u32 = 400;
const SEED: u64 = 20_260_901;

#[test]
fn every_planted_bug_is_found() {
    plant(None);
    if let Err(found) = explore(SEED, HISTORIES, false) {
        panic!("found without any bug: {}", found.0);
    }
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        plant(Some(bug));
        match explore(SEED, HISTORIES, false) {
            Ok(()) => missed.push(bug),
            Err(found) => {
                let why = found.0.lines().next().unwrap_or_default().to_owned();
                println!("{bug:?}: {}", why.chars().take(150).collect::<String>());
            }
        }
    }
    plant(None);
    assert!(missed.is_empty(), "not found: {missed:?}");
}
