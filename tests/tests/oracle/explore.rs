//! Looks for a history that breaks a law.

use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner,
};

use crate::machine::play;
use crate::operations::{History, history};

/// Where seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = "tests/oracle/regressions.txt";

/// Plays so many histories from a seed, each of at most so many operations. `Err`: the smallest one found that breaks a law, with why.
pub(crate) fn explore(
    seed: u64,
    histories: u32,
    most: usize,
    keep: bool,
) -> Result<(), Box<(String, History)>> {
    let config = Config {
        cases: histories,
        max_shrink_time: 120_000,
        max_shrink_iters: if keep { 4_000 } else { 0 },
        failure_persistence: keep
            .then(|| Box::new(FileFailurePersistence::Direct(REGRESSIONS)) as Box<_>),
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let found = TestRunner::new_with_rng(config, rng).run(&history(most), |history| {
        play(&history).map_err(TestCaseError::fail)
    });
    match found {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, history)) => Err(Box::new((why.to_string(), history))),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
