//! `cargo xtask mutants`: the code that must not be wrong is changed in small ways, in a copy, and
//! each change has to fail a test.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::command::Cmd;
use crate::consent::Consent;
use crate::install::{apt, cargo_tools};
use crate::paths::Paths;
use crate::trouble::Trouble;

/// Code that is changed, and who has to notice.
struct Changed {
    package: &'static str,
    files: &'static [&'static str],
    /// What cargo is asked to test.
    tests: &'static str,
}

/// Deciding, merging and redacting; retrying and breaking off.
const CHANGED: [Changed; 2] = [
    Changed {
        package: "tandem-domain",
        files: &[
            "merge.rs",
            "planner.rs",
            "planner/deletes.rs",
            "redaction.rs",
        ],
        tests: "--test-package tandem-domain",
    },
    Changed {
        package: "tandem-engine",
        files: &[
            "calls/retry.rs",
            "calls/sequence.rs",
            "calls/circuit.rs",
            "calls/circuit/machine.rs",
        ],
        tests: "--test-package tandem-engine -- --lib",
    },
];

/// The least share of changes that fail a test, in percent.
const ENOUGH: usize = 90;

/// Changes the code, package by package, and prints how much of it was noticed.
pub(crate) fn mutants(paths: &Paths, consent: Consent) -> Result<ExitCode, Trouble> {
    apt::ensure(&[&apt::BUILD], consent)?;
    let program = cargo_tools::ensure(paths, &cargo_tools::MUTANTS)?;
    let mut enough = true;
    for Changed {
        package,
        files,
        tests,
    } in CHANGED
    {
        let out = paths.target.join("mutants").join(package);
        fs::create_dir_all(&out).map_err(Trouble::file(&out))?;
        let mut cmd = Cmd::new(&program)
            // A machine that does other things as well is slow.
            .words("mutants --no-shuffle --colors never --minimum-test-timeout 30 --package")
            .arg(package)
            .arg("--output")
            .arg(&out)
            .dir(&paths.root)
            .env("CARGO_TARGET_DIR", paths.target.join("mutants/build"));
        for file in files {
            cmd = cmd.arg("--file").arg(format!("**/src/{file}"));
        }
        match cmd.words(tests).run() {
            // That some were missed, or ran out of time, shows in the figures.
            Ok(()) => {}
            Err(Trouble::Ended { status, .. }) if matches!(status.code(), Some(2 | 3)) => {}
            Err(trouble) => return Err(trouble),
        }
        let outcomes = out.join("mutants.out");
        let count = |name: &str| lines(&outcomes.join(name));
        // One that does not end is noticed too.
        let (caught, missed) = (
            count("caught.txt")? + count("timeout.txt")?,
            count("missed.txt")?,
        );
        let share = caught * 100 / (caught + missed).max(1);
        println!(
            "{package}: {caught} of {} changes were noticed, {share} %",
            caught + missed
        );
        enough &= share >= ENOUGH;
    }
    Ok(if enough {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn lines(file: &Path) -> Result<usize, Trouble> {
    Ok(fs::read_to_string(file)
        .map_err(Trouble::file(file))?
        .lines()
        .count())
}
